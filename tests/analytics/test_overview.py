"""The overview of a project: what is counted, what is measured, and what is left open for want of evidence."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.analytics import keep, overview
from labelwright.analytics.figures import mean, median
from labelwright.api.figures import Overview
from labelwright.pipeline.status import read_status
from labelwright.quality import QualityPolicy, refresh
from labelwright.store import log, tables
from labelwright.store.codec import encode
from labelwright.store.project import Project
from tests.quality.answers import answer, choice, spans
from tests.rows import add_known, add_texts, add_users, count

Make = Callable[..., Project]
LABELS = ("refund", "bug", "other")
POLICY = QualityPolicy(label_errors=False)


def look(project: Project) -> Overview:
    with project.database.read() as connection:
        return overview(connection, project)


def insert(project: Project, table: sa.Table, *rows: dict[str, Any]) -> list[int]:
    def work(connection: Connection) -> list[int]:
        return [int(connection.execute(sa.insert(table).values(project_id=project.id, **row)).inserted_primary_key[0]) for row in rows]

    return project.database.write(work)


def suggest(project: Project, item_id: int, label: str, labeler: str = "words") -> None:
    insert(
        project,
        tables.suggestions,
        {
            "item_id": item_id,
            "question": "intent",
            "labeler": labeler,
            "version": "1",
            "answer": encode(choice(label)),
            "score": 0.9,
            "created_at": 0.0,
        },
    )


def review(
    project: Project, item_id: int, before: Any, after: Any = None, *, random: int = 1, reviewer: int, verdict: str = "accept"
) -> None:
    """A review of a picked item, blind at first where it is `random`; `after` is the reviewer's version where it differs."""
    fixed = task = None
    if random:
        (task,) = insert(project, tables.tasks, {"item_id": item_id, "purpose": "audit", "state": "done", "lane": 1, "rank": 0})
        values = encode({"intent": after or before})
        insert(project, tables.blind_answers, {"task_id": task, "user_id": reviewer, "values": values, "created_at": time.time()})
    if after is not None:
        (fixed,) = answer(project, [(item_id, reviewer, {"intent": after})], origin="review", purpose="review", state="accepted")
        verdict = "fix"
    insert(
        project,
        tables.reviews,
        {
            "item_id": item_id,
            "task_id": task,
            "reviewer_id": reviewer,
            "verdict": verdict,
            "fixed_annotation_id": fixed,
            "label_before": encode({"intent": before}),
            "random": random,
            "seconds_active": 3.0,
            "created_at": time.time(),
        },
    )


def pick(project: Project, *items: int, random: int = 1) -> None:
    def work(connection: Connection) -> None:
        connection.execute(sa.update(tables.items).values(drawn_at=time.time()))
        for item in items:
            connection.execute(sa.insert(tables.review_picks).values(item_id=item, project_id=project.id, random=random, created_at=0.0))

    project.database.write(work)


def test_an_empty_project_has_reasons_and_no_numbers(make_project: Make) -> None:
    """Without any data every count is 0, every measured figure is None with a reason, and it is written as JSON."""
    project = make_project()
    found = look(project)
    assert found.funnel == type(found.funnel)()
    assert (found.days, found.hours, found.annotators, found.labelers, found.findings) == ([], [], [], [], [])
    for figure in (
        found.effort.seconds_per_answer,
        found.assistance.seconds_saved,
        found.assistance.influence,
        found.assistance.quality,
        found.assistance.hours_saved,
        found.forecast.finish,
        found.questions[0].alpha,
    ):
        assert figure.value is None
        assert figure.reason
    assert found.certificates[0].bound is None
    assert found.certificates[0].reason
    assert b"NaN" not in msgspec.json.encode(found)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Overview) == found


