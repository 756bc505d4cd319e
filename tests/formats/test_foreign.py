"""Other projects' own files, read by our readers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from labelwright import plugins
from labelwright.formats import Broken, Labeled, guess
from labelwright.schema import Schema, Text
from tests.shared import shared

LABEL_STUDIO = "foreign/label-studio-sdk/tests/custom/converter/data"
DATUMARO = "foreign/datumaro-openvino/tests/assets"


def asking(kind: str, *labels: str, name: str = "label", field: str = "text") -> Schema:
    modality = {"boxes": "image", "segments": "audio"}.get(kind, "text")
    question = {"kind": kind, "of": field, "options": labels, "required": False}
    return msgspec.convert({"data": {field: modality}, "questions": {name: question}}, Schema)


def split(found: Any) -> tuple[list[Labeled], list[Broken]]:
    found = list(found)
    return [one for one in found if isinstance(one, Labeled)], [one for one in found if isinstance(one, Broken)]


def read(path: Path, schema: Schema) -> tuple[list[Labeled], list[Broken]]:
    return split(plugins.load("formats", guess(path)).read(path, schema))


def test_coco_of_labelformat() -> None:
    """labelformat's COCO file comes in whole: file names with blanks, image id 0, areas of masks."""
    path = shared("foreign/labelformat/tests/fixtures/object_detection/COCO/train.json")
    raw = json.loads(path.read_text())
    good, broken = read(path, asking("boxes", *(category["name"] for category in raw["categories"]), field="image"))
    assert broken == []
    assert [one.files["image"] for one in good] == [image["file_name"] for image in raw["images"]]
    assert [(one.size, len(one.values["label"].parts())) for one in good] == [
        ((image["width"], image["height"]), sum(box["image_id"] == image["id"] for box in raw["annotations"])) for image in raw["images"]
    ]


@pytest.mark.parametrize("name", ["coco_dataset/coco_instances/annotations/instances", "coco_dataset/mmdet_coco/annotations/instances"])
def test_coco_of_datumaro(name: str) -> None:
    """datumaro's instances come in; a crowd region is reported by itself, and the boxes beside it are kept."""
    train, validation = (shared(f"{DATUMARO}/{name}_{split}.json") for split in ("train", "val"))
    schema = asking("boxes", *(category["name"] for category in json.loads(train.read_text())["categories"]), field="image")
    good, broken = read(train, schema)
    assert broken == []
    assert [unit.geometry for unit in good[0].values["label"].parts()] == [(2, 2, 3, 1)]
    good, broken = read(validation, schema)
    assert good[0].values["label"].parts()[0].geometry == (0, 0, 1, 2)
    assert [("crowd" in one.reason, one.part) for one in broken] == [(True, True)]


def test_coco_results_say_what_is_missing() -> None:
    """A result file of the COCO API has no images: one report says so and what to do."""
    path = shared("foreign/cocoapi/results/instances_val2014_fakebbox100_results.json")
    good, broken = split(plugins.load("formats", "coco").read(path, asking("boxes", "person", field="image")))
    assert good == []
    assert len(broken) == 1
    assert "images and categories" in broken[0].reason


def test_label_studio_rectangles_and_predictions() -> None:
    """Label Studio's own export: percent become pixels, authors and models keep their names, also where sizes stand elsewhere."""
    good, broken = read(shared(f"{LABEL_STUDIO}/test_export_csv/csv_test.json"), asking("boxes", "Car", "Airplane", field="image"))
    assert broken == []
    assert [(one.annotator, one.machine) for one in good[:2]] == [("hakan@heartex.com", False), ("model 0", True)]
    (box,) = good[0].values["label"].parts()
    assert box.geometry == pytest.approx((4.857412088705009 * 7.68, 11.690682128240109 * 5.76, 92.51 * 7.68, 71.76 * 5.76))
    assert good[0].size == (768, 576)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("test_export_yolo/data_obb.json", "rotated"),
        ("test_export_yolo/data_polygons.json", "'polygonlabels' are not read"),
        ("test_export_json_min/chat_data.json", "'chatmessage' are not read"),
        ("test_export_doclang/data.json", "nothing tells the picture's width"),
        ("test_import_coco/coco_import_input.json", "array of tasks"),
    ],
)
def test_label_studio_files_that_cannot_be_held_are_reported(name: str, reason: str) -> None:
    """Polygons, rotated rectangles, chats and boxes without a size are reported, and never become an answer that says 'nothing here'."""
    path = shared(f"{LABEL_STUDIO}/{name}")
    good, broken = split(plugins.load("formats", "label_studio").read(path, asking("boxes", "Car", field="image", name="cells")))
    assert good == []
    assert any(reason in one.reason for one in broken)


