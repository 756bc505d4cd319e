"""Boxes and segments: how several people's become one, and which labels a model doubts."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.quality import QualityPolicy, refresh
from labelwright.schema.kinds.segments import Segment, Segments
from labelwright.store import log, tables
from labelwright.store.codec import decode_answer, encode
from labelwright.store.project import Project
from tests.quality.answers import answer, boxes, report, rows
from tests.rows import add_users

Make = Callable[..., Project]
BOXES = {"data": {"photo": "image"}, "questions": {"things": {"kind": "boxes", "of": "photo", "options": ["red", "blue"]}}}
SEGMENTS = {"data": {"clip": "audio"}, "questions": {"speech": {"kind": "segments", "of": "clip", "options": ["speech", "music"]}}}


def add_items(project: Project, fields: Sequence[dict[str, Any]]) -> list[int]:
    def work(connection: Connection) -> list[int]:
        found = []
        for index, field in enumerate(fields):
            same = {"project_id": project.id, "key": f"m{index}", "revision": f"r{index}", "created_at": time.time()}
            raw = connection.execute(sa.insert(tables.raw_items).values(source="test", place="test", data="{}", **same))
            item = connection.execute(sa.insert(tables.items).values(raw_id=raw.inserted_primary_key[0], data=encode(field), **same))
            found.append(int(item.inserted_primary_key[0]))
        return found

    return project.database.write(work)


def test_boxes_are_fused_by_weight(make_project: Make) -> None:
    """Three people's boxes become the boxes that two of them saw, with corners in between; the rest of the crowd leaves them alone."""
    project = make_project(BOXES)
    ann, bob, cyd = add_users(project, "ann", "bob", "cyd")
    (item,) = add_items(project, [{"photo": {"modality": "image", "blob": "0" * 64, "width": 100, "height": 100}}])
    answer(project, [(item, ann, {"things": boxes((10, 10, 20, 20, "red"), (60, 60, 20, 20, "blue"))})])
    answer(project, [(item, bob, {"things": boxes((12, 10, 20, 20, "red"), (61, 60, 20, 20, "blue"))})])
    answer(project, [(item, cyd, {"things": boxes((11, 10, 20, 20, "red"), (0, 80, 10, 10, "blue"))})])
    refresh(project, QualityPolicy(label_errors=False))
    (row,) = rows(project, tables.consensus)
    found = sorted(decode_answer(row["answer"]).boxes, key=lambda box: box.x)
    assert [box.label for box in found] == ["red", "blue"]
    assert abs(found[0].x - 11) < 0.2
    assert found[0].width == 20
    assert row["method"].startswith("fused")
    assert 0.5 < row["confidence"] < 1
    (agreed,) = report(project, "agreement")["questions"]
    assert 0.5 < agreed["agreement"]["value"] < 0.8
    assert agreed["overlap"]["value"] > 0.8
    assert len(agreed["pairs"]) == 3
    (tested,) = report(project, "criteria")["questions"]
    assert [(one["label"], one["compared"], one["missed"]) for one in tested["missed"]] == [("blue", 5, 4)]


def test_whoever_marks_well_weighs_more(make_project: Make) -> None:
    """One who is careful decides where two careless ones agree by chance, as soon as there is enough to tell them apart."""
    project = make_project(BOXES)
    careful = add_users(project, "ann", "bob")
    careless = add_users(project, "cyd", "dan")
    rng = random.Random(0)
    ids = add_items(project, [{"photo": {"modality": "image", "blob": "0" * 64, "width": 100, "height": 100}}] * 41)
    for place, item in enumerate(ids[:40]):
        if place == 5:
            refresh(project, QualityPolicy(label_errors=False))
            assert {row["method"] for row in rows(project, tables.consensus)} == {"fused"}
        x, y = rng.randrange(70), rng.randrange(70)
        for user_id in careful:
            answer(project, [(item, user_id, {"things": boxes((x + rng.random(), y + rng.random(), 20, 20, "red"))})])
        for user_id in careless:
            answer(project, [(item, user_id, {"things": boxes((rng.randrange(80), rng.randrange(80), 20, 20, "red"))})])
    answer(project, [(ids[40], careful[0], {"things": boxes((10, 10, 20, 20, "red"))})])
    for user_id in careless:
        answer(project, [(ids[40], user_id, {"things": boxes((10, 10, 20, 20, "blue"))})])
    refresh(project, QualityPolicy(label_errors=False))
    (found,) = (row for row in rows(project, tables.consensus) if row["item_id"] == ids[40])
    assert [box.label for box in decode_answer(found["answer"]).boxes] == ["red"]
    skill = {row["user_id"]: row["skill"] for row in rows(project, tables.annotator_quality)}
    assert min(skill[user_id] for user_id in careful) > 2 * max(skill[user_id] for user_id in careless)


