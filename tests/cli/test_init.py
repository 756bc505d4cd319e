"""`init --from` writes a file that runs as it is, with the right field, question and labels, and the labels that are there come in."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from PIL import Image
from pyarrow import parquet as pq

from labelwright.cli import main
from labelwright.pipeline.declare import Pipeline
from labelwright.pipeline.workspace import Workspace
from labelwright.store import tables
from tests.cli.conftest import Run


def png(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (12, 8), (shade, 0, 0)).save(out, "PNG")
    return out.getvalue()


def sheet(path: Path, columns: dict[str, Any], classes: list[str] | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    features = {"info": {"features": {"label": {"names": classes, "_type": "ClassLabel"}}}}
    pq.write_table(pa.table(columns).replace_schema_metadata({"huggingface": json.dumps(features)} if classes else None), path)


def pictures(folder: Path, *names: str) -> None:
    for shade, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(10 * shade))


def without_header(folder: Path) -> Path:
    lines = [f"{'spam' if n % 3 else 'ham'}\tWIN, now, message {n}\n" for n in range(12)]
    (folder / "sms.tsv").write_text("".join(lines))
    return folder / "sms.tsv"


def long_ratings(folder: Path) -> Path:
    rows = [f"{n},The tweet of number {n}.,w{w},{['bad', 'good'][(n + w) % 2]}\n" for n in range(4) for w in range(3)]
    (folder / "ratings.csv").write_text("tweet_id,text,worker_id,sentiment\n" + "".join(rows))
    return folder / "ratings.csv"


def numbers(folder: Path) -> Path:
    rows = [{"id": n, "text": f"Text of number {n}", "label": n % 2, "score": float("nan")} for n in range(6)]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "a.jsonl"


def hub_of_texts(folder: Path) -> Path:
    sheet(folder / "hub/data/train-00000-of-00001.parquet", {"text": ["good day", "bad day"], "label": [1, 0]}, ["neg", "pos"])
    sheet(folder / "hub/data/test-00000-of-00001.parquet", {"text": ["so so", "who knows"], "label": [1, -1]}, ["neg", "pos"])
    (folder / "hub/README.md").write_text("# Card\n")
    return folder / "hub"


def hub_of_pictures(folder: Path) -> Path:
    images = [{"bytes": png(n), "path": None} for n in range(3)]
    sheet(folder / "hub/0000.parquet", {"image": images, "label": [0, 1, 1]}, ["cat", "dog"])
    return folder / "hub"


def bytes_in_a_column(folder: Path) -> Path:
    sheet(folder / "a.parquet", {"img": [png(1), None, png(3), png(4)], "label": ["a", "b", "b", "a"]})
    return folder / "a.parquet"


def classes_in_folders(folder: Path) -> Path:
    pictures(folder / "set", "train/cat/1.png", "train/dog/1.png", "test/cat/2.png", "test/dog/2.png")
    return folder / "set"


def metadata_beside(folder: Path) -> Path:
    pictures(folder / "set", "train/sub/0.png", "train/sub/1.png", "test/0.png")
    (folder / "set/train/metadata.jsonl").write_text('{"file_name":"sub/0.png","label":"cat"}\n{"file_name":"sub/1.png","label":"dog"}\n')
    (folder / "set/test/metadata.csv").write_text("file_name,label\n0.png,dog\n9.png,cat\n")
    return folder / "set"


def a_hole_among_pictures(folder: Path) -> Path:
    pictures(folder, "images/a.png", "images/b.png")
    (folder / "t.csv").write_text("id,image\n1,images/a.png\n2,\n3,images/b.png\n")
    return folder / "t.csv"


def conversations(folder: Path) -> Path:
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": [{"type": "text", "text": "Good day"}]}]
    rows = [{"model": "some-model", "messages": [*turns, {"role": "user", "content": str(n)}]} for n in range(3)]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "a.jsonl"


def tables_in_folders(folder: Path) -> Path:
    for name in ("set [1]/a/train.csv", "set [1]/b/test.csv"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(f"id,text,time\n{name[8]},hello there,2024-05-06T07:08:09.123456789\n")
    return folder / "set [1]"


def an_emoji_in_the_header(folder: Path) -> Path:
    (folder / "t.csv").write_text("id,💬 text,label\n1,hello there,x\n2,good bye,y\n", "utf-8")
    return folder / "t.csv"


@pytest.mark.parametrize(
    ("made", "data", "options", "labels", "items"),
    [
        (without_header, {"text": "text"}, ("ham", "spam"), ["ham"] * 4 + ["spam"] * 8, 12),
        (long_ratings, {"text": "text"}, ("bad", "good"), ["bad"] * 6 + ["good"] * 6, 4),
        (numbers, {"text": "text"}, ("0", "1"), ["0"] * 3 + ["1"] * 3, 6),
        (hub_of_texts, {"text": "text"}, ("neg", "pos"), ["neg", "pos", "pos"], 4),
        (hub_of_pictures, {"image": "image"}, ("cat", "dog"), ["cat", "dog", "dog"], 3),
        (bytes_in_a_column, {"img": "image"}, ("a", "b"), ["a", "a", "b"], 3),
        (classes_in_folders, {"image": "image"}, ("cat", "dog"), ["cat", "cat", "dog", "dog"], 4),
        (metadata_beside, {"image": "image"}, ("cat", "dog"), ["cat", "dog", "dog"], 3),
        (an_emoji_in_the_header, {"text": "text"}, ("x", "y"), ["x", "y"], 2),
        (a_hole_among_pictures, {"image": "image"}, ("object",), [], 2),
        (conversations, {"messages": "text"}, ("positive", "negative", "other"), [], 3),
        (tables_in_folders, {"text": "text"}, ("positive", "negative", "other"), [], 2),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_what_init_writes_runs_as_it_is(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    made: Callable[[Path], Path],
    data: dict[str, str],
    options: tuple[str, ...],
    labels: list[str],
    items: int,
) -> None:
    """The field is what people look at, the options are the labels that are there, and importing these gives each to its item."""
    source, folder = made(tmp_path), tmp_path / "project"
    assert main(["init", str(folder), "--from", str(source)]) == 0
    said = capsys.readouterr().out
    assert main(["run", str(folder)]) == 0
    pipeline = Pipeline.load(folder)
    ((name, question),) = pipeline.schema.questions.items()
    assert ({field: str(modality) for field, modality in pipeline.schema.data.items()}, question.labels) == (data, options)
    there = folder / "existing-labels.jsonl"
    assert there.exists() == bool(labels) == (f"labelwright import {folder} {there}" in said)
    entries = [json.loads(line) for line in there.read_text("utf-8").splitlines()] if labels else []
    workspace = Workspace.open(folder)
    with workspace.database.read() as connection:
        active = connection.scalars(sa.select(tables.items.c.id).where(tables.items.c.state == "active")).all()
        keys = set(connection.scalars(sa.select(tables.raw_items.c.key)).all())
    workspace.close()
    assert len(active) == items
    assert sorted(entry[name] for entry in entries) == labels
    assert {entry["key"] for entry in entries} <= keys


def test_long_ratings_are_several_answers_to_each_item(tmp_path: Path) -> None:
    """A row a rating becomes one item a text, and each person's answer stays that person's."""
    assert main(["init", str(tmp_path / "p"), "--from", str(long_ratings(tmp_path))]) == 0
    assert main(["run", str(tmp_path / "p")]) == 0
    assert main(["import", str(tmp_path / "p"), str(tmp_path / "p/existing-labels.jsonl")]) == 0
    workspace = Workspace.open(tmp_path / "p")
    with workspace.database.read() as connection:
        answers = connection.execute(sa.select(tables.annotations.c.item_id, tables.annotations.c.user_id)).all()
    workspace.close()
    assert len(set(answers)) == len(answers) == 12
    assert len({item for item, _ in answers}) == 4


def test_a_column_a_label_beside_pictures_is_one_choice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lists as Roboflow writes them give each picture the label whose column has 1; a picture with several is told and has none."""
    folder = tmp_path / "d"
    for split, lines in {"train": ["a.jpg, 1, 0", "b.jpg, 0, 1", "c.jpg, 1, 1"], "valid": ["a.jpg, 0, 1", "e.jpg, 0, 0"]}.items():
        pictures(folder / split, *(line.partition(",")[0] for line in lines))
        (folder / split / "_classes.csv").write_text("\n".join(["filename, cat, big dog", *lines]) + "\n")
    assert main(["init", str(tmp_path / "p"), "--from", str(folder)]) == 0
    assert "1 file has several labels, as train/c.jpg has cat and big dog" in capsys.readouterr().out
    assert 'options: ["big dog", "cat"]' in (tmp_path / "p/labelwright.yaml").read_text()
    found = map(json.loads, (tmp_path / "p/existing-labels.jsonl").read_text().splitlines())
    assert {one["key"]: one["label"] for one in found} == {"train/a.jpg": "cat", "train/b.jpg": "big dog", "valid/a.jpg": "big dog"}
    assert main(["run", str(tmp_path / "p")]) == 0
    assert main(["import", str(tmp_path / "p"), str(tmp_path / "p/existing-labels.jsonl")]) == 0
    assert "3 new or changed" in capsys.readouterr().out
    assert main(["import", str(tmp_path / "p"), str(folder / "train/_classes.csv")]) == 0
    out = capsys.readouterr().out
    assert "2 new or changed, 0 there already, 1 in quarantine" in out
    assert "line 4: label: It has 2 labels for a question that takes one: big dog, cat." in out


