"""Keeps the reports of the quality, and reads each as what it is."""

from __future__ import annotations

import time
from typing import Any, get_type_hints

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.api.reports import Reports
from labelwright.store import tables
from labelwright.store.codec import decode, encode

__all__ = ["read_report", "read_reports", "reported_at", "write_report"]

_reports = tables.quality_reports
_FORMS: dict[str, Any] = get_type_hints(Reports)


def read_reports(connection: Connection, project_id: int, *names: str) -> Reports:
    """Return the reports with these names, or all; those that have not been made yet are None."""
    wanted = names or tuple(_FORMS)
    query = sa.select(_reports.c.name, _reports.c.report).where(_reports.c.project_id == project_id, _reports.c.name.in_(wanted))
    return Reports(**{name: _read(body, _FORMS[name]) for name, body in connection.execute(query)})


def read_report(connection: Connection, project_id: int, name: str, form: Any) -> Any:
    """Return the report with this name as `form`, one that is not shown among them; None where it has not been made yet."""
    body = connection.scalar(sa.select(_reports.c.report).where(_reports.c.project_id == project_id, _reports.c.name == name))
    return _read(body, form)


def reported_at(connection: Connection, project_id: int) -> float | None:
    """Return when the newest of the reports was made, in seconds since 1970; None where there is none."""
    newest = sa.select(sa.func.max(_reports.c.updated_at)).where(_reports.c.project_id == project_id, _reports.c.name.in_(_FORMS))
    at: float | None = connection.scalar(newest)
    return at


def write_report(connection: Connection, project_id: int, name: str, report: Any) -> None:
    """Keep a report under a name, where it differs from what stands; None removes it."""
    mine = sa.and_(_reports.c.project_id == project_id, _reports.c.name == name)
    if report is None:
        connection.execute(sa.delete(_reports).where(mine))
        return
    body = encode(report)
    standing = connection.scalar(sa.select(_reports.c.report).where(mine))
    if standing is None:
        connection.execute(sa.insert(_reports).values(project_id=project_id, name=name, report=body, updated_at=time.time()))
    elif standing != body:
        connection.execute(sa.update(_reports).where(mine).values(report=body, updated_at=time.time()))


def _read(body: str | None, form: Any) -> Any:
    try:
        return decode(body, form) if body else None
    except msgspec.ValidationError:
        # Written by a version with another form: what is derived is derived again.
        return None
