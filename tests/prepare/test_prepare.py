"""Preparing makes items of raw rows, does only what a change touches, and keeps the items that show the same as before."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from labelwright.errors import InvalidPipeline
from labelwright.media import audio, text
from labelwright.prepare import PrepareReport, prepare
from labelwright.prepare.draft import Context, ItemDraft
from labelwright.prepare.steps import split
from labelwright.schema import Schema
from labelwright.sources import Source, collect
from labelwright.store.codec import decode, decode_fields
from labelwright.store.items import count_gone
from labelwright.store.project import Project
from labelwright.store.tables import annotations as annotations_table
from labelwright.store.tables import events, items, quarantine, raw_items, step_results
from tests.rows import add_users
from tests.sent import statements
from tests.shared import shared

Make = Callable[..., Project]

IMAGES = {"data": {"photo": "image"}, "questions": {"cells": {"kind": "boxes", "of": "photo", "options": ["cell"]}}}
SOUNDS = {"data": {"clip": "audio"}, "questions": {"parts": {"kind": "segments", "of": "clip", "options": ["speech"]}}}
SOURCE = [Source(uri="a.jsonl", id="id")]


def put(project: Project, *rows: dict[str, Any]) -> None:
    """Write the rows to the project's one file and collect them."""
    (project.folder / "a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    collect(project, SOURCE)


def stored(project: Project, *, replaced: bool = False) -> dict[str, Any]:
    """Return the items by key, without replaced ones, or only these."""
    state = items.c.state == "replaced" if replaced else items.c.state != "replaced"
    with project.database.read() as connection:
        rows = connection.execute(sa.select(items).where(items.c.project_id == project.id, state).order_by(items.c.id)).all()
    assert replaced or len({row.key for row in rows}) == len(rows)
    return {row.key: row for row in rows}


def text_of(item: Any) -> str:
    shown: str = decode_fields(item.data)["body"].text  # type: ignore[union-attr]
    return shown


def set_aside(project: Project) -> dict[str, str]:
    with project.database.read() as connection:
        return {row.key: row.reason for row in connection.execute(sa.select(quarantine).where(quarantine.c.stage == "prepare"))}


def test_rows_become_items_with_fields_and_meta(make_project: Make) -> None:
    """The schema's fields are shown, all other columns are meta, and the item knows its row; a second run does nothing."""
    project = make_project()
    put(project, {"id": "T1", "body": "cafe\u0301\r\nau lait", "customer": {"name": "Ann"}}, {"id": "T2", "body": 7})
    assert prepare(project) == PrepareReport(prepared=2)
    found = stored(project)
    assert text_of(found["T1"]) == "caf\u00e9\nau lait"
    assert decode(found["T1"].meta) == {"customer": {"name": "Ann"}, "id": "T1"}
    assert text_of(found["T2"]) == "7"
    with project.database.read() as connection:
        lineage = connection.execute(sa.select(raw_items.c.key).where(raw_items.c.id == found["T1"].raw_id)).scalar_one()
    assert lineage == "T1"
    assert prepare(project) == PrepareReport()
    assert stored(project) == found


def test_a_changed_row_replaces_its_item_and_no_other(make_project: Make) -> None:
    """The former item stays as replaced, an event says so; a row whose other columns changed keeps its item."""
    project = make_project()
    put(project, {"id": 1, "body": "one", "shop": "a"}, {"id": 2, "body": "two", "shop": "a"}, {"id": 3, "body": "three"})
    prepare(project)
    before = stored(project)
    put(project, {"id": 1, "body": "one!", "shop": "a"}, {"id": 2, "body": "two", "shop": "b"}, {"id": 3, "body": "three"})
    assert prepare(project) == PrepareReport(prepared=2, kept=1, replaced=1)
    after = stored(project)
    assert after["1"].id != before["1"].id
    assert list(stored(project, replaced=True)) == ["1"]
    assert after["2"].id == before["2"].id
    assert decode(after["2"].meta)["shop"] == "b"
    assert after["2"].raw_id != before["2"].raw_id
    assert after["3"] == before["3"]
    with project.database.read() as connection:
        told = connection.execute(sa.select(events.c.item_id).where(events.c.kind == "item_replaced")).scalars().all()
    assert told == [before["1"].id]


def test_other_steps_keep_the_items_that_come_out_the_same(make_project: Make) -> None:
    """Only the text that the new step splits loses its item; going back brings the pieces to an end, and that item back."""
    project = make_project()
    put(project, {"id": "A", "body": "one\n\ntwo"}, {"id": "B", "body": "plain"})
    prepare(project)
    before = stored(project)
    assert prepare(project, [{"split": {"by": "paragraph"}}]) == PrepareReport(prepared=3, kept=1, replaced=1, pieces=2)
    found = stored(project)
    assert sorted(found) == ["A#1", "A#2", "B"]
    assert found["B"] == before["B"]
    assert prepare(project, [{"split": {"by": "paragraph"}}]) == PrepareReport()
    assert prepare(project) == PrepareReport(prepared=2, kept=1, replaced=2, returned=1)
    assert {key: item.id for key, item in stored(project).items()} == {key: item.id for key, item in before.items()}


def test_pieces_know_where_they_begin_and_keep_their_labels_when_they_move(make_project: Make) -> None:
    """Offsets lead into the raw text, normalized or not; a paragraph put in front leaves the others' items alone."""
    project = make_project()
    raw = "Cafe\u0301 one\r\n\r\n  second two  \r\n \r\n\r\nthird"
    put(project, {"id": "D", "body": raw})
    steps = [{"split": {"field": "body"}}]
    assert prepare(project, steps).pieces == 3
    before = stored(project)
    assert [text_of(item) for item in before.values()] == ["Caf\u00e9 one", "second two", "third"]
    assert [raw[item.offset :][:3] for item in before.values()] == ["Caf", "sec", "thi"]
    put(project, {"id": "D", "body": "new\n\n" + raw})
    assert prepare(project, steps) == PrepareReport(prepared=4, kept=3, pieces=4)
    after = stored(project)
    assert [after[f"D#{number}"].id for number in (2, 3, 4)] == [before[f"D#{number}"].id for number in (1, 2, 3)]
    assert after["D#4"].offset == before["D#3"].offset + 5


def test_the_only_piece_that_is_left_stands_for_its_row(make_project: Make) -> None:
    """Where a step drops all pieces but one, a changed row replaces that one, and nothing is there twice."""
    project = make_project()
    (project.folder / "steps.py").write_text(
        "from labelwright.prepare import step\n\n@step\ndef no_greeting(row):\n"
        "    return None if row['body'].startswith('Hello') else row\n"
    )
    steps = [{"split": {"field": "body"}}, {"python": "steps.py"}]
    put(project, {"id": "D", "body": "Hello\n\nI want a refund"})
    prepare(project, steps)
    assert [(item.key, text_of(item)) for item in stored(project).values()] == [("D", "I want a refund")]
    put(project, {"id": "D", "body": "Hello\n\nI want two refunds"})
    prepare(project, steps)
    assert [text_of(item) for item in stored(project).values()] == ["I want two refunds"]


def test_exact_duplicates_are_found_and_take_over(make_project: Make) -> None:
    """The first of those that show the same is asked about; when it changes, the next takes its place."""
    project = make_project()
    rows = [{"id": number, "body": "same", "shop": number} for number in (1, 2, 3)]
    put(project, *rows, {"id": 4, "body": "other"})
    steps = [{"deduplicate": {}}]
    assert prepare(project, steps) == PrepareReport(prepared=2, duplicates=2)
    found = stored(project)
    assert [found[key].state for key in "1234"] == ["active", "duplicate", "duplicate", "active"]
    assert found["2"].duplicate_of == found["3"].duplicate_of == found["1"].id
    put(project, {"id": 1, "body": "changed"}, *rows[1:], {"id": 4, "body": "other"}, {"id": 5, "body": "other"})
    assert prepare(project, steps) == PrepareReport(prepared=1, duplicates=1, replaced=1)
    found = stored(project)
    assert [found[key].state for key in "12345"] == ["active", "active", "duplicate", "active", "duplicate"]
    assert found["3"].duplicate_of == found["2"].id
    assert found["5"].duplicate_of == found["4"].id


@pytest.mark.parametrize("answered", ["nobody", "the heir", "both"])
def test_an_original_that_returns_takes_its_place_unless_its_heir_was_answered(make_project: Make, answered: str) -> None:
    """One of those that show the same is active, and it is one that has answers where any has."""
    project = make_project()
    rows = [{"id": number, "body": "same"} for number in (1, 2, 3)]
    steps = [{"deduplicate": {}}]
    put(project, *rows)
    prepare(project, steps)
    put(project, {"id": 1, "body": "changed"}, *rows[1:])
    assert prepare(project, steps).replaced == 1
    (ann,) = add_users(project, "ann")
    heir = stored(project)["2"].id
    for item_id in {"nobody": [], "the heir": [heir], "both": [heir, *(row.id for row in stored(project, replaced=True).values())]}[
        answered
    ]:
        values = {"project_id": project.id, "item_id": item_id, "user_id": ann, "pipeline_version": project.pipeline_version}
        given = sa.insert(annotations_table).values(**values, values="{}", created_at=0.0)
        project.database.write(lambda connection, given=given: connection.execute(given))
    put(project, *rows)
    assert prepare(project, steps).returned == 1
    found = stored(project)
    first, others = ("1", "23") if answered == "nobody" else ("2", "13")
    assert found[first].state == "active"
    assert {found[key].state for key in others} == {"duplicate"}
    assert {found[key].duplicate_of for key in others} == {found[first].id}


def test_rows_that_return_cost_no_statement_each(make_project: Make, tmp_path: Path) -> None:
    """Ten times the rows are sent away and brought back with the same statements; only the result of the step is kept row by row."""
    sent = []
    for number in (3, 30):
        project = make_project(name=f"of {number}")
        put(project, *({"id": row, "body": f"text {row}"} for row in range(number)))
        (project.folder / "steps.py").write_text("from labelwright.prepare import step\n\n@step\ndef nothing(row):\n    return None\n")
        prepare(project)
        with statements(project.database, tmp_path / f"trace {number}") as told:
            assert prepare(project, [{"python": "steps.py"}]).left == number
            assert prepare(project).returned == number
        sent.append(len(told))
    assert sent[0] + 27 == sent[1]


def test_duplicates_are_looked_for_when_the_step_comes_and_forgotten_when_it_goes(make_project: Make) -> None:
    """Items made without the step become duplicates by it, and active again without it; none is made anew."""
    project = make_project()
    put(project, {"id": 1, "body": "same"}, {"id": 2, "body": "same"})
    assert prepare(project) == PrepareReport(prepared=2)
    before = [item.id for item in stored(project).values()]
    assert prepare(project, [{"deduplicate": {}}]) == PrepareReport(prepared=1, kept=2, duplicates=1)
    assert [item.state for item in stored(project).values()] == ["active", "duplicate"]
    assert prepare(project) == PrepareReport(prepared=2, kept=2)
    assert [item.state for item in stored(project).values()] == ["active", "active"]
    assert [item.id for item in stored(project).values()] == before


def test_what_cannot_be_prepared_is_set_aside_until_it_is_mended(make_project: Make) -> None:
    """An empty text and a missing column say so, the latter with the nearest column; the rest goes on."""
    project = make_project()
    put(project, {"id": 1, "body": " "}, {"id": 2, "bodi": "x"}, {"id": 3, "body": [1]}, {"id": 4, "body": "fine"}, {"id": 5, "body": None})
    assert prepare(project) == PrepareReport(prepared=1, quarantined=4)
    reasons = set_aside(project)
    assert sorted(reasons) == ["1", "2", "3", "5"]
    assert reasons["2"] == "There is no column 'body'. Did you mean 'bodi'?"
    assert "list" in reasons["3"]
    assert prepare(project) == PrepareReport()
    put(project, {"id": 1, "body": "mended"}, {"id": 2, "body": "x"}, {"id": 3, "body": [1]}, {"id": 4, "body": "fine"})
    assert prepare(project) == PrepareReport(prepared=2)
    assert sorted(set_aside(project)) == ["3"]  # the fifth row is gone


def test_a_row_that_breaks_keeps_its_last_good_item(make_project: Make) -> None:
    """Labels are not lost by a slip in the source; mended, the row goes on with its item."""
    project = make_project()
    put(project, {"id": 1, "body": "good"})
    prepare(project)
    before = stored(project)
    put(project, {"id": 1, "body": ""})
    assert prepare(project) == PrepareReport(quarantined=1)
    assert stored(project) == before
    put(project, {"id": 1, "body": "good", "x": 1})
    assert prepare(project) == PrepareReport(prepared=1, kept=1)
    assert stored(project)["1"].id == before["1"].id


def test_a_row_that_is_gone_is_no_longer_set_aside_and_its_items_are_counted(make_project: Make) -> None:
    """Nobody can mend it; other steps set it aside no more; an item that it had stays, and is said to be gone."""
    project = make_project()
    put(project, {"id": 1, "body": "one\n\ntwo"}, {"id": 2, "body": ""}, {"id": 3, "body": "three"})
    assert prepare(project).quarantined == 1
    put(project, {"id": 3, "body": "three"})
    assert set_aside(project) == {}
    assert prepare(project, [{"split": {}}]) == PrepareReport(prepared=3, kept=1, replaced=1, pieces=2)
    assert set_aside(project) == {}
    with project.database.read() as connection:
        assert count_gone(connection, project.id) == 2
    put(project, {"id": 1, "body": "one\n\ntwo"}, {"id": 3, "body": "three"})
    with project.database.read() as connection:
        assert count_gone(connection, project.id) == 0


def test_a_row_that_comes_back_is_set_aside_again(make_project: Make) -> None:
    """What was wrong with it before it had gone still is, and is told as before; one that was right keeps its item."""
    project = make_project()
    rows = ({"id": 1, "body": "one"}, {"id": 2, "body": ""}, {"id": 3, "body": "three"})
    put(project, *rows)
    prepare(project)
    before, reasons = stored(project), set_aside(project)
    assert list(reasons) == ["2"]
    put(project, rows[2])
    assert set_aside(project) == {}
    put(project, *rows)
    assert prepare(project) == PrepareReport(prepared=1, kept=1, quarantined=1)
    assert (set_aside(project), stored(project)) == (reasons, before)


def test_steps_of_ones_own_change_drop_and_split_rows(make_project: Make) -> None:
    """`@step` functions run in the file's order; an error sets the row aside; a changed file prepares anew."""
    project = make_project()
    put(
        project,
        {"id": 1, "body": "keep -- sig"},
        {"id": 2, "body": "drop"},
        {"id": 3, "body": "a|b"},
        {"id": 4, "body": "boom"},
        {"id": 5, "body": "loop"},
    )
    code = """
from labelwright.prepare import step

@step
def unsigned(row):
    if row["body"] == "boom":
        raise KeyError("bang")
    if row["body"] == "loop":
        row["self"] = row
    row["body"] = row["body"].partition(" -- ")[0]
    return None if row["body"] == "drop" else row

@step
def parted(row):
    return [{**row, "body": part} for part in row["body"].split("|")]

def helper(row):
    raise AssertionError
"""
    (project.folder / "steps.py").write_text(code)
    steps = [{"python": "steps.py"}]
    assert prepare(project, steps) == PrepareReport(prepared=3, pieces=2, dropped=1, quarantined=2)
    assert {key: text_of(item) for key, item in stored(project).items()} == {"1": "keep", "3#1": "a", "3#2": "b"}
    endless = set_aside(project)["5"]
    assert set_aside(project) == {"4": "The step 'unsigned' failed: KeyError: 'bang'.", "5": endless}
    assert "cannot be kept as JSON" in endless
    assert prepare(project, steps) == PrepareReport()
    (project.folder / "steps.py").write_text(code.replace('"boom"', '"bomb"').replace('"loop"', '"lap"'))
    assert prepare(project, steps) == PrepareReport(prepared=5, kept=3, pieces=2, dropped=1)
    assert set_aside(project) == {}


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([{"splitt": {}}], "'split'"),
        ([{"split": {"feld": "body"}}], "'field'"),
        ([{"split": {"field": "boddy"}}], "'body'"),
        ([{"split": {"by": "word"}}], "Invalid enum value"),
        ([{"split": {}, "deduplicate": {}}], "one name"),
        ([{"deduplicate": {"near": 0.9}}], "not supported yet"),
        ([{"python": "none.py"}], "no file 'none.py'"),
    ],
)
def test_wrong_steps_are_refused_before_any_row(make_project: Make, steps: list[dict[str, Any]], said: str) -> None:
    """The message names the step, and the nearest known word."""
    project = make_project()
    with pytest.raises(InvalidPipeline, match=said) as caught:
        prepare(project, steps)
    assert "prepare" in (caught.value.where or "")