def test_several_labels_of_a_picture_are_a_question_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where several labels may hold, the columns of a list, with the blanks around names and values, answer a choice each."""
    pictures(tmp_path / "d", "a.jpg", "b.jpg")
    (tmp_path / "d/_classes.csv").write_text("filename, cat, big dog\na.jpg, 1, 1\nb.jpg, 0, 1\n")
    (tmp_path / "labelwright.yaml").write_text(
        "name: p\nsources: [{uri: d}]\nschema:\n  data: {image: image}\n  questions:\n"
        "    cat: {kind: choice, of: image, options: ['0', '1']}\n    dog: {kind: choice, of: image, options: ['0', '1']}\n"
    )
    assert main(["run", str(tmp_path)]) == 0
    assert main(["import", str(tmp_path), str(tmp_path / "d/_classes.csv"), "--map", "big dog=dog"]) == 0
    assert "2 new or changed" in capsys.readouterr().out
    assert main(["export", str(tmp_path), "--format", "jsonl", "--to", str(tmp_path / "o.jsonl")]) == 0
    rows = map(json.loads, (tmp_path / "o.jsonl").read_text().splitlines())
    assert {row["key"]: (row["cat"], row["dog"]) for row in rows} == {"a.jpg": ("1", "1"), "b.jpg": ("0", "1")}


@pytest.mark.parametrize("ending", [".jpg", ""])
@pytest.mark.parametrize("columns", ["label", "classes"])
def test_a_table_beside_the_folder_of_its_pictures_labels_them(columns: str, ending: str, tmp_path: Path) -> None:
    """A table may name the pictures of a folder beside it by their names alone, with or without their ending; a name of two finds none."""
    pictures(tmp_path / "d/images", "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    pictures(tmp_path / "d/more", "d.jpg")
    labels = {"a": "cat", "b": "dog", "c": "cat", "d": "dog"}
    rows = [f"{name}{ending},{label if columns == 'label' else ('1,0' if label == 'cat' else '0,1')}" for name, label in labels.items()]
    (tmp_path / "d/ann.csv").write_text("\n".join([f"image_name,{'label' if columns == 'label' else 'cat,dog'}", *rows]) + "\n")
    assert main(["init", str(tmp_path / "p"), "--from", str(tmp_path / "d")]) == 0
    found = list(map(json.loads, (tmp_path / "p/existing-labels.jsonl").read_text().splitlines()))
    assert {one["key"]: one["label"] for one in found} == {"images/a.jpg": "cat", "images/b.jpg": "dog", "images/c.jpg": "cat"}


def test_paths_of_windows_in_a_list_lead_to_its_files(tmp_path: Path) -> None:
    """A table beside pictures that names them with backslashes, or as the web does, labels them, and so does one with paths as cells."""
    folder = tmp_path / "d"
    pictures(folder / "img", "a b.jpg", "c.jpg", "d.jpg", "e.jpg")
    rows = "img\\a%20b.jpg,cat\nimg\\c.jpg,dog\n.\\img\\d.jpg,cat\nimg\\e.jpg,dog\n"
    (folder / "list.csv").write_text("image,label\n" + rows)
    for source, keys in ((folder, {"img/a b.jpg", "img/c.jpg", "img/d.jpg", "img/e.jpg"}), (folder / "list.csv", None)):
        project = tmp_path / f"p{keys is None}"
        assert main(["init", str(project), "--from", str(source)]) == 0
        found = [json.loads(line) for line in (project / "existing-labels.jsonl").read_text().splitlines()]
        assert sorted(one["label"] for one in found) == ["cat", "cat", "dog", "dog"]
        assert keys is None or {one["key"] for one in found} == keys
        assert main(["run", str(project)]) == 0
        assert main(["import", str(project), str(project / "existing-labels.jsonl"), "--json"]) == 0


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_pictures_in_cells_are_found_among_broken_ones(form: str, tmp_path: Path) -> None:
    """A column of pictures, also as Base64, is one although a cell is empty, broken, or names a file that is gone."""
    labels = ["a", "b"] * 3
    if form == "parquet":
        cells = [{"bytes": body, "path": None} for body in (png(9), png(50), png(90), png(120), b"", b"nope")]
        sheet(tmp_path / "d.parquet", {"image": [*cells, None, {"bytes": None, "path": "gone.png"}], "label": [*labels, "a", "b"]})
    else:
        cells = [{"base64": base64.b64encode(body).decode()} for body in (png(9), png(50), png(90), png(120))] + [{"base64": "?"}, None]
        rows = [{"image": cell, "label": label} for cell, label in zip(cells, labels, strict=True)]
        (tmp_path / "d.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert main(["init", str(tmp_path / "p"), "--from", str(tmp_path / f"d.{form}")]) == 0
    assert "image: image" in (tmp_path / "p/labelwright.yaml").read_text()
    assert main(["run", str(tmp_path / "p")]) == 0
    assert main(["import", str(tmp_path / "p"), str(tmp_path / f"d.{form}")]) == 0
    workspace = Workspace.open(tmp_path / "p")
    with workspace.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.annotations)) == 4
    workspace.close()


def test_labels_do_not_become_data(tmp_path: Path) -> None:
    """A project in the folder of its own tables collects them alone, and not the file with their labels."""
    (tmp_path / "a.jsonl").write_text("".join(f'{{"id": {n}, "text": "Text {n} here", "label": "{"ab"[n % 2]}"}}\n' for n in range(6)))
    (tmp_path / "b.jsonl").write_text('{"id": 9, "text": "Another text"}\n')
    assert main(["init", str(tmp_path), "--from", str(tmp_path)]) == 0
    assert main(["run", str(tmp_path)]) == 0
    workspace = Workspace.open(tmp_path)
    with workspace.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.raw_items)) == 7
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.quarantine)) == 0
    workspace.close()
    assert len((tmp_path / ".existing-labels.jsonl").read_text().splitlines()) == 6


def test_half_a_character_in_a_pipeline_file_is_an_error_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON escapes an emoji in two halves, which belong together; one alone is told, and no traceback."""
    (tmp_path / "a.jsonl").write_text('{"💬": "hello"}\n', "utf-8")
    text = 'name: a\nsources: [{uri: a.jsonl, columns: {text: "%s"}}]\nschema: {data: {text: text}, questions: {}}\n'
    (tmp_path / "labelwright.yaml").write_text(text % "\\ud83d\\udcac")
    assert Pipeline.load(tmp_path).all_sources[0].columns == {"text": "💬"}
    (tmp_path / "labelwright.yaml").write_text(text % "\\ud83d")
    assert main(["run", str(tmp_path)]) == 2
    assert "line 2" in capsys.readouterr().err


