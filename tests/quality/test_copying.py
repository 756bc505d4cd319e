"""Labels that rest on answers with a suggestion in view are believed no more than is true, at a refresh and between two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import sqlalchemy as sa

from labelwright.quality import QualityPolicy, refresh
from labelwright.quality.refreshing import Fits
from labelwright.schema import StandingSuggestion
from labelwright.store import tables
from labelwright.store.codec import encode
from labelwright.store.project import Project
from tests.quality.answers import answer, boxes, choice, report, rows
from tests.rows import add_texts, add_users
from tests.stats.followers import follow

Make = Callable[..., Project]

LABELS = ["a", "b", "c", "d"]
SCHEMA = {"data": {"body": "text"}, "questions": {"q": {"kind": "choice", "of": "body", "options": LABELS}}}
POLICY = QualityPolicy(label_errors=False)


def suggest(project: Project, ids: list[int], labels: list[str], scores: list[float], *, labeler: str = "words") -> None:
    """Write a labeler's suggestion for each item."""

    def work(connection: sa.Connection) -> None:
        row = {"project_id": project.id, "question": "q", "labeler": labeler, "version": "1", "created_at": 0.0}
        values = [
            {**row, "item_id": item, "answer": encode(choice(label)), "score": score}
            for item, label, score in zip(ids, labels, scores, strict=True)
        ]
        connection.execute(sa.insert(tables.suggestions), values)

    project.database.write(work)


def standing(taken: bool, score: float) -> str:
    return encode([StandingSuggestion(question="q", labeler="words", version="1", score=score, taken=taken)])


def given(project: Project, seed: int) -> tuple[list[int], Any]:
    """Fill a project with followers of suggestions; return the items and their true labels."""
    world = follow("hard", seed=seed, tasks=700)
    ids = add_texts(project, [f"text number {index}" for index in range(700)])
    people = add_users(project, *(f"person{number}" for number in range(12)))
    answers = world.answers
    first = answers.suggestion[::3].tolist()
    suggest(project, ids, [LABELS[code] for code in first], answers.score[::3].tolist())
    groups: dict[tuple[bool, str], list[tuple[int, int, dict[str, Any]]]] = {}
    for task, person, label, suggestion, shown, score in zip(
        answers.task.tolist(),
        answers.annotator.tolist(),
        answers.label.tolist(),
        answers.suggestion.tolist(),
        answers.shown.tolist(),
        answers.score.tolist(),
        strict=True,
    ):
        group = groups.setdefault((shown, standing(label == suggestion, score)), [])
        group.append((ids[task], people[person], {"q": choice(LABELS[label])}))
    for (shown, suggested), listed in groups.items():
        answer(project, listed, assisted=int(shown), suggested=suggested, tell=False)
    return ids, world.truth


def test_confidence_in_labels_that_people_copied_is_true(make_project: Make) -> None:
    """Followers who copy more on hard items: through the product, mean confidence and the share of right labels are 3 points apart."""
    project = make_project(SCHEMA)
    ids, truth = given(project, seed=5)
    refresh(project, POLICY)
    found = {row["item_id"]: row for row in rows(project, tables.consensus)}
    right = [msgspec.json.decode(found[item]["answer"])["label"] == LABELS[code] for item, code in zip(ids, truth, strict=True)]
    believed = sum(row["confidence"] for row in found.values()) / len(ids)
    assert {row["method"] for row in found.values()} == {"assisted"}
    assert abs(believed - sum(right) / len(ids)) <= 0.03
    fit = report(project, "consensus", Fits).questions["q"]
    assert "were copied" in fit.reason


def test_between_two_fits_items_are_judged_as_by_the_fit(make_project: Make) -> None:
    """An answer given again, word for word, after the fit leaves the label and confidence of its item as they were."""
    project = make_project(SCHEMA)
    ids, _ = given(project, seed=6)
    refresh(project, POLICY)
    before = {row["item_id"]: (row["answer"], row["confidence"]) for row in rows(project, tables.consensus)}
    with project.database.read() as connection:
        notes = tables.annotations
        query = sa.select(notes.c.user_id, notes.c["values"], notes.c.assisted, notes.c.suggested).where(notes.c.item_id == ids[0])
        user, values, assisted, suggested = connection.execute(query.limit(1)).one()
    label = msgspec.json.decode(values)["q"]["label"]
    answer(project, [(ids[0], user, {"q": choice(label)})], assisted=assisted, suggested=suggested)
    done = refresh(project, POLICY)
    after = {row["item_id"]: (row["answer"], row["confidence"]) for row in rows(project, tables.consensus)}
    assert not done.deep
    assert after[ids[0]][0] == before[ids[0]][0]
    assert abs(after[ids[0]][1] - before[ids[0]][1]) < 1e-3


