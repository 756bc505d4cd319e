"""Labels of other tools come onto the right item and place, and what is not taken is told with its reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labelwright import plugins
from labelwright.datasets import export, import_labels
from labelwright.errors import InvalidInput
from labelwright.formats import Labeled
from labelwright.prepare import prepare
from labelwright.schema import Image, Text, content_hash
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.spans import Span, Spans
from labelwright.sources import collect_rows
from labelwright.store import tables
from labelwright.store.codec import decode_values, encode
from labelwright.store.project import Project
from labelwright.tasks import TaskPolicy, open_tasks
from tests.datasets.labeling import agree
from tests.formats.test_foreign import asking, split
from tests.rows import add_texts, count

Make = Callable[..., Project]

SPANS = {"data": {"text": "text"}, "questions": {"ents": {"kind": "spans", "of": "text", "options": ["LOC", "PER"]}}}
CHOICE = {"data": {"text": "text"}, "questions": {"q": {"kind": "choice", "of": "text", "options": ["a", "b"]}}}
BOXES = {"data": {"image": "image"}, "questions": {"o": {"kind": "boxes", "of": "image", "options": ["cat", "dog"]}}}
TWO = {
    "data": {"text": "text"},
    "questions": {name: {"kind": "choice", "of": "text", "options": ["a", "b"], "required": False} for name in ("q", "r")},
}


def with_texts(make_project: Make, schema: dict[str, Any], *texts: str) -> Project:
    """A project whose items t0, t1, … were collected and prepared as they really are."""
    project = make_project(schema)
    collect_rows(project, "test", [{"key": f"t{number}", "text": text} for number, text in enumerate(texts)])
    prepare(project, ({"text": {}},))
    return project


def with_pictures(make_project: Make, *keys: str) -> Project:
    """A project with pictures of 100 x 80 pixels."""
    project = make_project(BOXES)

    def work(connection: sa.Connection) -> None:
        for key in keys:
            own = {"project_id": project.id, "key": key, "revision": content_hash(key), "created_at": 0.0}
            raw = connection.execute(sa.insert(tables.raw_items).values(**own, source="t", place=key, data="{}")).inserted_primary_key[0]
            data = encode({"image": Image(content_hash(key), 100, 80)})
            connection.execute(sa.insert(tables.items).values(**own, raw_id=raw, data=data))

    project.database.write(work)
    return project


def stored(project: Project) -> list[tuple[str, str, dict[str, Any]]]:
    """The key, the author and the plain values of every answer that stands."""
    table, items, users = tables.annotations, tables.items, tables.users
    query = sa.select(items.c.key, users.c.name, table.c["values"]).select_from(table)
    query = query.join(items, items.c.id == table.c.item_id).join(users, users.c.id == table.c.user_id)
    with project.database.read() as connection:
        rows = connection.execute(query.where(table.c.state == "submitted").order_by(table.c.id)).all()
    return [(key, name, {ask: answer.plain() for ask, answer in decode_values(values).items()}) for key, name, values in rows]


def put(project: Project, name: str, body: Any) -> Path:
    """Write a file of the project: a text as it is, a list of rows as JSONL, anything else as JSON."""
    path = project.folder / name
    rows = isinstance(body, list) and name.endswith("jsonl")
    path.write_text(body if isinstance(body, str) else "\n".join(map(json.dumps, body)) if rows else json.dumps(body), "utf-8", newline="")
    return path


# --- who answered -------------------------------------------------------------------------------------------------------------

RATERS = "id,{},q\nt0,ann,a\nt0,bob,b\nt1,ann,b\nt1,bob,b\n"


@pytest.mark.parametrize(("column", "names"), [("Worker_Id", {}), ("w", {"w": "annotator"})])
def test_the_column_of_the_raters_is_found_or_named(column: str, names: dict[str, str], make_project: Make) -> None:
    """Every rater's answer is stored under the rater's name, also one that says the same as another's."""
    project = with_texts(make_project, CHOICE, "one", "two")
    report = import_labels(project, put(project, "l.csv", RATERS.format(column)), None, "annotations", names=names)
    assert (report.stored, report.quarantined) == (4, 0)
    assert [(key, who, values["q"]) for key, who, values in stored(project)] == [
        ("t0", "ann", "a"), ("t0", "bob", "b"), ("t1", "ann", "b"), ("t1", "bob", "b")
    ]  # fmt: skip


