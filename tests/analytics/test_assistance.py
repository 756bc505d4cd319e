"""What may be said of suggestions: nothing that the lot, or an independent truth, does not bear out."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import sqlalchemy as sa
from benchmarks.honesty.worlds import followers, no_saving
from sqlalchemy import Connection

from labelwright.analytics import overview
from labelwright.api.figures import Assistance
from labelwright.quality import QualityPolicy, refresh
from labelwright.schema import StandingSuggestion
from labelwright.store import tables
from labelwright.store.codec import encode
from labelwright.store.project import Project
from tests.datasets.labeling import review
from tests.quality.answers import answer, choice
from tests.rows import add_known, add_texts, add_users

Make = Callable[..., Project]


def look(project: Project) -> Assistance:
    with project.database.read() as connection:
        return overview(connection, project).assistance


def draw(project: Project, numbers: list[int], arms: list[str], *, chance: float | None = 0.5, suggested: str = "bug") -> None:
    """Note in which arm answers were given, and whether each is the suggested one."""

    def work(connection: Connection) -> None:
        notes = tables.annotations
        for number, arm in zip(numbers, arms, strict=True):
            values = connection.scalar(sa.select(notes.c["values"]).where(notes.c.id == number))
            taken = f'"{suggested}"' in (values or "")
            stood = [StandingSuggestion(question="intent", labeler="words", version="1", score=0.9, taken=taken)]
            changed = {"arm": arm, "hide_chance": chance, "assisted": int(arm == "shown"), "suggested": encode(stood)}
            connection.execute(sa.update(notes).where(notes.c.id == number).values(**changed))

    project.database.write(work)


def test_easy_items_are_no_saving() -> None:
    """A labeler that speaks on the easy half and changes nothing saves no hours: none are claimed, and the interval includes 0."""
    found = no_saving.project(1)
    assert found.shown.answers + found.hidden.answers == no_saving.ITEMS * no_saving.OVERLAP // 2
    assert found.hours_saved.low is not None
    assert found.hours_saved.high is not None
    assert found.hours_saved.low < 0 < found.hours_saved.high
    assert found.said[0].startswith("No saving shown: −")


def test_followers_are_not_called_better() -> None:
    """People who follow bad suggestions are wrong more often with them: no better answers are claimed, and the influence is found."""
    found = followers.project(2)
    assert found.quality.low is not None
    assert found.quality.low < followers.QUALITY
    assert not found.quality.low > 0
    assert found.influence.low is not None
    assert found.influence.high is not None
    assert 0 < found.influence.low < followers.INFLUENCE < found.influence.high


def test_a_saving_is_claimed_with_its_interval(make_project: Make) -> None:
    """Where suggestions halve the time of every answer, the hours saved are those of the shown arm, with an interval above 0."""
    project = make_project()
    people = add_users(project, "ann", "bob", "cid", "dan")
    rng = random.Random(0)
    for item in add_texts(project, [f"text {index}" for index in range(100)]):
        for user in rng.sample(people, 2):
            arm = rng.choice(["shown", "hidden"])
            seconds = rng.uniform(9, 11) * (2 if arm == "hidden" else 1)
            draw(project, answer(project, [(item, user, {"intent": choice("bug")})], seconds=seconds), [arm])
    found = look(project)
    assert found.seconds_saved.value is not None
    assert abs(found.seconds_saved.value - 10) < 0.5
    assert found.hours_saved.low is not None
    assert found.hours_saved.high is not None
    assert 0 < found.hours_saved.low < 10 * found.shown.answers / 3600 < found.hours_saved.high
    assert found.said[0].startswith("Suggestions saved ")


def test_answers_that_no_lot_told_apart_do_not_count(make_project: Make) -> None:
    """Old answers without an arm, answers under a share of 0%, corrections and imports are in neither arm; the first answer counts."""
    project = make_project()
    ann, bob = add_users(project, "ann", "bob")
    items = add_texts(project, [f"text {index}" for index in range(4)])
    answer(project, [(items[0], ann, {"intent": choice("bug")})], assisted=1)
    draw(project, answer(project, [(items[1], ann, {"intent": choice("bug")})]), ["shown"], chance=None)
    first = answer(project, [(items[2], ann, {"intent": choice("bug")})], state="replaced")
    second = answer(project, [(items[2], ann, {"intent": choice("other")})])
    draw(project, [*first, *second, *answer(project, [(items[2], bob, {"intent": choice("bug")})])], ["shown", "shown", "hidden"])

    def correct(connection: Connection) -> None:
        notes = tables.annotations
        connection.execute(sa.update(notes).where(notes.c.id == second[0]).values(replaces=first[0]))

    project.database.write(correct)
    found = look(project)
    assert (found.shown.answers, found.hidden.answers) == (1, 1)
    assert (found.shown.same.value, found.hidden.same.value) == (1.0, 1.0)
    assert found.hours_saved.value is None
    assert found.said[0].startswith("Time saved: not known: ")


def test_quality_is_not_known_without_an_independent_truth(make_project: Make) -> None:
    """Labels made of assisted answers prove nothing about them: without gold the cost in quality is not known."""
    project = make_project()
    people = add_users(project, "ann", "bob", "cid", "dan", "eve", "fay")
    rng = random.Random(1)
    items = add_texts(project, [f"text {index}" for index in range(60)])
    for item in items:
        for user in people:
            arm = rng.choice(["shown", "hidden"])
            given = choice("bug" if arm == "shown" or rng.random() < 0.6 else "other")
            draw(project, answer(project, [(item, user, {"intent": given})]), [arm])
    refresh(project, QualityPolicy(label_errors=False))
    found = look(project)
    assert found.quality.value is None
    assert "gold" in found.quality.reason
    assert found.said[2].startswith("Quality: not known: ")
    assert found.influence.low is not None
    assert found.influence.low > 0
    for item in items:
        add_known(project, item, {"intent": choice("other")})
    found = look(project)
    assert found.quality.high is not None
    assert found.quality.high < 0
    assert found.said[2].startswith("Answers are worse with suggestions: ")


def test_a_blind_answer_of_an_author_is_no_independent_truth(make_project: Make) -> None:
    """Who answered with a suggestion in view and repeats it blind days later proves nothing; somebody else's blind answer is a truth."""
    project = make_project()
    ann, rita = add_users(project, "ann", "rita")
    items = add_texts(project, [f"text {index}" for index in range(40)])
    for number, item in enumerate(items):
        draw(project, answer(project, [(item, ann, {"intent": choice("bug")})]), ["shown" if number % 2 else "hidden"])
        answer_blind(project, item, ann, "bug")
    assert look(project).quality.reason.startswith("Not known")
    assert look(project).quality.value is None
    assert look(project).shown.right.value is None
    for item in items:
        answer_blind(project, item, rita, "other")
    found = look(project)
    assert (found.shown.right.value, found.hidden.right.value) == (0.0, 0.0)
    # She has seen the label since: what she says now is no independent answer, and the first one stays.
    for item in items:
        review(project, item, rita, {"intent": choice("bug")}, {"intent": choice("other")}, blind=False)
        answer_blind(project, item, rita, "bug")
    assert look(project).shown.right.value == 0.0