def test_label_studio_choices() -> None:
    """A choice comes in, also in another case; a label that is spelled differently is reported with the nearest one."""
    schema = asking("choice", "Positive", "Negative", name="sentiment")
    good, broken = read(shared(f"{LABEL_STUDIO}/test_export_csv/csv_test_history.json"), schema)
    assert [(one.values["sentiment"].plain(), one.annotator) for one in good] == [("Positive", "sergei@heartex.test")]
    assert broken == []
    path = shared(f"{LABEL_STUDIO}/test_export_csv/csv_test_colliding_keys.json")
    good, broken = read(path, schema)
    assert [one.values["sentiment"].plain() for one in good] == ["Positive"]
    assert broken == []
    _, broken = read(path, asking("choice", "Pozitive", "Negative", name="sentiment"))
    assert "Did you mean 'Pozitive'?" in broken[0].reason


@pytest.mark.parametrize(
    ("points", "said", "read", "reason"),
    [
        (["1", "2", "3"], 2, "2", None),
        (["0", "1", "2"], 2, "2", None),
        (["poor", "fair", "good"], 2, "fair", None),
        (["poor", "fair", "good"], 2.0, "fair", None),
        (["poor", "fair", "good"], 4, None, "A rating of 4 is none of the 3 points of the scale."),
        (["poor", "fair", "good"], 1.5, None, "A rating of 1.5 is none"),
        (["poor", "fair", "good"], True, None, "A number is expected as 'rating'."),
        (["poor", "fair", "good"], None, None, "A number is expected as 'rating'."),
    ],
)
def test_label_studio_ratings(points: list[str], said: Any, read: str | None, reason: str | None, tmp_path: Path) -> None:
    """A rating is the point with its number, and where the points have names the one in its place; what is on no scale is reported."""
    result = {"from_name": "stars", "to_name": "text", "type": "rating", "value": {"rating": said}}
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([{"id": 1, "data": {"text": "a note"}, "annotations": [{"result": [result]}]}]), "utf-8")
    good, broken = split(plugins.load("formats", "label_studio").read(path, asking("rating", *points, name="stars")))
    assert [one.values["stars"].plain() for one in good] == ([] if read is None else [read])
    assert [reason in one.reason for one in broken] == ([] if reason is None else [True])
    good, broken = split(plugins.load("formats", "label_studio").read(path, asking("choice", "1", "2", name="stars")))
    assert (good, "The question asks for choice" in broken[0].reason) == ([], True)


def test_label_studio_offsets_in_utf16_units_are_put_right(tmp_path: Path) -> None:
    """Spans that were counted as JavaScript counts, each emoji as two, are recognised by their text; true code points stay."""
    text = "💩💩 in Rome, 🙂 Rome"
    results = [
        {"from_name": "label", "to_name": "text", "type": "labels", "value": {"start": a, "end": b, "text": "Rome", "labels": ["LOC"]}}
        for a, b in ((8, 12), (6, 10), (17, 21))
    ]
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([{"data": {"text": text}, "annotations": [{"result": results}]}]))
    good, broken = read(path, asking("spans", "LOC"))
    assert broken == []
    assert [text[int(unit.geometry[0]) : int(unit.geometry[1])] for unit in good[0].values["label"].parts()] == ["Rome"] * 3