def test_different_answers_by_nobody_are_refused(make_project: Make) -> None:
    """Where no column is known to name the raters, none of the contradicting answers is taken, and the likely column is told."""
    project = with_texts(make_project, CHOICE, "one", "two")
    report = import_labels(project, put(project, "l.csv", RATERS.format("w")), None, "annotations")
    assert [key for key, _, _ in stored(project)] == ["t1"]
    assert [(one.count, one.places) for one in report.not_taken] == [(2, ["l.csv line 2", "l.csv line 3"])]
    assert "--annotator w" in report.not_taken[0].reason


def test_a_column_that_differs_in_every_row_is_no_rater(make_project: Make) -> None:
    """The author of a text is not taken for its rater where each item has one row."""
    project = with_texts(make_project, CHOICE, "one", "two")
    import_labels(project, put(project, "l.csv", "id,user,q\nt0,ann,a\nt1,bob,b\n"), None, "annotations")
    assert {who for _, who, _ in stored(project)} == {"import l"}


def test_rows_about_different_questions_go_together_and_contradictions_do_not_replace(make_project: Make) -> None:
    """One author's answers to two questions in two rows are one answer, again and again; a contradiction is set aside."""
    project = with_texts(make_project, TWO, "one")
    rows = [{"key": "t0", "q": "a", "annotator": "ann"}, {"key": "t0", "r": "b", "annotator": "ann"}]
    path = put(project, "l.jsonl", rows)
    for changed in (2, 0):
        assert import_labels(project, path, None, "annotations").stored == changed
        assert stored(project) == [("t0", "ann", {"q": "a", "r": "b"})]
    report = import_labels(project, put(project, "l.jsonl", [*rows, {"key": "t0", "q": "b", "annotator": "ann"}]), None, "annotations")
    assert (report.stored, report.quarantined) == (0, 1)
    assert stored(project) == [("t0", "ann", {"q": "a", "r": "b"})]


def test_two_annotations_without_an_author_do_not_replace_each_other(make_project: Make) -> None:
    """The second of two annotations of a Label Studio task, neither of which says whose it is, is set aside."""
    project = with_texts(make_project, CHOICE, "one")
    results = [{"result": [{"type": "choices", "from_name": "q", "value": {"choices": [label]}}]} for label in "ab"]
    report = import_labels(project, put(project, "l.json", [{"data": {"text": "one"}, "annotations": results}]), None, "annotations")
    assert (report.stored, report.quarantined, stored(project)[0][2]) == (1, 1, {"q": "a"})


def test_columns_are_named_and_part_of_the_questions_taken(make_project: Make) -> None:
    """`names` says what columns stand for, `questions` takes part of them; what a name does not find is told."""
    project = with_texts(make_project, {**TWO, "questions": {n: {**q, "required": True} for n, q in TWO["questions"].items()}}, "one")
    path = put(project, "l.csv", "ticket,judgement,r,sure\nt0,a,b,0.75\n")
    names = {"judgement": "q", "sure": "score"}
    assert import_labels(project, path, None, "annotations", key="ticket", names=names, questions=["q"]).stored == 1
    assert stored(project)[0][2] == {"q": "a"}
    import_labels(project, path, None, "suggestions", key="ticket", names=names)
    with project.database.read() as connection:
        assert set(connection.scalars(sa.select(tables.suggestions.c.score))) == {0.75}
    report = import_labels(project, path, None, "annotations", key="ticket", names={"gone": "q"}, questions=["r"])
    assert [one.reason for one in report.not_taken] == ["No row has the column 'gone'."]
    assert stored(project)[0][2] == {"q": "a", "r": "b"}
    with pytest.raises(InvalidInput, match="no column 'qq'"):
        import_labels(project, path, None, "annotations", names={"judgement": "qq"})
    with pytest.raises(InvalidInput, match="no question 'qq'"):
        import_labels(project, path, None, "annotations", questions=["qq"])


