"""Runs the declared labelers over the items, and writes what they propose and was not there before.

How far each labeler has come is kept with its version, in the transaction of the suggestions: a run that was killed goes on where it
was, a second run writes nothing, and new items alone are looked at until the version changes. A labeler that fails, whatever it raises,
stops nothing else: the items at which it fails, or its question where it cannot be made, are set aside with the reason, under the stage
`suggest`, until it is mended. Older items can become active again, as
when the original of a duplicate is replaced: blocks of items whose active ones are others than last time are looked at once more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from labelwright import plugins
from labelwright.assist.labelers.base import Declined, Failed, Labeler, Progress, Untouched
from labelwright.assist.policy import Declared, Roles, read_labelers, read_roles
from labelwright.assist.proposal import Proposal
from labelwright.errors import InvalidInput, InvalidPipeline, StoreUnavailable
from labelwright.schema import Item
from labelwright.store import bulk, tables
from labelwright.store.beside import beside
from labelwright.store.codec import decode, decode_fields, encode
from labelwright.store.database import Connection
from labelwright.store.kept import forget, keep, kept, names
from labelwright.store.project import Project
from labelwright.store.statistics import note_rows, renew

__all__ = ["LabelerReport", "SuggestReport", "counted", "suggest"]

PAGE = 500
"""Items looked at in one go, and at most so many suggestions written in one transaction."""


class LabelerReport(Struct, frozen=True, kw_only=True):
    """What one labeler did for one question. `failed` counts the items at which it failed; `note` says why it did nothing, where it has
    nothing to propose with.
    """

    labeler: str
    question: str
    version: str | None = None
    looked_at: int = 0
    written: int = 0
    removed: int = 0
    failed: int = 0
    note: str | None = None


class SuggestReport(Struct, frozen=True, kw_only=True):
    """How many suggestions were written and removed, in all and by labeler."""

    written: int = 0
    removed: int = 0
    labelers: tuple[LabelerReport, ...] = ()


STAGE = "suggest"
"""Under this stage the quarantine has what labelers failed at; `source` is the labeler."""

BLOCK = 10_000
"""So many numbers of items are one block."""


class _Reached(Struct, frozen=True):
    """The version that was run, the last item that it looked at, and of each block how many items it saw and the sum of their numbers."""

    version: str
    item_id: int = 0
    blocks: dict[int, tuple[int, int]] = {}

    def after(self, page: list[Item]) -> _Reached:
        """Where it stands when it has looked at new items too."""
        blocks = dict(self.blocks)
        for item in page:
            seen, total = blocks.get(item.id // BLOCK, (0, 0))
            blocks[item.id // BLOCK] = (seen + 1, total + item.id)
        return _Reached(self.version, page[-1].id, blocks)


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def suggest(project: Project, labelers: Sequence[str | dict[str, Any]], *, progress: Progress = _silent) -> SuggestReport:
    """Let the declared labelers look at what they have not seen, and write what they propose.

    Suggestions of labelers that are no longer declared are removed. What came over the API or from a file stays.

    Raises:
        InvalidPipeline: a labeler is declared wrongly, or its file cannot be run.
    """
    roles = read_roles(labelers)
    opened: list[Labeler | Declined] = []
    unopened: list[Declared] = []
    for declared in read_labelers(labelers):
        try:
            of_it = declared.module.open_labelers(declared.options, project, declared.place, progress)
        except (InvalidPipeline, StoreUnavailable, sa.exc.SQLAlchemyError):
            raise
        except BaseException as error:
            unopened.append(declared)
            opened.append(Declined(declared.name, "", f"It could not be made: {plugins.caught(error)}", failed=True))
            continue
        _check_names(declared, of_it, roles)
        opened += of_it
    pairs = [(labeler.name, labeler.question) for labeler in opened]
    twice = next((pair for pair in pairs if pairs.count(pair) > 1), None)
    if twice:
        raise InvalidPipeline(f"Two labelers are named '{twice[0]}'.", where="assist.labelers", hint="Give one of the files another name.")
    # First, for one of the same name may be about another question now.
    removed = _forget_undeclared(project, {_name(*pair) for pair in pairs}) if not unopened else 0
    reports = [_run(project, labeler, progress) for labeler in opened]
    if any(report.written for report in reports):
        renew(project.database)
    return SuggestReport(
        written=sum(report.written for report in reports),
        removed=removed + sum(report.removed for report in reports),
        labelers=tuple(reports),
    )


def _check_names(declared: Declared, opened: Sequence[Labeler | Declined], roles: Roles) -> None:
    """Refuse a role that is not known by the name of a labeler, for it would have none."""
    for labeler in opened:
        if declared.role.counts and labeler.name not in roles.roles and not roles.of(labeler.name).counts:
            message = f"The labeler '{labeler.name}' is not called as its module says, so that its role is not known."
            raise InvalidPipeline(message, where=declared.place, hint="Mend `called` of the labeler's module, or use `named`.")


def counted(connection: Connection, project_id: int, roles: Roles) -> tuple[str, ...]:
    """Return the names of the labelers whose suggestions count as an annotator's answers: those that were run once, and those named."""
    run = {name.split(" ", 2)[2] for name in names(connection, project_id, "suggest ")}
    return tuple(sorted(name for name in run.union(roles.counted) if roles.of(name).counts and not name.endswith(".")))