def test_the_funnel_counts_each_step(make_project: Make) -> None:
    """Raw, quarantined, duplicate, prepared, suggested, answered, reviewed and labeled items are counted, each once; gold is no label."""
    project = make_project()
    ann, bob, rev = add_users(project, "ann", "bob", "rev")
    ids = add_texts(project, [f"text {index}" for index in range(12)])
    insert(
        project,
        tables.quarantine,
        {"stage": "collect", "source": "s", "place": "s:1", "reason": "broken", "created_at": 0.0},
        {"stage": "prepare", "source": "s", "place": "s:2", "reason": "broken", "created_at": 0.0},
    )

    def duplicate(connection: Connection) -> None:
        twin = sa.update(tables.items).where(tables.items.c.id == ids[11]).values(state="duplicate", duplicate_of=ids[0])
        connection.execute(twin)

    project.database.write(duplicate)
    for item in ids[:9]:
        suggest(project, item, "bug")
        suggest(project, item, "other", labeler="model")
    answer(project, [(item, user, {"intent": choice("bug")}) for item in ids[:6] for user in (ann, bob)])
    answer(project, [(ids[7], ann, {"intent": choice("bug")})], state="rejected")
    add_known(project, ids[8], {"intent": choice("refund")})
    answer(project, [(ids[8], ann, {"intent": choice("bug")})], purpose="gold")
    refresh(project, POLICY)
    pick(project, *ids[:3])
    review(project, ids[0], choice("bug"), reviewer=rev)
    review(project, ids[1], choice("bug"), choice("other"), reviewer=rev)
    review(project, ids[2], choice("bug"), reviewer=rev, verdict="reject")
    found = look(project)
    funnel = found.funnel
    assert (funnel.raw, funnel.quarantined, funnel.duplicates, funnel.prepared) == (12, 2, 1, 11)
    assert (funnel.suggested, funnel.answered, funnel.reviewed, funnel.labeled, funnel.gold) == (9, 6, 2, 6, 1)
    with project.database.read() as connection:
        assert read_status(connection, project).labeled == funnel.labeled
    (question,) = found.questions
    assert {one.label: one.items for one in question.labels} == {"refund": 1, "bug": 5, "other": 1}
    assert (found.reviews.picked_random, found.reviews.given, found.reviews.accepted, found.reviews.fixed, found.reviews.rejected) == (
        3,
        3,
        1,
        1,
        1,
    )
    assert sum(bucket.answers for bucket in found.days) == 14
    assert sum(bucket.reviews for bucket in found.hours) == 3
    by_name = {one.name: one for one in found.annotators}
    assert (by_name["ann"].answers, by_name["ann"].rejected, by_name["ann"].gold_answers) == (8, 1, 1)
    assert by_name["ann"].rejected_share == pytest.approx(1 / 8)
    assert by_name["ann"].gold_accuracy == 0.0
    assert by_name["bob"].answers == 6


def test_a_finding_is_known_by_what_its_expression_says(make_project: Make) -> None:
    """Findings of each expression are counted apart under what it says; those of any other rule together under its name."""
    project = make_project()
    first, second = add_texts(project, ["one", "two"])
    said = [(first, "expression", "Is it so?"), (second, "expression", "Is it so?"), (first, "expression", "And that?")]
    said += [(first, "too_fast", "0.1 seconds"), (first, "too_fast", "0.2 seconds")]
    rows = [
        {"item_id": item, "rule": rule, "severity": "warning", "message": message, "stage": "submit", "created_at": 0.0}
        for item, rule, message in said
    ]
    insert(project, tables.findings, *rows)
    found = [(one.rule, one.said, one.findings, one.items) for one in look(project).findings]
    assert found == [("expression", "Is it so?", 2, 2), ("too_fast", "", 2, 1), ("expression", "And that?", 1, 1)]


def test_an_item_is_labeled_when_every_required_question_is(make_project: Make) -> None:
    """With several questions an item counts as labeled once each that requires an answer has one; gold does not count."""
    project = make_project(
        {
            "data": {"body": "text"},
            "questions": {
                "intent": {"kind": "choice", "of": "body", "options": list(LABELS)},
                "entities": {"kind": "spans", "of": "body", "options": ["DATE", "NAME"]},
                "tone": {"kind": "choice", "of": "body", "options": ["calm", "angry"], "required": False},
            },
        }
    )
    (ann,) = add_users(project, "ann")
    whole, half, known, none = add_texts(project, ["Anna on Monday"] * 4)
    marked = spans((0, 4, "NAME"), (8, 14, "DATE"))
    answer(project, [(whole, ann, {"intent": choice("bug"), "entities": marked}), (half, ann, {"intent": choice("bug")})])
    add_known(project, known, {"intent": choice("other"), "entities": spans((0, 4, "NAME"))})
    refresh(project, POLICY)
    found = look(project)
    assert (found.funnel.labeled, found.funnel.gold) == (1, 1)
    by_name = {one.question: one for one in found.questions}
    assert [(by_name[name].labeled, by_name[name].gold) for name in ("intent", "entities", "tone")] == [(2, 1), (1, 1), (0, 0)]
    assert {one.label: one.items for one in by_name["entities"].labels} == {"DATE": 1, "NAME": 2}
    assert none


def test_a_rejection_takes_back_what_an_earlier_review_had_settled(make_project: Make) -> None:
    """The item is neither reviewed nor labeled until somebody has answered again."""
    project = make_project()
    ann, rev = add_users(project, "ann", "rev")
    (item,) = add_texts(project, ["one"])
    (given,) = answer(project, [(item, ann, {"intent": choice("bug")})])
    refresh(project, POLICY)
    review(project, item, choice("bug"), reviewer=rev)
    assert (look(project).funnel.labeled, look(project).funnel.reviewed) == (1, 1)
    review(project, item, choice("bug"), reviewer=rev, verdict="reject")
    rejected = sa.update(tables.annotations).where(tables.annotations.c.id == given).values(state="rejected")
    project.database.write(lambda connection: connection.execute(rejected))
    project.database.write(lambda connection: log.append(connection, project.id, "review_given", item_id=item))
    refresh(project, POLICY)
    assert (look(project).funnel.labeled, look(project).funnel.reviewed) == (0, 0)


