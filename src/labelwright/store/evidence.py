"""What the random audit has found out so far, item by item: who was drawn, who judged, by which criteria, and what became of it.

`labelwright.store.audit` makes bounds of this; `labelwright.review` asks which drawn items still wait for an audit that counts.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.schema import Answer, Schema
from labelwright.schema.criteria import Criteria
from labelwright.store import tables
from labelwright.store.codec import decode, decode_values
from labelwright.store.criteria import meanings

__all__ = ["Evidence", "Standing", "differs", "draw", "read_evidence", "waiting_for_audit"]

PAGE = 1000
SAME = 1e-9
"""Distances up to this are rounding."""

Standing = Literal["right", "wrong", "waiting", "own", "outdated", "shown"]
"""How the audit of one drawn label stands: it was judged `right` or `wrong`; nobody looked (`waiting`); or whoever looked does not count,
as an author of the label (`own`), by criteria that have changed since (`outdated`), or with the label in view where blind audits were
measured (`shown`)."""


class Review(Struct, frozen=True):
    """One review of a drawn item. `after` is what it settled on; None stands for a label that was rejected."""

    independent: bool
    blind: bool
    version: int
    before: dict[str, Answer]
    after: dict[str, Answer] | None


class Planted(Struct, frozen=True):
    """How many errors, planted in the audit, there were, and how many auditors found: blind, or once they saw the label."""

    planted: int = 0
    found_blind: int = 0
    found_shown: int = 0

    @property
    def found(self) -> int:
        return self.found_blind + self.found_shown


@dataclass
class Evidence:
    """All that the audit knows.

    `drawn` has every item that was ever in the random sample; `sample` those of them that are items still and were drawn at the rate that
    is common to all. `looked_at` are drawn items outside the sample that somebody was shown and never judged. `reviews` has each drawn or
    reviewed item's reviews, the oldest first.
    """

    reviews: dict[int, list[Review]]
    criteria: Mapping[int, Criteria]
    current: Criteria
    planted: Mapping[str, Planted]
    drawn: set[int] = field(default_factory=set)
    sample: set[int] = field(default_factory=set)
    active: set[int] = field(default_factory=set)
    looked_at: set[int] = field(default_factory=set)

    def first(self, item_id: int) -> dict[str, Answer]:
        """Return the label before the item's first review: what the dataset would have said without any."""
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
        if question in self.planted and self.planted[question].planted:
            current = [one for one in current if one.blind]
            if not current:
                return "shown"
        return "wrong" if _was_wrong(self.first(item_id), current[-1], question) else "right"

    def left_wrong(self, item_id: int, question: str) -> bool:
        """Tell whether an item outside the sample leaves an error behind: it was found wrong, or seen by an auditor and never judged."""
        found = [one for one in self.reviews.get(item_id, []) if one.independent]
        if not found:
            return item_id in self.looked_at
        return question in self.first(item_id) and _was_wrong(self.first(item_id), found[-1], question)

    def outdated_clauses(self, question: str) -> Counter[str]:
        """Return the clauses that have changed since drawn labels were audited, with the number of labels that each concerns."""
        from labelwright.store.criteria import changed

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
            _was_wrong(self.first(item_id), one, question)
            for item_id in self.drawn
            for one in self.reviews.get(item_id, [])
            if one.blind and not one.independent and question in self.first(item_id)
        ]
        return len(pairs), len(pairs) - sum(pairs)

    def _is_current(self, review: Review, question: str) -> bool:
        return self.criteria.get(review.version, {}).get(question, {}) == self.current.get(question, {})


def _was_wrong(before: Mapping[str, Answer], review: Review, question: str) -> bool:
    if question not in before:
        return False
    return review.after is None or differs(before[question], review.after.get(question))


def differs(before: Answer, after: Answer | None) -> bool:
    """Tell whether an answer was wrong, given what it ought to be; None stands for a question that was left out, as nothing marked is."""
    if after is None:
        return bool(before.units())
    return before != after and before.distance(after) > SAME