def test_conll_of_doccano() -> None:
    """doccano's CoNLL files: tabs, trailing blank lines, and an invalid one of which only the wrong sentence is set aside."""
    folder = shared("foreign/doccano/backend/data_import/tests/data/sequence_labeling")
    schema = asking("spans", "PER", "LOC", "ORG", "MISC")
    good, broken = read(folder / "example.conll", schema)
    assert [one.data["text"] for one in good] == [Text("JAPAN GET"), Text("Nadim Ladki")]
    assert broken == []
    good, broken = read(folder / "labeling.invalid.conll", schema)
    assert (len(good), [one.place for one in broken]) == (2, ["labeling.invalid.conll line 1"])
    good, broken = read(folder / "labeling.trailing.conll", schema)
    assert (len(good), broken) == (1, [])


def test_conll_of_wikigold() -> None:
    """wikigold has 1,696 sentences in IO tags, read with spans at exact offsets of the joined tokens."""
    path = shared("data/wikigold/wikigold.conll.txt")
    good, broken = read(path, asking("spans", "PER", "LOC", "ORG", "MISC"))
    assert (len(good), broken) == (1696, [])
    first = good[0]
    assert isinstance(first.data["text"], Text)
    marked = [(first.data["text"].text[int(u.geometry[0]) : int(u.geometry[1])], u.label) for u in first.values["label"].parts()]
    assert marked == [("010", "MISC"), ("Japanese", "MISC"), ("The Mad Capsule Markets", "ORG")]


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("B-A I-A O B-A", [(0, 3), (6, 7)]),
        ("I-A I-A O I-A", [(0, 3), (6, 7)]),
        ("A A O A", [(0, 3), (6, 7)]),
        ("B-A E-A O S-A", [(0, 3), (6, 7)]),
        ("B-A L-A O U-A", [(0, 3), (6, 7)]),
        ("I-A B-A O O", [(0, 1), (2, 3)]),
        ("S-A S-A O O", [(0, 1), (2, 3)]),
    ],
)
def test_every_common_tagging_scheme_is_read(tags: str, spans: list[tuple[int, int]], tmp_path: Path) -> None:
    """IO, bare IO, BIO, IOB1, BIOES and BILOU tags mean what they mean."""
    path = tmp_path / "x.conll"
    path.write_text("".join(f"{token} {tag}\n" for token, tag in zip("abcd", tags.split(), strict=True)))
    good, broken = read(path, asking("spans", "A"))
    assert broken == []
    assert [unit.geometry for unit in good[0].values["label"].parts()] == spans


def test_tags_that_somebody_edited_count(tmp_path: Path) -> None:
    """In a CoNLL file that we wrote, tags that were changed by hand win over the comment that remembers exact offsets."""
    from labelwright.schema.kinds.spans import Span, Spans

    module, schema, path = plugins.load("formats", "conll"), asking("spans", "PER", "LOC"), tmp_path / "x.conll"
    module.write([Labeled(key="a", data={"text": Text("Ada  saw\nRome")}, values={"label": Spans((Span(0, 4, "PER"),))})], schema, path)
    assert next(module.read(path, schema)).values == {"label": Spans((Span(0, 4, "PER"),))}
    path.write_text(path.read_text().replace("Rome O", "Rome B-LOC"))
    assert next(module.read(path, schema)).values == {"label": Spans((Span(0, 3, "PER"), Span(9, 13, "LOC")))}


def test_spans_that_share_a_token_are_refused_with_the_item(tmp_path: Path) -> None:
    """CoNLL cannot hold overlapping spans: the export names the item and stops, and leaves no half of it."""
    from labelwright.errors import InvalidInput
    from labelwright.schema.kinds.spans import Span, Spans

    both = Spans((Span(0, 7, "PER"), Span(4, 7, "LOC")))
    one = Labeled(key="t7", data={"text": Text("Ada Low")}, values={"label": both})
    with pytest.raises(InvalidInput, match="t7"):
        plugins.load("formats", "conll").write([one], asking("spans", "PER", "LOC"), tmp_path / "x.conll")
    assert list(tmp_path.iterdir()) == []