@pytest.mark.parametrize("said", ["reject", "ignore"])
def test_what_prodigy_says_was_rejected_is_no_answer(said: str, make_project: Make) -> None:
    """A row that its annotator rejected or ignored is set aside; an accepted one is its annotator's."""
    project = with_texts(make_project, CHOICE, "one", "two")
    rows = [{"text": "one", "q": "a", "answer": said}, {"text": "two", "q": "b", "answer": "accept", "_annotator_id": "ann"}]
    report = import_labels(project, put(project, "l.jsonl", rows), None, "annotations")
    assert ([key for key, _, _ in stored(project)], report.quarantined) == (["t1"], 1)
    assert f"'{said}'" in report.not_taken[0].reason


# --- the right item and place ---------------------------------------------------------------------------------------------------


def test_a_key_that_shows_another_content_is_set_aside(make_project: Make) -> None:
    """A choice whose row shows another text than the item of its key is not taken; spaces and accents written otherwise do not matter."""
    project = with_texts(make_project, CHOICE, "I love it", "caf\u00e9 au lait")
    rows = [{"id": "t0", "text": "I hate it", "q": "a"}, {"id": "t1", "text": " cafe\u0301  au lait\n", "q": "b"}]
    report = import_labels(project, put(project, "l.jsonl", rows), None, "annotations")
    assert ([(key, values) for key, _, values in stored(project)], report.quarantined) == ([("t1", {"q": "b"})], 1)


RAW = "cafe\u0301 in Paris\r\nand Rome"
MARKS = [{"start": 9, "end": 14, "label": "LOC"}, {"start": 20, "end": 24, "label": "LOC"}]
WORDS = ["Paris", "Rome"]
QUOTED = [{**mark, "text": word} for mark, word in zip(MARKS, WORDS, strict=True)]
STUDIO = [{"type": "labels", "from_name": "ents", "value": {**mark, "labels": ["LOC"]}} for mark in QUOTED]


def test_offsets_into_the_raw_text_are_carried_over(make_project: Make) -> None:
    """Marks measured in the text as it was collected, or as it was prepared, lie on the same words of the item's text."""
    project = with_texts(make_project, SPANS, RAW)
    files = {
        "keyed.jsonl": [{"key": "t0", "ents": MARKS}],
        "quoted.jsonl": [{"key": "t0", "ents": QUOTED}],
        "texted.jsonl": [{"key": "t0", "text": RAW, "ents": MARKS}],
        "shown.jsonl": [{"text": RAW, "ents": MARKS}],
        "prepared.jsonl": [{"key": "t0", "ents": [{"start": 8, "end": 13, "label": "LOC"}, {"start": 18, "end": 22, "label": "LOC"}]}],
        "studio.json": [{"data": {"text": RAW}, "annotations": [{"result": STUDIO}]}],
    }
    for name, body in files.items():
        assert import_labels(project, put(project, name, body), None, "annotations").stored == 1, name
    text = "caf\u00e9 in Paris\nand Rome"
    marked = [[text[one["start"] : one["end"]] for one in values["ents"]] for _, _, values in stored(project)]
    assert marked == [WORDS] * len(files)
    moved = put(project, "moved.jsonl", [{"key": "t0", "ents": [{**QUOTED[0], "start": 0, "end": 4}]}])
    assert import_labels(project, moved, None, "gold").stored == 0


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "hugging_face", "label_studio", "conll"])
def test_exported_offsets_are_those_of_the_text_beside_them(format: str, make_project: Make, tmp_path: Path) -> None:
    """Marks that were carried over lie in every export on the same words of its text, and come back onto them where the raw text is."""
    project = with_texts(make_project, SPANS, RAW)
    import_labels(project, put(project, "l.jsonl", [{"key": "t0", "ents": MARKS}]), None, "gold")
    module = plugins.load("formats", format)
    target = tmp_path / f"out{module.SUFFIX}"
    assert export(project, format, target) == 1
    good, broken = split(module.read(target, project.schema))
    text = good[0].data["text"].text
    assert ([text[part.start : part.end] for part in good[0].values["ents"].spans], broken) == (WORDS, [])
    assert import_labels(project, target, format, "annotations").stored == 1
    text = "caf\u00e9 in Paris\nand Rome"
    assert [text[one["start"] : one["end"]] for one in stored(project)[0][2]["ents"]] == WORDS


