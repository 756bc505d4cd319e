"""Ratings: what is a scale, and what conditions see of a point on it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from labelwright.errors import InvalidInput, InvalidPipeline
from labelwright.schema import Item, Schema, Text
from labelwright.schema.kinds.rating import Rating, RatingQuestion


def schema(options: list[Any], when: str = "true", **more: Any) -> Schema:
    """A scale, and a question that depends on it."""
    questions = {
        "tone": {"kind": "rating", "of": "body", "options": options, **more},
        "why": {"kind": "choice", "of": "body", "options": ["x"], "when": when},
    }
    made = msgspec.convert({"data": {"body": "text"}, "questions": questions}, Schema)
    made.check()
    return made


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["only"], "A scale has 2 to 50 points, and this one has 1."),
        ([f"p{number}" for number in range(51)], "this one has 51"),
        (["3", "2", "1"], "The points are numbers and do not rise."),
        (["a", "b", "a"], "The label 'a' is there twice."),
        ([], "There are no options to choose from."),
    ],
)
def test_what_is_no_scale_is_refused(options: list[str], message: str) -> None:
    """A scale has a few points, each once; points that are numbers rise, so that nobody takes the best for the worst."""
    with pytest.raises(InvalidPipeline) as caught:
        schema(options)
    assert message in caught.value.message
    assert caught.value.where == "schema.questions.tone.options"


@pytest.mark.parametrize(
    ("options", "when", "asked"),
    [
        (["poor", "fair", "good"], "tone <= 2", ["poor", "fair"]),
        (["poor", {"label": "fair", "title": "So so"}, "good"], "tone in (1, 3)", ["poor", "good"]),
        (["0", "5", "10"], "tone >= 5", ["5", "10"]),
        (["-1", "0", "1"], "tone < 0", ["-1"]),
        (["0", "1", "n/a"], "tone == 3", ["n/a"]),
    ],
)
def test_conditions_see_a_number(options: list[Any], when: str, asked: list[str]) -> None:
    """It is what the points are called where all are called by numbers, and else their place from 1."""
    found = schema(options, when)
    item = Item(1, "k", "r", {"body": Text("a")})
    labels = found.questions["tone"].labels
    assert [label for label in labels if "why" in found.asked({"tone": Rating(label)}, item)] == asked


def test_a_condition_that_compares_a_rating_with_a_text_is_refused() -> None:
    """It would never hold, and so it is an error when the pipeline file is read."""
    with pytest.raises(InvalidPipeline, match="A number is compared with a text here"):
        schema(["poor", "good"], "tone == 'good'")


def test_points_come_from_tables_as_numbers() -> None:
    """Where the points are called by numbers, 3 and 3.0 are the point 3; where they have names, a number is none of them."""
    counted, named = (RatingQuestion(of="body", options=options) for options in (("1", "2", "3"), ("poor", "fair", "good")))
    assert counted.from_plain(3) == counted.from_plain(3.0) == counted.from_plain("3") == Rating("3")
    with pytest.raises(InvalidInput):
        named.from_plain(3)
    assert [one.rule for one in named.problems(Rating("great"), {})] == ["unknown_label"]
