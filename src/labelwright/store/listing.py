"""Reads the list of items page by page, filtered and sorted, at a cost that does not grow with the project.

A page walks along an index that gives the items in the order that is asked for, and looks at a bounded number of them. Where few of these
fit the filters the page is short, and `next` goes on behind the last one that was looked at. Nothing is counted.
"""

from __future__ import annotations

import base64
import heapq
from collections.abc import Callable
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy import Connection

from labelwright.api.items import ItemPage, ItemQuery, ItemRow
from labelwright.errors import InvalidInput
from labelwright.schema import Label, Schema
from labelwright.store import tables
from labelwright.store.bulk import among
from labelwright.store.codec import decode_fields, encode
from labelwright.store.labels import final_labels
from labelwright.store.standing import GIVEN

__all__ = ["Kept", "nothing_kept", "read_items"]

MOST_ROWS = 200
PREVIEW_CHARACTERS = 200

ROUNDS, MOST_AT_ONCE = 4, 2000
"""A page looks at items in so many rounds, of four times as many each, up to so many at once: some 3,000 in all."""

BEHIND_ALL = 2.0
"""Stands for the confidence or agreement of an item that has none: such items come last."""

SHORT = sa.func.length(tables.consensus.c.answer) <= sa.literal_column("200")
"""The answers of which there is an index."""


class _Cursor(Struct, frozen=True, array_like=True):
    sort: str
    value: float | str
    id: int


_Place = tuple[Any, int]
"""Where an item stands in the order: the value that is sorted by, and its number."""

_Stream = Callable[[_Place | None, int], list[_Place]]
"""Gives the next so many items behind a place, in their order; fewer only where it has no more."""

Kept = Callable[[list[int]], set[int]]
"""Tells which of some items have a label that is kept from whoever asks."""


def nothing_kept(item_ids: list[int]) -> set[int]:
    """Keep no label from whoever asks."""
    return set()


_items, _annotations, _consensus, _reviews = tables.items, tables.annotations, tables.consensus, tables.reviews
_SORTS = ("id", "key", "newest", "confidence", "agreement")
_STATES = ("labeled", "unlabeled", "reviewed", "findings", "duplicate")


def read_items(
    connection: Connection,
    project_id: int,
    schema: Schema,
    query: ItemQuery,
    *,
    limit: int = 50,
    after: str | None = None,
    kept: Kept = nothing_kept,
) -> ItemPage:
    """Return one page of items by keyset, so that the thousandth page costs no more than the first.

    Args:
        connection: to read with.
        project_id: the project.
        schema: its schema.
        query: which items, in which order.
        limit: items a page, 1 to 200.
        after: `next` of the page before.
        kept: tells which of some items have a label that is kept from whoever asks.

    Raises:
        InvalidInput: the query, the limit or `after` is none that there is.
    """
    query = structs.replace(query, question=query.question or next(iter(schema.questions)))
    asked, sort, state = query.question, query.sort, query.state
    if asked not in schema.questions:
        raise InvalidInput(f"There is no question '{asked}'.", where="question")
    if sort not in _SORTS:
        raise InvalidInput(f"There is no sort '{sort}'.", where="sort", hint=f"There are: {', '.join(_SORTS)}.")
    if state is not None and state not in _STATES:
        raise InvalidInput(f"There is no state '{state}'.", where="state", hint=f"There are: {', '.join(_STATES)}.")
    if not 1 <= limit <= MOST_ROWS:
        raise InvalidInput(f"A page has 1 to {MOST_ROWS} items.", where="limit")
    walk = _Walk(connection, project_id, schema, query, kept)
    return walk.page(_read_cursor(after, sort) if after else None, limit)