def test_offsets_that_may_be_of_either_text_are_set_aside(make_project: Make) -> None:
    """Where both readings would mark words and nothing tells which one is meant, nothing is marked."""
    project = with_texts(make_project, SPANS, "\r\na-b-c-d", "\r\na b c d")
    rows = [{"key": key, "ents": [{"start": 2, "end": 3, "label": "LOC"}]} for key in ("t0", "t1")]
    report = import_labels(project, put(project, "l.jsonl", rows), None, "annotations")
    assert [(key, values["ents"][0]["start"]) for key, _, values in stored(project)] == [("t1", 1)]
    assert "not clear" in report.not_taken[0].reason


@pytest.mark.parametrize(
    ("name", "body", "taken", "told"),
    [
        ("blanks.csv", "key ; Q\nt0; a \nt1;b\n", {"t0": "a", "t1": "b"}, None),
        ("case.csv", "KEY,Q\nt0,A\nt1,\u200fB\n", {"t0": "a", "t1": "b"}, None),
        ("other.csv", "Key,Q,Score,Meta,Provenance,Answer\nt0,a,5,x,y,z\n", {"t0": "a"}, None),
        ("twice.csv", "key,q,q\nt0,a,b\n", {"t0": "a"}, "Another column is called 'q'"),
        ("list.jsonl", '{"key":"t0","q":["a"]}\n{"key":"t1","q":["a","b"]}\n', {"t0": "a"}, "It has 2 labels"),
        ("columns.csv", "key,a,b\nt0,1,0\nt1,1,1\n", {"t0": "a"}, "It has 2 labels"),
        ("bare.csv", "t0,a\nt1,b\n", {}, "It has the columns 't0', 'a'."),
    ],
)
def test_labels_as_other_tables_write_them(name: str, body: str, taken: dict[str, str], told: str | None, make_project: Make) -> None:
    """Blanks, case and lists of one do not matter; what is ambiguous is told."""
    project = with_texts(make_project, CHOICE, "one", "two")
    path = project.folder / name
    path.write_text(body, "utf-8")
    report = import_labels(project, path, None, "annotations")
    assert {key: values["q"] for key, _, values in stored(project)} == taken
    assert [told in one.reason for one in report.not_taken] == ([True] if told else [])


def test_spans_as_doccano_writes_them(make_project: Make) -> None:
    """A list of start, end and label is a mark, and so is one whose offsets a data frame has made floats."""
    project = with_texts(make_project, SPANS, "Anna met Bob")
    rows = [{"key": "t0", "annotator": "x", "label": [[0, 4, "PER"]]}, {"key": "t0", "annotator": "y", "label": [[9.0, 12.0, "PER"]]}]
    assert import_labels(project, put(project, "d.jsonl", rows), None, "annotations", names={"label": "ents"}).stored == 2
    assert [(values["ents"][0]["start"], values["ents"][0]["end"]) for _, _, values in stored(project)] == [(0, 4), (9, 12)]


