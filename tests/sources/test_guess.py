"""The starter file is guessed from the data itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labelwright.errors import InvalidInput
from labelwright.sources import Source, collect, guess
from labelwright.store.project import Project
from tests.shared import shared


def test_a_table_shows_its_id_its_text_and_its_labels(tmp_path: Path) -> None:
    """The id is unique, the text is long and varied, a label is one of few."""
    path = tmp_path / "tickets.csv"
    path.write_text(
        "ticket_id,channel,message\n" + "".join(f"T{n},{'mail' if n % 2 else 'chat'},I want my {n} coins back now\n" for n in range(50))
    )
    found = guess(path, folder=tmp_path)
    assert found.source == Source(uri="tickets.csv", id="ticket_id")
    assert found.data == {"message": "text"}
    assert found.labels == {"channel": ("chat", "mail")}
    assert found.rows == 50


def test_a_column_that_is_no_identifier_gets_another_name(tmp_path: Path) -> None:
    """The field's name must do in expressions; the source says which column it is."""
    (tmp_path / "a.jsonl").write_text('{"the text": "one of a kind"}\n{"the text": "another one"}\n')
    found = guess(tmp_path / "a.jsonl")
    assert (found.data, found.source.columns, found.source.id) == ({"text": "text"}, {"text": "the text"}, None)


def test_a_column_of_paths_is_media(tmp_path: Path) -> None:
    """File names of pictures make an image field."""
    (tmp_path / "a.csv").write_text("id,file,note\n1,a/1.jpg,x\n2,a/2.jpg,y\n")
    assert guess(tmp_path / "a.csv").data == {"file": "image"}


def test_folders_are_what_they_hold(tmp_path: Path) -> None:
    """Pictures, recordings, texts, or several tables side by side."""
    for name, body, data, uri in (
        ("photos", {"1.jpg": b"x", "notes.md": b"x"}, {"image": "image"}, "photos"),
        ("clips", {"1.wav": b"x"}, {"audio": "audio"}, "clips"),
        ("texts", {"1.txt": b"hello"}, {"text": "text"}, "texts"),
        ("tables", {"1.jsonl": b'{"body": "hello"}\n', "2.jsonl": b""}, {"body": "text"}, "tables/*.jsonl"),
    ):
        (tmp_path / name).mkdir()
        for file, content in body.items():
            (tmp_path / name / file).write_bytes(content)
        found = guess(tmp_path / name, folder=tmp_path)
        assert (found.data, found.source.uri) == (data, uri)


def test_nothing_to_read_is_an_error_that_helps(tmp_path: Path) -> None:
    """An empty folder, a missing file, an unknown ending, a broken table."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.doc").write_bytes(b"x")
    (tmp_path / "a.jsonl").write_bytes(b"broken\n")
    for name, said in (("empty", "Nothing"), ("none", "no such file"), ("a.doc", "Known are"), ("a.jsonl", "no JSON")):
        with pytest.raises(InvalidInput, match=said):
            guess(tmp_path / name)


@pytest.mark.parametrize("data", ["bccd", "fsdd"])
def test_what_is_guessed_of_real_data_can_be_collected(make_project: Callable[..., Project], data: str) -> None:
    """The guess for the real pictures and recordings is a source that works."""
    found = guess(shared(f"data/{data}"))
    (modality,) = found.data.values()
    assert modality == {"bccd": "image", "fsdd": "audio"}[data]
    project = make_project({"data": found.data, "questions": {}})
    report = collect(project, [found.source])
    assert report.new > 20
    assert report.quarantined == 0
