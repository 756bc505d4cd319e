"""What the random audit has found out so far, item by item: who was drawn, who judged, by which criteria, and what became of it.

`labelwright.store.audit` makes bounds of this; `labelwright.review` asks which drawn items still wait for an audit that counts.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.schema import Answer, Schema, Values
from labelwright.schema.criteria import Criteria
from labelwright.stats.certificates import binomial_interval
from labelwright.store import tables
from labelwright.store.codec import decode, decode_values
from labelwright.store.criteria import changed, meanings
from labelwright.store.labels import final_labels

__all__ = [
    "Evidence",
    "Standing",
    "audited_label",
    "differs",
    "draw",
    "planted_truth",
    "read_evidence",
    "secret_of",
    "waiting_for_audit",
    "wrong_by",
]

PAGE = 1000
Standing = Literal["right", "wrong", "waiting", "own", "outdated", "shown"]
"""How the audit of one drawn label stands: it was judged `right` or `wrong`; nobody looked (`waiting`); or whoever looked does not count,
as an author of the label (`own`), by criteria that have changed since (`outdated`), or with the label in view (`shown`)."""


class Review(Struct, frozen=True):
    """One review of a drawn item: the label that was judged, and what it settled on; None stands for a label that was rejected.

    It is `blind` where its author answered before seeing the label, and had not reviewed it with the label in view earlier.
    """

    auditor: int
    independent: bool
    blind: bool
    version: int
    before: dict[str, Answer]
    after: dict[str, Answer] | None


class Planted(Struct, frozen=True):
    """How many errors, planted in the audit, there were, and how many auditors found: blind, or once they saw the label.

    Of those planted, `unseen` were shown to nobody and count as overlooked: see `Evidence.measured`.
    """

    planted: int = 0
    found_blind: int = 0
    found_shown: int = 0
    unseen: int = 0

    @property
    def found(self) -> int:
        return self.found_blind + self.found_shown


BY_LOT = 0.98
"""Whoever was dealt more planted errors than audits, outside the interval at this confidence, was not by lot."""

NOBODY = 0
"""The auditor of planted errors that were shown to somebody and given back."""


@dataclass
class Evidence:
    """All that the audit knows.

    `drawn` has every item that was ever in the random sample; `sample` those of them that are items still and were drawn at the rate that
    is common to all. `looked_at` are drawn items outside the sample that somebody was shown and never judged. `reviews` has each drawn or
    reviewed item's reviews, the oldest first. `planted` has what became of planted errors, by question and auditor.
    """

    schema: Schema
    reviews: dict[int, list[Review]]
    criteria: Mapping[int, Criteria]
    current: Criteria
    planted: Mapping[str, Mapping[int, Planted]]
    drawn: set[int] = field(default_factory=set)
    sample: set[int] = field(default_factory=set)
    active: set[int] = field(default_factory=set)
    looked_at: set[int] = field(default_factory=set)

    def first(self, item_id: int) -> dict[str, Answer]:
        """Return the label that annotators' answers made, as it was drawn, or as it stood at a first review before that."""
        found = self.reviews.get(item_id)
        return found[0].before if found else {}

    def standing(self, item_id: int, question: str) -> Standing:
        """Return how the audit of one drawn label stands."""
        reviews = self.reviews.get(item_id, [])
        if not reviews:
            return "waiting"
        independent = [one for one in reviews if one.independent]
        if not independent:
            return "own"
        current = [one for one in independent if self._is_current(one, question)]
        if not current:
            return "outdated"
        if not any(one.blind for one in current):
            return "shown"
        return "wrong" if self._found_wrong(item_id, current, question) else "right"

    def measured(self, question: str) -> Planted:
        """Return how many planted errors were found, as far as that says something about those who audited.

        The queue deals both by lot, so each auditor has about the same share of either. It cannot where errors were planted late, or where
        somebody knows what is planted. Then a careful person could be measured, and another one audit. So whoever gave no audit is left
        out, and where somebody has more of the planted errors than can be by lot, so many count as overlooked besides, shown to nobody,
        that it is that person's share of the audits and no more.
        """
        planted = self.planted.get(question, {})
        audits = Counter(self._auditor(one, question) for one in self.sample if self.standing(one, question) in ("right", "wrong"))
        mine = [one for auditor, one in planted.items() if auditor in audits or auditor == NOBODY or not audits]
        total = sum(one.planted for one in mine)
        counted = total
        for auditor, one in planted.items():
            share = audits[auditor] / (sum(audits.values()) or 1)
            if share and binomial_interval(one.planted, total, BY_LOT)[0] > share:
                counted = max(counted, math.ceil(one.planted / share))
        return Planted(counted, sum(one.found_blind for one in mine), sum(one.found_shown for one in mine), counted - total)

    def left_wrong(self, item_id: int, question: str) -> bool:
        """Tell whether an item outside the sample leaves an error behind: it was found wrong, or seen by an auditor and never judged."""
        found = [one for one in self.reviews.get(item_id, []) if one.independent]
        unjudged = item_id in self.looked_at and not any(one.blind for one in found)
        return unjudged or self._found_wrong(item_id, found, question)

    def outdated_clauses(self, question: str) -> Counter[str]:
        """Return the clauses that have changed since drawn labels were audited, with the number of labels that each concerns."""
        found: Counter[str] = Counter()
        now = self.current.get(question, {})
        for item_id in self.sample:
            if self.standing(item_id, question) == "outdated":
                newest = [one for one in self.reviews[item_id] if one.independent][-1]
                found.update(changed(self.criteria.get(newest.version, {}).get(question, {}), now))
        return found

    def same_again(self, question: str) -> tuple[int, int]:
        """Return how many drawn labels their own author answered again, blind, and how many of them came out the same."""
        pairs = [
            self._was_wrong(item_id, one, question)
            for item_id in self.drawn
            for one in self.reviews.get(item_id, [])
            if one.blind and not one.independent and question in self.first(item_id)
        ]
        return len(pairs), len(pairs) - sum(pairs)

    def _auditor(self, item_id: int, question: str) -> int:
        """Who gave the audit of a label that counts: the newest one."""
        return [one for one in self.reviews[item_id] if one.independent and one.blind and self._is_current(one, question)][-1].auditor

    def _is_current(self, review: Review, question: str) -> bool:
        return self.criteria.get(review.version, {}).get(question, {}) == self.current.get(question, {})

    def _found_wrong(self, item_id: int, reviews: Sequence[Review], question: str) -> bool:
        """Tell whether an error was found: by the newest blind audit, or by any review with the label in view, which can find one too."""
        decisive = [one for one in reviews if one.blind][-1:] + [one for one in reviews if not one.blind]
        return any(self._was_wrong(item_id, one, question) for one in decisive)

    def _was_wrong(self, item_id: int, review: Review, question: str) -> bool:
        before = self.first(item_id)
        if question not in before:
            return False
        return review.after is None or differs(self.schema, question, before[question], review.after.get(question))


