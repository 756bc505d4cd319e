"""Which answers count, read in pages: the newest standing one of each person about each active item.

Answers to gold items measure people and make no consensus. Rejected and replaced answers, and those that a reviewer fixed, do not count;
the reviewer's own version does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.schema import Schema, StandingSuggestion
from labelwright.store import tables
from labelwright.store.asked import asked_of
from labelwright.store.codec import decode, decode_answer, decode_values
from labelwright.store.standing import STANDING

__all__ = ["PAGE", "Beside", "Given", "Page", "pages", "read"]

PAGE = 2000
"""Items read, and written, at a time."""

_annotations, _items, _suggestions = tables.annotations, tables.items, tables.suggestions


class Beside(NamedTuple):
    """The suggestion that stood beside an answer: whether it was in view, taken, by which labeler and with which score, and what it was.

    `answer` is None where nobody knows it any more: it was not taken, and the labeler has said something else since.
    """

    in_view: bool
    taken: bool
    labeler: str
    score: float | None
    answer: Any


class Given(NamedTuple):
    """One person's answers about one item, or a machine's, which has no annotation and a negative `user_id`.

    `independent` is false for a reviewer's version, which was made with the others in view. `shown` names the questions for which a
    suggestion was in view, and `beside` says what stood, in view or hidden. `at` is when it was given, in seconds since 1970, and 0 for a
    machine's.
    """

    item_id: int
    user_id: int
    annotation_id: int | None
    version: int
    values: dict[str, Any]
    independent: bool
    at: float = 0.0
    shown: frozenset[str] = frozenset()
    beside: Mapping[str, Beside] = {}

    def alone(self, question: str) -> bool:
        """Tell whether a question was answered with nobody's answer and no suggestion in view."""
        return self.independent and question not in self.shown

    def took(self, question: str) -> bool:
        """Tell whether the answer to a question is the suggestion that was in view, whoever thought of it first."""
        found = self.beside.get(question)
        return found is not None and found.in_view and found.taken


class Page(NamedTuple):
    """The answers about the next `size` active items, up to the item `upto`: by item, and then in the order in which they came."""

    upto: int
    size: int
    items: dict[int, list[Given]]


def pages(connection: Connection, project_id: int, schema: Schema, *, machines: Sequence[str] = ()) -> Iterator[Page]:
    """Yield what was answered about all active items, in ascending order; items without a person's answer are left out."""
    after = 0
    while True:
        ids = list(
            connection.scalars(
                sa.select(_items.c.id)
                .where(_items.c.project_id == project_id, _items.c.state == "active", _items.c.id > after)
                .order_by(_items.c.id)
                .limit(PAGE)
            )
        )
        if not ids:
            return
        within = sa.and_(_items.c.id > after, _items.c.id <= ids[-1])
        yield Page(ids[-1], len(ids), _read(connection, project_id, schema, within, machines))
        after = ids[-1]


def read(
    connection: Connection, project_id: int, schema: Schema, item_ids: Sequence[int], *, machines: Sequence[str] = ()
) -> dict[int, list[Given]]:
    """Return what was answered about these items, at most `PAGE`."""
    return _read(connection, project_id, schema, _items.c.id.in_(item_ids), machines)


def _read(
    connection: Connection, project_id: int, schema: Schema, within: sa.ColumnElement[bool], machines: Sequence[str]
) -> dict[int, list[Given]]:
    query = (
        sa.select(
            _annotations.c.item_id,
            _annotations.c.user_id,
            _annotations.c.id,
            _annotations.c.pipeline_version,
            _annotations.c["values"],
            _annotations.c.origin,
            _annotations.c.created_at,
            _annotations.c.assisted,
            _annotations.c.suggested,
            tables.users.c.namesake_of,
        )
        .join(_items, _items.c.id == _annotations.c.item_id)
        .join(tables.users, tables.users.c.id == _annotations.c.user_id)
        .where(
            _items.c.project_id == project_id,
            _items.c.state == "active",
            within,
            _annotations.c.state.in_(STANDING),
            _annotations.c.purpose != "gold",
        )
        .order_by(_annotations.c.item_id, _annotations.c.id)
    )
    newest: dict[int, dict[int, Given]] = {}
    unknown = False
    for item_id, user_id, number, version, values, origin, at, assisted, suggested, namesake in connection.execute(query).all():
        of_item = newest.setdefault(item_id, {})
        # A person and a file with answers under the person's name have one voice, and what was answered here comes first.
        person = namesake or user_id
        before = of_item.get(person)
        if namesake and before is not None and before.user_id == person:
            continue
        of_item.pop(person, None)
        kept = _valid(decode_values(values), schema)
        beside = _beside(suggested, kept, in_view=bool(assisted)) if suggested else {}
        shown = frozenset(beside if suggested is not None else kept) if assisted else frozenset()
        of_item[person] = Given(item_id, user_id, number, version, kept, origin != "review", at, shown, beside)
        unknown |= any(not one.taken for one in beside.values())
    if unknown:
        _recall(connection, schema, within, newest)
    if machines:
        _add_machines(connection, project_id, schema, within, machines, newest)
    given = {item_id: list(of_item.values()) for item_id, of_item in newest.items()}
    if schema.conditions:
        _leave_unasked(connection, schema, given)
    return given


