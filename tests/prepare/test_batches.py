"""What a batch costs does not grow with the batches before it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright.prepare import prepare
from labelwright.sources import Source, collect
from labelwright.store.project import Project


@pytest.mark.postgresql
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("again", [False, True])
def test_the_last_batch_reads_no_more_pages_than_the_first(
    again: bool, make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL keeps the index entries of rows that were prepared meanwhile: no batch passes by those of the batches before, neither
    of new rows nor of rows that other steps prepared.
    """
    project = make_project()
    rows = (json.dumps({"id": f"t{number}", "body": f"text {number}"}) for number in range(6000))
    (project.folder / "a.jsonl").write_text("\n".join(rows), "utf-8")
    collect(project, [Source(uri="a.jsonl", id="id")])
    if again:
        prepare(project)
    monkeypatch.setattr(importlib.import_module("labelwright.prepare.prepare"), "BATCH", 500)
    pages: list[int] = []
    engine: sa.Engine = project.database._backend._engine

    def count(raw: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if "raw_items.data" in statement:
            driver = raw.connection.driver_connection
            ((found,),) = driver.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", values).fetchone()
            if found["Plan"]["Actual Rows"]:
                pages.append(found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"])

    sa.event.listen(engine, "before_cursor_execute", count)
    assert prepare(project, [{"split": {"field": "body", "by": "paragraph"}}] if again else []).prepared == 6000
    sa.event.remove(engine, "before_cursor_execute", count)
    assert len(pages) == 12
    assert max(pages) <= 1.5 * pages[0]
