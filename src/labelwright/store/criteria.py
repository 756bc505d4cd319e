"""Which criteria stood under each version of the pipeline file, and which of their changes mean something.

Each version keeps a digest and a meaning for every clause. A clause that reads as before has the meaning that it had; one that was
changed has a new meaning, until somebody declares the change editorial: then it has the old one again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.errors import InvalidInput
from labelwright.schema import Schema
from labelwright.schema.criteria import Criteria, criteria
from labelwright.store import log, tables
from labelwright.store.codec import decode, encode

__all__ = ["changed", "declare_editorial", "editorial", "meanings", "note"]

_versions = tables.pipeline_versions
_Noted = dict[str, dict[str, tuple[str, str]]]


def note(connection: Connection, project_id: int, schema: Schema, guidelines: str) -> str:
    """Return the `criteria` column of a new version: the newest version's meanings for what reads as before, new ones for the rest."""
    query = sa.select(_versions).where(_versions.c.project_id == project_id).order_by(_versions.c.number.desc()).limit(1)
    newest = connection.execute(query).one_or_none()
    before = _read_again(newest) if newest else {}
    return encode(
        {
            name: {clause: _meaning(digest, before.get(name, {}).get(clause)) for clause, digest in clauses.items()}
            for name, clauses in criteria(schema, guidelines).items()
        }
    )


def meanings(connection: Connection, project_id: int, version_ids: Collection[int]) -> dict[int, Criteria]:
    """Return what each clause meant under the versions named, by question and clause."""
    wanted = sorted(version_ids)
    found: dict[int, Criteria] = {}
    for first in range(0, len(wanted), 500):
        query = sa.select(_versions).where(_versions.c.project_id == project_id, _versions.c.id.in_(wanted[first : first + 500]))
        for row in connection.execute(query):
            found[row.id] = {name: {clause: one[1] for clause, one in clauses.items()} for name, clauses in _noted(row).items()}
    return found


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the clauses of a question that mean something else, came, or went, in order."""
    return sorted(clause for clause in before.keys() | now.keys() if before.get(clause) != now.get(clause))


def declare_editorial(connection: Connection, project_id: int, *, clause: str | None = None) -> list[str]:
    """Declare that the newest version's changes of the guidelines, or of one clause, mean what was meant before; return the clauses.

    Clauses that came, went, or were given another title have no earlier meaning to keep.

    Raises:
        InvalidInput: the newest version changes no clause that the one before has, or not this one.
    """
    query = sa.select(_versions).where(_versions.c.project_id == project_id).order_by(_versions.c.number.desc()).limit(2)
    newest, *older = connection.execute(query).all()
    before, now = (_noted(older[0]) if older else {}), _noted(newest)
    declared = set()
    for name, clauses in now.items():
        for title, (digest, meaning) in clauses.items():
            earlier = before.get(name, {}).get(title)
            if earlier and earlier[1] != meaning and clause in (None, title):
                clauses[title] = (digest, earlier[1])
                declared.add(title)
    if not declared:
        what = f"the clause '{clause}'" if clause else "any clause that was there before"
        raise InvalidInput(
            f"The newest version of the pipeline does not change {what}.", hint="`labelwright guidelines` lists what changed."
        )
    connection.execute(sa.update(_versions).where(_versions.c.id == newest.id).values(criteria=encode(now)))
    log.append(connection, project_id, "change_declared_editorial", subject_id=newest.id, payload={"clauses": sorted(declared)})
    return sorted(declared)


def editorial(connection: Connection, project_id: int, since: int) -> dict[int, dict[str, list[str]]]:
    """Return which changes after the version `since` were declared editorial: by the version's number, the clauses of each question."""
    query = sa.select(_versions).where(_versions.c.project_id == project_id, _versions.c.id >= since).order_by(_versions.c.number)
    found: dict[int, dict[str, list[str]]] = {}
    before: _Noted | None = None
    for row in connection.execute(query):
        now = _read_again(row)
        for name, clauses in now.items():
            kept = [title for title, one in clauses.items() if before and _says_the_same(before.get(name, {}).get(title), one)]
            if kept:
                found.setdefault(row.number, {})[name] = sorted(kept)
        before = now
    return found


def _says_the_same(before: tuple[str, str] | None, now: tuple[str, str]) -> bool:
    """Tell whether a clause that reads differently was declared to mean what it meant."""
    digest, meaning = now
    return before is not None and before[0] != digest and before[1] == meaning != digest


def _meaning(digest: str, before: tuple[str, str] | None) -> tuple[str, str]:
    return (digest, before[1]) if before and before[0] == digest else (digest, digest)


def _noted(row: Any) -> _Noted:
    if row.criteria:
        noted: _Noted = decode(row.criteria, _Noted)
        return noted
    # A version from before clauses were kept: what it says is known all the same.
    return {name: {clause: (one, one) for clause, one in clauses.items()} for name, clauses in (_said(row) or {}).items()}


def _read_again(row: Any) -> _Noted:
    """Return the meanings of a version with the digests that its clauses have today.

    An earlier Labelwright knew fewer keys of a question: what it noted has another digest, though the file says the same.
    """
    noted, said = _noted(row), _said(row)
    if said is None:
        return noted
    return {
        name: {clause: (digest, noted.get(name, {}).get(clause, (digest, digest))[1]) for clause, digest in clauses.items()}
        for name, clauses in said.items()
    }


def _said(row: Any) -> Criteria | None:
    """Return the criteria of a version as they are read today; None where its questions cannot be read any more."""
    try:
        return criteria(msgspec.convert(decode(row.declaration).get("schema"), Schema), row.guidelines)
    except msgspec.ValidationError:
        return None