def _leave_unasked(connection: Connection, schema: Schema, given: Mapping[int, list[Given]]) -> None:
    """Leave out answers to questions that are not asked, by what the same person answered to the others.

    Many a machine proposes answers to one question alone. Whether that is asked is left to the people.
    """
    people = {item_id: [one for one in of_item if one.annotation_id is not None] for item_id, of_item in given.items()}
    turn = 0
    while round_of := {item_id: of_item[turn] for item_id, of_item in people.items() if len(of_item) > turn}:
        for item_id, asked in list(asked_of(connection, schema, {item_id: one.values for item_id, one in round_of.items()})):
            values = round_of[item_id].values
            for name in values.keys() - asked:
                del values[name]
        turn += 1


def _add_machines(
    connection: Connection,
    project_id: int,
    schema: Schema,
    within: sa.ColumnElement[bool],
    machines: Sequence[str],
    newest: dict[int, dict[int, Given]],
) -> None:
    """Let suggestions vote beside the people who answered; no item gets a label from machines alone."""
    query = (
        sa.select(_suggestions.c.item_id, _suggestions.c.labeler, _suggestions.c.question, _suggestions.c.answer)
        .join(_items, _items.c.id == _suggestions.c.item_id)
        .where(_suggestions.c.project_id == project_id, _suggestions.c.labeler.in_(machines), within)
        .order_by(_suggestions.c.item_id, _suggestions.c.labeler)
    )
    number = {name: -1 - index for index, name in enumerate(machines)}
    for item_id, labeler, question, answer in connection.execute(query).all():
        of_item = newest.get(item_id)
        if of_item is None:
            continue
        user_id = number[labeler]
        given = of_item.setdefault(user_id, Given(item_id, user_id, None, 0, {}, True))
        given.values.update(_valid({question: decode_answer(answer)}, schema))


def _beside(suggested: str, values: Mapping[str, Any], *, in_view: bool) -> dict[str, Beside]:
    """What stood beside each answer; a suggestion that was taken is known by the answer."""
    return {
        one.question: Beside(in_view, one.taken, one.labeler, one.score, values.get(one.question) if one.taken else None)
        for one in decode(suggested, list[StandingSuggestion])
    }


def _recall(connection: Connection, schema: Schema, within: sa.ColumnElement[bool], newest: Mapping[int, dict[int, Given]]) -> None:
    """Say what the suggestions were that were not taken: what somebody else took, or what the labeler says still."""
    query = (
        sa.select(_suggestions.c.item_id, _suggestions.c.question, _suggestions.c.labeler, _suggestions.c.answer)
        .join(_items, _items.c.id == _suggestions.c.item_id)
        .where(within)
    )
    known: dict[tuple[int, str, str], Any] = {}
    for item_id, question, labeler, answer in connection.execute(query):
        if item_id in newest:
            known[item_id, question, labeler] = _valid({question: decode_answer(answer)}, schema).get(question)
    for item_id, of_item in newest.items():
        for given in of_item.values():
            for question, one in given.beside.items():
                if one.taken and one.answer is not None:
                    known[item_id, question, one.labeler] = one.answer
    for of_item in newest.values():
        for person, given in of_item.items():
            if any(one.answer is None for one in given.beside.values()):
                told = {
                    question: one if one.answer is not None else one._replace(answer=_other(schema, question, one, given, known))
                    for question, one in given.beside.items()
                }
                of_item[person] = given._replace(beside=told)


def _other(schema: Schema, question: str, one: Beside, given: Given, known: Mapping[tuple[int, str, str], Any]) -> Any:
    """Return what a suggestion was that was not taken; None where what is known of it now is the answer, and so is another one."""
    answer = known.get((given.item_id, question, one.labeler))
    own = given.values.get(question)
    return None if answer is None or own is None or schema.alike(question, answer, own) else answer


def _valid(values: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Leave out answers to questions, and choices of labels, that the schema does not have any more."""
    kept = {}
    for question, answer in values.items():
        asked = schema.questions.get(question)
        if asked is not None and asked.is_answered_by(answer) and asked.stands(answer):
            kept[question] = answer
    return kept
