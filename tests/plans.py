"""How the databases find the rows of each statement: what is issued again and again must not read the whole project each time.

On SQLite the plan of each statement is asked for; on PostgreSQL its module `auto_explain` tells the rows that each statement has read.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

__all__ = ["Watched", "read_too_much", "watched"]

GROWING = (
    "annotations",
    "comments",
    "consensus",
    "events",
    "findings",
    "items",
    "known_answers",
    "label_errors",
    "quarantine",
    "raw_items",
    "review_picks",
    "reviews",
    "skips",
    "step_results",
    "submissions",
    "suggestions",
    "tasks",
)
"""The tables that grow with the data."""

COMMON = {"project_id", "state", "question", "use", "stage", "purpose", "labeler", "source", "random", "kind", "transaction"}
"""Columns whose values many rows share: no page is found by them alone."""


class Watched:
    """The statements that were issued, without their values: how often, how each finds its rows, and the most rows that it read."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.plan: dict[str, list[str]] = {}
        self.rows: Counter[str] = Counter()

    def of_sqlite(self, raw: Any) -> None:
        asking = False

        def tell(statement: str) -> None:
            nonlocal asking
            text = _without_values(statement)
            if asking or not text.startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")):
                return
            self.times[text] += 1
            if text not in self.plan:
                asking = True
                try:
                    self.plan[text] = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()]
                finally:
                    asking = False

        raw.set_trace_callback(tell)

    def of_postgresql(self, raw: Any) -> None:
        raw.add_notice_handler(self._noticed)
        with raw.cursor() as cursor:
            cursor.execute("LOAD 'auto_explain'")
            for name, value in {"min_duration": "0", "level": "notice", "format": "json", "analyze": "on", "timing": "off"}.items():
                cursor.execute(f"SET auto_explain.log_{name} = '{value}'")
            # A table of a few pages is quickest read whole. What is asked is how the rows are found once that is out of the question.
            for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
                cursor.execute(f"SET enable_{way} = off")
        raw.commit()

    def _noticed(self, notice: Any) -> None:
        _, _, body = notice.message_primary.partition("plan:\n")
        if body:
            told = json.loads(body)
            text = _without_values(told["Query Text"])
            self.times[text] += 1
            self.rows[text] = max(self.rows[text], _rows_read(told["Plan"]))


@contextmanager
def watched() -> Iterator[Watched]:
    """Watch the statements of all connections that are made within the block."""
    seen = Watched()

    def connected(raw: Any, _record: Any) -> None:
        (seen.of_sqlite if hasattr(raw, "set_trace_callback") else seen.of_postgresql)(raw)

    sa.event.listen(sa.pool.Pool, "connect", connected)
    try:
        yield seen
    finally:
        sa.event.remove(sa.pool.Pool, "connect", connected)


def read_too_much(seen: Watched, *, pages: int, most: int) -> list[str]:
    """Return the statements that were issued for so many `pages` and read the whole project, or more than `most` rows, each time."""
    found = []
    for text, times in seen.times.items():
        if times < pages:
            continue
        # Of an INSERT of values SQLite names the search in its own table for rows that wait for it, which it makes where some do.
        plan = () if "SELECT" not in text and text.startswith("INSERT") else seen.plan.get(text, ())
        if bad := [step for step in plan if _reads_project(step, text)]:
            found.append(f"{times} times: {text}\n    {'; '.join(bad)}")
        # How PostgreSQL weighs the order of an index against a sort of a few hundred rows says nothing of a million: a page that ends at
        # a LIMIT is judged by SQLite's plan alone.
        if seen.rows[text] > most and " LIMIT " not in text:
            found.append(f"{times} times: {text}\n    up to {seen.rows[text]:,} rows read")
    return found


def _reads_project(step: str, text: str) -> bool:
    """Tell whether a step of SQLite's plan reads all that a project has in a table that grows."""
    told = re.match(r"(SCAN|SEARCH) (\S+)(?: USING .*?(?:INDEX (\S+))?)?(?: \(([^()]*)\))?(?: LEFT-JOIN)?$", step)
    if told is None:
        return False
    way, name, index, terms = told.groups()
    if not any(name == table or (index or "").startswith((f"ix_{table}_", f"uq_{table}_")) for table in GROWING):
        return False
    if not re.search(rf"\b{name}\b", text):
        # A table that refers to the one that is written: it is looked at only where rows wait for it.
        return False
    return way == "SCAN" or set(re.findall(r"(\w+)[=<>]", terms or "")) <= COMMON


def _rows_read(plan: dict[str, Any]) -> int:
    own = 0
    if plan.get("Relation Name") in GROWING or plan["Node Type"] in ("Bitmap Index Scan", "Index Only Scan"):
        own = int((plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"])
    return own + sum(_rows_read(part) for part in plan.get("Plans", ()))


def _without_values(statement: str) -> str:
    text = re.sub(r"'(?:[^']|'')*'|\$\d+|\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b", "?", " ".join(statement.split()))
    return re.sub(r"\(\s*\?(?:::\w+)?(?:, \?(?:::\w+)?)*\s*\)", "(?)", re.sub(r"\bNULL\b", "?", text))
