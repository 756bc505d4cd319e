"""The reports of the quality, the annotators and the doubtful labels, as the page shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy import Connection

from labelwright.analytics.people import read_people
from labelwright.api.figures import AnnotatorRow, QualityView, SuspectRow
from labelwright.store import tables
from labelwright.store.codec import decode_answer
from labelwright.store.listing import Kept, nothing_kept
from labelwright.store.project import Project
from labelwright.store.reports import read_reports, reported_at

__all__ = ["read_quality"]

MOST_SUSPECTS = 100

LISTS = ("items", "conflicts")
"""The fields of reports that list the numbers of items."""


def read_quality(connection: Connection, project: Project, *, kept: Kept = nothing_kept) -> QualityView:
    """Return the reports of a project, the annotators by name, and the doubtful labels, the worst first.

    Items whose label is `kept` from whoever asks are no examples, and in no list of items; figures count them as always.
    """
    users, measured = tables.users, tables.annotator_quality
    errors, items = tables.label_errors, tables.items
    people = read_people(connection, project.id, project.schema.questions)
    mine = sa.select(measured.c.user_id).where(measured.c.project_id == project.id)
    names = connection.execute(sa.select(users.c.id, users.c.name).where(users.c.id.in_(mine)).order_by(users.c.name))
    doubtful = connection.execute(
        sa.select(errors, items.c.key)
        .join(items, items.c.id == errors.c.item_id)
        .where(errors.c.project_id == project.id)
        .order_by(errors.c.score)
        .limit(MOST_SUSPECTS)
    ).all()
    reports = read_reports(connection, project.id)
    withheld = kept(sorted({*(row.item_id for row in doubtful), *_named_in(reports)}))
    suspects = [row for row in doubtful if row.item_id not in withheld]
    return QualityView(
        _without(reports, withheld) if withheld else reports,
        [AnnotatorRow(annotator=name, quality=people[user_id]) for user_id, name in names if user_id in people],
        [
            SuspectRow(
                item_id=row.item_id,
                key=row.key,
                question=row.question,
                score=row.score,
                given=decode_answer(row.given),
                proposed=decode_answer(row.proposed),
            )
            for row in suspects
        ],
        reported_at(connection, project.id),
    )


def _named_in(report: Any) -> Iterator[int]:
    """Yield the numbers of the items that a report names, at any depth: as examples, beside their keys, or one by one."""
    if isinstance(report, list | tuple):
        for one in report:
            yield from _named_in(one)
    elif isinstance(report, Struct):
        for name in report.__struct_fields__:
            value = getattr(report, name)
            if name == "item_id":
                yield value
            elif name in LISTS and isinstance(value, list):
                yield from value
            else:
                yield from _named_in(value)


def _without(report: Any, withheld: set[int]) -> Any:
    """Return a report that names none of these items."""
    if isinstance(report, list):
        return [_without(one, withheld) for one in report if getattr(one, "item_id", None) not in withheld]
    if not isinstance(report, Struct):
        return report
    changed: dict[str, Any] = {}
    for name in report.__struct_fields__:
        value = getattr(report, name)
        if name in LISTS and isinstance(value, list):
            changed[name] = [item for item in value if item not in withheld]
            if hasattr(report, "keys"):
                changed["keys"] = [key for item, key in zip(value, report.keys, strict=False) if item not in withheld]
        elif name != "keys":
            changed[name] = _without(value, withheld)
    return structs.replace(report, **changed)