def test_a_labeler_that_annotates_and_is_shown_has_one_voice(make_project: Make) -> None:
    """Counted as an annotator and shown to people: where three took its suggestion, it is no fourth witness."""
    believed = []
    project = make_project(SCHEMA)
    given(project, seed=7)
    for machines in ((), ("words",)):
        refresh(project, POLICY, machines=machines)
        with project.database.read() as connection:
            notes = tables.annotations
            seen = sa.select(notes.c.item_id, sa.func.sum(notes.c.assisted), sa.func.min(notes.c.suggested), sa.func.max(notes.c.suggested))
            by_item = connection.execute(seen.group_by(notes.c.item_id)).all()
        taken = {item for item, shown, low, high in by_item if shown == 3 and low == high and '"taken":true' in low}
        confidence = {row["item_id"]: row["confidence"] for row in rows(project, tables.consensus)}
        assert len(taken) > 50
        believed.append(sum(confidence[item] for item in taken) / len(taken))
    assert abs(believed[0] - believed[1]) < 0.01


def test_takers_of_one_suggestion_are_one_witness_of_a_majority(make_project: Make) -> None:
    """With `majority`, three who took the suggestion in view are believed like one, .8; three who answered alone like three."""
    project = make_project(SCHEMA)
    people = add_users(project, "ann", "bob", "cyd")
    copied, alone = add_texts(project, ["one", "two"])
    answer(project, [(copied, user, {"q": choice("a")}) for user in people], assisted=1, suggested=standing(True, 0.9))
    answer(project, [(alone, user, {"q": choice("a")}) for user in people])
    refresh(project, QualityPolicy(consensus="majority", label_errors=False))
    confidence = {row["item_id"]: row["confidence"] for row in rows(project, tables.consensus)}
    assert round(confidence[copied], 3) == 0.8
    assert confidence[alone] > 0.98


def test_takers_of_suggested_boxes_are_one_witness(make_project: Make) -> None:
    """Two who took suggested boxes are believed like the surest of them; two who drew the same alone are believed more."""
    schema = {"data": {"body": "image"}, "questions": {"q": {"kind": "boxes", "of": "body", "options": ["car"]}}}
    project = make_project(schema)
    people = add_users(project, "ann", "bob")
    copied, alone = add_texts(project, ["one", "two"])
    drawn = {"q": boxes((0.1, 0.1, 0.4, 0.4, "car"))}
    answer(project, [(copied, user, drawn) for user in people], assisted=1, suggested=standing(True, 0.9))
    answer(project, [(alone, user, drawn) for user in people])
    refresh(project, POLICY)
    confidence = {row["item_id"]: round(row["confidence"], 3) for row in rows(project, tables.consensus)}
    assert confidence == {copied: 0.8, alone: 0.96}


def test_a_label_is_one_that_somebody_gave(make_project: Make) -> None:
    """Three who take one suggestion of a rare label, hidden from hardly anybody, give that label: at a refresh, and between two."""
    project = make_project(SCHEMA)
    ids = add_texts(project, [f"text number {index}" for index in range(60)])
    people = add_users(project, "ann", "ben", "cat")
    labels = ["b" if index % 6 == 0 else "a" for index in range(60)]
    suggest(project, ids, labels, [0.5] * 60)

    def give(part: slice) -> None:
        for person in people:
            listed = [(item, person, {"q": choice(label)}) for item, label in zip(ids[part], labels[part], strict=True)]
            answer(project, listed, assisted=1, suggested=standing(True, 0.5))

    for part in (slice(0, 58), slice(58, 60)):
        give(part)
        refresh(project, POLICY)
        found = {row["item_id"]: msgspec.json.decode(row["answer"])["label"] for row in rows(project, tables.consensus)}
        assert found == dict(zip(ids[: part.stop], labels[: part.stop], strict=True))
