"""Conditions that are checked beside the one by which rows are found.

SQLite goes by how many columns of an index a statement names, not by how many rows share their values: where it may choose, it reads all
that a project has rather than the thousand rows of a page.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

__all__ = ["beside"]


def beside(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return the column, a number or a text, in a form by which no index is searched: its value is compared row by row.

    >>> from labelwright.store.tables import items
    >>> print(beside(items.c.project_id) == 1)
    items.project_id + :project_id_1 = :param_1
    """
    return column.concat("") if isinstance(column.type, sa.Text) else column + 0
