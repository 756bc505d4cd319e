"""What the random audit proves about the share of wrong labels, question by question: the one definition that everybody uses.

**What is audited.** As soon as an item has all its answers it is drawn for the audit, or passed over, by a hash of its key and of a
secret of the project (`drawn_at`): a share of the items that has nothing to do with their answers, and that nobody can foresee. People
review these whatever the rules pick besides. For each reviewed item the review kept `label_before`, what the dataset would have said
without any review. An audited label counts as wrong when the settled answer differs from it: for choices another label, for spans, boxes
and segments any difference at all (a distance above 0; the last digit of a coordinate aside), an answer that the reviewer took away, and
one that the reviewer rejected, whatever its author makes of it.

**What the bound is about.** The population of a question is every active item whose label was made from annotators' answers, as those
labels stood before any review, the ones that were rejected since among them. Clopper-Pearson bounds the share of wrong ones among them.
The version that is frozen holds the same items with the audited ones, and any others that were reviewed, put right; taking the reviewers'
answers as the truth, its share of wrong labels is at most that bound, and at most `remaining` = bound - errors / population with the
audit's repairs counted. Items whose label is gold alone, or a review alone, are outside the population.

**What it does not hide.** Labels that the draw says nothing about all count as wrong, besides the bound: items that were not drawn yet,
that wait for another answer, or whose label changed after they were passed over, be it by answers or by another way to reach the
consensus (`changed_at`), as long as nobody reviewed what they say now: `unproved`. Items that were drawn and wait for their review count
as wrong too, and as long as there are any, or fewer than `LEAST` audits, the certificate says that there is not enough evidence.

**One look and many.** `bound` is exact for one look. Whoever audits more and looks again until the bound pleases breaks its promise, and
that is what a requirement invites to: `bound_at_any_look` holds at all looks together (a confidence sequence for drawing without
replacement, sharpest around `EXPECTED`), and is what requirements are compared with.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.errors import InvalidInput
from labelwright.schema import Answer, Schema
from labelwright.stats.certificates import binomial_upper_bound, hypergeometric_upper_bound, sequential_upper_bound
from labelwright.store import tables
from labelwright.store.codec import decode_values

__all__ = ["EXPECTED", "LEAST", "SAME_LABEL", "Method", "QuestionAudit", "audit", "differs", "draw"]

LEAST = 29
"""With fewer audits than this, not even an audit without an error shows less than 10% wrong labels at 95% confidence."""

EXPECTED = 0.05
"""The share of wrong labels around which the bound for any look is sharpest; it is fixed before the first audit, as it has to be."""

PAGE = 1000
SAME_LABEL = 0.02
"""A fused box or segment that moved by less than this distance, as its annotators' weights changed, is the label that was drawn."""

SAME = 1e-9
"""Distances up to this are rounding."""

Method = Literal["binomial", "hypergeometric"]