class _Walk:
    """One list: which items, in which order."""

    def __init__(self, connection: Connection, project_id: int, schema: Schema, query: ItemQuery, kept: Kept) -> None:
        self.connection, self.project_id, self.schema, self.kept = connection, project_id, schema, kept
        self.state, self.question, self.label, self.sort = query.state, query.question or "", query.label, query.sort
        self.descending = query.sort == "newest"
        self.where = [*_in_state(query.state), *_with_text(query.search), *self._may_have_label()]

    def page(self, start: _Place | None, limit: int) -> ItemPage:
        found: list[Any] = []
        place, look, ended = start, limit + 1, False
        for _ in range(ROUNDS):
            places, ended = self._next(place, look)
            found += self._that_fit(places)
            if places:
                place = places[-1]
            if ended or len(found) > limit:
                break
            look = min(4 * look, MOST_AT_ONCE)
        more, found = len(found) > limit, found[:limit]
        if more:
            place = found[-1].place
        follows = more or not ended
        total = len(found) if start is None and not follows else None
        cursor = _write_cursor(_Cursor(self.sort, *place)) if follows and place is not None else None
        return ItemPage(self._rows(found), cursor, total)

    # --- the order ----------------------------------------------------------------------------------------------------

    def _next(self, place: _Place | None, look: int) -> tuple[list[_Place], bool]:
        """Return the next items in order, and whether these are the last. Where two streams have them, both give their next ones."""
        batches = [stream(place, look) for stream in self._streams()]
        ended = all(len(batch) < look for batch in batches)
        # Behind the end of a stream that was cut off, others may not go on: what it would have given next comes before.
        cuts = [batch[-1] for batch in batches if len(batch) == look]
        merged = list(dict.fromkeys(heapq.merge(*batches, reverse=self.descending)))
        if cuts:
            edge = max(cuts) if self.descending else min(cuts)
            merged = [one for one in merged if (one >= edge if self.descending else one <= edge)]
        return merged, ended

    def _streams(self) -> list[_Stream]:
        if self.sort in ("confidence", "agreement"):
            return [self._by_figure]
        if self.sort == "key":
            return [self._by_key]
        sought = self._elected()
        if sought is not None and len(sought) <= 200:
            return [self._with_answer, *self._with_other_ground()]
        if self.state == "reviewed":
            return [self._of(_reviews)]
        if self.state == "findings":
            return [self._of(tables.findings)]
        return [self._by_number]

    def _by_number(self, place: _Place | None, look: int) -> list[_Place]:
        mine = (_items.c.project_id == self.project_id, _items.c.state == ("duplicate" if self.state == "duplicate" else "active"))
        return self._numbers(_items.c.id, place, look, *mine)

    def _elected(self) -> str | None:
        """The answer that the label is, as it is stored, where an answer is one label."""
        question = self.schema.questions[self.question]
        return encode(question.elected(self.label)) if self.label is not None and question.single else None

    def _with_answer(self, place: _Place | None, look: int) -> list[_Place]:
        """The items whose consensus is the label."""
        answer = _consensus.c.answer == self._elected()
        mine = (_consensus.c.project_id == self.project_id, _consensus.c.question == self.question, answer, SHORT)
        return self._numbers(_consensus.c.item_id, place, look, *mine)

    def _with_other_ground(self) -> list[_Stream]:
        """The items whose label may be another than their consensus."""
        return [self._of(_reviews), self._of(tables.known_answers, tables.known_answers.c.use == "gold")]

    def _of(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> _Stream:
        return lambda place, look: self._numbers(table.c.item_id, place, look, table.c.project_id == self.project_id, *where, repeated=True)

    def _numbers(
        self, column: sa.Column[int], place: _Place | None, look: int, *where: sa.ColumnElement[bool], repeated: bool = False
    ) -> list[_Place]:
        query = sa.select(column).where(*where)
        if repeated:
            query = query.distinct()
        if place is not None:
            query = query.where(column < place[1] if self.descending else column > place[1])
        query = query.order_by(column.desc() if self.descending else column).limit(look)
        return [(number, number) for number in self.connection.scalars(query)]

    def _by_key(self, place: _Place | None, look: int) -> list[_Place]:
        query = sa.select(_items.c.key, _items.c.id).where(_items.c.project_id == self.project_id)
        if place is not None:
            query = query.where(sa.tuple_(_items.c.key, _items.c.id) > sa.tuple_(sa.literal(place[0]), sa.literal(place[1])))
        return [(row.key, row.id) for row in self.connection.execute(query.order_by(_items.c.key, _items.c.id).limit(look))]

    def _by_figure(self, place: _Place | None, look: int) -> list[_Place]:
        """The items by their confidence or agreement, and behind them those that have none, by their number."""
        column = _consensus.c[self.sort]
        found: list[_Place] = []
        if place is None or place[0] < BEHIND_ALL:
            mine = (_consensus.c.project_id == self.project_id, _consensus.c.question == self.question, column.is_not(None))
            steps: list[sa.ColumnElement[bool]] = [column.is_not(None)]
            if place is not None:
                # In two steps, for many items have the same value: compared as a pair, SQLite passes over all of these.
                steps = [sa.and_(column == place[0], _consensus.c.item_id > place[1]), column > place[0]]
            for behind in steps:
                if len(found) < look:
                    query = sa.select(column, _consensus.c.item_id).where(*mine, behind).order_by(column, _consensus.c.item_id)
                    found += [(row[0], row[1]) for row in self.connection.execute(query.limit(look - len(found)))]
            place = None
        if len(found) < look:
            rest = self._by_number(place, look - len(found))
            found += [(BEHIND_ALL, number) for _, number in rest]
        return found

    # --- the filters --------------------------------------------------------------------------------------------------

    def _that_fit(self, places: list[_Place]) -> list[Any]:
        """Return the rows of those items that fit, in their order."""
        rows: dict[int, Any] = {}
        columns = (_items.c.id, _items.c.key, _items.c.state, _items.c.data)
        query = sa.select(*columns).where(_items.c.project_id == self.project_id, *self.where)
        if places:
            numbers = among(self.connection, _items.c.id, [number for _, number in places])
            rows = {row.id: row for row in self.connection.execute(query.where(numbers))}
        if rows and self._tells():
            kept = self.kept(list(rows))
            rows = {number: row for number, row in rows.items() if number not in kept}
        if self.label is not None:
            rows = self._labeled_so(rows)
        measured = self._measured(list(rows)) if self.sort in ("confidence", "agreement") else set()
        # An item with a figure comes once, by it, and not once more behind all.
        return [
            _Row(rows[number], (value, number))
            for value, number in places
            if number in rows and not (value == BEHIND_ALL and number in measured)
        ]

    def _tells(self) -> bool:
        """Tell whether being in the list, or where, says something of an item's label."""
        return self.label is not None or self.state in ("reviewed", "findings") or self.sort in ("confidence", "agreement")

    def _measured(self, numbers: list[int]) -> set[int]:
        listed = among(self.connection, _consensus.c.item_id, numbers)
        known = (listed, _consensus.c.question == self.question, _consensus.c[self.sort].is_not(None))
        return set(self.connection.scalars(sa.select(_consensus.c.item_id).where(*known)))

    def _may_have_label(self) -> list[sa.ColumnElement[bool]]:
        """Pass over items whose label cannot be it, before their labels are read."""
        if self.label is None:
            return []
        known = tables.known_answers
        pattern = "%" + _escaped(msgspec.json.encode({"label": self.label}).decode()[1:-1]) + "%"
        said = _consensus.c.answer.like(pattern, escape="\\")
        grounds = (
            sa.select(sa.literal(1)).where(_consensus.c.item_id == _items.c.id, _consensus.c.question == self.question, said),
            sa.select(sa.literal(1)).where(_reviews.c.item_id == _items.c.id),
            sa.select(sa.literal(1)).where(known.c.item_id == _items.c.id, known.c.use == "gold"),
        )
        return [sa.or_(*(_found(ground) for ground in grounds))]

    def _labeled_so(self, rows: dict[int, Any]) -> dict[int, Any]:
        found = final_labels(self.connection, self.project_id, self.schema, item_ids=sorted(rows)) if rows else ()
        question = self.schema.questions[self.question]
        fit = {one.item_id for one in found if one.question == self.question and self.label in question.classes(one.answer)}
        return {number: row for number, row in rows.items() if number in fit}

    # --- what a line shows --------------------------------------------------------------------------------------------

    def _rows(self, found: list[Any]) -> list[ItemRow]:
        every = [one.place[1] for one in found]
        kept = self.kept(every) if every else set()
        ids = [number for number in every if number not in kept]
        labels: dict[int, dict[str, Label]] = {}
        for label in final_labels(self.connection, self.project_id, self.schema, item_ids=ids) if ids else ():
            labels.setdefault(label.item_id, {})[label.question] = Label(label.answer, label.origin, label.confidence)

        def counts(table: sa.Table, *where: Any) -> dict[int, int]:
            query = sa.select(table.c.item_id, sa.func.count()).where(table.c.item_id.in_(ids), *where).group_by(table.c.item_id)
            return dict(self.connection.execute(query).all())

        answers = counts(_annotations, _annotations.c.state.in_(GIVEN), _annotations.c.origin != "review")
        findings = counts(tables.findings)
        verdicts = sa.select(_reviews.c.item_id, _reviews.c.verdict).where(_reviews.c.item_id.in_(ids)).order_by(_reviews.c.id)
        newest: dict[int, str] = dict(self.connection.execute(verdicts).all())
        return [
            ItemRow(
                row.id,
                row.key,
                row.state,
                self._first(decode_fields(row.data)).small(PREVIEW_CHARACTERS),
                labels.get(row.id, {}),
                answers.get(row.id, 0),
                newest.get(row.id, "reject") != "reject",
                findings.get(row.id, 0),
                row.id in kept,
            )
            for row in (one.row for one in found)
        ]

    def _first(self, fields: dict[str, Any]) -> Any:
        """Return the field that the file names first; an item that left may have none of today's."""
        return next((fields[name] for name in self.schema.data if name in fields), next(iter(fields.values())))


class _Row:
    """An item that fits, and where it stands."""

    def __init__(self, row: Any, place: _Place) -> None:
        self.row, self.place = row, place


def _found(query: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """EXISTS that is looked up for one item at a time: OFFSET keeps PostgreSQL from reading all that the project has instead."""
    return sa.exists(query.offset(sa.literal_column("0")))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _with_text(search: str | None) -> list[sa.ColumnElement[bool]]:
    if not search:
        return []
    pattern = f"%{_escaped(search[:200])}%"
    return [sa.or_(_items.c.key.ilike(pattern, escape="\\"), _items.c.data.ilike(pattern, escape="\\"))]


def _in_state(state: str | None) -> list[sa.ColumnElement[bool]]:
    if state == "duplicate":
        return [_items.c.state == "duplicate"]
    active = _items.c.state == "active"
    counts = _annotations.c.state.in_(("submitted", "accepted", "fixed"))
    answered = _found(sa.select(sa.literal(1)).where(_annotations.c.item_id == _items.c.id, counts))
    verdict = sa.select(_reviews.c.verdict).where(_reviews.c.item_id == _items.c.id).order_by(_reviews.c.id.desc()).limit(1)
    found = _found(sa.select(sa.literal(1)).where(tables.findings.c.item_id == _items.c.id))
    states: dict[str | None, list[sa.ColumnElement[bool]]] = {
        None: [],
        "labeled": [answered],
        "unlabeled": [~answered],
        "reviewed": [verdict.scalar_subquery() != "reject"],
        "findings": [found],
    }
    return [active, *states[state]]


def _write_cursor(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode()


def _read_cursor(text: str, sort: str) -> _Place:
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=_Cursor)
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidInput("This is no place in the list.", where="after", hint="Send back what `next` said.") from error
    if cursor.sort != sort or not isinstance(cursor.value, str if sort == "key" else int | float):
        raise InvalidInput("This place belongs to another sort.", where="after", hint="Begin again at the first page.")
    return cursor.value, cursor.id
