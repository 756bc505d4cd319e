"""Writes what came in from a file: suggestions, people's answers, gold and reference; what is there already is not written again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy import Connection

from labelwright.formats import Labeled
from labelwright.schema import Values
from labelwright.store import bulk, log, tables
from labelwright.store.codec import decode_answer, decode_values, encode
from labelwright.store.project import Project

__all__ = ["WRITERS", "Known", "Said", "Taken", "Writer"]

Said = dict[int, int]
"""What the entries of a file say: hashes of answers by hashes of whose they are and to what, for a file may have millions of them."""

Relation = Literal["new", "same", "more", "contradicts"]
"""How an entry stands to earlier ones of its file: `more` answers other questions besides in the same name."""


class Taken(NamedTuple):
    """An entry that fits its item. `again` says that an earlier one of the same file answered other questions in the same name."""

    item_id: int
    entry: Labeled
    again: bool = False


class Writer:
    """Writes entries that fit, and counts how many were new and how many were there already."""

    complete = False
    """Whether every required question must be answered."""

    merges = False
    """Whether two entries of a file that answer different questions go together."""

    def __init__(self, project: Project, origin: str, author: str, digest: str) -> None:
        self.project = project
        self.origin = origin
        self.author = author
        self.digest = digest
        self.said: Said = {}
        self.items: set[int] = set()

    def mark(self, item_id: int, entry: Labeled) -> tuple[Any, ...]:
        """Return what two entries of a file that contradict each other may not have in common."""
        return (item_id,)

    def compare(self, item_id: int, entry: Labeled, said: Said) -> tuple[Relation, Said]:
        """Return how an entry stands to what the file has said before, and what it says itself.

        `said` has what earlier entries of its batch say; what earlier batches said is known.
        """
        mark = self.mark(item_id, entry)
        answers = {name: hash(encode(answer)) for name, answer in entry.values.items()}
        own = {hash((mark, name)): answer for name, answer in answers.items()} if self.merges else {hash(mark): hash((*answers.items(),))}
        # That there is an entry at all: of a part of the questions, others may have been answered before.
        if self.merges and len(self.project.schema.questions) > 1:
            own[hash(mark)] = 0
        known = {key: earlier for key in own if (earlier := said.get(key, self.said.get(key))) is not None}
        if not known:
            return "new", own
        if known == own:
            return "same", own
        return ("more" if all(own[key] == earlier for key, earlier in known.items()) else "contradicts"), own

    def contradicted(self, entry: Labeled) -> str:
        """Return why an entry is not taken that contradicts an earlier one."""
        return "An earlier entry of the file gives this item another answer."

    def write(self, connection: Connection, fitting: list[Taken]) -> tuple[int, int]:
        raise AttributeError(f"{type(self).__name__} does not define write()")


class Suggestions(Writer):
    merges = True

    def mark(self, item_id: int, entry: Labeled) -> tuple[Any, ...]:
        return item_id, self._labeler(entry)

    def _labeler(self, entry: Labeled) -> str:
        return entry.annotator or self.author

    def write(self, connection: Connection, fitting: list[Taken]) -> tuple[int, int]:
        table = tables.suggestions
        query = sa.select(table).where(table.c.item_id.in_([item_id for item_id, *_ in fitting]))
        known = {(row.item_id, row.question, row.labeler): row for row in connection.execute(query)}
        new: list[dict[str, Any]] = []
        again: list[dict[str, Any]] = []
        stored = unchanged = 0
        for item_id, entry, _ in fitting:
            changed = False
            for question, answer in entry.values.items():
                made_by = entry.provenance.get(question)
                score = made_by.confidence if made_by else None
                before = known.get((item_id, question, self._labeler(entry)))
                if before is not None and decode_answer(before.answer) == answer and before.score == score:
                    continue
                changed = True
                row = {"version": self.digest, "answer": encode(answer), "score": score, "created_at": time.time()}
                if before is not None:
                    again.append({"number": before.id, **row})
                else:
                    key = {"project_id": self.project.id, "item_id": item_id, "question": question, "labeler": self._labeler(entry)}
                    new.append(key | row)
            stored += changed
            unchanged += not changed
        _write(connection, table, new, again)
        return stored, unchanged


def _write(connection: Connection, table: sa.Table, new: list[dict[str, Any]], again: list[dict[str, Any]]) -> None:
    """Write new rows, and those that stand under a `number` again."""
    if new:
        connection.execute(sa.insert(table), new)
    if again:
        values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in again[0] if name != "number"}
        changes = [{name if name == "number" else f"new_{name}": value for name, value in row.items()} for row in again]
        connection.execute(sa.update(table).where(table.c.id == sa.bindparam("number")).values(values), changes)


class Known(Writer):
    use = ""

    def write(self, connection: Connection, fitting: list[Taken]) -> tuple[int, int]:
        table = tables.known_answers
        query = sa.select(table.c.item_id, table.c.id, table.c["values"]).where(
            table.c.item_id.in_([item_id for item_id, *_ in fitting]), table.c.use == self.use, table.c.origin == self.origin
        )
        known = {item_id: (number, values) for item_id, number, values in connection.execute(query)}
        new: list[dict[str, Any]] = []
        again: list[dict[str, Any]] = []
        stored = unchanged = 0
        for item_id, entry, _ in fitting:
            number, before = known.get(item_id, (None, None))
            if before is not None and decode_values(before) == entry.values:
                unchanged += 1
                continue
            stored += 1
            row = {"values": encode(entry.values), "created_at": time.time()}
            if number is not None:
                again.append({"number": number, **row})
            else:
                new.append({"project_id": self.project.id, "item_id": item_id, "use": self.use, "origin": self.origin} | row)
        _write(connection, table, new, again)
        return stored, unchanged


class Gold(Known):
    use = "gold"


class Reference(Known):
    use = "reference"


class Annotations(Writer):
    """Answers of people elsewhere. An answer that its author gave before, in whatever state it is now, is there already; another answer
    of the same author replaces the earlier one. A whole answer takes the place of one that would be asked for.
    """

    complete = True
    merges = True

    def mark(self, item_id: int, entry: Labeled) -> tuple[Any, ...]:
        return item_id, entry.annotator or self.author

    def contradicted(self, entry: Labeled) -> str:
        if entry.annotator is not None:
            return f"An earlier entry of the file gives this item another answer of '{entry.annotator[:60]}'."
        return "An earlier entry of the file gives this item another answer, and none says whose they are."

    def write(self, connection: Connection, fitting: list[Taken]) -> tuple[int, int]:
        table = tables.annotations
        users = _users(connection, {taken.entry.annotator or self.author for taken in fitting})
        query = sa.select(table.c.id, table.c.item_id, table.c.user_id, table.c.state, table.c["values"]).where(
            table.c.item_id.in_([taken.item_id for taken in fitting]),
            table.c.user_id.in_(sorted(users.values())),
            table.c.origin == "import",
        )
        known: dict[tuple[int, int], list[tuple[int, str, Any]]] = {}
        for number, item_id, user_id, state, values in connection.execute(query.order_by(table.c.id)):
            known.setdefault((item_id, user_id), []).append((number, state, decode_values(values)))
        unchanged = 0
        waiting: dict[tuple[int, int], Labeled] = {}
        whole: set[tuple[int, int]] = set()
        for item_id, entry, again in fitting:
            place = item_id, users[entry.annotator or self.author]
            before = known.get(place, [])
            standing: Values = next((values for _, state, values in reversed(before) if state == "submitted"), {})
            if place in waiting:
                entry = structs.replace(entry, values={**waiting[place].values, **entry.values})
            elif again or not self.complete:
                # The rest of what the author said stands.
                entry = structs.replace(entry, values={**standing, **entry.values})
            if self._whole(entry):
                whole.add(place)
            if entry.values.items() <= standing.items() or any(values == entry.values for _, _, values in before):
                unchanged += 1
            else:
                waiting[place] = entry
        self._insert(connection, waiting, known)
        _take_places(connection, self.project.id, sorted(whole))
        return len(fitting) - unchanged, unchanged

    def _whole(self, entry: Labeled) -> bool:
        """Tell whether an entry answers all that a person would be asked."""
        questions = self.project.schema.questions.items()
        return self.complete or all(name in entry.values for name, asked in questions if asked.required)

    def _insert(
        self, connection: Connection, waiting: dict[tuple[int, int], Labeled], known: dict[tuple[int, int], list[tuple[int, str, Any]]]
    ) -> None:
        """Write the answers that wait, at most one of each author about each item, in place of those that stand."""
        if not waiting:
            return
        table, now = tables.annotations, time.time()
        standing = {place: [number for number, state, _ in known.get(place, ()) if state == "submitted"] for place in waiting}
        replaced = [number for numbers in standing.values() for number in numbers]
        if replaced:
            connection.execute(sa.update(table).where(table.c.id.in_(replaced)).values(state="replaced"))
        same = {
            "project_id": self.project.id,
            "pipeline_version": self.project.pipeline_version,
            "origin": "import",
            "state": "submitted",
            "created_at": now,
        }
        rows = [(*place, encode(entry.values), standing[place][-1] if standing[place] else None) for place, entry in waiting.items()]
        bulk.insert(connection, table, ("item_id", "user_id", "values", "replaces"), rows, same)
        query = sa.select(table.c.item_id, table.c.user_id, table.c.id).where(
            table.c.item_id.in_([item_id for item_id, _ in waiting]),
            table.c.user_id.in_(sorted({user_id for _, user_id in waiting})),
            table.c.origin == "import",
            table.c.state == "submitted",
        )
        numbers = {(item_id, user_id): number for item_id, user_id, number in connection.execute(query)}
        payload = {"purpose": "label", "origin": "import", "file": self.origin}
        about = [(user_id, item_id, numbers[item_id, user_id]) for item_id, user_id in waiting]
        log.append_all(connection, self.project.id, "annotation_submitted", about, payload=payload)


WRITERS: dict[str, type[Writer]] = {"suggestions": Suggestions, "annotations": Annotations, "gold": Gold, "reference": Reference}


def _take_places(connection: Connection, project_id: int, answered: Sequence[tuple[int, int]]) -> None:
    """Let each item and user have a task that is done: one that waits, the first answer first, or one more of the item."""
    tasks, items = tables.tasks, tables.items
    about = sorted({item_id for item_id, _ in answered})
    theirs = sa.select(tasks.c.item_id, tasks.c.user_id).where(
        tasks.c.item_id.in_(about), tasks.c.purpose == "label", tasks.c.state.in_(("leased", "done"))
    )
    have = {(item_id, user_id) for item_id, user_id in connection.execute(theirs)}
    lacking = [place for place in answered if place not in have]
    if not lacking:
        return
    # Somebody may be taking one at this moment: that one is theirs.
    query = sa.select(tasks.c.item_id, tasks.c.id).where(tasks.c.item_id.in_(about), tasks.c.purpose == "label", tasks.c.state == "open")
    waiting: dict[int, list[int]] = {}
    for item_id, number in connection.execute(query.order_by(tasks.c.lane.desc(), tasks.c.id.desc()).with_for_update(skip_locked=True)):
        waiting.setdefault(item_id, []).append(number)
    opened = dict(connection.execute(sa.select(items.c.id, items.c.tasks_opened).where(items.c.id.in_(about))).all())
    now, taken, more = time.time(), [], []
    for item_id, user_id in lacking:
        if waiting.get(item_id):
            taken.append({"number": waiting[item_id].pop(), "user_id": user_id, "state": "done", "done_at": now})
        else:
            opened[item_id] += 1
            row = {"project_id": project_id, "item_id": item_id, "purpose": "label", "state": "done", "rank": item_id}
            more.append({**row, "lane": opened[item_id], "user_id": user_id, "done_at": now})
    _write(connection, tasks, more, taken)
    if more:
        counted = {row["item_id"]: opened[row["item_id"]] for row in more}
        change = sa.update(items).where(items.c.id == sa.bindparam("number")).values(tasks_opened=sa.bindparam("opened"))
        connection.execute(change, [{"number": number, "opened": count} for number, count in counted.items()])


def _users(connection: Connection, names: set[str]) -> dict[str, int]:
    """Return the users of these names; new ones have no password and no role, so they cannot sign in.

    A file does not speak for a person who works here under the same name: its answers are those of a user of their own. But they may well
    be that person's, so what one of the two has answered, the other does not audit, and both together have one voice.
    """
    users, memberships = tables.users, tables.memberships
    here = sa.select(users.c.name, users.c.id).join(memberships, memberships.c.user_id == users.c.id)
    taken = dict(connection.execute(here.where(users.c.name.in_(sorted(names)))).all())
    called = {f"{name} (imported)" if name in taken else name: name for name in names}
    query = sa.select(users.c.name, users.c.id).where(users.c.name.in_(sorted(called)))
    known = {called[name]: number for name, number in connection.execute(query)}
    for name, given in sorted(called.items()):
        if given not in known:
            new = {"name": name, "password_hash": None, "created_at": time.time(), "namesake_of": taken.get(given)}
            row = connection.execute(sa.insert(users).values(new))
            known[given] = row.inserted_primary_key[0]  # type: ignore[index]  # an INSERT of one row always has a key
    return known