PARTY = "\U0001f389\U0001f389 Zo\u00eb met Bob"


@pytest.mark.parametrize(
    ("start", "end", "unit"), [(7, 10, None), (11, 14, None), (13, 16, "UTF-16 units"), (18, 21, "bytes of UTF-8"), (12, 15, None)]
)
def test_offsets_of_other_units_are_put_right_or_told(start: int, end: int, unit: str | None, make_project: Make) -> None:
    """Marks that count UTF-16 units or bytes lie on the text they are said to be about; without one, what would cut words is set aside."""
    project = with_texts(make_project, SPANS, PARTY)
    mark = {"start": start, "end": end, "label": "PER"}
    report = import_labels(project, put(project, "bare.jsonl", [{"key": "t0", "ents": [mark]}]), None, "gold")
    assert report.stored == (start in (7, 11))
    assert unit is None or unit in report.not_taken[0].reason
    quoted = [{"key": "t0", "ents": [{**mark, "text": "Bob"}]}, {"key": "t0", "text": PARTY, "ents": [{**mark, "text": "Bob"}]}]
    for row in quoted:
        report = import_labels(project, put(project, "quoted.jsonl", [row]), None, "annotations")
        if report.stored or report.unchanged:
            assert [PARTY[one["start"] : one["end"]] for one in stored(project)[0][2]["ents"]] == ["Bob"]
    assert bool(report.stored or report.unchanged) == (start in (11, 13, 18))


NAMES = {
    "my pic#1.png": "my%20pic%231.png",
    "x+y.png": "images/x+y.png",
    "caf\u00e9.png": "cafe\u0301.png",
    "a.png": "a.PNG",
    "sub/b.png": "images/sub/b.png",
    "images/train/c.png": "c.png",
    "d.png": "C:\\data\\d.png",
    "photo.png": "3f5b7c1e-photo.png",
    "e": "images/e.png",
}
"""How a picture is called here, and in a file of another tool."""


def test_names_as_other_tools_write_them_find_their_picture(make_project: Make) -> None:
    """A name that is shortened, encoded, decomposed or in another case finds the only picture that it can mean."""
    project = with_pictures(make_project, *NAMES, "other/z.png")
    images = [{"id": number, "file_name": name, "width": 100, "height": 80} for number, name in enumerate(NAMES.values())]
    report = import_labels(project, put(project, "l.json", coco(images, [])), None, "annotations")
    assert [key for key, _, _ in stored(project)] == list(NAMES), report.not_taken


def test_a_name_that_several_pictures_may_have_finds_none(make_project: Make) -> None:
    """The same name in two folders is nobody's, a folder that is another one's finds nothing, and the exact name comes first."""
    project = with_pictures(make_project, "a/c.png", "b/c.png", "train/d.png", "e.png", "E.png")
    names = ["c.png", "val/d.png", "e.png"]
    images = [{"id": number, "file_name": name, "width": 100, "height": 80} for number, name in enumerate(names)]
    report = import_labels(project, put(project, "l.json", coco(images, [])), None, "annotations")
    assert [key for key, _, _ in stored(project)] == ["e.png"]
    assert sorted(one.reason.partition(" '")[0] for one in report.not_taken) == [
        "No item belongs to the file",
        "Several items may be meant by the file",
    ]


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/data/upload/1/0f3a9c1e-a.png", "0f3a9c1e-a.png"),
        ("/data/local-files/?d=img/my pic#1+2.png", "img/my pic#1+2.png"),
        ("/data/local-files/?d=img/my%20pic.png", "img/my pic.png"),
        ("https://h.example/b/my%20pic%231.png?X-Token=1", "/b/my pic#1.png"),
        ("s3://bucket/b/a.png", "/b/a.png"),
    ],
)
def test_addresses_of_label_studio_name_files(address: str, file: str, tmp_path: Path) -> None:
    """What Label Studio puts around the name of a file is taken off."""
    result = {"type": "rectanglelabels", "from_name": "label", "original_width": 9, "original_height": 9}
    result["value"] = {"x": 1, "y": 1, "width": 5, "height": 5, "rectanglelabels": ["Car"]}
    (tmp_path / "l.json").write_text(json.dumps([{"data": {"image": address}, "annotations": [{"result": [result]}]}]))
    good, _ = split(plugins.load("formats", "label_studio").read(tmp_path / "l.json", asking("boxes", "Car", field="image")))
    assert good[0].files == {"image": file}


