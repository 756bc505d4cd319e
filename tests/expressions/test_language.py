"""The language of one-line checks: what it says, what it refuses, and that it can do no harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.checks import compile_rules, inspect
from labelwright.errors import InvalidPipeline
from labelwright.expressions import CannotTell, Subject, compile_expression
from labelwright.schema import Image, Item, Schema, Text
from labelwright.schema.kinds.boxes import Box, Boxes
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.spans import Span, Spans

SCHEMA = msgspec.convert(
    {
        "data": {"body": "text", "photo": "image"},
        "questions": {
            "intent": {"kind": "choice", "of": "body", "options": ["refund", "bug", "other"]},
            "entities": {"kind": "spans", "of": "body", "options": ["AMOUNT", "DATE"]},
            "cells": {"kind": "boxes", "of": "photo", "options": ["red", "white"]},
        },
    },
    Schema,
)
ITEM = Item(1, "t1", "r", {"body": Text("Pay 5 dollars by May."), "photo": Image("0" * 64, 640, 480)}, {"order id": "17", "price": 3.5})
VALUES: dict[str, Any] = {
    "intent": Choice("refund"),
    "entities": Spans((Span(4, 13, "AMOUNT"), Span(17, 20, "DATE"))),
    "cells": Boxes((Box(1, 2, 30, 40, "red"),)),
}


def holds(text: str, values: dict[str, Any] = VALUES, item: Item = ITEM) -> bool:
    return compile_expression(text, SCHEMA.names()).holds(Subject(values, item.data, item.meta, item.key))


@pytest.mark.parametrize(
    "text",
    [
        "intent == 'refund'",
        "intent in ('refund', 'bug') and intent not in ['other']",
        "intent == 'refund' implies any(entities, label == 'AMOUNT')",
        "intent == 'bug' implies false",
        "intent == 'bug' implies false implies false",
        "not (intent == 'refund' implies false)",
        "intent == 'refund' or false implies true",
        "(intent == 'bug' implies false) and count(entities) == 2",
        "all(entities, end - start < 10 and length == end - start)",
        "any(entities, text == 'May')",
        "all(entities, matches(text, '^[0-9]+ dollars$') or label == 'DATE')",
        "any(a in entities, any(b in entities, a.end < b.start and a.label != b.label))",
        "count(entities, label == 'DATE') == 1 and count(entities) > 1",
        "sum(entities, length) == 12 and max(entities, end) == 20 and min(entities, start) == 4",
        "'AMOUNT' in labels(entities) and len(entities) == 2",
        "all(cells, area == width * height and x + width <= photo.width)",
        "all(cells, any(entities, label == 'DATE'))",
        "len(body) == 21 and words(body) == 5 and body == data.body and photo.height == 480",
        "'dollars' in body and starts_with(body, 'Pay') and ends_with(lower(body), 'may.')",
        "number(meta['order id']) == 17 and meta.price > 3 and meta.nothing == none",
        "item.key == 't1' and answers.intent == 'refund'",
        "-1 < meta.price - 3 < 1 and round(meta.price / 0.5) == 7 and abs(-2) % 2 == 0",
        "  intent == 'refund'\n  implies true",
        "'implies' != 'if' and not matches(body, 'implies')",
        "'ü' != 'x' implies intent == 'refund'",
    ],
)
def test_what_expressions_say(text: str):
    """Logic, comparisons, lists, fields, columns and functions mean what they say."""
    assert holds(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "intent == 'bug'",
        "true implies intent == 'bug'",
        "any(entities, end > 100)",
        "meta.price < 3",
        "meta.nothing < 3",
        "meta.nothing > 3",
    ],
)
def test_what_does_not_hold(text: str):
    """A false comparison does not hold, and what is missing compares as false."""
    assert holds(text) is False


def test_missing_answers_are_none():
    """A missing choice equals none and no label; a missing list is empty."""
    assert holds("intent == none and intent != 'bug' and count(entities) == 0 and not any(cells)", {})


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("intnet == 'refund'", 1, "no question or field 'intnet'", "intent"),
        ("intent == 'refnd'", 11, "'refnd' is none of the labels", "refund"),
        ("intent in ('bug', 'refnd')", 19, "none of the labels", "refund"),
        ("any(entities, label == 'AMONT')", 24, "none of the labels", "AMOUNT"),
        ("any(entities, lable == 'DATE')", 15, "no question or field 'lable'", "label"),
        ("any(a in entities, a.width > 2)", 20, "has no 'width'", "length"),
        ("any(intent, true)", 5, "looks at a list", "entities"),
        ("ayn(entities, true)", 1, "no function 'ayn'", "any"),
        ("len()", 1, "takes 1 arguments", ""),
        ("all(entities)", 1, "needs the value", ""),
        ("intent = 'bug'", 8, "A single =", ""),
        ("intent == 'bug' implies", 24, "no expression", ""),
        ("intent == 'refund' implies intnet == 'bug'", 28, "intnet", "intent"),
        ("true implies true implies intnet", 27, "intnet", "intent"),
        ("'üü' == 'ü' implies intnet", 21, "intnet", "intent"),
        ("(intent == 'bug'", 1, "no expression", ""),
        ("intent == 'bug", 11, "no expression", ""),
        ("photo.depth > 3", 1, "has no 'depth'", "width"),
        ("meta > 3", 1, "followed by", "meta."),
        ("matches(body, '(')", 15, "no regular expression", ""),
        ("matches(body, lower(body))", 15, "has to stand there", ""),
        ("1 if true else 2", 3, "'if' is not part", "implies"),
        ("lambda: 1", 1, "'lambda' is not part", ""),
        ("[x for x in entities]", 4, "'for' is not part", "any("),
        ("intent is none", 8, "'is' is not part", "=="),
        ("2 ** 9", 1, "operator is not part", ""),
        ("body.__class__", 1, "has no '__class__'", "text"),
        ("().__class__", 1, "Only places", ""),
        ("__import__('os')", 1, "no function '__import__'", ""),
        ("len.__globals__", 1, "Only places", ""),
        ("f'{body}' == 'x'", 1, "not part of the language", ""),
        ("(x := 3) == 3", 2, "not part of the language", ""),
        ("{1: 2} == 3", 1, "not part of the language", ""),
        ("body[0] == 'P'", 1, "Square brackets", ""),
        ("len(*body)", 1, "no stars", ""),
        ("true # why", 6, "no comments", ""),
        ("3j == 3", 1, "Values are", ""),
        ("", None, "empty", ""),
    ],
)
def test_mistakes_are_found_when_the_pipeline_is_loaded(text: str, column: int | None, message: str, hint: str):
    """A typing error, an unknown label or a construct that is no part of the language is refused with column and hint."""
    with pytest.raises(InvalidPipeline) as error:
        compile_expression(text, SCHEMA.names())
    assert message in error.value.message
    assert hint in (error.value.hint or "")
    if column is not None:
        assert (error.value.where or "").startswith(f"column {column},")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 300 + "1" + ")" * 300,
        "not " * 900 + "true",
        "-" * 3000 + "1",
        "true" + " and true" * 1000,
        "1" * 4001,
        "[" * 3000,
        "true implies " * 200 + "true",
    ],
)
def test_length_and_depth_are_limited(text: str):
    """An expression that is too long or nested too deeply is refused, never a crash."""
    with pytest.raises(InvalidPipeline):
        compile_expression(text, SCHEMA.names())


@pytest.mark.parametrize(
    "text", ["meta.price > 'three'", "body * 1000 == 0", "1 / 0 == 1", "lower(meta.price) == ''", "len(meta.price) > 1"]
)
def test_values_that_do_not_go_together_cannot_be_told(text: str):
    """Comparing a number with a text raises what the rule turns into a warning, and no other exception."""
    with pytest.raises(CannotTell):
        holds(text)
    findings = inspect(SCHEMA, VALUES, ITEM, rules=compile_rules(SCHEMA, [text], Path()))
    assert [(finding.rule, finding.severity) for finding in findings] == [("expression", "warning")]


def test_an_expression_that_does_not_hold_blocks_or_asks():
    """The finding carries the expression, or the message of the pipeline file, and the question where it names one."""
    declared = [
        "intent == 'bug'",
        {"expression": {"that": "count(entities) < 2 or intent == 'bug'", "message": "So many?", "severity": "warning"}},
    ]
    findings = inspect(SCHEMA, VALUES, ITEM, rules=compile_rules(SCHEMA, declared, Path()))
    assert [(one.severity, one.question, one.message) for one in findings] == [
        ("error", "intent", "This does not hold: intent == 'bug'"),
        ("warning", None, "So many?"),
    ]


def test_the_place_in_the_file_is_named():
    """An error in the second check says so."""
    with pytest.raises(InvalidPipeline) as error:
        compile_rules(SCHEMA, ["true", "intnet == 'bug'"], Path())
    assert error.value.where == "checks[1], column 1, at 'intnet == 'bug''"


ATOMS = st.sampled_from(
    [
        "intent",
        "entities",
        "implies",
        "any",
        "(",
        ")",
        "==",
        "'bug'",
        ",",
        "not",
        "and",
        "in",
        "a",
        ".",
        "label",
        "1",
        "-",
        "[",
        "]",
        "'",
        "meta",
        "\n",
        "é",
        "if",
        "#",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ATOMS, max_size=14).map(" ".join) | st.text(max_size=30))
def test_any_text_is_an_expression_or_refused(text: str):
    """Whatever stands there, it compiles or is refused, and then holds, does not hold, or cannot be told."""
    try:
        expression = compile_expression(text, SCHEMA.names())
        expression.holds(Subject(VALUES, ITEM.data, ITEM.meta, ITEM.key))
    except (InvalidPipeline, CannotTell):
        pass


def test_it_takes_no_more_steps_than_it_may():
    """An expression over many places, or over long texts many times, ends with a warning that it could not be checked."""
    many = {**VALUES, "entities": Spans(tuple(Span(0, 3, "DATE") for _ in range(3000)))}
    for text in (
        "all(entities, lower(body) != 'x')",
        "not any(entities, matches(body, '(x+x+)+y'))",
        "not any(a in entities, any(b in entities, a.end < b.start))",
    ):
        item = msgspec.structs.replace(ITEM, data={"body": Text("x" * 100_000), "photo": ITEM.data["photo"]})
        with pytest.raises(CannotTell, match="steps"):
            holds(text, many, item)
    (finding,) = [one for one in inspect(SCHEMA, many, ITEM, rules=compile_rules(SCHEMA, [text], Path())) if one.rule == "expression"]
    assert finding.severity == "warning"
    assert finding.message.startswith("This could not be checked: ")


def test_numbers_do_not_grow_beyond_bounds():
    """Whole numbers of a thousand digits are not multiplied on and on."""
    item = msgspec.structs.replace(ITEM, meta={"n": 10**400})
    with pytest.raises(CannotTell, match="too large"):
        holds("meta.n * meta.n > 0", item=item)


def test_a_regular_expression_takes_time_by_the_length_of_the_text():
    """What keeps a backtracking engine busy for ever is looked for and not found."""
    item = msgspec.structs.replace(ITEM, data={"body": Text("a" * 20_000 + "!"), "photo": ITEM.data["photo"]})
    assert not holds("matches(body, '^(a+)+$')", item=item)
    assert not holds("matches(body, '^(a|aa)+$')", item=item)


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("(?=a)b", "Look-ahead"),
        ("(?<!a)b", "look-behind"),
        ("(a)\\\\1", "Back-references"),
        ("a\\\\Z", "end of the text"),
        ("(", None),
        ("((((a{9}){9}){9}){9}){9}", None),
    ],
)
def test_regular_expressions_without_a_bound_are_refused(pattern: str, hint: str | None):
    """What a linear engine cannot run is refused when the pipeline is read, at its column, with what to do instead."""
    with pytest.raises(InvalidPipeline) as caught:
        compile_rules(SCHEMA, [f"matches(body, '{pattern}')"], Path())
    assert caught.value.where is not None
    assert caught.value.where.startswith("checks[0], column 15")
    assert hint is None or hint in (caught.value.hint or "")
