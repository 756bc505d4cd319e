"""What to do about a bound on wrong labels that is not proved yet: who has to answer, who has to review what, and how much of it.

A requirement such as `label_error(intent) <= 5% at 95%` needs complete labels, a random sample of them drawn, and somebody besides their
authors who reviews the sample. Which of these is missing is counted here, and said in sentences.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.api.datasets import QuestionAudit
from labelwright.schema import Requirement
from labelwright.store import tables
from labelwright.store.audit import LEAST, audit, bound_of
from labelwright.store.project import Project
from labelwright.store.standing import STANDING

__all__ = ["advise", "audits_for", "why_nobody_audits"]

OWN_ANSWERS = (
    "An own answer cannot be audited, and the only reviewer here has answered: one other person for a few dozen audits is enough "
    "(labelwright users add, with the role reviewer)."
)


def advise(connection: Connection, project: Project, requirements: Sequence[str], *, sample: float, own: bool) -> list[str]:
    """Return what is to be done, sentence by sentence, so that the bounds on wrong labels among the requirements can be proved.

    `sample` is the share of items that is drawn for review, and `own` whether people may review their own answers. Nothing is said where
    all is proved, or nothing is labeled.
    """
    wanted: dict[str, tuple[float, float]] = {}
    for requirement in map(Requirement.parse, requirements):
        if requirement.metric == "label_error" and requirement.comparison in ("<=", "<"):
            names = [requirement.question] if requirement.question else list(project.schema.questions)
            wanted |= dict.fromkeys(names, (requirement.threshold, requirement.confidence or 0.95))
    found = {}
    for name, (threshold, confidence) in wanted.items():
        one = audit(connection, project.id, project.schema, confidence=confidence).get(name)
        if one is not None and one.population and not (one.enough and one.bound <= threshold):
            found[name] = (one, threshold)
    if not found:
        return []
    people, alone = _people(connection, project.id)
    waiting = _waiting(connection, project.id)
    said = _about_answers(waiting, people)
    for name, (one, threshold) in found.items():
        said += _about_changes(name, one.unproved - waiting)
        said += _about_audits(name, one, threshold, sample)
    if alone and any(one.pending or not one.audited for one, _ in found.values()):
        said.append(OWN_ANSWERS)
        again = (
            "Working alone, you are asked your drawn answers again, blind and three days later: "
            if own
            else ("Working alone, `review: {own: true}` asks you your drawn answers again, blind and three days later: ")
        )
        said.append(f"{again}that tells how consistent you are, and proves nothing about errors.")
    return said


def why_nobody_audits(connection: Connection, project_id: int) -> str:
    """Say why drawn labels wait that nobody here may audit, and what to do; nothing where somebody may."""
    return OWN_ANSWERS if _people(connection, project_id)[1] else ""


def audits_for(found: QuestionAudit, threshold: float) -> int | None:
    """Return how many audits in all would prove the threshold if no further error came up; None where no number of them would."""
    wrong = (found.errors or 0) + found.left

    def proves(audits: int) -> bool:
        size = max(found.population, audits)
        bound = bound_of(wrong, audits, size, found.confidence, looks=found.looks, planted=found.planted, found=found.found)
        return bound <= threshold

    few, many = max(found.audited, wrong), found.population
    if many < few or not proves(many):
        return None
    if proves(few):
        many = few
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if proves(middle) else (middle, many)
    return min(max(many, LEAST), found.population)


def _waiting(connection: Connection, project_id: int) -> int:
    """Return how many items have a label and wait for another person's answer."""
    tasks, annotations = tables.tasks, tables.annotations
    answered = sa.select(annotations.c.item_id).where(annotations.c.project_id == project_id, annotations.c.state.in_(STANDING))
    waiting = sa.select(sa.func.count(tasks.c.item_id.distinct())).where(
        tasks.c.project_id == project_id,
        tasks.c.purpose == "label",
        tasks.c.state.in_(("open", "leased")),
        tasks.c.item_id.in_(answered),
    )
    return connection.scalar(waiting) or 0


def _about_answers(count: int, people: int) -> list[str]:
    """Tell of labels that wait for another person's answer, and can be audited only then."""
    if not count:
        return []
    waits = "1 labeled item waits" if count == 1 else f"{count:,} labeled items wait"
    said = f"{waits} for another person's answer (tasks.overlap), and can be drawn for the audit only then"
    return [f"{said}: add people (labelwright users add), or set `tasks: {{overlap: 1}}`." if people < 2 else f"{said}."]


def _about_changes(name: str, count: int) -> list[str]:
    """Tell of labels that are others than when they were drawn or passed over."""
    if count <= 0:
        return []
    if count == 1:
        return [f"{name}: 1 label has changed since the draw passed it over, or is asked anew; it counts as wrong until it is reviewed."]
    return [
        f"{name}: {count:,} labels have changed since the draw passed them over, or are asked anew; they count as wrong until reviewed."
    ]


def _about_audits(name: str, one: QuestionAudit, threshold: float, sample: float) -> list[str]:
    said = []
    # What the audit says nothing about counts as wrong; where that alone is too much, it has to be mended first.
    needed = audits_for(one, threshold - one.unproved / one.population) or audits_for(one, threshold)
    if needed is None:
        return [f"{name}: no number of audits proves at most {100 * threshold:.4g}%: labels have to be put right or given anew first."]
    missing = needed - one.audited
    if missing > 0:
        audits = "audit" if missing == 1 else "audits"
        said.append(
            f"{name}: {missing:,} more {audits} without an error would prove at most {100 * threshold:.4g}%; "
            f"{one.audited:,} of {one.population:,} labels are audited, and {one.pending:,} are drawn and wait for a reviewer."
        )
    expected = round(sample * one.population)
    if max(expected, one.audited + one.pending) < needed:
        share = min(100, -(-100 * needed // one.population) + 5)
        said.append(
            f"{name}: `review.sample` draws about {expected:,} of {one.population:,} labels, and {needed:,} have to be audited: "
            f"set it to {share}% or collect more items."
        )
    return said


def _people(connection: Connection, project_id: int) -> tuple[int, bool]:
    """Return how many people can answer here, and whether the only one who can review has answered too."""
    users, memberships, annotations = tables.users, tables.memberships, tables.annotations
    query = sa.select(memberships.c.user_id, memberships.c.role).join(users, users.c.id == memberships.c.user_id)
    roles = dict(connection.execute(query.where(memberships.c.project_id == project_id, users.c.active == 1)).all())
    reviewers = [user_id for user_id, role in roles.items() if role != "annotator"]
    own = sa.select(annotations.c.id).where(annotations.c.project_id == project_id, annotations.c.user_id.in_(reviewers))
    return len(roles), len(reviewers) < 2 and connection.scalar(own.limit(1)) is not None