# --- one annotation of many -------------------------------------------------------------------------------------------------------


def coco(images: list[Any], annotations: Any) -> dict[str, Any]:
    """A COCO file about cats and dogs."""
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}


SQUARE = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 10, 20]}
OUTLINE = [[1, 2, 11, 2, 11, 22, 1, 22]]


@pytest.mark.parametrize(
    ("annotation", "boxes", "parts"),
    [
        ({**SQUARE, "image_id": "1", "category_id": "1"}, 2, 0),
        ({**SQUARE, "image_id": 1.0, "category_id": "1.0"}, 2, 0),
        ({**SQUARE, "area": None}, 2, 0),
        ({**SQUARE, "bbox": None, "segmentation": OUTLINE}, 2, 0),
        ({**SQUARE, "attributes": {"rotation": 0.0, "occluded": False}}, 2, 0),
        ({**SQUARE, "attributes": {"rotation": 45.0}}, 1, 1),
        ({**SQUARE, "iscrowd": 1, "segmentation": {"counts": [0, 5], "size": [80, 100]}}, 1, 1),
        ({**SQUARE, "bbox": [1, 2, 0, 5]}, 1, 1),
        ({**SQUARE, "bbox": []}, 1, 1),
    ],
)
def test_one_annotation_of_coco_costs_no_picture(annotation: dict[str, Any], boxes: int, parts: int, tmp_path: Path) -> None:
    """What can be read is, what cannot is reported by itself, and a picture of which nothing could be read is set aside."""
    images = [{"id": 1, "file_name": "a.png"}]
    schema, module = asking("boxes", "cat", "dog", field="image"), plugins.load("formats", "coco")
    (tmp_path / "l.json").write_text(json.dumps(coco(images, [{**SQUARE, "bbox": [5, 5, 5, 5]}, annotation])))
    good, broken = split(module.read(tmp_path / "l.json", schema))
    assert ([len(one.values["label"].parts()) for one in good], [one.part for one in broken]) == ([boxes], [True] * parts)
    (tmp_path / "l.json").write_text(json.dumps(coco(images, [annotation])))
    good, _ = split(module.read(tmp_path / "l.json", schema))
    assert [one.values["label"].parts()[0].geometry for one in good] == [(1, 2, 10, 20)] * (1 - parts)


@pytest.mark.parametrize("annotations", [None, [{**SQUARE, "image_id": None}], [{**SQUARE, "image_id": []}], [{"bbox": [1, 2, 3, 4]}]])
def test_boxes_of_nobody_knows_which_picture_empty_none(annotations: Any, tmp_path: Path) -> None:
    """Where an annotation does not say whose it is, no picture is said to be empty."""
    (tmp_path / "l.json").write_text(json.dumps(coco([{"id": 1, "file_name": "a.png"}], annotations)))
    good, broken = split(plugins.load("formats", "coco").read(tmp_path / "l.json", asking("boxes", "cat", field="image")))
    assert good == []
    assert broken