def test_effort_is_robust_against_pauses(make_project: Make) -> None:
    """A tab left open for a day moves neither the median nor, by more than ten medians, the hours."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    ids = add_texts(project, [f"text {index}" for index in range(21)])
    for index, item in enumerate(ids):
        answer(project, [(item, ann, {"intent": choice("bug")})], seconds=86400.0 if index == 20 else 10.0)
    found = look(project)
    assert found.effort.seconds_per_answer.value == 10.0
    assert found.annotators[0].seconds.value == 10.0
    assert found.effort.hours == pytest.approx((20 * 10 + 100) / 3600, abs=1e-6)


def test_labelers_are_compared_with_the_final_labels(make_project: Make) -> None:
    """Each labeler has the share of its suggestions that the labels bear out, apart from where people saw none."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    ids = add_texts(project, [f"text {index}" for index in range(20)])
    for index, item in enumerate(ids):
        suggest(project, item, "bug" if index < 16 else "other")
        answer(project, [(item, ann, {"intent": choice("bug")})], assisted=int(index < 12))
    refresh(project, POLICY)
    (found,) = look(project).labelers
    assert (found.labeler, found.question, found.suggestions) == ("words", "intent", 20)
    assert found.agreement.value == pytest.approx(0.8)
    assert (found.independent.value, found.independent.count) == (0.5, 8)


def test_the_forecast_follows_the_pace(make_project: Make) -> None:
    """At 60 answers an hour, 30 open tasks take half an hour more; without recent answers there is a reason and no time."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    ids = add_texts(project, [f"text {index}" for index in range(120)])
    insert(project, tables.tasks, *({"item_id": item, "purpose": "label", "state": "open", "lane": 1, "rank": item} for item in ids[90:]))
    old = look(project).forecast
    assert (old.remaining, old.finish.value) == (30, None)
    assert old.finish.reason == "No answer in the last 24 hours."
    now = time.time()
    for index, item in enumerate(ids[:90]):
        answer(project, [(item, ann, {"intent": choice("bug")})], at=now - 60 * (90 - index))
    found = look(project).forecast
    assert found.per_hour.value == pytest.approx(60, rel=0.02)
    assert found.finish.value == pytest.approx(now + 1800, abs=60)
    assert found.finish.low is not None
    assert found.finish.high is not None
    assert found.finish.low < found.finish.value < found.finish.high


def test_the_certificate_is_that_of_the_dataset(make_project: Make) -> None:
    """The overview's bounds are those that `datasets.certificate` gives, and are left out as long as there is not enough evidence."""
    from labelwright.datasets.certificate import certificate
    from labelwright.store.audit import bound_of

    project = make_project()
    ann, rev = add_users(project, "ann", "rev")
    ids = add_texts(project, [f"text {index}" for index in range(60)])
    answer(project, [(item, ann, {"intent": choice("bug")}) for item in ids])
    refresh(project, POLICY)
    pick(project, *ids[:40])
    for item in ids[:20]:
        review(project, item, choice("bug"), reviewer=rev)
    few = look(project).certificates[0]
    assert (few.bound, few.remaining, few.audits) == (None, None, 20)
    assert "Not enough evidence" in few.reason
    for index, item in enumerate(ids[20:40]):
        review(project, item, choice("bug"), choice("other") if index == 0 else None, reviewer=rev)
    refresh(project, POLICY)
    found = look(project).certificates[0]
    with project.database.read() as connection:
        proof = certificate(connection, project).questions["intent"]
    assert (found.audits, found.errors, found.population) == (proof.audited, proof.errors, proof.population) == (40, 1, 60)
    assert found.bound == proof.bound == bound_of(1, 40, 60, 0.95)
    assert found.remaining == proof.remaining < proof.bound


def test_the_certificate_says_that_nobody_here_may_audit(make_project: Make) -> None:
    """Where labels are drawn and the only reviewer has answered, the card says why they wait and what to do, until there is another."""
    project = make_project()
    (ann,) = add_users(project, "ann", role="reviewer")
    ids = add_texts(project, [f"text {index}" for index in range(20)])
    answer(project, [(item, ann, {"intent": choice("bug")}) for item in ids])
    refresh(project, POLICY)
    pick(project, *ids)
    assert "An own answer cannot be audited" in look(project).certificates[0].reason
    add_users(project, "rev", role="reviewer")
    assert "An own answer cannot be audited" not in look(project).certificates[0].reason


def test_figures() -> None:
    """Medians and means have intervals that hold the truth about as often as they say."""
    rng = random.Random(0)
    held = 0
    for _ in range(300):
        figure = median([rng.expovariate(1.0) for _ in range(40)])
        assert figure.low is not None
        assert figure.high is not None
        held += figure.low <= 0.6931 <= figure.high
    assert held >= 280
    assert median([]).value is None
    assert mean([1.0, 1.0, 0.0]).value == pytest.approx(2 / 3)


def test_figures_that_a_run_and_the_worker_make_at_once_are_kept_once(make_project: Make) -> None:
    """Whoever keeps figures at the same moment as somebody else waits a moment, and neither fails."""
    project = make_project()
    add_texts(project, ["a", "b"])
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: keep(project, []), range(40))) == [[]] * 40
    assert count(project, tables.figures) == 4
