"""What the random audit proves about the share of wrong labels, question by question: the one definition that everybody uses.

**What is audited.** `review` picks a share of the items by a hash of their keys, which has nothing to do with their answers, and people
review these whatever the rules pick besides. For each audited item the review kept `label_before`, what the dataset would have said
without any review. An audited label counts as wrong when the settled answer differs from it: for choices another label, for spans, boxes
and segments any difference at all (a distance above 0; the last digit of a coordinate aside), or an answer that the reviewer took away.

**What the bound is about.** The population of a question is every active item with a label made from annotators' answers (a row of
`consensus`), as those labels stood before any review. Clopper-Pearson bounds the share of wrong ones among them. The version that is
frozen holds the same items with the audited ones, and any others that were reviewed, put right; taking the reviewers' answers as the
truth, its share of wrong labels is at most that bound, and at most `remaining` = bound - errors / population with the audit's repairs
counted. Items whose label is gold alone, or a review alone, are outside the population.

**What it does not hide.** Labels that the audit says nothing about (an item that got another answer after it might have been picked, or
that still waits for one) all count as wrong: `unproved`. Items that were picked and wait for their review count as wrong too, and as long
as there are any, or fewer than `LEAST` audits, the certificate says that there is not enough evidence. The bound holds for one look:
freezing again and again until it pleases breaks its promise.
"""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.errors import InvalidInput
from labelwright.schema import Answer, Schema
from labelwright.stats.certificates import binomial_upper_bound, hypergeometric_upper_bound
from labelwright.store import tables
from labelwright.store.codec import decode_values

__all__ = ["LEAST", "Method", "QuestionAudit", "audit", "differs"]

LEAST = 29
"""With fewer audits than this, not even an audit without an error shows less than 10% wrong labels at 95% confidence."""

PAGE = 1000
SAME = 1e-9
"""Distances up to this are rounding."""

Method = Literal["binomial", "hypergeometric"]


class QuestionAudit(Struct, frozen=True, kw_only=True):
    """What the audit proves about one question.

    `population` counts the labels that the bound is about, `audited` those of them that were reviewed at random, `errors` those found
    wrong, `pending` those picked and not yet reviewed, `unproved` those that the audit says nothing about. `bound` is the upper bound on
    the share of wrong labels before any review, `remaining` the same after the errors found were put right. `enough` tells whether that
    is a proof; `statement` says it in a sentence.
    """

    question: str
    kind: str
    confidence: float
    method: str
    population: int
    audited: int
    errors: int
    pending: int
    unproved: int
    bound: float
    remaining: float
    enough: bool
    statement: str


class _Audit(Struct):
    """One item of the random sample: the label before its first random review, and the answer in the end."""

    before: dict[str, Answer]
    after: dict[str, Answer] | None  # None = rejected and not yet settled
    at: float


def audit(
    connection: Connection, project_id: int, schema: Schema, *, confidence: float = 0.95, method: Method = "binomial"
) -> dict[str, QuestionAudit]:
    """Return what the random audit proves at `confidence`, question by question.

    Args:
        connection: for reading.
        project_id: whose labels they are.
        schema: the questions that are asked.
        confidence: the chance, at least, that a bound holds, above 0 and below 1.
        method: `binomial` is exact for any population; `hypergeometric` is tighter where much of the population was audited.

    Raises:
        InvalidInput: the confidence is no share, or the method is unknown.
    """
    if not 0 < confidence < 1:
        raise InvalidInput(f"The confidence has to lie between 0 and 1, and is {confidence}.")
    if method not in ("binomial", "hypergeometric"):
        raise InvalidInput(f"There is no method '{method}'.", hint="Use binomial or hypergeometric.")
    picked, audits = _audits(connection, project_id)
    last = max((audit.at for audit in audits.values()), default=None)
    unsure = _unproved(connection, project_id, last)
    questions = {}
    for name, question in schema.questions.items():
        size, inside = _population(connection, project_id, name, picked | unsure)
        sample = {item_id: audits[item_id] for item_id in picked & inside if item_id in audits}
        settled = {item_id: audit for item_id, audit in sample.items() if audit.after is not None and name in audit.before}
        errors = sum(differs(audit.before[name], (audit.after or {}).get(name)) for audit in settled.values())
        pending = len(picked & inside) - len(settled)
        unproved = len((unsure & inside) - picked)
        questions[name] = _prove(
            question=name,
            kind=question.kind,
            population=size,
            audited=len(settled),
            errors=errors,
            pending=pending,
            unproved=unproved,
            confidence=confidence,
            method=method,
        )
    return questions


def differs(before: Answer, after: Answer | None) -> bool:
    """Tell whether an answer was wrong, given what it ought to be."""
    return after is None or (before != after and before.distance(after) > SAME)