def test_pictures_are_prepared_and_broken_ones_set_aside(make_project: Make) -> None:
    """A truncated JPEG passes its header and fails here; the others have size, thumbnail and the bytes they came with."""
    from PIL import Image

    project = make_project(IMAGES)
    folder = project.folder / "scans"
    folder.mkdir()
    body = io.BytesIO()
    Image.effect_noise((300, 200), 80).convert("RGB").save(body, "JPEG")
    (folder / "whole.jpg").write_bytes(body.getvalue())
    (folder / "half.jpg").write_bytes(body.getvalue()[: len(body.getvalue()) // 2])
    assert collect(project, [Source(uri="scans")]).new == 2
    assert prepare(project) == PrepareReport(prepared=1, quarantined=1)
    assert "truncated" in set_aside(project)["half.jpg"]
    photo = decode_fields(stored(project)["whole.jpg"].data)["photo"]
    assert (photo.width, photo.height, photo.media_type) == (300, 200, "image/jpeg")  # type: ignore[union-attr]
    assert project.blobs.get(photo.blob) == body.getvalue()  # type: ignore[union-attr]
    assert photo.thumbnail in project.blobs  # type: ignore[union-attr]
    before = stored(project)["whole.jpg"]
    # Other thumbnails do not change what is labeled; other sizes do.
    assert prepare(project, [{"image": {"thumbnail": 64}}]) == PrepareReport(prepared=1, kept=1, quarantined=1)
    after = stored(project)["whole.jpg"]
    assert (after.id, after.data == before.data) == (before.id, False)
    assert prepare(project, [{"image": {"max_side": 150}}]) == PrepareReport(prepared=1, replaced=1, quarantined=1)


def test_real_recordings_are_prepared(make_project: Make) -> None:
    """Spoken digits get durations and outlines, and another rate where one is asked for."""
    project = make_project(SOUNDS)
    folder = project.folder / "clips"
    folder.mkdir()
    for path in sorted(shared("data/fsdd").rglob("*.wav"))[:8]:
        (folder / path.name).write_bytes(path.read_bytes())
    collect(project, [Source(uri="clips")])
    assert prepare(project, [{"audio": {"rate": 16000}}]) == PrepareReport(prepared=8)
    for item in stored(project).values():
        clip = decode_fields(item.data)["clip"]
        assert clip.rate == 16000  # type: ignore[union-attr]
        assert clip.peaks in project.blobs  # type: ignore[union-attr]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the recordings decoded so far."""
    names: list[str] = []
    whole = audio.normalize

    def counted(*arguments: Any, **options: Any) -> Any:
        names.append(options["where"])
        return whole(*arguments, **options)

    monkeypatch.setattr(audio, "normalize", counted)
    return names


def sounds(folder: Path, count: int) -> None:
    import numpy as np
    import soundfile

    folder.mkdir()
    for number in range(count):
        soundfile.write(folder / f"{number}.wav", np.full(800, number / 100), 8000)


def results_of(project: Project) -> dict[str, int]:
    """How many results are kept, by row."""
    with project.database.read() as connection:
        query = sa.select(step_results.c.row, sa.func.count()).where(step_results.c.project_id == project.id)
        return {found[0]: found[1] for found in connection.execute(query.group_by(step_results.c.row))}


def test_media_are_decoded_again_only_by_a_change_of_their_own_step(make_project: Make, decoded: list[str]) -> None:
    """Deduplication, a step of one's own and an edit of it leave decoded media alone; another rate does not; nothing unused is kept."""
    import numpy as np
    import soundfile

    project = make_project(SOUNDS)
    sounds(project.folder / "clips", 4)
    broken = project.folder / "clips" / "broken.flac"
    soundfile.write(broken, np.random.default_rng(0).uniform(-1, 1, 20_000), 8000)
    broken.write_bytes(broken.read_bytes()[:20_000])
    collect(project, [Source(uri="clips")])
    assert prepare(project) == PrepareReport(prepared=4, quarantined=1)
    assert sorted(decoded) == ["0.wav", "1.wav", "2.wav", "3.wav", "broken.flac"]
    before, reasons = stored(project), set_aside(project)
    decoded.clear()
    own = project.folder / "steps.py"
    code = "from labelwright.prepare import step\n\n@step\ndef noted(row):\n    return {**row, 'note': 1}\n"
    own.write_text(code)
    steps: list[dict[str, Any]] = [{"deduplicate": {}}, {"python": "steps.py"}]
    assert prepare(project, steps[:1]) == PrepareReport(prepared=4, kept=4, quarantined=1)
    assert prepare(project, steps) == PrepareReport(prepared=4, kept=4, quarantined=1)
    own.write_text(code.replace("'note': 1", "'note': 2"))
    assert prepare(project, steps) == PrepareReport(prepared=4, kept=4, quarantined=1)
    assert decode(stored(project)["0.wav"].meta)["note"] == 2
    assert results_of(project) == {"broken.flac": 1} | {f"{number}.wav": 2 for number in range(4)}
    assert prepare(project) == PrepareReport(prepared=4, kept=4, quarantined=1)
    assert (stored(project), set_aside(project), decoded) == (before, reasons, [])
    assert results_of(project) == {"broken.flac": 1} | {f"{number}.wav": 1 for number in range(4)}
    assert prepare(project, [{"audio": {"rate": 4000}}]).replaced == 4
    assert len(decoded) == 5
    (project.folder / "clips" / "0.wav").write_bytes((project.folder / "clips" / "1.wav").read_bytes())
    decoded.clear()
    collect(project, [Source(uri="clips")])
    prepare(project, [{"audio": {"rate": 4000}}])
    assert decoded == ["0.wav"]


def test_another_column_of_a_table_decodes_no_media_again(make_project: Make, decoded: list[str]) -> None:
    """A step is asked about what it looks at, whatever else has changed in the row."""
    project = make_project(SOUNDS)
    sounds(project.folder / "clips", 2)
    put(project, {"id": 1, "clip": "clips/0.wav"}, {"id": 2, "clip": "clips/1.wav"})
    prepare(project)
    put(project, {"id": 1, "clip": "clips/0.wav", "shop": "a"}, {"id": 2, "clip": "clips/0.wav", "shop": "b"})
    decoded.clear()
    assert prepare(project) == PrepareReport(prepared=2, kept=1, replaced=1)
    assert decoded == ["clips/0.wav"]
    assert decode(stored(project)["1"].meta)["shop"] == "a"


def test_steps_of_ones_own_run_again_only_for_what_changed(make_project: Make) -> None:
    """Neither a comment in their file nor a step behind them runs them again; what they changed, dropped and cut is recalled as it was."""
    project = make_project()
    rows = [
        {"id": 1, "body": "a|b", "tags": ["x"], "old": 0},
        {"id": 2, "body": "drop"},
        {"id": 3, "body": "boom"},
        {"id": 4, "body": "cafe\u0301\n\nx|y", "yes": 1},
    ]
    put(project, *rows)
    code = """
from labelwright.prepare import step

@step
def parted(row):
    with open({log!r}, "a") as log:
        log.write(row["id"].__str__())
    if row["body"] == "boom":
        raise OSError("no answer")
    if row["body"] == "drop":
        return None
    row.setdefault("tags", []).append("y")
    row.pop("old", None)
    row["yes"] = True
    row["pair"] = (1, 2)
    return [{{**row, "body": part}} for part in row["body"].split("|")]
""".format(log=str(project.folder / "log"))
    own, log = project.folder / "steps.py", project.folder / "log"
    own.write_text(code)
    steps: list[dict[str, Any]] = [{"python": "steps.py"}]
    assert prepare(project, steps) == PrepareReport(prepared=4, pieces=4, dropped=1, quarantined=1)
    assert sorted(log.read_text()) == ["1", "2", "3", "4"]
    before = stored(project)
    assert decode(before["1#1"].meta).items() >= {"id": 1, "tags": ["x", "y"], "yes": True, "pair": [1, 2]}.items()
    assert "old" not in decode(before["1#1"].meta)
    own.write_text("# a comment\n" + code.replace('row["body"] == "boom":', '(row["body"] == "boom"):  # another'))
    assert prepare(project, steps) == PrepareReport()
    # An error may have come from outside, so it is worth another try.
    assert prepare(project, [*steps, {"deduplicate": {}}]).kept == 4
    assert sorted(log.read_text()) == ["1", "2", "3", "3", "4"]
    assert prepare(project, steps).kept == 4
    assert sorted(log.read_text()) == ["1", "2", "3", "3", "3", "4"]
    assert stored(project) == before
    put(project, {**rows[0], "body": "a|c"}, *rows[1:])
    prepare(project, steps)
    assert sorted(log.read_text()) == ["1", "1", "2", "3", "3", "3", "4"]
    split_first = [{"split": {}}, *steps, {"split": {"by": "line"}}]
    prepare(project, split_first)
    whole = stored(project)
    with project.database.read() as connection:
        kept = connection.execute(sa.select(step_results.c.result)).scalars().all()
    assert all("cafe" not in result for result in kept)  # the difference, not the row once more
    log.unlink()
    prepare(project, [*split_first, {"deduplicate": {}}])
    assert log.read_text() == "3"
    assert {key: (item.data, item.offset) for key, item in stored(project).items()} == {
        key: (item.data, item.offset) for key, item in whole.items()
    }
    assert prepare(project).quarantined == 0
    assert results_of(project) == {}


def test_a_run_killed_among_media_has_kept_what_its_items_were_made_of(
    make_project: Make, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results are written in the transaction of the items, so what was written once is not decoded for it again."""
    monkeypatch.setitem(prepare.__globals__, "MEDIA_BATCH", 2)
    project = make_project(SOUNDS)
    sounds(project.folder / "clips", 5)
    collect(project, [Source(uri="clips")])

    def stop(done: int, total: int | None, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(project, progress=stop)
    assert sorted(stored(project)) == sorted(results_of(project)) == ["0.wav", "1.wav"]
    decoded.clear()
    assert prepare(project, [{"deduplicate": {}}]).kept == 2
    assert sorted(decoded) == ["2.wav", "3.wav", "4.wav"]


def test_a_killed_run_goes_on_where_it_stopped(make_project: Make) -> None:
    """Items and the mark on their rows are written in one transaction."""
    project = make_project()
    put(project, *({"id": number, "body": f"text {number}"} for number in range(4500)))

    def stop(done: int, total: int | None, what: str) -> None:
        assert total == 4500
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(project, progress=stop)
    assert len(stored(project)) == 2000
    assert prepare(project) == PrepareReport(prepared=2500)
    assert len(stored(project)) == 4500


lines_of_text = st.lists(st.sampled_from(["", " ", "a", "b c", "\t", "é", "e\u0301x", "\r", "\u1100\u1161"]), max_size=12)


@given(lines_of_text, st.sampled_from(["\n", "\r\n", "\n\n"]), st.sampled_from(["paragraph", "line"]))
def test_pieces_lose_nothing_but_white_space(parts: list[str], end: str, by: str) -> None:
    """Pieces are in order, and with white space taken out they are the text; each offset leads to the piece's beginning."""
    raw = end.join(parts)
    normal = text.normalize(raw)
    schema = Schema(data={"body": "text"}, questions={})
    options = split.Options(by=by)  # type: ignore[arg-type]
    pieces = list(split.apply(ItemDraft("K", {"body": normal.text}, positions={"body": normal}), options, Context(schema, None)))  # type: ignore[arg-type]
    assert "".join("".join(piece.columns["body"].split()) for piece in pieces) == "".join(normal.text.split())
    if len(pieces) > 1:
        assert [piece.number for piece in pieces] == list(range(1, len(pieces) + 1))
        for piece in pieces:
            assert text.normalize(raw[piece.offset :]).text.startswith(piece.columns["body"][:1])