def test_a_box_of_the_wrong_color_is_doubted(make_project: Make) -> None:
    """Boxes whose label does not fit what they show are suspects, and proposals change that label alone.

    A lost picture is the reason why there are none, and once it is back the next full refresh searches again, and only that one.
    """
    from PIL import Image

    project = make_project(BOXES)
    (ann,) = add_users(project, "ann")
    rng = random.Random(0)
    fields, given = [], []
    for index in range(40):
        image = Image.new("RGB", (64, 64), (230, 230, 230))
        image.paste((200 + rng.randrange(50), 30, 30), (4, 4, 28, 28))
        image.paste((30, 30, 200 + rng.randrange(50)), (34, 34, 60, 60))
        body = io.BytesIO()
        image.save(body, "PNG")
        fields.append({"photo": {"modality": "image", "blob": project.blobs.put(body.getvalue()), "width": 64, "height": 64}})
        given.append(boxes((4, 4, 24, 24, "blue" if index % 10 == 9 else "red"), (34, 34, 26, 26, "blue")))
    ids = add_items(project, fields)
    answer(project, [(item, ann, {"things": one}) for item, one in zip(ids, given, strict=True)])
    refresh(project, QualityPolicy())
    found = rows(project, tables.label_errors)
    assert {row["item_id"] for row in found} <= set(ids[9::10])
    assert found
    for row in found:
        assert [box.label for box in decode_answer(row["proposed"]).boxes] == ["red", "blue"]
    assert "edges" in report(project, "label_errors")["questions"][0]["features"]
    lost = project.blobs.path(fields[0]["photo"]["blob"])
    body = lost.read_bytes()
    lost.unlink()
    project.database.write(lambda connection: log.append(connection, project.id, "review_given", item_id=ids[0]))
    refresh(project, QualityPolicy(), full=True)
    assert "no such blob" in report(project, "label_errors")["questions"][0]["reason"]
    assert not refresh(project, QualityPolicy(), full=True).deep
    lost.write_bytes(b"damaged")
    assert not refresh(project, QualityPolicy(), full=True).deep
    lost.write_bytes(body)
    assert refresh(project, QualityPolicy(), full=True).deep
    assert rows(project, tables.label_errors)
    assert not refresh(project, QualityPolicy(), full=True).deep


def test_segments_are_fused_in_seconds(make_project: Make) -> None:
    """Segments of two people become one with ends in between; where only one heard something, it is kept at half the belief."""
    project = make_project(SEGMENTS)
    ann, bob = add_users(project, "ann", "bob")
    one, two = add_items(project, [{"clip": {"modality": "audio", "blob": "0" * 64, "duration": 9.0, "rate": 16000}}] * 2)
    for user, shift in ((ann, 0.0), (bob, 0.2)):
        answer(project, [(one, user, {"speech": Segments((Segment(1.0 + shift, 3.0 + shift, "speech"),))})])
    answer(project, [(two, ann, {"speech": Segments()}), (two, bob, {"speech": Segments()})])
    refresh(project, QualityPolicy(label_errors=False))
    first, second = rows(project, tables.consensus)
    assert decode_answer(first["answer"]) == Segments((Segment(1.1, 3.1, "speech"),))
    assert decode_answer(second["answer"]) == Segments()
    assert (first["agreement"], second["agreement"]) == (1.0, 1.0)
