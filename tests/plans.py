"""How SQLite finds the rows of each statement: what is issued again and again must not read the whole project each time.

SQLite chooses by the indexes alone, so that a store of a few hundred items shows what happens with a million.
"""

from __future__ import annotations

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
    """The statements that were issued, without their values: how often, and how each finds its rows."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.plan: dict[str, list[str]] = {}

    def of(self, raw: Any) -> None:
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


@contextmanager
def watched() -> Iterator[Watched]:
    """Watch the statements of all connections that are made within the block."""
    seen = Watched()

    def connected(raw: Any, _record: Any) -> None:
        seen.of(raw)

    sa.event.listen(sa.pool.Pool, "connect", connected)
    try:
        yield seen
    finally:
        sa.event.remove(sa.pool.Pool, "connect", connected)


def read_too_much(seen: Watched, *, pages: int) -> list[str]:
    """Return the statements that were issued for so many `pages` and read the whole project each time."""
    found = []
    for text, times in seen.times.items():
        if times < pages:
            continue
        # Of an INSERT of values SQLite names the search in its own table for rows that wait for it, which it makes where some do.
        plan = () if "SELECT" not in text and text.startswith("INSERT") else seen.plan.get(text, ())
        bad = [step for step in plan if _reads_project(step, text)]
        if _sorts_project(text):
            bad.append("sorts all that is behind the page")
        if bad:
            found.append(f"{times} times: {text}\n    {'; '.join(bad)}")
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


def _sorts_project(text: str) -> bool:
    """Tell whether a page is asked for of rows with one of several values that many rows share.

    An index has each value in order, and several of them only one after the other. Whether SQLite reads and sorts them all, or walks
    through the table, depends on what it has counted, so that no plan of a small store tells.
    """
    of_several = any(re.search(rf"\w\.{column} IN \(\?\)", text) for column in COMMON)
    return of_several and " > ?" in text and re.search(r" ORDER BY .* LIMIT ", text) is not None


def _without_values(statement: str) -> str:
    text = re.sub(r"'(?:[^']|'')*'|\$\d+|\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b", "?", " ".join(statement.split()))
    return re.sub(r"\(\s*\?(?:::\w+)?(?:, \?(?:::\w+)?)*\s*\)", "(?)", re.sub(r"\bNULL\b", "?", text))
