"""Work that goes through the data page by page finds each page by its key."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psycopg
import pytest
from benchmarks.scale.jobs import JOBS
from benchmarks.scale.project import ANSWERS, write_project

from labelwright.assist import suggesting
from tests.plans import Watched, read_too_much, watched

PAGE, ITEMS = 20, 600
SIZES = ("PAGE", "FIRST_PAGE", "ITEMS", "BATCH", "WRITE", "EVENTS")


def test_no_page_reads_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all statements of all jobs none that is issued for page after page reads the whole project, in the first round or in a second one
    in which every text, every answer and what the labeler does has changed.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("labelwright.") and not name.startswith(("labelwright.media", "labelwright.formats")):
            for size in SIZES:
                if hasattr(module, size):
                    monkeypatch.setattr(module, size, PAGE)
    write_project(tmp_path, ITEMS, f"sqlite:///{tmp_path}/labelwright.db")
    with watched() as first:
        _all_jobs(tmp_path)
    _change_everything(tmp_path)
    with watched() as second:
        _all_jobs(tmp_path)
    assert not (found := _told(first) + _told(second)), "\n".join(found)


def _told(seen: Watched) -> list[str]:
    assert max(seen.times.values()) > ITEMS / PAGE
    return read_too_much(seen, pages=ITEMS // PAGE)


def _all_jobs(folder: Path) -> None:
    for name, job in JOBS.items():
        if name != "restore":
            job(folder)


def _change_everything(folder: Path) -> None:
    texts = [json.loads(line) for line in (folder / "tickets.jsonl").read_text().splitlines()]
    (folder / "tickets.jsonl").write_text("".join(json.dumps({**row, "body": row["body"] + " again"}) + "\n" for row in texts))
    answers = [json.loads(line) for line in (folder / ANSWERS).read_text().splitlines()]
    turned = {"refund": "bug", "bug": "other", "other": "refund"}
    (folder / ANSWERS).write_text("".join(json.dumps({**row, "intent": turned[row["intent"]]}) + "\n" for row in answers))
    rules = (folder / "rules.py").read_text()
    (folder / "rules.py").write_text(rules.replace("else None", 'else "bug"'))


@pytest.mark.postgresql
def test_a_load_of_suggestions_is_planned_by_what_it_has_written(postgresql_url: str, tmp_path: Path) -> None:
    """A labeler that speaks about every item finds each page's suggestions by an index: it does not read all that were written so far."""
    items = 12_000
    assert items // suggesting.PAGE >= 20
    write_project(tmp_path, items, postgresql_url)
    rules = (tmp_path / "rules.py").read_text()
    (tmp_path / "rules.py").write_text(rules.replace("else None", 'else "bug"'))
    for name in ("collect", "prepare", "suggest"):
        JOBS[name](tmp_path)
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        # A process of the server has counted all that it read once it is gone.
        while connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
            " AND pid <> pg_backend_pid()"
        ).fetchone() != (0,):
            time.sleep(0.01)
        query = "SELECT n_tup_ins, seq_tup_read FROM pg_stat_user_tables WHERE relname = 'suggestions'"
        written, read = connection.execute(query).fetchone() or (0, 0)
    assert written == items
    # What was written so far, page after page, would be twelve times the rows; before the first statistics a thousand are read whole.
    assert read < 4 * items