def test_a_relation_costs_no_annotation(tmp_path: Path) -> None:
    """Relations of Label Studio, and choices about one region, are reported by themselves; the spans are kept."""
    span = {"id": "x", "type": "labels", "from_name": "label", "value": {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}}
    relation = {"type": "relation", "from_id": "x", "to_id": "x", "direction": "right"}
    each = {"id": "x", "type": "choices", "from_name": "sure", "value": {"start": 0, "end": 4, "choices": ["yes"]}}
    (tmp_path / "l.json").write_text(json.dumps([{"data": {"text": "Anna"}, "annotations": [{"result": [span, relation, each]}]}]))
    good, broken = split(plugins.load("formats", "label_studio").read(tmp_path / "l.json", asking("spans", "PER")))
    assert [one.values["label"] for one in good] == [Spans((Span(0, 4, "PER"),))]
    assert [one.part for one in broken] == [True, True]


@pytest.mark.parametrize(
    ("text", "start", "end", "marked", "place"),
    [
        ("Anna met Bob in Rome.", 8, 11, "Bob", (9, 12)),
        ("one\r\ntwo two", 4, 7, "two", (5, 8)),
        ("Bob met Bob.", 1, 4, "Bob", None),
        ("Anna met Bob.", 9, 12, "Eve", None),
    ],
)
def test_a_span_lies_where_its_text_stands_or_nowhere(
    text: str, start: int, end: int, marked: str, place: tuple[int, int] | None, tmp_path: Path
) -> None:
    """A span of Label Studio whose text is not at its offsets is put right where that is clear, and else its annotation set aside."""
    value = {"start": start, "end": end, "text": marked, "labels": ["PER"]}
    task = {"data": {"text": text}, "annotations": [{"result": [{"type": "labels", "from_name": "label", "value": value}]}]}
    (tmp_path / "l.json").write_text(json.dumps([task]))
    good, broken = split(plugins.load("formats", "label_studio").read(tmp_path / "l.json", asking("spans", "PER")))
    assert [one.values["label"].parts()[0].geometry for one in good] == ([place] if place else [])
    assert len(broken) == (place is None)


def test_a_token_between_tabs_may_have_blanks(tmp_path: Path) -> None:
    """Where CoNLL columns are parted by tabs, blanks belong to the token."""
    (tmp_path / "x.conll").write_text("# text = New York City is\nNew York City\tB-LOC\nis\tO\n")
    good, _ = split(plugins.load("formats", "conll").read(tmp_path / "x.conll", asking("spans", "LOC")))
    assert good[0].values["label"] == Spans((Span(0, 13, "LOC"),))


# --- what others read ---------------------------------------------------------------------------------------------------------------


def test_a_conll_file_has_tokens_and_tags_alone(tmp_path: Path) -> None:
    """No comment stands in it; the exact text beside it gives back the offsets, and an older file with comments is still read."""
    module, schema, text = plugins.load("formats", "conll"), asking("spans", "PER"), "Ada  met\tBob."
    labeled = Labeled(key="# a", data={"text": Text(text)}, values={"label": Spans((Span(0, 3, "PER"), Span(9, 12, "PER")))})
    module.write([labeled], schema, tmp_path / "x.conll")
    assert (tmp_path / "x.conll").read_text() == "Ada B-PER\nmet O\nBob B-PER\n. O\n\n"
    (read,) = module.read(tmp_path / "x.conll", schema)
    assert (read.key, read.data, read.values) == (labeled.key, labeled.data, labeled.values)
    exact = (tmp_path / "x.conll.exact.jsonl").read_text()
    (tmp_path / "old.conll").write_text(f"# labelwright = {exact}" + (tmp_path / "x.conll").read_text())
    (old,) = module.read(tmp_path / "old.conll", schema)
    assert (old.key, old.values) == (read.key, read.values)
    (tmp_path / "x.conll").write_text("Eve B-PER\n\n")
    (wrong,) = module.read(tmp_path / "x.conll", schema)
    assert "does not stand in the text" in wrong.reason