def draw(seed: str, key: str, revision: str) -> float:
    """Return a number from 0 to 1 that is as good as random, always the same for an item, and unknown to who has not the seed.

    Items whose number is below the share in force when they are complete are drawn for the audit.
    """
    digest = hashlib.blake2b(f"review\0{seed}\0{key}\0{revision}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def read_evidence(connection: Connection, project_id: int, schema: Schema, *, item_ids: Sequence[int] | None = None) -> Evidence:
    """Read what the audit knows, of all items or of those named."""
    drawn = _drawn(connection, project_id, item_ids)
    rate = _common_rate(connection, project_id)
    seed = connection.scalar(sa.select(tables.projects.c.seed).where(tables.projects.c.id == project_id)) or ""
    active = {row.id for row in drawn if row.state == "active"}
    sample = {row.id for row in drawn if row.state == "active" and (rate is None or draw(seed, row.key, row.revision) < rate)}
    every = {row.id for row in drawn}
    found = _judged(connection, project_id, schema, item_ids)
    found.drawn, found.sample, found.active = every, sample, active
    found.looked_at = _looked_at(connection, project_id, every - sample)
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
    """What was judged, by which criteria; who was drawn is left open."""
    reviews = _reviews(connection, project_id, item_ids)
    newest = sa.select(sa.func.max(tables.pipeline_versions.c.id)).where(tables.pipeline_versions.c.project_id == project_id)
    current = connection.scalar(newest) or 0
    criteria = meanings(connection, project_id, {one.version for found in reviews.values() for one in found} | {current})
    return Evidence(reviews=reviews, criteria=criteria, current=criteria.get(current, {}), planted=_planted(connection, project_id, schema))


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


def _reviews(connection: Connection, project_id: int, item_ids: Sequence[int] | None) -> dict[int, list[Review]]:
    reviews, annotations, blind = tables.reviews, tables.annotations, tables.blind_answers
    settled, own = annotations.alias("settled"), annotations.alias("own")
    answered = sa.exists(
        sa.select(sa.literal(1)).where(
            own.c.item_id == reviews.c.item_id, own.c.user_id == reviews.c.reviewer_id, own.c.origin.in_(("person", "import"))
        )
    )
    given = sa.exists(sa.select(sa.literal(1)).where(blind.c.task_id == reviews.c.task_id, blind.c.user_id == reviews.c.reviewer_id))
    query = (
        sa.select(
            reviews.c.item_id,
            reviews.c.verdict,
            reviews.c.label_before,
            reviews.c.pipeline_version,
            settled.c["values"],
            answered.label("answered"),
            given.label("blind"),
        )
        .outerjoin(settled, settled.c.id == sa.func.coalesce(reviews.c.fixed_annotation_id, reviews.c.annotation_id))
        .where(reviews.c.project_id == project_id)
        .order_by(reviews.c.id)
    )
    found: dict[int, list[Review]] = {}
    for page in _pages(item_ids):
        for row in connection.execute(query if page is None else query.where(reviews.c.item_id.in_(page))):
            before = decode_values(row.label_before or "{}")
            after = None if row.verdict == "reject" else decode_values(row.values) if row.values is not None else before
            one = Review(not row.answered, bool(row.blind), row.pipeline_version or 0, before, after)
            found.setdefault(row.item_id, []).append(one)
    return found


def _looked_at(connection: Connection, project_id: int, item_ids: set[int]) -> set[int]:
    """Return the items whose audit was handed out: to leave the sample then, unjudged, would be a way to be rid of an error."""
    tasks = tables.tasks
    found: set[int] = set()
    for page in _pages(sorted(item_ids)):
        query = sa.select(tasks.c.item_id).where(
            tasks.c.item_id.in_(page or []), tasks.c.purpose == "audit", tasks.c.annotation_id.is_(None), tasks.c.leased_at.is_not(None)
        )
        found.update(connection.scalars(query))
    return found


def _planted(connection: Connection, project_id: int, schema: Schema) -> dict[str, Planted]:
    planted = tables.planted_audits
    counts: dict[str, Counter[str]] = {name: Counter() for name in schema.questions}
    for body in connection.scalars(sa.select(planted.c.found).where(planted.c.project_id == project_id)):
        for name, how in decode(body, dict[str, str]).items():
            if name in counts:
                counts[name][how] += 1
    return {name: Planted(sum(one.values()), one["blind"], one["shown"]) for name, one in counts.items() if one}
