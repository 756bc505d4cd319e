"""Labels in tables that hold pictures and recordings, and in lists beside files, come onto the right item."""

from __future__ import annotations

import csv
import io
import json
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
import sqlalchemy as sa
from PIL import Image as Picture
from pyarrow import parquet

from labelwright.datasets import import_labels
from labelwright.formats.parquet import with_class_names
from labelwright.media import image
from labelwright.prepare import prepare, steps
from labelwright.schema import Schema
from labelwright.sources import collect
from labelwright.sources.source import Source
from labelwright.store import tables
from labelwright.store.project import Project
from tests.datasets.test_foreign_labels import stored

Make = Callable[..., Project]


def asking(modality: str, *labels: str) -> dict[str, Any]:
    """A schema that asks which label a picture or recording has."""
    return {"data": {modality: modality}, "questions": {"label": {"kind": "choice", "of": modality, "options": list(labels)}}}


def picture(colour: int) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Picture.new("RGB", (8, 6), (colour, 40, 90)).save(out, "PNG")
    return out.getvalue()


def clip(level: int) -> bytes:
    """Half a second of sound."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes([level, 0]) * 4000)
    return out.getvalue()


def collected(make_project: Make, schema: dict[str, Any], *sources: Source) -> Project:
    """A project with what its sources have, collected and prepared."""
    project = make_project(schema)
    collect(project, list(sources))
    prepare(project, ({modality: {}} for modality in set(schema["data"].values())))
    return project


def sheet(path: Path, columns: dict[str, Sequence[Any]], features: dict[str, Any] | None = None) -> Path:
    """Write a Parquet file, with what Hugging Face says of its columns."""
    told = {"huggingface": json.dumps({"info": {"features": features}})} if features else None
    parquet.write_table(pa.table({name: list(cells) for name, cells in columns.items()}).replace_schema_metadata(told), path)
    return path


CLASSES = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}


@pytest.mark.parametrize(("modality", "make"), [("image", picture), ("audio", clip)])
@pytest.mark.parametrize("form", ["object", "bytes"])
@pytest.mark.parametrize("format", ["hugging_face", None])
def test_embedded_media_find_their_item(
    modality: str, make: Callable[[int], bytes], form: str, format: str | None, make_project: Make, tmp_path: Path
) -> None:
    """The labels of a table come onto the items that were collected from the bytes in it, whatever the rows are called."""
    bodies = [make(level) for level in (10, 100, 200, 7)]
    cells: list[Any] = [{"bytes": body, "path": None} for body in bodies] if form == "object" else list(bodies)
    sheet(tmp_path / "raw.parquet", {modality: cells[:3]})
    project = collected(make_project, asking(modality, "cat", "dog"), Source(uri=str(tmp_path / "raw.parquet")))
    sheet(tmp_path / "l.parquet", {modality: [cells[2], cells[0], cells[1], cells[3]], "label": [1, 0, -1, 0]}, CLASSES)
    report = import_labels(project, tmp_path / "l.parquet", format, "annotations")
    assert [one["label"] for _, _, one in stored(project)] == ["dog", "cat"]
    assert len({key for key, _, _ in stored(project)}) == 2
    # -1 is no label, and nobody collected the last one.
    assert report.quarantined == 2


def test_a_key_whose_row_holds_another_picture_is_set_aside(make_project: Make, tmp_path: Path) -> None:
    """The label of another picture under the same key is not taken, and the reason says so."""
    sheet(tmp_path / "raw.parquet", {"id": ["a", "b"], "image": [picture(1), picture(200)]})
    project = collected(make_project, asking("image", "cat", "dog"), Source(uri=str(tmp_path / "raw.parquet"), id="id"))
    sheet(tmp_path / "l.parquet", {"id": ["a", "b"], "image": [picture(1), picture(90)], "label": ["cat", "dog"]})
    report = import_labels(project, tmp_path / "l.parquet", "hugging_face", "annotations")
    assert [(key, one["label"]) for key, _, one in stored(project)] == [("a", "cat")]
    assert "holds another image" in report.not_taken[0].reason


def test_a_picture_with_several_texts_is_as_many_items(make_project: Make, tmp_path: Path) -> None:
    """Rows that ask different things about one picture are told apart by their texts."""
    schema = asking("image", "yes", "no")
    schema["data"]["text"] = "text"
    rows = {"image": [picture(1)] * 2, "text": ["A cat?", "A dog?"]}
    sheet(tmp_path / "raw.parquet", rows)
    project = collected(make_project, schema, Source(uri=str(tmp_path / "raw.parquet")))
    sheet(tmp_path / "l.parquet", rows | {"label": ["yes", "no"]})
    import_labels(project, tmp_path / "l.parquet", "hugging_face", "annotations")
    assert [one["label"] for _, _, one in stored(project)] == ["yes", "no"]
    assert len({key for key, _, _ in stored(project)}) == 2


def test_a_table_may_name_files_where_it_holds_none(make_project: Make, tmp_path: Path) -> None:
    """A cell with a path and without bytes stands for the file: it is collected, and labels find it by its name."""
    (tmp_path / "a.png").write_bytes(picture(3))
    cell = [{"bytes": None, "path": "a.png"}]
    sheet(tmp_path / "raw.parquet", {"image": cell})
    project = collected(make_project, asking("image", "cat", "dog"), Source(uri=str(tmp_path / "raw.parquet")))
    sheet(tmp_path / "l.parquet", {"image": cell, "label": [0]}, CLASSES)
    assert import_labels(project, tmp_path / "l.parquet", "hugging_face", "annotations").stored == 1


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(("modality", "make", "ending"), [("image", picture, "png"), ("audio", clip, "wav")])
def test_a_list_beside_files_labels_them(
    form: str, modality: str, make: Callable[[int], bytes], ending: str, make_project: Make, tmp_path: Path
) -> None:
    """The same name in two splits is two files, and the list in each folder is about those in it, in whichever way the folder is named."""
    rows = {"train": [("0", "cat"), ("sub/1", "dog"), ("gone", "cat")], "test": [("0", "dog")]}
    for number, (split, labels) in enumerate(rows.items()):
        for place, (name, _) in enumerate(labels):
            file = tmp_path / "data" / split / f"{name}.{ending}"
            file.parent.mkdir(parents=True, exist_ok=True)
            if name != "gone":
                file.write_bytes(make(20 + 50 * number + 30 * place))
        columns = {"file_name": [f"{name}.{ending}" for name, _ in labels], "label": [label for _, label in labels]}
        path = tmp_path / "data" / split / f"metadata.{form}"
        if form == "parquet":
            sheet(path, columns)
        else:
            told = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
            with path.open("w", newline="") as out:
                if form == "csv":
                    table = csv.DictWriter(out, list(columns))
                    table.writeheader()
                    table.writerows(told)
                else:
                    out.write("\n".join(map(json.dumps, told)))
    project = collected(make_project, asking(modality, "cat", "dog"), Source(uri=str(tmp_path / "data")))
    expected = [(f"test/0.{ending}", "dog"), (f"train/0.{ending}", "cat"), (f"train/sub/1.{ending}", "dog")]
    report = import_labels(project, tmp_path / "data", "hugging_face", "annotations")
    assert sorted((key, one["label"]) for key, _, one in stored(project)) == expected
    place = {"csv": "line 4", "jsonl": "line 3", "parquet": "row 3"}[form]
    assert [one.places for one in report.not_taken] == [[f"train/metadata.{form} {place}"]]
    if form != "parquet":
        assert import_labels(project, tmp_path / "data", None, "gold").stored == 3
    for path in (tmp_path / "data" / "train", tmp_path / "data" / "train" / f"metadata.{form}"):
        assert import_labels(project, path, "hugging_face", "reference").stored == 2


def test_names_in_a_list_may_be_written_as_on_another_machine(make_project: Make, tmp_path: Path) -> None:
    """A list with a mark in front, semicolons, and paths of Windows, absolute ones, or in another case, is about the files beside it."""
    for number in range(4):
        file = tmp_path / "d" / "train" / "sub" / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(40 * number))
    names = ["sub\\0.png", str(tmp_path / "d/train/sub/1.png"), "./SUB/2.PNG", "C:\\work\\d\\train\\sub\\3.png", "../../secret/0.png"]
    lines = [f"{name};{label}" for name, label in zip(names, ["cat", "dog", "cat", "dog", "cat"], strict=True)]
    (tmp_path / "d/train/metadata.csv").write_text("\n".join(["\ufefffile_name;klass", *lines]), "utf-8")
    project = collected(make_project, asking("image", "cat", "dog"), Source(uri=str(tmp_path / "d")))
    report = import_labels(project, tmp_path / "d", "hugging_face", "annotations", names={"klass": "label"})
    expected = [(f"train/sub/{number}.png", label) for number, label in enumerate(["cat", "dog", "cat", "dog"])]
    assert sorted((key, one["label"]) for key, _, one in stored(project)) == expected
    assert [one.places for one in report.not_taken] == [["train/metadata.csv line 6"]]


def test_folders_that_are_classes_label_their_files(make_project: Make, tmp_path: Path) -> None:
    """A picture below train/cat is a cat in the split train, whether all folders are collected or one split; others are told."""
    for place, (name, kind) in enumerate([("train/cat/1.png", "PNG"), ("train/big dog/1.png", "PNG"), ("test/cat/1.JPEG", "JPEG")]):
        (tmp_path / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        Picture.new("L", (20, 10), 50 * place).save(tmp_path / "d" / name, kind)
    project = collected(make_project, asking("image", "cat", "big dog"), Source(uri=str(tmp_path / "d")))
    expected = {("train/cat/1.png", "cat"), ("train/big dog/1.png", "big dog"), ("test/cat/1.JPEG", "cat")}
    report = import_labels(project, tmp_path / "d", None, "annotations")
    assert ({(key, one["label"]) for key, _, one in stored(project)}, report.format) == (expected, "hugging_face")
    assert import_labels(project, tmp_path / "d/train", "hugging_face", "gold", names={"label": "label"}).stored == 2
    (tmp_path / "d/test/bird").mkdir()
    (tmp_path / "d/test/cat/1.JPEG").rename(tmp_path / "d/test/bird/1.JPEG")
    report = import_labels(project, tmp_path / "d", "hugging_face", "reference")
    assert (report.stored, [one.reason for one in report.not_taken]) == (
        2,
        ["label: The label 'bird' is unknown. Known are: big dog, cat."],
    )


def test_an_item_says_that_further_pages_are_not_taken(make_project: Make, tmp_path: Path) -> None:
    """Of a TIFF file of several pages the item shows the first, and says among its columns how many there are."""
    (tmp_path / "d").mkdir()
    first, *more = [Picture.new("L", (20, 10), shade) for shade in (10, 90, 200)]
    first.save(tmp_path / "d" / "a.tif", save_all=True, append_images=more)
    first.save(tmp_path / "d" / "b.tif")
    first.save(tmp_path / "d" / "c.gif", save_all=True, append_images=more)
    first.save(tmp_path / "d" / "d.webp", save_all=True, append_images=more)
    first.save(tmp_path / "d" / "e.png", save_all=True, append_images=more)
    first.save(tmp_path / "d" / "f.gif")
    project = collected(make_project, asking("image", "cat", "dog"), Source(uri=str(tmp_path / "d")))
    with project.database.read() as connection:
        found = {row.key: row.meta for row in connection.execute(sa.select(tables.items.c.key, tables.items.c.meta))}
    assert json.loads(found["a.tif"])["image_shows"] == "page 1 of 3; no other is taken"
    assert {json.loads(found[name])["image_shows"] for name in ("c.gif", "d.webp", "e.png")} == {"frame 1 of 3; no other is taken"}
    assert all("image_shows" not in json.loads(found[name]) for name in ("b.tif", "f.gif"))


def test_pictures_prepared_by_an_older_plan_say_so_without_being_decoded(
    make_project: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run tells what prepared pictures do not show; it decodes none again, and the items stay."""
    (tmp_path / "d").mkdir()
    first, *more = [Picture.new("L", (20, 10), shade) for shade in (10, 90, 200)]
    first.save(tmp_path / "d" / "a.tif", save_all=True, append_images=more)
    load = steps.left_out
    monkeypatch.setattr(steps, "left_out", lambda name: None)
    project = collected(make_project, asking("image", "cat", "dog"), Source(uri=str(tmp_path / "d")))
    query = sa.select(tables.items.c.id, tables.items.c.meta).where(tables.items.c.state == "active")
    with project.database.read() as connection:
        (number, meta) = connection.execute(query).one()
    assert "image_shows" not in json.loads(meta)
    monkeypatch.setattr(steps, "left_out", load)
    monkeypatch.setattr(image, "normalize", None)
    prepare(project, [])
    with project.database.read() as connection:
        (same, meta) = connection.execute(query).one()
    assert same == number
    assert json.loads(meta)["image_shows"] == "page 1 of 3; no other is taken"


ONE = CLASSES["label"]


@pytest.mark.parametrize("feature", [[ONE], {"feature": ONE, "_type": "Sequence"}, {"feature": ONE, "_type": "List", "length": -1}])
def test_lists_of_class_numbers_become_their_names(feature: Any, tmp_path: Path) -> None:
    """A column of lists of class labels, in each of the ways in which the Hub writes it, is read by the names; -1 is no label."""
    schema = msgspec.convert({"data": {"text": "text"}, "questions": {}}, Schema)
    path = sheet(tmp_path / "l.parquet", {"text": ["a"], "label": [[1, 0]]}, {"label": feature})
    assert with_class_names(path, schema, {})({"text": "a", "label": [1, 0, -1]}) == {"text": "a", "label": ["dog", "cat", None]}