def _prove(
    *, question: str, kind: str, population: int, audited: int, errors: int, pending: int, unproved: int, confidence: float, method: Method
) -> QuestionAudit:
    sample, wrong = audited + pending, errors + pending
    covered = population - unproved
    if sample == 0 or covered <= 0:
        bound = 1.0
    elif method == "binomial":
        bound = binomial_upper_bound(wrong, sample, confidence)
    else:
        bound = hypergeometric_upper_bound(wrong, sample, max(covered, sample), confidence)
    if population:
        bound = min(1.0, (bound * covered + unproved) / population)
    remaining = max(0.0, bound - errors / population) if population else bound
    reasons = []
    if not population:
        reasons.append("there is no label made from annotators' answers")
    elif not audited:
        reasons.append("no label was audited at random")
    elif audited < LEAST:
        reasons.append(f"only {audited:,} {_labels(audited)} audited at random, and fewer than {LEAST} show little")
    if pending and population:
        reasons.append(f"{pending:,} {_labels(pending)} picked for the audit and not yet reviewed")
    level = f"{100 * confidence:g}%"
    if reasons:
        statement = f"Not enough evidence: {', and '.join(reasons)}."
        if audited:
            statement += f" With the picked ones counted as wrong, at most {bound:.2%} of {population:,} are wrong at {level} confidence."
    else:
        statement = (
            f"At {level} confidence at most {bound:.2%} of the {population:,} labels were wrong before any review: "
            f"of {audited:,} audited at random, {errors:,} {'was' if errors == 1 else 'were'} wrong. "
            f"With these put right, at most {remaining:.2%} are wrong now, taking the reviewers' answers as the truth."
        )
    if unproved:
        since = "label that was" if unproved == 1 else "labels that were"
        statement += f" The audit says nothing about {unproved:,} {since} answered since; all of them count as wrong."
    return QuestionAudit(
        question=question,
        kind=kind,
        confidence=confidence,
        method=method,
        population=population,
        audited=audited,
        errors=errors,
        pending=pending,
        unproved=unproved,
        bound=bound,
        remaining=remaining,
        enough=not reasons,
        statement=statement,
    )


def _labels(count: int) -> str:
    return "label was" if count == 1 else "labels were"


def _population(connection: Connection, project_id: int, question: str, item_ids: set[int]) -> tuple[int, set[int]]:
    """Return how many items have a label made from answers, and which of those named do."""
    items, consensus = tables.items, tables.consensus
    labels = sa.select(consensus.c.item_id).join(items, items.c.id == consensus.c.item_id)
    labels = labels.where(consensus.c.question == question, items.c.state == "active")
    whole = labels.where(consensus.c.project_id == project_id)
    size = int(connection.scalar(sa.select(sa.func.count()).select_from(whole.subquery())) or 0)
    inside: set[int] = set()
    wanted = sorted(item_ids)
    for start in range(0, len(wanted), PAGE):
        # Items name their project; naming it here once more would make SQLite walk through all of the project's labels.
        inside.update(connection.scalars(labels.where(consensus.c.item_id.in_(wanted[start : start + PAGE]))))
    return size, inside


def _audits(connection: Connection, project_id: int) -> tuple[set[int], dict[int, _Audit]]:
    """Return the random sample, and what became of those of it that were reviewed.

    A picked item counts whoever asked for its review: what the rules asked for earlier, or besides, was picked by its key all the same.
    """
    reviews, picks, annotations = tables.reviews, tables.review_picks, tables.annotations
    sample = sa.union(
        sa.select(picks.c.item_id).where(picks.c.project_id == project_id, picks.c.random == 1),
        sa.select(reviews.c.item_id).where(reviews.c.project_id == project_id, reviews.c.random == 1),
    )
    picked = set(connection.scalars(sample))
    query = (
        sa.select(reviews.c.item_id, reviews.c.verdict, reviews.c.label_before, reviews.c.created_at, annotations.c["values"])
        .outerjoin(annotations, annotations.c.id == sa.func.coalesce(reviews.c.fixed_annotation_id, reviews.c.annotation_id))
        .where(reviews.c.project_id == project_id, reviews.c.item_id.in_(sample))
        .order_by(reviews.c.id)
    )
    first: dict[int, dict[str, Answer]] = {}
    audits: dict[int, _Audit] = {}
    for row in connection.execute(query):
        before = decode_values(row.label_before or "{}")
        # The item's first review saw what the dataset would have said without any.
        first.setdefault(row.item_id, before)
        settled = decode_values(row.values) if row.values is not None else before
        audits[row.item_id] = _Audit(first[row.item_id], None if row.verdict == "reject" else settled, row.created_at)
    return picked, audits


def _unproved(connection: Connection, project_id: int, last: float | None) -> set[int]:
    """Return the items whose label the audit says nothing about: they wait for an answer, or got another one after the last audit."""
    tasks, annotations = tables.tasks, tables.annotations
    waiting = sa.select(tasks.c.item_id).where(
        tasks.c.project_id == project_id, tasks.c.purpose.in_(("label", "redo")), tasks.c.state.in_(("open", "leased"))
    )
    found = set(connection.scalars(waiting.distinct()))
    if last is not None:
        later, earlier = annotations.alias(), annotations.alias()
        changed = (
            sa.select(later.c.item_id)
            .where(later.c.project_id == project_id, later.c.created_at > last, later.c.origin != "review", later.c.purpose != "gold")
            .where(sa.exists().where(earlier.c.item_id == later.c.item_id, earlier.c.created_at <= last, earlier.c.origin != "review"))
        )
        found |= set(connection.scalars(changed.distinct()))
    return found
