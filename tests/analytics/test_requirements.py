"""Requirements are tried on the labels as they stand: they hold, do not hold, or lack the evidence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from labelwright.analytics import advise, check_requirements
from labelwright.api.figures import Outcome
from labelwright.errors import InvalidPipeline
from labelwright.quality import QualityPolicy, refresh
from labelwright.schema import Requirement
from labelwright.schema.requirement import METRICS
from labelwright.stats.certificates import sequential_upper_bound
from labelwright.store import tables
from labelwright.store.project import Project
from tests.analytics.test_overview import pick, review
from tests.quality.answers import answer, choice
from tests.rows import add_known, add_texts, add_users

Make = Callable[..., Project]


def check(project: Project, *lines: str) -> list[Outcome]:
    with project.database.read() as connection:
        return check_requirements(connection, project, lines)


def labeled_project(make_project: Make) -> Project:
    """100 items: 80 answered by two people who agree on 76, 50 of them reviewed at random, 2 of these wrong; 10 gold items."""
    project = make_project()
    ann, bob, rev = add_users(project, "ann", "bob", "rev")
    ids = add_texts(project, [f"text {index}" for index in range(100)])
    for index, item in enumerate(ids[:80]):
        label = ("refund", "bug", "other")[index % 3]
        answer(project, [(item, ann, {"intent": choice(label)}), (item, bob, {"intent": choice(label if index < 76 else "refund")})])
    for index, item in enumerate(ids[80:90]):
        add_known(project, item, {"intent": choice("bug")})
        answer(project, [(item, ann, {"intent": choice("bug" if index else "other")})], purpose="gold")
    refresh(project, QualityPolicy(consensus="majority", label_errors=False))
    pick(project, *ids[:50])
    for index, item in enumerate(ids[:50]):
        label = ("refund", "bug", "other")[index % 3]
        review(project, item, choice(label), choice("bug") if index in (0, 2) else None, reviewer=rev)
    refresh(project, QualityPolicy(consensus="majority", label_errors=False))
    return project


def test_every_metric(make_project: Make) -> None:
    """Each metric has its value and bound, and holds or not as they say."""
    project = labeled_project(make_project)
    error, worse, count, label, share, labeled, all_labeled, reviewed, gold = check(
        project,
        "label_error(intent) <= 20% at 95%",
        "label_error(intent) <= 1% at 95%",
        "count(intent) >= 90",
        "count(intent='bug') >= 100",
        "share(intent='bug') >= 20%",
        "labeled(intent) >= 85%",
        "labeled >= 95%",
        "reviewed(intent) >= 50%",
        "gold_accuracy(intent) >= 85%",
    )
    assert (error.holds, error.value) == (True, 0.04)
    assert error.bound == pytest.approx(sequential_upper_bound(2, 50, population=80, expected=0.05))
    assert worse.holds is False
    assert (count.holds, count.value) == (True, 90.0)
    assert (label.holds, label.value) == (False, 37.0)  # 25 agreed, 2 fixed, 10 gold
    assert share.holds is True
    # Gold items are not asked about: the share is of the 90 others, as on every page.
    assert (labeled.holds, labeled.value) == (True, pytest.approx(80 / 90))
    assert (all_labeled.holds, all_labeled.value) == (False, pytest.approx(80 / 90))
    assert (reviewed.holds, reviewed.value) == (True, pytest.approx(50 / 80))
    assert (gold.holds, gold.value) == (True, 0.9)


def test_agreement_and_its_bound(make_project: Make) -> None:
    """Without a confidence the value is compared, with one the end of its interval; what is too wide is undecided."""
    project = labeled_project(make_project)
    alpha, sure, hopeless, others, plain, alias = check(
        project,
        "alpha(intent) >= 0.70",
        "alpha(intent) >= 0.92 at 95% by items",
        "alpha(intent) >= 0.99 at 95% by items",
        "alpha(intent) >= 0.10 at 95% by annotators",
        "agreement(intent) >= 90%",
        "accuracy(intent) >= 85% at 95%",
    )
    assert alpha.holds is True
    assert alpha.bound == alpha.value
    assert (sure.holds, hopeless.holds, plain.holds) == (None, False, True)
    assert sure.bound is not None
    assert sure.value is not None
    assert sure.bound < 0.92 < sure.value
    assert alias.holds is None
    assert "at least" in alias.reason
    assert others.holds is None
    assert "Fewer than three annotators" in others.reason
    assert "for other items" in sure.reason


def test_no_evidence_is_neither_yes_nor_no(make_project: Make) -> None:
    """With nothing labeled, audited or answered twice, what rests on evidence is undecided and says why."""
    project = make_project()
    for found in check(project, "label_error(intent) <= 2% at 95%", "alpha(intent) >= 0.7", "accuracy(intent) >= 0.9", "labeled >= 90%"):
        assert found.holds is None
        assert found.reason
    (counted,) = check(project, "count(intent='bug') >= 1")
    assert (counted.holds, counted.value) == (False, 0.0)
    unknown, label = check(project, "count(nothing) >= 1", "count(intent='bgu') >= 1")
    assert (unknown.holds, label.holds) == (None, None)
    assert "bgu" in label.reason


def audit(project: Project, count: int) -> list[int]:
    """Let somebody label 400 items as bugs, and somebody else confirm so many of them at random; return the items."""
    ann, rev = add_users(project, "ann", "rev")
    ids = add_texts(project, [f"text {index}" for index in range(400)])
    answer(project, [(item, ann, {"intent": choice("bug")}) for item in ids])
    refresh(project, QualityPolicy(label_errors=False))
    pick(project, *ids[:count])
    for item in ids[:count]:
        review(project, item, choice("bug"), reviewer=rev)
    return ids


def test_more_audits_are_named(make_project: Make) -> None:
    """Where the audit is on the way to prove a requirement, the reason says how many more audits would."""
    project = make_project()
    audit(project, 40)
    (found,) = check(project, "label_error(intent) <= 2% at 95%")
    assert found.holds is None
    first = next(audits for audits in range(40, 401) if sequential_upper_bound(0, audits, population=400, expected=0.05) <= 0.02)
    assert f"{first - 40} more audits" in found.reason


def test_the_advice_counts_what_no_audit_speaks_of(make_project: Make) -> None:
    """Labels that changed since the draw are told, and the audits that are still missing are as many as the requirement says."""
    project = make_project()
    ids = audit(project, 80)
    line = "label_error(intent) <= 5% at 95%"

    def told(changed: int) -> tuple[Outcome, list[str]]:
        change = sa.update(tables.items).where(tables.items.c.id.in_(ids[100 : 100 + changed])).values(changed_at=1.0)
        project.database.write(lambda connection: connection.execute(change))
        with project.database.read() as connection:
            return check(project, line)[0], advise(connection, project, [line], sample=0.5, own=False)

    proved, nothing = told(0)
    assert (proved.holds, nothing) == (True, [])
    open_still, (changed, audits) = told(8)
    assert open_still.holds is None
    assert "8 labels have changed" in changed
    more = "47 more audits without an error would prove at most 5%"
    assert more in open_still.reason
    assert more in audits
    _, (alone,) = told(30)
    assert "30 labels have changed" in alone


def test_a_share_that_has_drawn_enough_is_not_to_be_raised(make_project: Make) -> None:
    """Where as many labels are drawn as have to be audited, nobody is told to draw more; where fewer are, the share to set is told."""
    project = make_project()
    (ann,) = add_users(project, "ann")
    ids = add_texts(project, [f"text {index}" for index in range(200)])
    answer(project, [(item, ann, {"intent": choice("bug")}) for item in ids])
    refresh(project, QualityPolicy(label_errors=False))

    def told() -> list[str]:
        with project.database.read() as connection:
            return advise(connection, project, ["label_error(intent) <= 10% at 95%"], sample=0.1, own=False)

    pick(project, *ids[:20])
    audits, draws = told()
    assert "20 are drawn and wait for a reviewer" in audits
    assert "draws about 20 of 200 labels" in draws
    pick(project, *ids[20:60])
    assert ["60 are drawn and wait for a reviewer" in line for line in told()] == [True]


def test_the_worst_question_decides(make_project: Make) -> None:
    """A requirement that names no question has to hold for each."""
    options = {"kind": "choice", "of": "body", "options": ["a", "b"]}
    project = make_project({"data": {"body": "text"}, "questions": {"first": options, "second": options}})
    (ann,) = add_users(project, "ann")
    one, two = add_texts(project, ["one", "two"])
    answer(project, [(one, ann, {"first": choice("a"), "second": choice("a")}), (two, ann, {"first": choice("a")})])
    refresh(project, QualityPolicy(label_errors=False))
    (found,) = check(project, "count >= 2")
    assert (found.holds, found.value) == (False, 1.0)
    assert found.reason.startswith("second: ")


def test_lines_are_read() -> None:
    """Metrics may stand without parentheses where no question is meant; an unknown one is refused with the nearest."""
    assert Requirement.parse("labeled() >= 95%") == Requirement.parse("labeled >= 95%")
    assert Requirement.parse("gold_accuracy(intent) > 0.9 at 95%").confidence == 0.95
    with pytest.raises(InvalidPipeline, match="gold_accuracy"):
        Requirement.parse("gold_acuracy(intent) >= 0.9")
    assert {"label_error", "count", "share", "alpha", "agreement", "accuracy", "gold_accuracy", "labeled", "reviewed"} == set(METRICS)


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_a_label_is_asked_for_only_where_the_metric_is_that_of_a_label(metric: str) -> None:
    """A line that names a label is tried on that label, or refused where its metric is one of the whole question."""
    line = f"{metric}(intent='refund') >= 10%"
    if metric in ("count", "share"):
        assert Requirement.parse(line).label == "refund"
    else:
        with pytest.raises(InvalidPipeline, match="and not over 'refund' alone"):
            Requirement.parse(line)