def _name(labeler: str, question: str) -> str:
    return f"suggest {question} {labeler}"


def _run(project: Project, labeler: Labeler | Declined, progress: Progress) -> LabelerReport:
    if isinstance(labeler, Declined):
        project.database.write(partial(_tell_declined, project.id, labeler))
        return LabelerReport(labeler=labeler.name, question=labeler.question, note=labeler.reason)
    name = _name(labeler.name, labeler.question)
    with project.database.read() as connection:
        before = kept(connection, project.id, name, _Reached)
    reached = before if before and before.version == labeler.version else _Reached(labeler.version)
    now, fresh_items = _active(project, reached.item_id)
    stale = {block: seen for block, seen in sorted(now.items()) if reached.blocks.get(block) != seen}
    total = fresh_items + sum(count for count, _ in stale.values())
    counted = _Counted(project, labeler, name, total, progress)
    for block, seen in stale.items():
        counted.look(reached, block * BLOCK - 1, min(block * BLOCK + BLOCK - 1, reached.item_id))
        reached = _Reached(reached.version, reached.item_id, {**reached.blocks, block: seen})
        project.database.write(partial(keep, project_id=project.id, name=name, value=reached))
    counted.look(reached, reached.item_id, None)
    if stale or reached is not before:
        project.database.write(partial(_forget_failures, project.id, labeler.name))
    note = _close(labeler) if counted.looked_at else None
    return LabelerReport(
        labeler=labeler.name,
        question=labeler.question,
        version=labeler.version,
        looked_at=counted.looked_at,
        written=counted.written,
        removed=counted.removed,
        failed=counted.failed,
        note=note,
    )


def _propose(labeler: Labeler, project: Project, items: list[Item]) -> list[Proposal | Untouched | Failed | None]:
    """Ask for proposals; where that fails, for one item after another, so that it fails at as few as can be."""
    question = project.schema.questions[labeler.question]
    try:
        proposals = list(labeler.propose(items))
        if len(proposals) != len(items):
            raise InvalidInput(f"It proposed {len(proposals)} answers for {len(items)} items.")
        for proposal in proposals:
            if isinstance(proposal, Proposal):
                if not question.is_answered_by(proposal.answer):
                    raise InvalidInput(f"The question asks for {question.kind} and the answer is something else.")
                if proposal.score is not None and not 0 <= proposal.score <= 1:
                    raise InvalidInput(f"A score lies between 0 and 1, and {proposal.score} does not.")
            elif not (proposal is None or isinstance(proposal, Untouched | Failed)):
                raise InvalidInput(f"It proposed no answer but {type(proposal).__name__}.")
    except (StoreUnavailable, sa.exc.SQLAlchemyError):
        raise
    except BaseException as error:
        reason = plugins.caught(error)
        return [Failed(reason)] if len(items) == 1 else [_propose(labeler, project, [item])[0] for item in items]
    return proposals