def test_init_says_what_to_do_next_in_words_that_can_be_pasted(run: Run, tmp_path: Path) -> None:
    """Names with spaces are quoted; without data it says where to put it, and the project then runs."""
    (tmp_path / "data.csv").write_text("id,text\n1,Hello there\n", "utf-8")
    out = run("init", tmp_path / "we ird", "--from", tmp_path / "data.csv")[1]
    assert f"labelwright run '{tmp_path / 'we ird'}' && labelwright serve '{tmp_path / 'we ird'}'" in out
    assert run("run", tmp_path / "we ird")[1].endswith(f"Next: labelwright serve '{tmp_path / 'we ird'}'\n")
    out = run("init", tmp_path / "empty")[1]
    assert f"Put your data into {tmp_path / 'empty' / 'data'}" in out
    assert "Look at it, then" not in out
    (tmp_path / "empty" / "data").mkdir()
    (tmp_path / "empty" / "data" / "rows.jsonl").write_text('{"id": "a", "text": "Hello"}\n', "utf-8")
    assert run("run", tmp_path / "empty")[0] == 0


def test_init_from_a_path_that_leads_upwards_writes_a_file_that_runs(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """'..' in the name of the data is taken out, for a source cannot lead upwards, whether the data lies beside the project or in it."""
    (tmp_path / "data.csv").write_text("id,text\n1,Hello there\n", "utf-8")
    (tmp_path / "work" / "inside").mkdir(parents=True)
    (tmp_path / "work" / "inside" / "more.csv").write_text("id,text\n1,Hello there\n", "utf-8")
    monkeypatch.chdir(tmp_path / "work")
    for folder, data in (("beside", "../data.csv"), ("inside", "../work/inside/more.csv")):
        assert run("init", folder, "--from", data)[0] == 0
        assert ".." not in (tmp_path / "work" / folder / "labelwright.yaml").read_text("utf-8")
        assert "1 new" in run("run", folder)[1]


def test_init_says_what_of_a_mixed_folder_it_leaves_aside(run: Run, tmp_path: Path) -> None:
    """Pictures beside a recording and notes: the pictures are chosen, and the rest is named."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.wav", "notes.txt", "thing.xyz"):
        (folder / name).write_bytes(b"")
    out = run("init", tmp_path / "project", "--from", folder)[1]
    assert "about image" in out
    assert "1 audio, 1 other, 1 text" in out
    assert "leaves aside" not in run("init", tmp_path / "other", "--from", tmp_path / "mixed" / "a.png")[1]
