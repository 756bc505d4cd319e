"""Labeled items of every modality and kind, made by Hypothesis, and the schemas that they answer."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from labelwright.formats import Labeled, Provenance
from labelwright.schema import Audio, Field, Image, Schema, Text
from labelwright.schema.kinds.boxes import Box, Boxes
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.segments import Segment, Segments
from labelwright.schema.kinds.spans import Span, Spans

LABELS = ["refund", "größe", "a, b", "=SUM(A1)", "quote\"'s", "🙂 x", "null", "-1"]
TAGS = ["PERSON", "ORT", "B-PER", "🙂"]

SCHEMAS = {
    "text": msgspec.convert(
        {
            "data": {"body": "text", "title": "text"},
            "questions": {
                "intent": {"kind": "choice", "of": "body", "options": LABELS, "required": False},
                "entities": {"kind": "spans", "of": "body", "options": TAGS, "required": False},
                "places": {"kind": "spans", "of": "body", "options": ["PLACE"], "required": False},
            },
        },
        Schema,
    ),
    "image": msgspec.convert(
        {
            "data": {"photo": "image"},
            "questions": {
                "cells": {"kind": "boxes", "of": "photo", "options": LABELS, "required": False},
                "marks": {"kind": "boxes", "of": "photo", "options": ["refund", "dust"], "required": False},
                "stain": {"kind": "choice", "of": "photo", "options": ["good", "bad"], "required": False},
            },
        },
        Schema,
    ),
    "audio": msgspec.convert(
        {
            "data": {"clip": "audio"},
            "questions": {
                "speech": {"kind": "segments", "of": "clip", "options": LABELS, "required": False},
                "speaker": {"kind": "choice", "of": "clip", "options": LABELS, "required": False},
            },
        },
        Schema,
    ),
}

characters = st.characters(codec="utf-8", exclude_characters="\0")
texts = st.text(characters | st.sampled_from("\n\r\t \",';{}[]#-🙂é\u2028\x85"), max_size=40)
names = st.text(characters, min_size=1, max_size=12)
plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
thousandths = st.integers(0, 400_000).map(lambda number: number / 1000)
provenances = st.builds(
    Provenance,
    origin=st.sampled_from(["review", "consensus"]),
    annotators=st.lists(names, max_size=3).map(tuple),
    reviewer=st.none() | names,
    method=st.none() | st.just("dawid_skene"),
    confidence=st.none() | st.floats(0, 1),
)


@st.composite
def spans(draw: st.DrawFn, text: str, labels: list[str]) -> Spans:
    """Spans that share no character, since one format cannot hold others."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    return Spans(tuple(Span(a, b, draw(st.sampled_from(labels))) for a, b in zip(cuts[::2], cuts[1::2], strict=False)))


def boxes(labels: list[str]) -> st.SearchStrategy[Boxes]:
    side = st.integers(1, 200_000).map(lambda number: number / 1000)
    return st.lists(st.builds(Box, thousandths, thousandths, side, side, st.sampled_from(labels)), max_size=4).map(tuple).map(Boxes)


@st.composite
def labeled(draw: st.DrawFn, modality: str, key: str | None = None) -> Labeled:
    schema = SCHEMAS[modality]
    data: dict[str, Field]
    answers: dict[str, Any]
    if modality == "text":
        body = draw(texts)
        data = {"body": Text(body), "title": Text(draw(texts))}
        answers = {
            "intent": st.sampled_from(LABELS).map(Choice),
            "entities": spans(body, TAGS),
            "places": spans(body, ["PLACE"]),
        }
    elif modality == "image":
        data = {"photo": Image(draw(digests), 640, 480, draw(st.sampled_from(["image/png", "image/jpeg"])))}
        answers = {"cells": boxes(LABELS), "marks": boxes(["refund", "dust"]), "stain": st.sampled_from(["good", "bad"]).map(Choice)}
    else:
        data = {"clip": Audio(draw(digests), draw(st.floats(0.5, 500)), 16000)}
        stretch = st.tuples(st.integers(0, 9000), st.integers(1, 900), st.sampled_from(LABELS))
        segments = st.lists(stretch.map(lambda one: Segment(one[0] / 1000, (one[0] + one[1]) / 1000, one[2])), max_size=4)
        answers = {"speech": segments.map(tuple).map(Segments), "speaker": st.sampled_from(LABELS).map(Choice)}
    chosen = {name: draw(answers[name]) for name in schema.questions if draw(st.booleans())}
    return Labeled(
        key=key if key is not None else draw(names),
        data=data,
        values=chosen,
        meta=draw(st.dictionaries(names, plain | st.lists(plain, max_size=2), max_size=3)),
        split=draw(st.none() | st.sampled_from(["train", "test", "odd one"])),
        provenance={name: draw(provenances) for name in chosen if draw(st.booleans())},
        annotator=draw(st.none() | names),
    )


def datasets(modality: str, at_least: int = 1) -> st.SearchStrategy[list[Labeled]]:
    return st.lists(labeled(modality), min_size=at_least, max_size=4, unique_by=lambda one: one.key)
