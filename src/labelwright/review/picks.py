"""Which items people look at again: a random share, the audit behind the certificate, and what the rules ask to be reviewed besides."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.review.policy import ReviewPolicy
from labelwright.schema import Answer, Schema
from labelwright.store import log, tables
from labelwright.store.bulk import lock_project
from labelwright.store.codec import decode, decode_answer, decode_values, encode
from labelwright.store.evidence import draw, secret_of, waiting_for_audit
from labelwright.store.log import Position
from labelwright.store.project import Project

__all__ = ["close_needless", "pick", "request"]

PAGE = 500
"""Items looked at in one transaction."""


def pick(project: Project, policy: ReviewPolicy, item_ids: Iterable[int], *, reached: Position | None = None) -> int:
    """Pick items for audits and reviews among those given, and return how many tasks were opened.

    Only items are considered that have all their answers and a consensus. The random sample depends on the project's secret, the item's
    key and its content alone, never on answers, so that whoever asks again gets the same sample, and the audited part of it stays
    representative: audits are ordered by the same number. When an item was drawn or passed over, and whether its label changed
    afterwards, is written down, for the certificate speaks of labels as they were drawn. A drawn item is audited until somebody has done
    it whose audit counts; that is its review, too, unless reviewers may review their own answers, which are no audits. An item that was
    rejected comes back to review once its author answered again.

    The consensus knows of what happened up to `reached`. Items that something happened to since are left for the next time: what stands
    for them was made without their newest answers, and is no label to draw.
    """
    opened = 0
    ids = sorted(set(item_ids))
    for first in range(0, len(ids), PAGE):
        page = ids[first : first + PAGE]
        opened += project.database.write(partial(_pick_page, project=project, policy=policy, page=page, reached=reached))
    return opened


def request(connection: Connection, project: Project, item_id: int, reason: str) -> bool:
    """Ask for the review of one item whatever the rules say, and tell whether a task was opened."""
    lock_project(connection, project.id)
    with_reason = {item_id: [reason]}
    _remember(connection, project.id, {}, with_reason)
    return bool(_open_reviews(connection, project.id, {item_id} - _pending(connection, [item_id], ("review",))))


def close_needless(connection: Connection, project: Project, item_ids: Iterable[int] | None = None) -> int:
    """Close the open audits that are not needed, among those of some items or all, and return how many there were.

    An audit that was asked anew is not needed once the one before it counts again, because criteria mean again what they meant. What
    somebody has in hand may be finished. Planted errors are left alone.
    """
    open_ids = sorted(_with_open_audits(connection, project.id, item_ids))
    closed = 0
    for first in range(0, len(open_ids), PAGE):
        page = open_ids[first : first + PAGE]
        closed += _close_audits(connection, project.id, set(page) - waiting_for_audit(connection, project.id, project.schema, page))
    return closed


def _open_audit(project_id: int) -> sa.ColumnElement[bool]:
    """Say of a task that it is an audit that nobody has in hand, and no planted error."""
    tasks = tables.tasks
    return sa.and_(tasks.c.project_id == project_id, tasks.c.purpose == "audit", tasks.c.state == "open", tasks.c.annotation_id.is_(None))


def _with_open_audits(connection: Connection, project_id: int, item_ids: Iterable[int] | None) -> set[int]:
    asked = sa.select(tables.tasks.c.item_id).where(_open_audit(project_id))
    return set(connection.scalars(asked if item_ids is None else asked.where(tables.tasks.c.item_id.in_(item_ids))))


def _close_audits(connection: Connection, project_id: int, item_ids: set[int]) -> int:
    if not item_ids:
        return 0
    closing = sa.update(tables.tasks).where(_open_audit(project_id), tables.tasks.c.item_id.in_(item_ids))
    return connection.execute(closing.values(state="cancelled")).rowcount


def _pick_page(connection: Connection, project: Project, policy: ReviewPolicy, page: list[int], reached: Position | None) -> int:
    # Nobody else may open a review of the same item meanwhile.
    lock_project(connection, project.id)
    if reached is not None:
        newer = log.touched(connection, page, reached)
        page = [item_id for item_id in page if item_id not in newer]
    complete = _complete(connection, project.id, page)
    if not complete:
        return 0
    reasons: dict[int, list[str]] = {}
    for rule, threshold in policy.rules.items():
        for item_id in _RULES[rule](connection, project, list(complete), threshold):
            # A rule may pick an item for each of its questions.
            if rule not in reasons.setdefault(item_id, []):
                reasons[item_id].append(rule)
    seed = secret_of(connection, project.id)
    chance = {item_id: draw(seed, key, revision) for item_id, (key, revision) in complete.items()}
    _note_draw(connection, project.schema, list(complete), policy.sample_share)
    sampled = {item_id: value for item_id, value in chance.items() if value < policy.sample_share}
    _remember(connection, project.id, sampled, reasons)
    asked = _with_open_audits(connection, project.id, page)
    waiting = waiting_for_audit(connection, project.id, project.schema, sorted(asked | sampled.keys()))
    _close_audits(connection, project.id, asked - waiting)
    pending = _pending(connection, page, ("audit",), planted=False)
    opened = _open_audits(connection, project.id, {item_id: sampled[item_id] for item_id in (waiting & sampled.keys()) - pending})
    verdicts = _newest_verdicts(connection, page)
    settled = {item_id for item_id, verdict in verdicts.items() if verdict != "reject"}
    rejected = {item_id for item_id in complete if verdicts.get(item_id) == "reject" and (item_id in sampled or item_id in reasons)}
    wanted = reasons.keys() - settled if policy.own else reasons.keys() - settled - sampled.keys()
    # What somebody has in hand as a review, from before the draw, is not asked twice.
    return opened + _open_reviews(connection, project.id, (wanted | rejected) - _pending(connection, page, ("review",)))


def _note_draw(connection: Connection, schema: Schema, page: list[int], share: float) -> None:
    """Note the consensus of items when they are first complete, and which of them have another one by now, whatever changed it."""
    items, consensus, now = tables.items, tables.consensus, time.time()
    labels: dict[int, dict[str, Answer]] = {}
    for row in connection.execute(
        sa.select(consensus.c.item_id, consensus.c.question, consensus.c.answer)
        .where(consensus.c.item_id.in_(page))
        .order_by(consensus.c.item_id, consensus.c.question)
    ):
        labels.setdefault(row.item_id, {})[row.question] = decode_answer(row.answer)
    changes = []
    columns = (items.c.drawn_at, items.c.drawn_share, items.c.drawn_label, items.c.changed_at)
    for item_id, *before in connection.execute(sa.select(items.c.id, *columns).where(items.c.id.in_(page))):
        drawn_at, drawn_share, drawn_label, changed_at = before
        label = labels[item_id]
        if drawn_label is not None:
            other = _another(schema, decode_values(drawn_label), label)
            changed_at = (changed_at or now) if other else None
        after = [drawn_at or now, max(share, drawn_share or 0.0), drawn_label or encode(label), changed_at]
        if after != before:
            changes.append({"item": item_id, **dict(zip(("at", "share", "label", "changed"), after, strict=True))})
    if changes:
        noted = sa.update(items).where(items.c.id == sa.bindparam("item"))
        noted = noted.values(
            drawn_at=sa.bindparam("at"),
            drawn_share=sa.bindparam("share"),
            drawn_label=sa.bindparam("label"),
            changed_at=sa.bindparam("changed"),
        )
        connection.execute(noted, changes)


def _another(schema: Schema, before: Mapping[str, Answer], now: Mapping[str, Answer]) -> bool:
    return before.keys() != now.keys() or any(not schema.alike(name, before[name], answer) for name, answer in now.items())


def _complete(connection: Connection, project_id: int, page: list[int]) -> dict[int, tuple[str, str]]:
    """The items of the page, with their keys and revisions, that have a consensus and wait for no answer."""
    items, consensus = tables.items, tables.consensus
    agreed = sa.select(sa.literal(1)).where(consensus.c.item_id == items.c.id)
    query = sa.select(items.c.id, items.c.key, items.c.revision).where(
        items.c.id.in_(page), items.c.project_id == project_id, items.c.state == "active", sa.exists(agreed)
    )
    waiting = _pending(connection, page, ("label", "redo"))
    return {item_id: (key, revision) for item_id, key, revision in connection.execute(query) if item_id not in waiting}


def _pending(connection: Connection, page: list[int], purposes: tuple[str, ...], *, planted: bool = True) -> set[int]:
    tasks = tables.tasks
    query = sa.select(tasks.c.item_id).where(
        tasks.c.item_id.in_(page), tasks.c.purpose.in_(purposes), tasks.c.state.in_(("open", "leased"))
    )
    return set(connection.scalars(query if planted else query.where(tasks.c.annotation_id.is_(None))))


def _newest_verdicts(connection: Connection, page: list[int]) -> dict[int, str]:
    reviews = tables.reviews
    query = sa.select(reviews.c.item_id, reviews.c.verdict).where(reviews.c.item_id.in_(page)).order_by(reviews.c.id)
    return {row.item_id: row.verdict for row in connection.execute(query)}


def _remember(connection: Connection, project_id: int, sampled: dict[int, float], reasons: dict[int, list[str]]) -> None:
    picks = tables.review_picks
    wanted = sorted({*sampled, *reasons})
    known = {
        item_id: (random, decode(old))
        for item_id, random, old in connection.execute(
            sa.select(picks.c.item_id, picks.c.random, picks.c.reasons).where(picks.c.item_id.in_(wanted))
        )
    }
    new = []
    for item_id in wanted:
        if item_id not in known:
            new.append(
                {
                    "item_id": item_id,
                    "project_id": project_id,
                    "random": int(item_id in sampled),
                    "reasons": encode(reasons.get(item_id, [])),
                    "created_at": time.time(),
                }
            )
            continue
        random, old = known[item_id]
        both = [*old, *(reason for reason in reasons.get(item_id, []) if reason not in old)]
        if both != old or (item_id in sampled and not random):
            change = sa.update(picks).where(picks.c.item_id == item_id)
            connection.execute(change.values(reasons=encode(both), random=int(bool(random) or item_id in sampled)))
    if new:
        connection.execute(sa.insert(picks), new)


def _open_audits(connection: Connection, project_id: int, chances: Mapping[int, float]) -> int:
    """Open audits in random order, so that any part of them that gets done is a fair one."""
    return _open(connection, project_id, [("audit", 1, item_id, int(chance * 2**53)) for item_id, chance in chances.items()])


def _open_reviews(connection: Connection, project_id: int, item_ids: Iterable[int]) -> int:
    return _open(connection, project_id, [("review", 2, item_id, item_id) for item_id in sorted(item_ids)])


def _open(connection: Connection, project_id: int, tasks: list[tuple[str, int, int, int]]) -> int:
    same = {"project_id": project_id, "state": "open"}
    rows = [{**same, "purpose": purpose, "lane": lane, "item_id": item_id, "rank": rank} for purpose, lane, item_id, rank in tasks]
    if rows:
        connection.execute(sa.insert(tables.tasks), rows)
    return len(rows)


# --- the rules: each yields the items of a page that it picks ----------------------------------------------------------------


def _low_agreement(connection: Connection, _project: Project, page: list[int], threshold: float) -> Iterator[int]:
    consensus = tables.consensus
    yield from connection.scalars(
        sa.select(consensus.c.item_id).distinct().where(consensus.c.item_id.in_(page), consensus.c.agreement < threshold)
    )


def _low_confidence(connection: Connection, _project: Project, page: list[int], threshold: float) -> Iterator[int]:
    consensus = tables.consensus
    yield from connection.scalars(
        sa.select(consensus.c.item_id).distinct().where(consensus.c.item_id.in_(page), consensus.c.confidence < threshold)
    )


def _failed_check(connection: Connection, _project: Project, page: list[int], threshold: float) -> Iterator[int]:
    findings = tables.findings
    yield from connection.scalars(
        sa.select(findings.c.item_id).where(findings.c.item_id.in_(page)).group_by(findings.c.item_id).having(sa.func.count() >= threshold)
    )


def _new_annotator(connection: Connection, project: Project, page: list[int], threshold: float) -> Iterator[int]:
    annotations = tables.annotations
    authors = sa.select(annotations.c.user_id).distinct().where(annotations.c.item_id.in_(page), annotations.c.origin == "person")
    for user_id in list(connection.scalars(authors)):
        first = (
            sa.select(annotations.c.id, annotations.c.item_id)
            .where(annotations.c.project_id == project.id, annotations.c.user_id == user_id, annotations.c.origin == "person")
            .order_by(annotations.c.id)
            .limit(int(threshold))
            .subquery()
        )
        yield from connection.scalars(sa.select(first.c.item_id).where(first.c.item_id.in_(page)))


def _conflict(connection: Connection, project: Project, page: list[int], threshold: float) -> Iterator[int]:
    known, consensus = tables.known_answers, tables.consensus
    query = (
        sa.select(known.c.item_id, known.c["values"], consensus.c.question, consensus.c.answer)
        .join(consensus, consensus.c.item_id == known.c.item_id)
        .where(known.c.item_id.in_(page), known.c.use == "reference")
    )
    for row in connection.execute(query):
        reference = decode_values(row.values).get(row.question)
        if reference is not None and 1 - project.schema.similarity(row.question, reference, decode_answer(row.answer)) > threshold:
            yield row.item_id


def _label_error(connection: Connection, _project: Project, page: list[int], threshold: float) -> Iterator[int]:
    errors = tables.label_errors
    yield from connection.scalars(sa.select(errors.c.item_id).distinct().where(errors.c.item_id.in_(page), errors.c.score < threshold))


_RULES = {
    "low_agreement": _low_agreement,
    "low_confidence": _low_confidence,
    "failed_check": _failed_check,
    "new_annotator": _new_annotator,
    "conflict": _conflict,
    "label_error": _label_error,
}