def _close(labeler: Labeler) -> str | None:
    """Close a labeler, and return why that failed, if it did: what it proposed is written by now."""
    try:
        labeler.close()
    except (StoreUnavailable, sa.exc.SQLAlchemyError):
        raise
    except BaseException as error:
        return plugins.caught(error)
    return None


class _Counted:
    """One labeler at work, and what it has done so far."""

    def __init__(self, project: Project, labeler: Labeler, name: str, total: int, progress: Progress) -> None:
        self._project, self._labeler, self._name, self._total, self._progress = project, labeler, name, total, progress
        self.looked_at = self.written = self.removed = self.failed = 0

    def look(self, reached: _Reached, after: int, upto: int | None) -> None:
        """Look at the active items behind `after` up to `upto`; without an end they are new, and how far it has come is kept."""
        project, labeler = self._project, self._labeler
        while True:
            with project.database.read() as connection:
                page = _items(connection, project.id, after, upto)
                stored = _stored(connection, labeler, page)
            if not page:
                return
            proposals = _propose(labeler, project, page)
            fresh, obsolete = _changes(project.id, labeler, page, proposals, stored)
            broken = [
                bulk.SetAsideEntry(labeler.name, _place(labeler.name, item.key), item.key, proposal.reason)
                for item, proposal in zip(page, proposals, strict=True)
                if isinstance(proposal, Failed)
            ]
            after = page[-1].id
            reached = reached if upto is not None else reached.after(page)
            project.database.write(partial(self._write, reached, fresh, obsolete, page, broken))
            self.failed += len(broken)
            self.looked_at += len(page)
            self.written += len(fresh)
            self.removed += len(obsolete) - sum(row["item_id"] in stored for row in fresh)
            self._progress(self.looked_at, self._total, f"suggesting: {labeler.name}")

    def _write(
        self,
        reached: _Reached,
        fresh: list[dict[str, Any]],
        obsolete: list[int],
        page: list[Item],
        broken: list[bulk.SetAsideEntry],
        connection: Connection,
    ) -> None:
        _write(self._project.id, self._name, reached, fresh, obsolete, connection)
        # Where it failed before and has looked anew, what it says now counts.
        quarantine = tables.quarantine
        looked_at = bulk.among(connection, quarantine.c.place, [_place(self._labeler.name, item.key) for item in page])
        connection.execute(sa.delete(quarantine).where(_failures(self._project.id, self._labeler.name), looked_at))
        bulk.quarantine(connection, self._project.id, STAGE, broken)


def _place(labeler: str, key: str) -> str:
    return f"{labeler} at item {key}"


def _tell_declined(project_id: int, labeler: Declined, connection: Connection) -> None:
    """Set aside that a labeler could not be made, and forget it where it merely has nothing to propose with."""
    place = f"{labeler.name} for {labeler.question}".removesuffix(" for ")
    connection.execute(sa.delete(tables.quarantine).where(_failures(project_id, labeler.name), tables.quarantine.c.place == place))
    if labeler.failed:
        bulk.quarantine(connection, project_id, STAGE, [bulk.SetAsideEntry(labeler.name, place, None, labeler.reason)])


def _failures(project_id: int, labeler: str) -> sa.ColumnElement[bool]:
    quarantine = tables.quarantine
    return sa.and_(quarantine.c.project_id == project_id, quarantine.c.stage == STAGE, quarantine.c.source == labeler)


def _forget_failures(project_id: int, labeler: str, connection: Connection) -> None:
    """Forget where a labeler failed at items that are asked about no longer: it does not look at them again."""
    items, key = tables.items, tables.quarantine.c.key
    active = sa.exists().where(items.c.project_id == project_id, items.c.key == key, beside(items.c.state) == "active")
    connection.execute(sa.delete(tables.quarantine).where(_failures(project_id, labeler), ~active))


