"""Whether labels and their confidences are still those that others have looked at."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.schema import content_hash
from labelwright.store.codec import decode
from labelwright.store.tables import quality_reports

__all__ = ["rests_on"]


class _Fits(Struct, frozen=True):
    """What is read of `refreshing.Fits`."""

    basis: str = ""


def rests_on(connection: Connection, project_id: int) -> str | None:
    """Return a hash of what consensus and label errors rest on, besides the events of the items themselves.

    That is what the last refresh of everything rested on (which items are active, known answers, the declaration, the version of
    Labelwright) and what was learned then. None where a part of it is older than the rest: the next refresh may change anything.
    """
    rows = quality_reports
    query = sa.select(rows.c.name, rows.c.report).where(rows.c.project_id == project_id, rows.c.name.in_(("consensus", "label_errors")))
    reports = {row.name: row.report for row in connection.execute(query)}
    if "consensus" not in reports or not decode(reports["consensus"], _Fits).basis:
        return None
    return content_hash(sorted(reports.items()))[:32]