class QuestionAudit(Struct, frozen=True, kw_only=True):
    """What the audit proves about one question.

    `population` counts the labels that the bound is about, `audited` those of them that were reviewed at random, `errors` those found
    wrong, `pending` those picked and not yet reviewed, `unproved` those that the audit says nothing about. `bound` is the upper bound on
    the share of wrong labels before any review, `remaining` the same after the errors found were put right. `enough` tells whether that
    is a proof; `statement` says it in a sentence. `bound_at_any_look` bounds the same share however often it is looked at.
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
    bound_at_any_look: float = 1.0


class _Audit(Struct):
    """One item that was reviewed: the label before its first review, and the answer in the end."""

    before: dict[str, Answer]
    after: dict[str, Answer] | None  # None = rejected, and not yet settled


def audit(
    connection: Connection, project_id: int, schema: Schema, *, confidence: float = 0.95, method: Method = "hypergeometric"
) -> dict[str, QuestionAudit]:
    """Return what the random audit proves at `confidence`, question by question.

    Args:
        connection: for reading.
        project_id: whose labels they are.
        schema: the questions that are asked.
        confidence: the chance, at least, that a bound holds, above 0 and below 1.
        method: `hypergeometric` is exact for the labels there are, and the tighter the more of them were audited; `binomial` holds for
            whatever other labels would be made in the same way, too.

    Raises:
        InvalidInput: the confidence is no share, or the method is unknown.
    """
    if not 0 < confidence < 1:
        raise InvalidInput(f"The confidence has to lie between 0 and 1, and is {confidence}.")
    if method not in ("binomial", "hypergeometric"):
        raise InvalidInput(f"There is no method '{method}'.", hint="Use binomial or hypergeometric.")
    picked, audits = _audits(connection, project_id)
    unsure = _unproved(connection, project_id) - {item_id for item_id, one in audits.items() if one.after is not None}
    questions = {}
    for name, question in schema.questions.items():
        size, labeled = _population(connection, project_id, name, picked | unsure | audits.keys())
        # What was audited stays audited, even where the label was rejected, or the row changed because of what was found.
        had = {item_id for item_id, one in audits.items() if name in one.before}
        # A label that only a review made was never the annotators'.
        alone = (labeled & audits.keys()) - had
        sample = picked & (had | (labeled - audits.keys()))
        settled = sample & had
        wrong = {one for one in settled if differs(audits[one].before[name], (audits[one].after or {}).get(name))}
        questions[name] = _prove(
            question=name,
            kind=question.kind,
            population=size - len(alone) + len(had - labeled),
            audited=len(settled),
            errors=len(wrong),
            pending=len(sample) - len(settled),
            # A rejected label that its author gave anew, and nobody has reviewed yet, is not put right.
            repaired=sum(audits[item_id].after is not None or item_id not in labeled for item_id in wrong),
            gone=len(had - labeled),
            unproved=len((unsure & labeled) - alone - sample),
            confidence=confidence,
            method=method,
        )
    return questions


def differs(before: Answer, after: Answer | None) -> bool:
    """Tell whether an answer was wrong, given what it ought to be."""
    return after is None or (before != after and before.distance(after) > SAME)


def _prove(
    *,
    question: str,
    kind: str,
    population: int,
    audited: int,
    errors: int,
    pending: int,
    unproved: int,
    repaired: int,
    gone: int,
    confidence: float,
    method: Method,
) -> QuestionAudit:
    sample, wrong = audited + pending, errors + pending
    at_any_look = sequential_upper_bound(wrong, sample, confidence, population=max(population, sample, 1), expected=EXPECTED)
    if sample == 0:
        bound = 1.0
    elif method == "binomial":
        bound = binomial_upper_bound(wrong, sample, confidence)
    else:
        bound = hypergeometric_upper_bound(wrong, sample, max(population, sample), confidence)
    if population:
        # Whatever was drawn may have been wrong before it changed: the bound is about all of it, and what changed comes on top.
        bound = min(1.0, bound + unproved / population)
        at_any_look = min(1.0, at_any_look + unproved / population)
    # Rejected labels have left the version: they take their errors with them, and the rest is fewer.
    left = population - gone
    remaining = min(1.0, max(0.0, (bound * population - repaired) / left)) if left > 0 else 1.0
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
        if audited and bound < 1:
            statement += f" With the picked ones counted as wrong, at most {bound:.2%} of {population:,} are wrong at {level} confidence."
    else:
        statement = (
            f"At {level} confidence at most {bound:.2%} of the {population:,} labels were wrong before any review: "
            f"of {audited:,} audited at random, {errors:,} {'was' if errors == 1 else 'were'} wrong. "
            f"With these put right or taken out, at most {remaining:.2%} are wrong now, taking the reviewers' answers as the truth. "
            f"That is for one look; however often one looks, at most {at_any_look:.2%} were wrong."
        )
    if unproved:
        since = "label that has changed or is" if unproved == 1 else "labels that have changed or are"
        statement += f" The audit says nothing about {unproved:,} {since} not complete yet; all of them count as wrong."
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
        bound_at_any_look=at_any_look,
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
    labeled: set[int] = set()
    wanted = sorted(item_ids)
    for start in range(0, len(wanted), PAGE):
        # Items name their project; naming it here once more would make SQLite walk through all of the project's labels.
        labeled.update(connection.scalars(labels.where(consensus.c.item_id.in_(wanted[start : start + PAGE]))))
    return size, labeled


def draw(seed: str, key: str, revision: str) -> float:
    """Return a number from 0 to 1 that is as good as random, always the same for an item, and unknown to who has not the seed.

    Items whose number is below the share in force when they are complete are drawn for the audit.
    """
    digest = hashlib.blake2b(f"review\0{seed}\0{key}\0{revision}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _audits(connection: Connection, project_id: int) -> tuple[set[int], dict[int, _Audit]]:
    """Return the random sample, and what became of every item that was reviewed, in the sample or not.

    A picked item counts whoever asked for its review: what the rules asked for earlier, or besides, was picked by its key all the same.
    """
    reviews, picks, annotations = tables.reviews, tables.review_picks, tables.annotations
    sample = sa.union(
        sa.select(picks.c.item_id).where(picks.c.project_id == project_id, picks.c.random == 1),
        sa.select(reviews.c.item_id).where(reviews.c.project_id == project_id, reviews.c.random == 1),
    )
    picked = set(connection.scalars(sample)) - _drawn_beyond(connection, project_id)
    query = (
        sa.select(reviews.c.item_id, reviews.c.verdict, reviews.c.label_before, annotations.c["values"])
        .outerjoin(annotations, annotations.c.id == sa.func.coalesce(reviews.c.fixed_annotation_id, reviews.c.annotation_id))
        .where(reviews.c.project_id == project_id)
        .order_by(reviews.c.id)
    )
    first: dict[int, dict[str, Answer]] = {}
    audits: dict[int, _Audit] = {}
    for row in connection.execute(query):
        before = decode_values(row.label_before or "{}")
        # The item's first review saw what the dataset would have said without any.
        first.setdefault(row.item_id, before)
        settled = decode_values(row.values) if row.values is not None else before
        audits[row.item_id] = _Audit(first[row.item_id], None if row.verdict == "reject" else settled)
    return picked, audits


def _drawn_beyond(connection: Connection, project_id: int) -> set[int]:
    """Return the items that were drawn only because the share was larger for them than for others.

    All must have had the same chance to be in the sample, so it is what the smallest share that any item was drawn at would have drawn.
    """
    items, picks = tables.items, tables.review_picks
    shares = sa.select(sa.func.min(items.c.drawn_share), sa.func.max(items.c.drawn_share)).where(
        items.c.project_id == project_id, items.c.state == "active", items.c.drawn_share.is_not(None)
    )
    least, most = connection.execute(shares).one()
    if least is None or least == most:
        return set()
    seed = connection.scalar(sa.select(tables.projects.c.seed).where(tables.projects.c.id == project_id)) or ""
    drawn = sa.select(items.c.id, items.c.key, items.c.revision).join(picks, picks.c.item_id == items.c.id)
    rows = connection.execute(drawn.where(picks.c.project_id == project_id, picks.c.random == 1))
    return {item_id for item_id, key, revision in rows if draw(seed, key, revision) >= least}


def _unproved(connection: Connection, project_id: int) -> set[int]:
    """Return the items whose label the draw says nothing about: not drawn yet, changed since, or waiting for another answer."""
    items, tasks, consensus = tables.items, tables.tasks, tables.consensus
    waiting = sa.select(tasks.c.item_id).where(
        tasks.c.project_id == project_id, tasks.c.purpose.in_(("label", "redo")), tasks.c.state.in_(("open", "leased"))
    )
    labels = sa.select(consensus.c.item_id).join(items, items.c.id == consensus.c.item_id).where(consensus.c.project_id == project_id)
    moved = labels.where(sa.or_(items.c.drawn_at.is_(None), items.c.changed_at.is_not(None)))
    return set(connection.scalars(waiting.distinct())) | set(connection.scalars(moved.distinct()))