def differs(schema: Schema, question: str, before: Answer, after: Answer | None) -> bool:
    """Tell whether an answer was wrong, given what it ought to be; None stands for a question that was left out, as nothing marked is."""
    if after is None:
        return bool(before.parts())
    return not schema.alike(question, before, after)


def audited_label(connection: Connection, project_id: int, schema: Schema, item_id: int) -> Values:
    """Return the label that an audit of the item is about: what annotators' answers made, as it was drawn."""
    items, reviews = tables.items, tables.reviews
    drawn = connection.execute(sa.select(items.c.drawn_at, items.c.drawn_label).where(items.c.id == item_id)).one()
    first = sa.select(reviews.c.label_before, reviews.c.sources, reviews.c.created_at).where(reviews.c.item_id == item_id)
    row = connection.execute(first.order_by(reviews.c.id).limit(1)).one_or_none()
    if row is not None:
        return _first_label(schema, row, drawn)
    standing = {label.question: label.answer for label in final_labels(connection, project_id, schema, item_ids=[item_id])}
    return _as_drawn(schema, standing, drawn.drawn_label)


def _first_label(schema: Schema, review: Any, drawn: Any) -> Values:
    """Return the label that an item's first review judged, without what was gold at that time."""
    sources = decode(review.sources or "{}")
    before = {name: answer for name, answer in decode_values(review.label_before or "{}").items() if sources.get(name) != [None, []]}
    since = drawn.drawn_at is not None and review.created_at >= drawn.drawn_at
    return _as_drawn(schema, before, drawn.drawn_label if since else None)


def _as_drawn(schema: Schema, label: Values, drawn: str | None) -> Values:
    """Return a label with every answer that changed since the draw as it was then.

    The bound is about labels as they were drawn, audited or not. What is put right between the draw and the verdict, because the author
    thought again or heard from an auditor, is put right nowhere else, and the sample would look better than the rest.
    """
    then = decode_values(drawn or "{}")
    moved = {name: answer for name, answer in then.items() if name not in label or not schema.alike(name, label[name], answer)}
    return {**label, **moved}


