"""A file that is made to stop collecting stops nothing else, and what it costs is bounded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from labelwright.formats._tables import TableRow, rows
from labelwright.formats.base import Broken
from labelwright.settings import settings
from labelwright.sources import Source, collect
from labelwright.store.project import Project

Make = Callable[..., Project]
Stored = Callable[[Project], dict[str, Any]]
SetAside = Callable[[Project], list[tuple[str, str]]]


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """At most 10 rows of a table are read."""
    monkeypatch.setenv("LABELWRIGHT_MAX_ROWS", "10")
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_a_file_whose_name_is_not_utf8_is_collected(make_project: Make, stored: Stored, set_aside: SetAside) -> None:
    r"""Its key and place have `\xe9` for such a byte; what stands beside it is collected, and a second run finds nothing new or gone."""
    project = make_project()
    folder = project.folder / "letters"
    folder.mkdir()
    (folder / "plain.txt").write_text("plain")
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_text("coffee")
    sources = [Source(uri="letters", format="text")]
    report = collect(project, sources)
    assert (report.new, report.quarantined) == (2, 0)
    assert {key: row["body"] for key, row in stored(project).items()} == {"plain.txt": "plain", "caf\\xe9.txt": "coffee"}
    again = collect(project, sources)
    assert (again.new, again.unchanged, again.skipped) == (0, 2, 2)
    assert set_aside(project) == []


def test_an_empty_file_whose_name_is_not_utf8_is_set_aside_until_it_is_mended(
    make_project: Make, stored: Stored, set_aside: SetAside
) -> None:
    """Its place is told in text; once it has content, it is collected and no longer set aside."""
    project = make_project()
    folder = project.folder / "letters"
    folder.mkdir()
    (folder / "plain.txt").write_text("plain")
    path = Path(os.fsdecode(os.fsencode(folder) + b"/\xff.txt"))
    path.write_text("")
    sources = [Source(uri="letters", format="text")]
    assert collect(project, sources).quarantined == 1
    assert set_aside(project) == [("letters/\\xff.txt", "The file is empty.")]
    assert collect(project, sources).quarantined == 1
    path.write_text("mended")
    assert collect(project, sources).new == 1
    assert set_aside(project) == []
    assert set(stored(project)) == {"plain.txt", "\\xff.txt"}


def test_a_parquet_file_of_some_kilobytes_cannot_claim_rows_without_end(tmp_path: Path) -> None:
    """Ten million rows and one, in a small file, are refused by what the file says of itself, before any is read."""
    path = tmp_path / "many.parquet"
    parquet.write_table(pa.table({"body": pa.nulls(10_000_001, pa.int8())}), path, compression="zstd")
    assert path.stat().st_size < 100_000
    (only,) = rows(path)
    assert isinstance(only, Broken)
    assert "10,000,001 rows" in only.reason


@pytest.mark.usefixtures("few_rows")
@pytest.mark.parametrize("name", ["many.csv", "many.jsonl"])
def test_of_a_table_with_too_many_rows_the_rest_is_named(tmp_path: Path, name: str) -> None:
    """The first rows are read, and one sentence says that the others are not, and which setting allows more."""
    line = '{"body": "a"}\n' if name.endswith("jsonl") else "a\n"
    (tmp_path / name).write_text(("" if name.endswith("jsonl") else "body\n") + line * 11)
    *first, last = rows(tmp_path / name)
    assert len(first) == 10
    assert all(isinstance(row, TableRow) for row in first)
    assert isinstance(last, Broken)
    assert "LABELWRIGHT_MAX_ROWS" in last.reason
    (tmp_path / name).write_text(("" if name.endswith("jsonl") else "body\n") + line * 10)
    assert len(list(rows(tmp_path / name))) == 10


@pytest.mark.parametrize("name", ["wide.csv", "wide.jsonl", "wide.parquet"])
def test_a_table_of_fifty_thousand_columns_is_refused(tmp_path: Path, name: str) -> None:
    """It is refused with the number of its columns."""
    path = tmp_path / name
    names = [f"c{number}" for number in range(50_000)]
    if name.endswith("csv"):
        path.write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    elif name.endswith("jsonl"):
        path.write_text("{" + ", ".join(f'"{one}": 1' for one in names) + "}\n")
    else:
        parquet.write_table(pa.table({one: [1] for one in names}), path)
    (only,) = rows(path)
    assert isinstance(only, Broken)
    assert "50,000 columns" in only.reason
