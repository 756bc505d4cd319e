"""Every reader, bundled or installed, keeps the contract of `sources/readers`: whatever the bytes are, rows or broken rows come out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright import plugins
from labelwright.formats._tables import TableRow
from labelwright.formats.base import Broken
from labelwright.sources import readers

READERS = readers.names()


def read(name: str, path: Path) -> list[TableRow | Broken]:
    return list(readers.load(name).read(path, name="folder/file", field="field", delimiter=None))


@pytest.mark.parametrize("name", READERS)
def test_it_says_what_it_reads(name: str) -> None:
    """It has a first line, endings that no other reader claims, and a modality that exists, or none."""
    module = readers.load(name)
    assert module.MODALITY or plugins.summary("readers", name).endswith(".")
    assert module.SUFFIXES
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in module.SUFFIXES)
    for other in READERS:
        assert other == name or not module.SUFFIXES & readers.load(other).SUFFIXES
    assert module.MODALITY is None or module.MODALITY in plugins.names("media")


@pytest.mark.parametrize("name", READERS)
def test_an_empty_and_a_missing_file_are_one_broken_row(name: str, tmp_path: Path) -> None:
    """The place is the file, and the reason a sentence."""
    (tmp_path / "empty").write_bytes(b"")
    for path in (tmp_path / "empty", tmp_path / "missing"):
        found = read(name, path)
        assert len(found) == 1
        broken = found[0]
        assert isinstance(broken, Broken)
        assert broken.place == "folder/file"
        assert broken.reason.endswith(".")


@pytest.mark.parametrize("name", READERS)
@given(body=st.one_of(st.binary(max_size=200), st.text(max_size=80).map(str.encode)))
def test_any_bytes_come_out_as_rows_or_broken_rows(name: str, tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    """Nothing raises; what comes out says where, and columns have names."""
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(body)
    found = read(name, path)
    assert found or name == "csv"  # where a header alone is a table without rows
    for row in found:
        if isinstance(row, Broken):
            assert row.place.startswith("folder/file")
            assert row.reason.endswith(".")
            assert len(row.sample) <= 200
        else:
            assert all(isinstance(column, str) for column in row.data)
