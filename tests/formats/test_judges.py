"""Our files, read by other projects' own readers, which run in an environment of theirs: `tests/judges`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labelwright import plugins
from labelwright.formats import Labeled
from labelwright.schema import Image, Schema, Text
from labelwright.schema.kinds.boxes import Box, Boxes
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.rating import Rating, RatingQuestion
from labelwright.schema.kinds.spans import Span, Spans
from labelwright.store.blobs import Blobs
from tests.formats.test_foreign import asking
from tests.judges import environment, read

Judge = Callable[[str, Path], Any]


@pytest.fixture(scope="module")
def judge() -> Judge:
    """Lets a judge read a path, and returns what it found."""
    python = environment.judges()
    if python is None:
        pytest.skip("The judges are not installed: python -m tests.judges.environment")

    def ask(name: str, path: Path) -> Any:
        done = subprocess.run([python, read.__file__, name, path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return ask


def pictures(folder: Path, *sizes: tuple[int, int]) -> tuple[Blobs, list[Image]]:
    """Pictures of these sizes, and where their bytes are kept."""
    import io

    from PIL import Image as Pictures

    blobs, found = Blobs(folder), []
    for number, size in enumerate(sizes):
        body = io.BytesIO()
        Pictures.new("RGB", size, (40 * number, 90, 120)).save(body, "PNG")
        found.append(Image(blobs.put(body.getvalue()), *size, media_type="image/png"))
    return blobs, found


def boxed(folder: Path) -> tuple[Blobs, Schema, list[Labeled]]:
    """Two pictures, with two boxes and with none."""
    blobs, (first, second) = pictures(folder, (64, 48), (30, 90))
    boxes = Boxes((Box(1, 2, 30, 40, "cell"), Box(5, 5, 5.5, 5, "dust")))
    labeled = [
        Labeled(key="a", data={"image": first}, values={"label": boxes}, split="train"),
        Labeled(key="b", data={"image": second}, values={"label": Boxes(())}, split="train"),
    ]
    return blobs, asking("boxes", "cell", "dust", field="image"), labeled


def test_coco_by_pycocotools(judge: Judge, tmp_path: Path) -> None:
    """The COCO API indexes our instances, and finds the boxes of each image with their category and area."""
    blobs, schema, labeled = boxed(tmp_path / "blobs")
    plugins.load("formats", "coco").write(labeled, schema, tmp_path / "out", blobs=blobs)
    (file,) = (tmp_path / "out" / "annotations").iterdir()
    found = judge("coco", file)
    assert found["names"] == ["cell", "dust"]
    assert sorted(found["boxes"].values(), key=len) == [[], [["cell", 1, 2, 30, 40, 1200], ["dust", 5, 5, 5.5, 5, 27.5]]]


def test_coco_by_datumaro(judge: Judge, tmp_path: Path) -> None:
    """datumaro opens the folder as COCO: every picture with its size, and every box with its label and place."""
    blobs, schema, labeled = boxed(tmp_path / "blobs")
    plugins.load("formats", "coco").write(labeled, schema, tmp_path / "out", blobs=blobs)
    found = sorted(judge("datumaro", tmp_path / "out").items())
    assert [name.partition("/")[0] for name, _ in found] == ["train", "train"]
    assert [one["size"] for _, one in found] == [[48, 64], [90, 30]]
    assert [sorted(one["boxes"]) for _, one in found] == [[["cell", 1, 2, 30, 40], ["dust", 5, 5, 5.5, 5]], []]


def test_texts_by_datasets(judge: Judge, tmp_path: Path) -> None:
    """`datasets.load_dataset(folder)` finds the splits, the texts and the class labels, without the network."""
    module, schema = plugins.load("formats", "hugging_face"), asking("choice", "good", "bad")
    rows = [
        Labeled(key=f"k{n}", data={"text": Text(f"🙂 {n}")}, values={"label": Choice("bad")}, split="test" if n % 4 == 0 else "train")
        for n in range(20)
    ]
    module.write(rows, schema, tmp_path / "out")
    found = judge("datasets", tmp_path / "out")
    assert {name: len(part) for name, part in found.items()} == {"train": 15, "test": 5}
    assert [(row["text"], row["label"]) for row in found["test"]] == [(f"🙂 {n}", "bad") for n in range(0, 20, 4)]


def test_pictures_by_datasets(judge: Judge, tmp_path: Path) -> None:
    """A folder of pictures loads as pictures, each with its own boxes."""
    blobs, schema, labeled = boxed(tmp_path / "blobs")
    plugins.load("formats", "hugging_face").write(labeled, schema, tmp_path / "out", blobs=blobs)
    found = judge("datasets", tmp_path / "out")["train"]
    assert [row["image"] for row in found] == [[64, 48], [30, 90]]
    first, second = (row["label"] for row in found)
    assert [[one[name] for name in ("x", "y", "width", "height", "label")] for one in first] == [
        [1, 2, 30, 40, "cell"],
        [5, 5, 5.5, 5, "dust"],
    ]
    assert second == []


def test_ratings_by_label_studio(judge: Judge, tmp_path: Path) -> None:
    """Label Studio's own library finds the ratings on a scale of numbers valid, and the named points of another one choices."""
    questions = {
        "stars": RatingQuestion(of="text", options=("1", "2", "3")),
        "tone": RatingQuestion(of="text", options=("rude", "kind")),
    }
    labeled = [Labeled(key="t", data={"text": Text("one two")}, values={"stars": Rating("2"), "tone": Rating("kind")})]
    plugins.load("formats", "label_studio").write(labeled, Schema({"text": "text"}, questions), tmp_path / "out")
    found = judge("label_studio", tmp_path / "out")
    assert found["controls"]["tone"] == ["kind", "rude"]
    assert found["valid"] == [True, True]


@pytest.mark.parametrize("kind", ["boxes", "spans", "choice"])
def test_tasks_by_label_studio(kind: str, judge: Judge, tmp_path: Path) -> None:
    """Label Studio's own library reads the labeling interface, and finds every task and every annotation valid under it."""
    blobs, schema, labeled = boxed(tmp_path / "blobs")
    if kind != "boxes":
        schema = asking(kind, "cell", "dust")
        answers = {"spans": Spans((Span(2, 5, "cell"),)), "choice": Choice("dust")}
        labeled = [Labeled(key="t", data={"text": Text("🙂 one two")}, values={"label": answers[kind]})]
    plugins.load("formats", "label_studio").write(labeled, schema, tmp_path / "out", blobs=blobs)
    found = judge("label_studio", tmp_path / "out")
    assert found["controls"] == {"label": ["cell", "dust"]}
    assert len(found["valid"]) == 2 * len(labeled)
    assert all(found["valid"])


def test_tags_by_spacy(judge: Judge, tmp_path: Path) -> None:
    """spaCy's own converter finds exactly the entities in our CoNLL file, as it is."""
    file, schema = tmp_path / "x.conll", asking("spans", "PER", "LOC")
    spans = Spans((Span(0, 3, "PER"), Span(8, 15, "PER"), Span(19, 23, "LOC")))
    labeled = [
        Labeled(key="a", data={"text": Text("Ada met Bob Ray in Rome.")}, values={"label": spans}),
        Labeled(key="b", data={"text": Text("Nothing here")}, values={"label": Spans(())}),
    ]
    plugins.load("formats", "conll").write(labeled, schema, file)
    assert judge("spacy", file) == [[["Ada", "PER"], ["Bob Ray", "PER"], ["Rome", "LOC"]], []]