def draw(seed: str, key: str, revision: str) -> float:
    """Return a number from 0 to 1 that is as good as random, always the same for an item, and unknown to who has not the seed.

    Items whose number is below the share in force when they are complete are drawn for the audit.
    """
    digest = hashlib.blake2b(f"review\0{seed}\0{key}\0{revision}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def secret_of(connection: Connection, project_id: int) -> str:
    """Return the project's secret, by which items are drawn."""
    seed: str = connection.execute(sa.select(tables.projects.c.seed).where(tables.projects.c.id == project_id)).scalar_one()
    return seed


def read_evidence(connection: Connection, project_id: int, schema: Schema, *, item_ids: Sequence[int] | None = None) -> Evidence:
    """Read what the audit knows, of all items or of those named."""
    drawn = _drawn(connection, project_id, item_ids)
    rate = _common_rate(connection, project_id)
    seed = secret_of(connection, project_id)
    active = {row.id for row in drawn if row.state == "active"}
    sample = {row.id for row in drawn if row.state == "active" and (rate is None or draw(seed, row.key, row.revision) < rate)}
    every = {row.id for row in drawn}
    found = _judged(connection, project_id, schema, item_ids)
    found.planted = _planted(connection, project_id, schema)
    found.drawn, found.sample, found.active = every, sample, active
    found.looked_at = _looked_at(connection, every - sample)
    return found


def waiting_for_audit(connection: Connection, project_id: int, schema: Schema, item_ids: Sequence[int]) -> set[int]:
    """Return those of some drawn items of which a label still waits for an audit that counts."""
    evidence = _judged(connection, project_id, schema, item_ids)
    return {
        item_id
        for item_id in item_ids
        if any(
            evidence.standing(item_id, name) not in ("right", "wrong")
            for name in schema.questions
            if item_id not in evidence.reviews or name in evidence.first(item_id)
        )
    }


def _judged(connection: Connection, project_id: int, schema: Schema, item_ids: Sequence[int] | None) -> Evidence:
    """What was judged, by which criteria; who was drawn and what became of planted errors is left open."""
    reviews = _reviews(connection, project_id, schema, item_ids)
    newest = sa.select(sa.func.max(tables.pipeline_versions.c.id)).where(tables.pipeline_versions.c.project_id == project_id)
    current = connection.scalar(newest) or 0
    criteria = meanings(connection, project_id, {one.version for found in reviews.values() for one in found} | {current})
    return Evidence(schema=schema, reviews=reviews, criteria=criteria, current=criteria.get(current, {}), planted={})


def _pages(item_ids: Sequence[int] | None) -> Iterator[list[int] | None]:
    if item_ids is None:
        yield None
        return
    for first in range(0, len(item_ids), PAGE):
        yield list(item_ids[first : first + PAGE])


def _drawn(connection: Connection, project_id: int, item_ids: Sequence[int] | None) -> list[Any]:
    """Every item that was drawn for the audit: by a pick that still stands, or by a review that was given for one."""
    items, picks, reviews = tables.items, tables.review_picks, tables.reviews
    found: dict[int, Any] = {}
    for table in (picks, reviews):
        for page in _pages(item_ids):
            query = sa.select(items.c.id, items.c.key, items.c.revision, items.c.state).join(table, table.c.item_id == items.c.id)
            query = query.where(table.c.project_id == project_id, table.c.random == 1)
            if page is not None:
                query = query.where(table.c.item_id.in_(page))
            found.update((row.id, row) for row in connection.execute(query))
    return list(found.values())


def _common_rate(connection: Connection, project_id: int) -> float | None:
    """Return the share that every item was drawn at; None where all had the same, for then everything that was drawn is the sample.

    All must have had the same chance to be in the sample, so it is what the smallest share that any item was drawn at would have drawn.
    """
    items = tables.items
    shares = sa.select(items.c.drawn_share).where(
        items.c.project_id == project_id, items.c.state == "active", items.c.drawn_share.is_not(None)
    )
    # The ends of an index: asked for both at once, SQLite reads all that is between them.
    least, most = (connection.scalar(shares.order_by(order).limit(1)) for order in (items.c.drawn_share, items.c.drawn_share.desc()))
    return None if least == most else least


def _reviews(connection: Connection, project_id: int, schema: Schema, item_ids: Sequence[int] | None) -> dict[int, list[Review]]:
    reviews, annotations, blind, items = tables.reviews, tables.annotations, tables.blind_answers, tables.items
    settled, own, author = annotations.alias("settled"), annotations.alias("own"), tables.users.alias("author")
    answered = sa.exists(
        sa.select(sa.literal(1))
        .select_from(own.join(author, author.c.id == own.c.user_id))
        .where(
            own.c.item_id == reviews.c.item_id,
            sa.or_(own.c.user_id == reviews.c.reviewer_id, author.c.namesake_of == reviews.c.reviewer_id),
            own.c.origin.in_(("person", "import")),
        )
    )
    given = sa.exists(sa.select(sa.literal(1)).where(blind.c.task_id == reviews.c.task_id, blind.c.user_id == reviews.c.reviewer_id))
    query = (
        sa.select(
            reviews.c.item_id,
            reviews.c.reviewer_id,
            reviews.c.verdict,
            reviews.c.label_before,
            reviews.c.sources,
            reviews.c.created_at,
            reviews.c.pipeline_version,
            items.c.drawn_at,
            items.c.drawn_label,
            settled.c["values"],
            answered.label("answered"),
            given.label("blind"),
        )
        .join(items, items.c.id == reviews.c.item_id)
        .outerjoin(settled, settled.c.id == sa.func.coalesce(reviews.c.fixed_annotation_id, reviews.c.annotation_id))
        .where(reviews.c.project_id == project_id)
        .order_by(reviews.c.id)
    )
    found: dict[int, list[Review]] = {}
    saw: set[tuple[int, int]] = set()
    for page in _pages(item_ids):
        for row in connection.execute(query if page is None else query.where(reviews.c.item_id.in_(page))):
            before = decode_values(row.label_before or "{}")
            after = None if row.verdict == "reject" else decode_values(row.values) if row.values is not None else before
            mine = found.setdefault(row.item_id, [])
            judged = mine[0].before if mine else _first_label(schema, row, row)
            version = row.pipeline_version or 0
            one = (row.item_id, row.reviewer_id)
            if not row.blind:
                saw.add(one)
            mine.append(Review(row.reviewer_id, not row.answered, one not in saw, version, judged, after))
    return found


def _looked_at(connection: Connection, item_ids: set[int]) -> set[int]:
    """Return the items whose audit was handed out: to leave the sample then, unjudged, would be a way to be rid of an error."""
    tasks = tables.tasks
    found: set[int] = set()
    for page in _pages(sorted(item_ids)):
        query = sa.select(tasks.c.item_id).where(
            tasks.c.item_id.in_(page or []),
            tasks.c.purpose == "audit",
            tasks.c.state != "done",
            tasks.c.annotation_id.is_(None),
            tasks.c.leased_at.is_not(None),
        )
        found.update(connection.scalars(query))
    return found


def _planted(connection: Connection, project_id: int, schema: Schema) -> dict[str, dict[int, Planted]]:
    """Count the planted errors that auditors judged, and those that they were shown and gave back, which count as overlooked."""
    planted, tasks, annotations = tables.planted_audits, tables.tasks, tables.annotations
    counts: dict[str, dict[int, Counter[str]]] = {name: {} for name in schema.questions}
    judged = sa.select(planted.c.auditor_id, planted.c.found).where(planted.c.project_id == project_id)
    for auditor, body in connection.execute(judged):
        for name, how in decode(body, dict[str, str]).items():
            if name in counts:
                counts[name].setdefault(auditor, Counter())[how] += 1
    given_back = (
        sa.select(tasks.c.item_id, annotations.c["values"])
        .join(annotations, annotations.c.id == tasks.c.annotation_id)
        .where(tasks.c.project_id == project_id, tasks.c.purpose == "audit", tasks.c.state != "done", tasks.c.leased_at.is_not(None))
    )
    for item_id, values in connection.execute(given_back).all():
        for name in wrong_by(schema, decode_values(values), planted_truth(connection, item_id)):
            if name in counts:
                counts[name].setdefault(NOBODY, Counter())["missed"] += 1
    return {
        name: {auditor: Planted(sum(one.values()), one["blind"], one["shown"]) for auditor, one in by.items()}
        for name, by in counts.items()
        if by
    }


def planted_truth(connection: Connection, item_id: int) -> Values:
    """Return what is known to be right about an item: gold, or else the newest correction by a reviewer."""
    known, reviews, annotations = tables.known_answers, tables.reviews, tables.annotations
    gold = sa.select(known.c["values"]).where(known.c.item_id == item_id, known.c.use == "gold").order_by(known.c.id)
    truth: Values = {}
    for values in connection.scalars(gold):
        truth.update(decode_values(values))
    if truth:
        return truth
    corrected = (
        sa.select(annotations.c["values"])
        .join(reviews, reviews.c.fixed_annotation_id == annotations.c.id)
        .where(reviews.c.item_id == item_id, reviews.c.verdict == "fix")
        .order_by(reviews.c.id.desc())
        .limit(1)
    )
    values = connection.scalar(corrected)
    return decode_values(values) if values else {}


def wrong_by(schema: Schema, values: Mapping[str, Answer], truth: Mapping[str, Answer]) -> list[str]:
    """Return the questions that are answered wrongly, as far as the truth is known."""
    return [name for name, answer in values.items() if name in truth and differs(schema, name, answer, truth[name])]
