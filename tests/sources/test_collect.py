"""Collecting brings every row in once, says what became of it, and does nothing the second time."""

from __future__ import annotations

import base64
import io
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.api.items import CollectReport
from labelwright.errors import InvalidInput, InvalidPipeline
from labelwright.sources import Source, batches, collect, collect_rows
from labelwright.store.project import Project
from labelwright.store.tables import raw_items
from tests.shared import shared

Make = Callable[..., Project]
Stored = Callable[[Project], dict[str, Any]]
SetAside = Callable[[Project], list[tuple[str, str]]]

IMAGES = {"data": {"photo": "image"}, "questions": {"cells": {"kind": "boxes", "of": "photo", "options": ["cell"]}}}


def lines(*rows: Any) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def counts(report: CollectReport) -> tuple[int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.quarantined


def picture(colour: str = "red", format: str = "PNG") -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(out, format)
    return out.getvalue()


def test_a_second_run_reads_nothing(make_project: Make, stored: Stored) -> None:
    """An unchanged file is skipped by its fingerprint, and counts as unchanged."""
    project = make_project()
    (project.folder / "a.jsonl").write_text(lines({"id": "T1", "body": "one"}, {"id": "T2", "body": "two"}))
    sources = [Source(uri="a.jsonl", id="id")]
    assert counts(collect(project, sources)) == (2, 0, 0, 0)
    again = collect(project, sources)
    assert counts(again) == (0, 0, 2, 0)
    assert again.skipped == 1
    os.utime(project.folder / "a.jsonl", (1, 1))
    touched = collect(project, sources)
    assert counts(touched) == (0, 0, 2, 0)
    assert touched.skipped == 0
    assert stored(project) == {"T1": {"id": "T1", "body": "one"}, "T2": {"id": "T2", "body": "two"}}


def test_a_changed_row_is_a_new_revision_and_never_a_duplicate(make_project: Make, stored: Stored) -> None:
    """The former revision stays as replaced; one row is current."""
    project = make_project()
    path = project.folder / "a.jsonl"
    path.write_text(lines({"id": "T1", "body": "one"}, {"id": "T2", "body": "two"}))
    collect(project, [Source(uri="a.jsonl", id="id")])
    path.write_text(lines({"id": "T0", "body": "zero"}, {"id": "T1", "body": "one!"}, {"id": "T2", "body": "two"}))
    assert counts(collect(project, [Source(uri="a.jsonl", id="id")])) == (1, 1, 1, 0)
    assert stored(project)["T1"]["body"] == "one!"
    with project.database.read() as connection:
        states = connection.execute(sa.select(raw_items.c.state).where(raw_items.c.key == "T1").order_by(raw_items.c.id)).scalars().all()
    assert states == ["replaced", "current"]


def test_rows_without_an_id_may_move(make_project: Make) -> None:
    """Without an id column the content names the row: inserting one in the middle shifts no other."""
    project = make_project()
    path = project.folder / "a.csv"
    path.write_text("body\none\ntwo\n")
    assert counts(collect(project, [Source(uri="a.csv")])) == (2, 0, 0, 0)
    path.write_text("body\none\nbetween\ntwo\n")
    assert counts(collect(project, [Source(uri="a.csv")])) == (1, 0, 2, 0)


def test_a_key_that_is_there_twice_is_set_aside_with_both_places(make_project: Make, stored: Stored, set_aside: SetAside) -> None:
    """In one file, in two files, and in two sources: the first stays, equal content is no conflict."""
    project = make_project()
    (project.folder / "a.jsonl").write_text(lines({"id": 1, "body": "one"}, {"id": 1, "body": "other"}, {"id": 1, "body": "one"}))
    (project.folder / "b.jsonl").write_text(lines({"id": 1, "body": "third"}, {"id": 2, "body": "two"}))
    (project.folder / "c.jsonl").write_text(lines({"id": 2, "body": "two"}, {"id": 2, "body": "fourth"}))
    sources = [Source(uri="[ab].jsonl", id="id"), Source(uri="c.jsonl", id="id")]
    assert counts(collect(project, sources)) == (2, 0, 2, 3)
    assert {key: row["body"] for key, row in stored(project).items()} == {"1": "one", "2": "two"}
    assert [place for place, _ in set_aside(project)] == ["a.jsonl line 2", "b.jsonl line 1", "c.jsonl line 2"]
    assert all("is taken by a row with other content" in reason for _, reason in set_aside(project))
    assert counts(collect(project, sources)) == (0, 0, 4, 3)
    # A file that is read again still does not take a key from one that has not changed.
    os.utime(project.folder / "b.jsonl", (1, 1))
    os.utime(project.folder / "a.jsonl", (1, 1))
    assert counts(collect(project, sources)) == (0, 0, 4, 3)
    assert len(set_aside(project)) == 3


def test_a_mended_row_leaves_the_quarantine(make_project: Make, set_aside: SetAside) -> None:
    """The quarantine shows what is broken now; a file that is gone takes its entries with it."""
    project = make_project()
    path = project.folder / "a.jsonl"
    path.write_text('{"id": 1, "body": "one"}\nbroken\n{"body": "no id"}\n')
    (project.folder / "b.jsonl").write_text("broken too\n")
    sources = [Source(uri="*.jsonl", id="id")]
    assert counts(collect(project, sources)) == (1, 0, 0, 3)
    assert [place for place, _ in set_aside(project)] == ["a.jsonl line 2", "a.jsonl line 3", "b.jsonl line 1"]
    path.write_text(lines({"id": 1, "body": "one"}, {"id": 2, "body": "mended"}))
    (project.folder / "b.jsonl").unlink()
    assert counts(collect(project, sources)) == (1, 0, 1, 0)
    assert set_aside(project) == []


def test_missing_and_unfit_ids_are_set_aside(make_project: Make, set_aside: SetAside) -> None:
    """The reason names the column, and the nearest one where it is missing."""
    project = make_project()
    (project.folder / "a.jsonl").write_text(
        lines(
            {"ticket": 1, "body": "a"},
            {"ticket_id": None},
            {"ticket_id": " "},
            {"ticket_id": 1.5},
            {"ticket_id": "x" * 600},
            {"ticket_id": "a\nb"},
        )
    )
    assert counts(collect(project, [Source(uri="a.jsonl", id="ticket_id")])) == (0, 0, 0, 6)
    reasons = [reason for _, reason in set_aside(project)]
    assert "There is no column 'ticket_id'. Did you mean 'ticket'?" in reasons[0]
    assert [word in reason for word, reason in zip(("empty", "empty", "no key", "longer", "control"), reasons[1:], strict=True)] == [
        True
    ] * 5


def test_a_run_that_is_killed_midway_is_finished_by_the_next(make_project: Make, stored: Stored) -> None:
    """The fingerprint is written with the last rows, so a file that was read halfway is read again."""
    project = make_project()
    path = project.folder / "a.jsonl"
    path.write_text(lines(*({"id": number, "body": f"text {number}"} for number in range(5000))))

    def stop(done: int, total: int | None, what: str) -> None:
        if done >= 2000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(project, [Source(uri="a.jsonl", id="id")], progress=stop)
    assert len(stored(project)) == 2000
    assert counts(collect(project, [Source(uri="a.jsonl", id="id")])) == (3000, 0, 2000, 0)
    assert counts(collect(project, [Source(uri="a.jsonl", id="id")])) == (0, 0, 5000, 0)


def test_a_large_file_is_read_in_a_process_of_its_own(
    make_project: Make, monkeypatch: pytest.MonkeyPatch, stored: Stored, set_aside: SetAside
) -> None:
    """What comes out is what reading it here would give, broken rows included; a process that dies is an error, not an end of file."""
    project = make_project()
    body = "".join("broken\n" if n % 1000 == 7 else lines({"id": f"T{n}", "body": f"täxt {n}"}) for n in range(4500))
    (project.folder / "a.jsonl").write_text(body, "utf-8")
    table = batches.TableFile(str(project.folder / "a.jsonl"), "a.jsonl", "jsonl", "id")
    assert list(batches.read_ahead(table)) == list(batches.read_here(table))
    monkeypatch.setattr(batches, "LARGE", 1)
    assert counts(collect(project, [Source(uri="a.jsonl", id="id")])) == (4495, 0, 0, 5)
    assert stored(project)["T4499"]["body"] == "täxt 4499"
    assert len(set_aside(project)) == 5
    monkeypatch.setattr(batches, "_START", "import sys; sys.stdout.buffer.write(bytes(4))")
    with pytest.raises(Exception, match="ended early"):
        list(batches.read_ahead(table))


def test_sources_stay_where_they_may_look(make_project: Make, tmp_path: Path, set_aside: SetAside) -> None:
    """No way up, no network, and no link out of the folder."""
    project = make_project()
    (tmp_path / "secret.jsonl").write_text(lines({"id": 1, "body": "secret"}))
    for uri in ("../secret.jsonl", "s3://bucket/x.jsonl", "https://example.org/x.csv", "", "a/../../secret.jsonl"):
        with pytest.raises(InvalidPipeline):
            collect(project, [Source(uri=uri)])
    (project.folder / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (project.folder / "loop.jsonl").symlink_to(project.folder / "loop.jsonl")
    (project.folder / "deep").symlink_to(tmp_path)
    assert counts(collect(project, [Source(uri="*.jsonl")])) == (0, 0, 0, 2)
    assert "link" in set_aside(project)[0][1]
    with pytest.raises(InvalidInput, match="leads out"):
        collect(project, [Source(uri="deep")])
    assert counts(collect(project, [Source(uri=str(tmp_path / "secret.jsonl"), id="id")])) == (1, 0, 0, 0)


def test_a_missing_source_says_where_it_was_looked_for(make_project: Make) -> None:
    """A misspelt path, format or duration is an error at once; a watched pattern may still be empty."""
    project = make_project()
    with pytest.raises(InvalidInput, match="no such file or folder"):
        collect(project, [Source(uri="nowhere.jsonl")])
    with pytest.raises(InvalidInput, match="No file there"):
        collect(project, [Source(uri="*.jsonl")])
    with pytest.raises(InvalidPipeline, match="'parquet'"):
        collect(project, [Source(uri="*.jsonl", format="parket")])
    with pytest.raises(InvalidPipeline, match="duration"):
        collect(project, [Source(uri="*.jsonl", watch="soon")])
    assert counts(collect(project, [Source(uri="*.jsonl", watch="10m")])) == (0, 0, 0, 0)


def test_files_are_items_named_by_their_path(make_project: Make, stored: Stored, set_aside: SetAside) -> None:
    """Pictures in folders are read, what is no picture is set aside, notes beside them and hidden files are left alone."""
    project = make_project(IMAGES)
    folder = project.folder / "scans"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "2.png").write_bytes(picture("blue"))
    (folder / "1.JPG").write_bytes(picture("red", "JPEG"))
    (folder / "3.png").write_bytes(b"")
    (folder / "4.jpg").write_bytes(b"no picture at all")
    (folder / ".hidden.png").write_bytes(picture())
    (folder / "README.md").write_text("notes")
    assert counts(collect(project, [Source(uri="scans")])) == (2, 0, 0, 2)
    rows = stored(project)
    assert sorted(rows) == ["1.JPG", "b/2.png"]
    assert project.blobs.get(rows["b/2.png"]["photo"]["blob"]) == picture("blue")
    assert [place for place, _ in set_aside(project)] == ["scans/3.png", "scans/4.jpg"]
    again = collect(project, [Source(uri="scans")])
    assert counts(again) == (0, 0, 2, 2)
    assert again.skipped == 4
    (folder / "1.JPG").write_bytes(picture("green", "JPEG"))
    (folder / "3.png").write_bytes(picture("black"))
    assert counts(collect(project, [Source(uri="scans")])) == (1, 1, 1, 1)
    prefixed = collect(project, [Source(uri="scans"), Source(uri="scans/*/*", prefix="again/")])
    assert counts(prefixed) == (1, 0, 3, 1)


def test_files_that_no_reader_knows_are_told(make_project: Make, set_aside: SetAside) -> None:
    """One entry a file, then a count; what stands beside data is left alone; what has been taken away is told no more."""
    project = make_project(IMAGES)
    folder = project.folder / "scans"
    folder.mkdir()
    (folder / "1.png").write_bytes(picture())
    beside = ("labelwright.yaml", "steps.py", "labelwright.db", "labelwright.db-wal", "README", "LICENSE", "README.rst", "Thumbs.db")
    for name in (*beside, ".DS_Store", "desktop.ini", "labels.json", "1.xml", "notes.txt", "table.csv", "5d41402abc4b2a76b9719d911017c592"):
        (folder / name).write_bytes(b"x")
    assert counts(collect(project, [Source(uri="scans")])) == (1, 0, 0, 0)
    for name in ("a.heic", "b.svg", "c.docx", *(f"d{number:03}.dcm" for number in range(50))):
        (folder / name).write_bytes(b"x")
    assert counts(collect(project, [Source(uri="scans")])) == (0, 0, 1, 24)
    told = dict(set_aside(project))
    assert told["scans/a.heic"].startswith("No reader is known for .heic. Known are: .bmp, .csv, .flac, .gif,")
    assert told["scans/*.dcm"].startswith("30 more files: No reader is known for .dcm.")
    for number in range(10):
        (folder / f"d{number:03}.dcm").unlink()
    assert counts(collect(project, [Source(uri="scans")])) == (0, 0, 1, 24)
    assert dict(set_aside(project))["scans/*.dcm"].startswith("20 more files")
    # A format, and a pattern with an ending, say what is wanted.
    assert counts(collect(project, [Source(uri="scans", format="image"), Source(uri="scans/*.png")])) == (0, 0, 2, 0)
    for name in ("notes.txt", "table.csv"):
        (folder / name).unlink()
    assert counts(collect(project, [Source(uri="scans/*")])) == (0, 0, 1, 24)
    (folder / "1.png").unlink()
    with pytest.raises(InvalidInput, match=r"No reader is known for \.heic, \.svg, \.docx, \.dcm\."):
        collect(project, [Source(uri="scans")])


def test_tables_may_name_or_hold_media(make_project: Make, stored: Stored, set_aside: SetAside, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column of paths is read beside the table, inside the folder only; Parquet may hold the bytes."""
    import pyarrow as pa
    from pyarrow import parquet

    project = make_project(IMAGES)
    (project.folder / "img").mkdir()
    (project.folder / "img" / "a.png").write_bytes(picture("red"))
    (project.folder / "t.csv").write_text("id,file\n1,img/a.png\n2,img/none.png\n3,../../etc/passwd\n4,/etc/hostname\n")
    source = Source(uri="t.csv", id="id", columns={"photo": "file"})
    assert counts(collect(project, [source])) == (1, 0, 0, 3)
    assert stored(project)["1"]["photo"]["name"] == "img/a.png"
    assert [next(word for word in ("cannot be read", "upwards", "leads out") if word in reason) for _, reason in set_aside(project)] == [
        "cannot be read",
        "upwards",
        "leads out",
    ]
    with monkeypatch.context() as patched:  # an unchanged picture is not read again
        patched.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))
        assert counts(collect(project, [source])) == (0, 0, 1, 3)
    (project.folder / "img" / "a.png").write_bytes(picture("blue"))
    assert counts(collect(project, [source])) == (0, 1, 0, 3)
    parquet.write_table(pa.table({"id": ["p"], "photo": [{"bytes": picture("green"), "path": "g.png"}]}), project.folder / "p.parquet")
    assert counts(collect(project, [Source(uri="p.parquet", id="id")])) == (1, 0, 0, 0)
    assert project.blobs.get(stored(project)["p"]["photo"]["blob"]) == picture("green")


def test_rows_sent_over_http_are_rows_like_others(make_project: Make, stored: Stored, set_aside: SetAside) -> None:
    """Lines and decoded rows; the same again changes nothing; a file does not overwrite them, nor they a file."""
    project = make_project()
    sent: list[bytes | dict[str, Any]] = [
        b'{"key": "K1", "body": "one"}\n',
        {"id": 7, "body": "seven"},
        b"nonsense",
        b"\n",
        {"body": "no key"},
    ]
    assert counts(collect_rows(project, "api", sent)) == (3, 0, 0, 1)
    assert counts(collect_rows(project, "api", sent[:2])) == (0, 0, 2, 0)
    assert counts(collect_rows(project, "api", [{"key": "K1", "body": "one!"}])) == (0, 1, 0, 0)
    assert counts(collect_rows(project, "other", [{"key": "K1", "body": "two"}])) == (0, 0, 0, 1)
    (project.folder / "a.jsonl").write_text(lines({"id": "K1", "body": "file"}, {"id": "F", "body": "file"}))
    assert counts(collect(project, [Source(uri="a.jsonl", id="id")])) == (1, 0, 0, 1)
    assert counts(collect_rows(project, "api", [{"key": "F", "body": "sent"}])) == (0, 0, 0, 1)
    assert stored(project)["K1"]["body"] == "one!"
    assert stored(project)["F"]["body"] == "file"


def test_rows_sent_cannot_name_files_of_the_server(make_project: Make, stored: Stored) -> None:
    """Media travel with the row, as Base64; a path is refused."""
    project = make_project(IMAGES)
    (project.folder / "a.png").write_bytes(picture())
    assert counts(collect_rows(project, "api", [{"key": "1", "photo": "a.png"}, {"key": "2", "photo": {"base64": "?"}}])) == (0, 0, 0, 2)
    encoded = base64.b64encode(picture("blue")).decode()
    assert counts(collect_rows(project, "api", [{"key": "3", "photo": {"base64": encoded}}])) == (1, 0, 0, 0)
    assert list(stored(project)) == ["3"]


def test_a_source_that_is_no_longer_declared_gives_up_its_keys(make_project: Make, stored: Stored) -> None:
    """A file that was renamed in the pipeline goes on under its new name."""
    project = make_project()
    (project.folder / "old.jsonl").write_text(lines({"id": 1, "body": "one"}))
    collect(project, [Source(uri="old.jsonl", id="id")])
    (project.folder / "new.jsonl").write_text(lines({"id": 1, "body": "one!"}))
    assert counts(collect(project, [Source(uri="new.jsonl", id="id")])) == (0, 1, 0, 0)
    assert stored(project)["1"]["body"] == "one!"


def test_a_change_of_the_options_reads_the_file_again(make_project: Make, stored: Stored) -> None:
    """Naming another column for a field changes the rows, not the file."""
    project = make_project()
    (project.folder / "a.csv").write_text("id,message,title\n1,long,short\n")
    collect(project, [Source(uri="a.csv", id="id", columns={"body": "message"})])
    assert stored(project)["1"]["body"] == "long"
    assert counts(collect(project, [Source(uri="a.csv", id="id", columns={"body": "title"})])) == (0, 1, 0, 0)
    assert stored(project)["1"] == {"id": "1", "message": "long", "body": "short"}


def test_real_pictures_and_recordings_are_collected(make_project: Make) -> None:
    """The blood-cell pictures and the spoken digits come in whole, and a second run reads none of them."""
    folder = shared("data/bccd")
    project = make_project(IMAGES)
    found = sum(1 for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    report = collect(project, [Source(uri=str(folder))])
    assert report.new + report.unchanged + report.quarantined == found > 300
    assert collect(project, [Source(uri=str(folder))]).skipped == found


def vanished(project: Project) -> list[str]:
    """The keys of the rows that are said to be no longer in their source."""
    gone = raw_items.c.gone_at.is_not(None) & (raw_items.c.state == "current")
    with project.database.read() as connection:
        return sorted(connection.scalars(sa.select(raw_items.c.key).where(raw_items.c.project_id == project.id, gone)))


def test_rows_and_files_that_vanish_are_noted_and_kept(make_project: Make, stored: Stored) -> None:
    """Those of a file that is gone or was read without them, and no others; what comes back is as before."""
    project = make_project()
    a, b = project.folder / "a.jsonl", project.folder / "b.jsonl"
    rows = [{"id": number, "body": f"text {number}"} for number in range(6)]
    a.write_text(lines(*rows[:4]))
    b.write_text(lines(*rows[4:]))
    sources = [Source(uri="*.jsonl", id="id")]
    collect(project, sources)
    collect_rows(project, "shop", [{"id": "sent", "body": "by hand"}])
    collect(project, sources)
    assert vanished(project) == []
    a.write_text(lines(rows[0], {"id": 9, "body": "new"}, rows[2]))
    collect(project, sources)
    assert vanished(project) == ["1", "3"]
    b.unlink()
    for _ in range(2):
        collect(project, sources)
        assert vanished(project) == ["1", "3", "4", "5"]
    assert len(stored(project)) == 8
    a.write_text(lines(*rows[:3], {**rows[3], "body": "changed"}))
    b.write_text(lines(rows[4]))
    collect(project, sources)
    assert vanished(project) == ["5", "9"]
    a.write_bytes(b"not one row")
    collect(project, [Source(uri="a.jsonl", id="id")])
    assert vanished(project) == ["0", "1", "2", "3", "4", "5", "9"]  # nor is b declared any more
    a.write_text(lines(*rows[:4]))
    collect(project, sources)
    assert vanished(project) == ["5", "9"]


def test_a_row_that_moved_to_another_file_has_not_vanished(make_project: Make) -> None:
    """Nor has one that stood in two files with the same content, whether or not the other file is read in this run."""
    project = make_project()
    a, b = project.folder / "a.jsonl", project.folder / "b.jsonl"
    one, two, three, four = ({"id": number, "body": f"text {number}"} for number in (1, 2, 3, 4))
    sources = [Source(uri="a.jsonl", id="id"), Source(uri="b.jsonl", id="id")]
    a.write_text(lines(one, two))
    b.write_text(lines(two, three))
    collect(project, sources)
    a.write_text(lines(one))
    assert collect(project, sources).skipped == 1
    assert vanished(project) == []
    b.write_text(lines(three))
    collect(project, sources)
    assert vanished(project) == ["2"]
    a.write_text(lines(three))
    b.write_text(lines(one, two, four))
    collect(project, sources)
    assert vanished(project) == []
    a.unlink()
    collect(project, [Source(uri="*.jsonl", id="id")])
    assert vanished(project) == ["3"]
    b.write_text(lines(two, four))
    collect(project, [Source(uri="*.jsonl", id="id")])
    assert vanished(project) == ["1", "3"]


def test_a_file_that_cannot_be_read_loses_no_rows(make_project: Make) -> None:
    """A truncated table and a picture that is none any more are told as broken, not as gone; removed, they are gone."""
    import pyarrow as pa
    from pyarrow import parquet

    project = make_project()
    path = project.folder / "a.parquet"
    parquet.write_table(pa.table({"id": ["1"], "body": ["one"]}), path)
    sources = [Source(uri="a.parquet", id="id"), Source(uri="*.jsonl", watch="10m")]
    collect(project, sources)
    path.write_bytes(b"PAR1 nonsense")
    assert counts(collect(project, sources)) == (0, 0, 0, 1)
    assert vanished(project) == []
    pictures = make_project(IMAGES, name="scans")
    for name in "ab":
        (pictures.folder / f"{name}.png").write_bytes(picture())
    collect(pictures, [Source(uri=".")])
    (pictures.folder / "a.png").write_bytes(b"no picture")
    collect(pictures, [Source(uri=".")])
    assert vanished(pictures) == []
    (pictures.folder / "a.png").unlink()
    (pictures.folder / "c.png").write_bytes(picture("blue"))
    collect(pictures, [Source(uri=".")])
    assert vanished(pictures) == ["a.png"]
    (pictures.folder / "a.png").write_bytes(picture())
    collect(pictures, [Source(uri=".")])
    assert vanished(pictures) == []


words = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8)
rows_of_a_file = st.lists(
    st.one_of(
        st.fixed_dictionaries({"id": st.integers(0, 8), "body": words}),
        st.fixed_dictionaries({"body": words}),
        st.just("{broken"),
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def shop() -> Any:
    """Projects in one SQLite store, for many examples."""
    from labelwright.store.database import Database

    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/labelwright.db")
        database.migrate()
        yield database, Path(folder)
        database.close()


@settings(max_examples=25, deadline=None)
@given(first=rows_of_a_file, second=rows_of_a_file, with_id=st.booleans())
def test_no_row_is_lost(shop: Any, first: list[Any], second: list[Any], with_id: bool) -> None:
    """New, changed, unchanged and quarantined rows add up to the rows of the file, in each of three runs; no key is there twice."""
    import uuid

    import msgspec

    from labelwright.schema import Schema
    from labelwright.store import tables
    from labelwright.store.blobs import Blobs

    database, root = shop
    name = uuid.uuid4().hex
    folder = root / name
    folder.mkdir()
    row = database.write(
        lambda connection: connection.execute(sa.insert(tables.projects).values(name=name, created_at=0.0)).inserted_primary_key[0]
    )
    schema = msgspec.convert({"data": {"body": "text"}, "questions": {}}, Schema)
    project = Project(row, name, folder, schema, "", 1, database, Blobs(folder / "blobs"))
    source = Source(uri="a.jsonl", id="id" if with_id else None)
    for content in (first, second, second):
        (folder / "a.jsonl").write_text("".join(line + "\n" if isinstance(line, str) else lines(line) for line in content))
        report = collect(project, [source])
        assert report.rows == len(content)
        with database.read() as connection:
            current = sa.select(raw_items.c.key).where(raw_items.c.project_id == row, raw_items.c.state == "current")
            keys = connection.execute(current).scalars().all()
        assert len(keys) == len(set(keys))
    assert report.new == report.changed == 0


def test_a_row_takes_the_key_that_another_file_gave_up(make_project: Make, stored: Stored, set_aside: SetAside) -> None:
    """When the file whose row kept a key is removed, the row that was set aside for it is collected, though its own file is unchanged."""
    project = make_project()
    (project.folder / "a.jsonl").write_text(lines({"id": "T1", "body": "first"}))
    (project.folder / "b.jsonl").write_text(lines({"id": "T1", "body": "second"}, {"id": "T2", "body": "other"}))
    sources = [Source(uri="*.jsonl", id="id")]
    assert counts(collect(project, sources)) == (2, 0, 0, 1)
    (project.folder / "a.jsonl").unlink()
    assert counts(collect(project, sources)) == (0, 1, 1, 0)
    assert set_aside(project) == []
    assert "second" in str(stored(project)["T1"])
    assert collect(project, sources).skipped == 1


def test_rows_that_are_sent_are_named_as_those_of_the_source(make_project: Make, stored: Stored) -> None:
    """The id column that the sources have in common names a sent row, prefix and all; where they differ, `key` and `id` do."""
    project = make_project()
    (project.folder / "one.jsonl").write_text(lines({"ticket": "T1", "body": "hello"}))
    source = Source(uri="one.jsonl", id="ticket", prefix="may-")
    assert collect(project, [source]).new == 1
    report = collect_rows(project, "sent", [{"ticket": "T1", "body": "hello"}, {"ticket": "T2", "body": "new"}], like=[source])
    assert (report.new, report.unchanged) == (1, 1)
    assert sorted(stored(project)) == ["may-T1", "may-T2"]
    collect_rows(project, "sent", [{"ticket": "T3", "key": "K3", "body": "other"}], like=[source, Source(uri="x", id="number")])
    assert "K3" in stored(project)