def _active(project: Project, reached: int) -> tuple[dict[int, tuple[int, int]], int]:
    """Of each block the active items up to `reached`, their count and the sum of their numbers; and how many there are behind."""
    items = tables.items
    active = sa.and_(items.c.project_id == project.id, items.c.state == "active")
    block = (items.c.id // BLOCK).label("block")
    blocks = sa.select(block, sa.func.count(), sa.func.sum(items.c.id)).where(active, items.c.id <= reached).group_by(block)
    behind = sa.select(sa.func.count()).where(active, items.c.id > reached)
    with project.database.read() as connection:
        found = {int(number): (int(count), int(total)) for number, count, total in connection.execute(blocks)} if reached else {}
        return found, int(connection.scalar(behind) or 0)


def _items(connection: Connection, project_id: int, after: int, upto: int | None) -> list[Item]:
    items = tables.items
    query = sa.select(items).where(items.c.project_id == project_id, items.c.state == "active", items.c.id > after)
    if upto is not None:
        query = query.where(items.c.id <= upto)
    return [
        Item(row.id, row.key, row.revision, decode_fields(row.data), decode(row.meta), row.raw_id, row.offset)
        for row in connection.execute(query.order_by(items.c.id).limit(PAGE))
    ]


def _stored(connection: Connection, labeler: Labeler, page: list[Item]) -> dict[int, Any]:
    rows = tables.suggestions
    query = sa.select(rows.c.id, rows.c.item_id, rows.c.version, rows.c.answer, rows.c.score).where(
        bulk.among(connection, rows.c.item_id, [item.id for item in page]),
        rows.c.question == labeler.question,
        rows.c.labeler == labeler.name,
    )
    return {row.item_id: row for row in connection.execute(query)}


def _changes(
    project_id: int, labeler: Labeler, page: list[Item], proposals: Sequence[Proposal | Untouched | Failed | None], stored: dict[int, Any]
) -> tuple[list[dict[str, Any]], list[int]]:
    """The suggestions to write, and the numbers of those that they replace or that are withdrawn."""
    fresh: list[dict[str, Any]] = []
    obsolete: list[int] = []
    now = time.time()
    for item, proposal in zip(page, proposals, strict=True):
        old = stored.get(item.id)
        if isinstance(proposal, Untouched):
            continue
        if proposal is None or isinstance(proposal, Failed):
            obsolete += [old.id] if old else []
            continue
        score = None if proposal.score is None else round(proposal.score, 4)
        answer = encode(proposal.answer)
        if old and (old.version, old.answer, old.score) == (labeler.version, answer, score):
            continue
        obsolete += [old.id] if old else []
        fresh.append(
            {
                "project_id": project_id,
                "item_id": item.id,
                "question": labeler.question,
                "labeler": labeler.name,
                "version": labeler.version,
                "answer": answer,
                "score": score,
                "created_at": now,
            }
        )
    return fresh, obsolete


def _write(project_id: int, name: str, reached: _Reached, fresh: list[dict[str, Any]], obsolete: list[int], connection: Connection) -> None:
    rows = tables.suggestions
    if obsolete:
        connection.execute(sa.delete(rows).where(rows.c.id.in_(obsolete)))
    if fresh:
        connection.execute(sa.insert(rows), fresh)
        note_rows(connection, rows, len(fresh))
    keep(connection, project_id, name, reached)


def _forget_undeclared(project: Project, declared: set[str]) -> int:
    """Remove what labelers suggested that were run once and are declared no more."""
    removed = 0
    with project.database.read() as connection:
        known = names(connection, project.id, "suggest ")
    for name in known:
        if name in declared:
            continue
        _, question, labeler = name.split(" ", 2)
        while True:
            gone = project.database.write(partial(_forget, project.id, question, labeler, name))
            removed += gone
            if gone < PAGE:
                break
    return removed


def _forget(project_id: int, question: str, labeler: str, name: str, connection: Connection) -> int:
    rows = tables.suggestions
    chosen = sa.select(rows.c.id).where(rows.c.project_id == project_id, rows.c.labeler == labeler, rows.c.question == question)
    numbers = list(connection.scalars(chosen.order_by(rows.c.id).limit(PAGE)))
    if numbers:
        connection.execute(sa.delete(rows).where(rows.c.id.in_(numbers)))
    if len(numbers) < PAGE:
        connection.execute(sa.delete(tables.quarantine).where(_failures(project_id, labeler)))
        forget(connection, project_id, name)
    return len(numbers)