def test_a_file_of_ones_answers_is_no_independent_truth(make_project: Make) -> None:
    """Whose answers came in through a file under the own name had answered before, too: the blind answer is no truth."""
    project = make_project()
    ann, rita, file = add_users(project, "ann", "rita", "import:rita")
    project.database.write(
        lambda connection: connection.execute(sa.update(tables.users).where(tables.users.c.id == file).values(namesake_of=rita))
    )
    for number, item in enumerate(add_texts(project, [f"text {index}" for index in range(10)])):
        draw(project, answer(project, [(item, ann, {"intent": choice("bug")})]), ["shown" if number % 2 else "hidden"])
        answer(project, [(item, file, {"intent": choice("bug")})])
        answer_blind(project, item, rita, "bug")
    assert look(project).shown.right.value is None


def answer_blind(project: Project, item: int, user: int, said: str) -> None:
    """Write what somebody answered in an audit before the label was shown."""

    def work(connection: Connection) -> None:
        given = {"project_id": project.id, "item_id": item, "purpose": "audit", "state": "done", "lane": 1, "rank": 0, "user_id": user}
        task = connection.execute(sa.insert(tables.tasks).values(**given)).inserted_primary_key[0]
        row = {"task_id": task, "user_id": user, "project_id": project.id, "values": encode({"intent": choice(said)})}
        connection.execute(sa.insert(tables.blind_answers).values(**row, created_at=time.time()))

    project.database.write(work)


def test_one_person_is_named_as_one(make_project: Make) -> None:
    """With a single person the figures are about that person, and say so."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    rng = random.Random(2)
    for item in add_texts(project, [f"text {index}" for index in range(80)]):
        draw(
            project, answer(project, [(item, ann, {"intent": choice("bug")})], seconds=rng.uniform(5, 9)), [rng.choice(["shown", "hidden"])]
        )
    assert "for others it is not known" in look(project).said[0]