def test_the_header_of_a_folder_tells_its_content_apart(tmp_path: Path) -> None:
    """Two exports that differ in one label have different headers, by which the cache of `datasets` knows them; equal ones do not."""
    module, schema = plugins.load("formats", "hugging_face"), asking("choice", "a", "b")
    headers = []
    for label in ("a", "b", "a"):
        module.write([Labeled(key="k", data={"text": Text("one")}, values={"label": Choice(label)})], schema, tmp_path / "out")
        headers.append((tmp_path / "out" / "README.md").read_text().partition("\n---\n")[0])
    assert headers[0] == headers[2] != headers[1]


def test_what_a_format_cannot_hold_is_told_and_dropped_only_when_allowed(make_project: Make, tmp_path: Path) -> None:
    """An export that would lose answers says how many and is refused; allowed to drop them, it counts what it left out."""
    schema = {"data": {"text": "text"}, "questions": {**SPANS["questions"], "bad": {"kind": "spans", "of": "text", "options": ["A B"]}}}
    project = make_project(schema)
    ids = add_texts(project, ["Anna met Bob"], field="text")
    agree(project, dict.fromkeys(ids, Spans((Span(0, 4, "PER"), Span(0, 8, "LOC")))), question="ents")
    agree(project, dict.fromkeys(ids, Spans((Span(0, 4, "A B"),))), question="bad")
    with pytest.raises(InvalidInput, match="lost: 1 to 'bad'"):
        export(project, "conll", tmp_path / "x.conll")
    assert list(tmp_path.glob("x.conll*")) == []
    dropped: Counter[str] = Counter()
    assert export(project, "conll", tmp_path / "x.conll", dropped=dropped) == 1
    assert dropped == {"bad": 1, "ents": 1}
    assert export(project, "conll", tmp_path / "out", dropped=Counter()) == 1
    assert json.loads((tmp_path / "out/dropped.json").read_bytes()) == {"answers": {"bad": 1, "ents": 1}}
    export(project, "jsonl", tmp_path / "out")
    assert not (tmp_path / "out/dropped.json").exists(), "what an earlier export left out says nothing about this one"
    assert (tmp_path / "x.conll").read_text() == "Anna B-PER\nmet O\nBob O\n\n"


# --- imported answers are answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opened", [False, True])
def test_imported_answers_count_for_the_overlap(opened: bool, make_project: Make) -> None:
    """Whole answers take the places of those that would be asked for, before or after tasks are opened; the second import takes none."""
    project = with_texts(make_project, CHOICE, "one", "two", "three")
    policy = TaskPolicy(overlap=2)
    if opened:
        open_tasks(project, policy)
    rows = [{"key": key, "q": "a", "annotator": who} for key, who in (("t0", "ann"), ("t0", "bob"), ("t0", "cyd"), ("t1", "ann"))]
    for _ in range(2):
        import_labels(project, put(project, "l.jsonl", rows), None, "annotations")
        open_tasks(project, policy)
        with project.database.read() as connection:
            query = sa.select(tables.items.c.key, tables.tasks.c.lane).join(tables.items, tables.items.c.id == tables.tasks.c.item_id)
            found = connection.execute(query.where(tables.tasks.c.state == "open").order_by(tables.items.c.key, tables.tasks.c.lane)).all()
        assert [tuple(row) for row in found] == [("t1", 2), ("t2", 1), ("t2", 2)]
        assert count(project, tables.tasks, tables.tasks.c.state == "done") == 4


def test_a_part_of_the_questions_takes_no_place(make_project: Make) -> None:
    """An import of some questions leaves the item to be asked about; with the rest of them it is answered."""
    project = with_texts(make_project, {**TWO, "questions": {n: {**q, "required": True} for n, q in TWO["questions"].items()}}, "one")
    open_tasks(project, TaskPolicy())
    path = put(project, "l.jsonl", [{"key": "t0", "q": "a", "r": "b"}])
    import_labels(project, path, None, "annotations", questions=["q"])
    assert count(project, tables.tasks, tables.tasks.c.state == "open") == 1
    import_labels(project, path, None, "annotations", questions=["r"])
    assert count(project, tables.tasks, tables.tasks.c.state == "open") == 0
