"""Numbers: what is a valid one, what its place in a table may look like, and what several come to."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.errors import InvalidInput, InvalidPipeline
from labelwright.schema import Item, Schema
from labelwright.schema.kinds.number import NumberAnswer, NumberQuestion
from labelwright.schema.modalities.text import Text


def asked(**declared: Any) -> NumberQuestion:
    question = NumberQuestion(of="body", **declared)
    question.check("schema.questions.count")
    return question


@pytest.mark.parametrize(
    ("declared", "value", "rule"),
    [
        ({"min": 0}, -0.5, "out_of_range"),
        ({"max": 10}, 10.5, "out_of_range"),
        ({}, 1e16, "out_of_range"),
        ({}, float("nan"), "out_of_range"),
        ({}, float("inf"), "out_of_range"),
        ({"step": 0.1}, 0.25, "off_the_steps"),
        ({"min": 1, "step": 2}, 2, "off_the_steps"),
    ],
)
def test_a_number_that_is_not_asked_for_is_refused(declared: dict[str, Any], value: float, rule: str) -> None:
    """Below, above, between the steps, and what is no number at all: each has its rule."""
    assert [one.rule for one in asked(**declared).problems(NumberAnswer(value), {})] == [rule]
    assert not asked(**declared).stands(NumberAnswer(value))


@pytest.mark.parametrize(
    ("declared", "value"), [({"step": 0.1}, 0.3), ({"min": 1, "step": 2}, 7), ({"min": 0.05, "step": 0.1}, 12.35), ({}, -3.5)]
)
def test_steps_are_told_apart_from_what_floats_make_of_them(declared: dict[str, Any], value: float) -> None:
    """Three tenths are three steps of a tenth, though 0.1 + 0.1 + 0.1 is another float; steps begin at the least number."""
    assert asked(**declared).problems(NumberAnswer(value), {}) == []


@pytest.mark.parametrize(
    ("declared", "place"),
    [
        ({"min": 5, "max": 5}, "min"),
        ({"step": 0}, "step"),
        ({"min": 0, "max": 1, "step": 2}, "step"),
        ({"max": 1e16}, "max"),
        ({"unit": "x" * 21}, "unit"),
    ],
)
def test_a_range_that_holds_nothing_is_refused(declared: dict[str, Any], place: str) -> None:
    """A question that nobody could answer is an error of the pipeline file, at its key."""
    with pytest.raises(InvalidPipeline) as refused:
        asked(**declared)
    assert refused.value.where == f"schema.questions.count.{place}"


def test_a_number_is_read_from_a_table_and_nothing_else_is() -> None:
    """A cell has it as text; what is no number is refused with an example, and never a zero."""
    question = asked()
    assert question.from_plain("3.50") == question.from_plain(3.5) == NumberAnswer(3.5)
    for wrong in ("", "three", "1,5", "1_000", "nan", None, True, [1]):
        with pytest.raises(InvalidInput, match="no number answer"):
            question.from_plain(wrong)
    assert msgspec.json.encode(NumberAnswer(3.0).plain()) == b"3"


def test_several_come_to_the_weighted_median() -> None:
    """The number in the middle stands, which one person far off does not move, unless that one weighs more than the others together."""
    question = asked()
    numbers = [NumberAnswer(value) for value in (10, 12, 1000)]
    assert question.fused(numbers, [1, 1, 1]) == NumberAnswer(12)
    assert question.fused(numbers, [1, 1, 5]) == NumberAnswer(1000)


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_the_order_of_answers_decides_nothing(values: list[float], luck: random.Random) -> None:
    """What several come to is one of them, the same in whichever order they came, also between two that are equally near."""
    question = asked(min=-1e6, max=1e6)
    numbers = [NumberAnswer(value) for value in values]
    fused = question.fused(numbers, [1.0] * len(numbers))
    assert fused in numbers
    luck.shuffle(numbers)
    assert question.fused(numbers, [1.0] * len(numbers)) == fused


def test_conditions_and_checks_see_a_number() -> None:
    """A later question may be asked by the size of an earlier answer."""
    declared = {
        "count": {"kind": "number", "of": "body", "min": 0},
        "why": {"kind": "text", "of": "body", "when": "count > 3"},
    }
    schema = msgspec.convert({"data": {"body": "text"}, "questions": declared}, Schema)
    schema.check()
    item = Item(id=1, key="1", revision="", data={"body": Text("three cats")})
    assert schema.asked({"count": NumberAnswer(4)}, item) == ["count", "why"]
    assert schema.asked({"count": NumberAnswer(3)}, item) == ["count"]
