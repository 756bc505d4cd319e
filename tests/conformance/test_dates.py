"""Dates: how they are written, which range they may lie in, and how far two are apart."""

from __future__ import annotations

from typing import Any

import pytest

from labelwright.errors import InvalidInput, InvalidPipeline
from labelwright.schema.kinds.date import DateAnswer, DateQuestion


def asked(**declared: Any) -> DateQuestion:
    question = DateQuestion(of="body", **declared)
    question.check("schema.questions.when")
    return question


@pytest.mark.parametrize(
    ("declared", "value", "rule"),
    [
        ({}, "2026-02-30", "no_date"),
        ({}, "2026-2-3", "no_date"),
        ({}, "30.11.2026", "no_date"),
        ({}, "2026-11-30T10:00", "no_date"),
        ({}, "", "no_date"),
        ({}, "2026-11-30 ", "no_date"),
        ({"time": True}, "2026-11-30", "no_date"),
        ({"time": True}, "2026-11-30T24:00", "no_date"),
        ({"time": True}, "2026-11-30T10:00Z", "no_date"),
        ({"min": "2026-01-01"}, "2025-12-31", "out_of_range"),
        ({"max": "2026-01-01"}, "2026-01-02", "out_of_range"),
    ],
)
def test_a_date_that_is_none_is_refused(declared: dict[str, Any], value: str, rule: str) -> None:
    """No such day, another way of writing it, or out of range: each has its rule."""
    assert [one.rule for one in asked(**declared).problems(DateAnswer(value), {})] == [rule]


@pytest.mark.parametrize("value", ["0999-01-01", "2024-02-29", "9999-12-31"])
def test_any_day_of_the_calendar_is_one(value: str) -> None:
    """Leap days, and years of other centuries."""
    assert asked().problems(DateAnswer(value), {}) == []


@pytest.mark.parametrize(
    ("declared", "place"),
    [({"min": "yesterday"}, "min"), ({"max": "2026-13-01"}, "max"), ({"min": "2026-01-02", "max": "2026-01-01"}, "min")],
)
def test_a_range_that_is_none_is_refused(declared: dict[str, Any], place: str) -> None:
    """It is an error of the pipeline file, at its key."""
    with pytest.raises(InvalidPipeline) as refused:
        asked(**declared)
    assert refused.value.where == f"schema.questions.when.{place}"


def test_days_apart_are_told_of_the_range_or_of_a_year() -> None:
    """A day of ten is a tenth; without a range three days of a year are less than a hundredth, and a year is everything."""
    one, other = DateAnswer("2026-01-01"), DateAnswer("2026-01-04")
    assert asked(min="2026-01-01", max="2026-01-11").distance(one, other) == pytest.approx(0.3)
    assert asked(same=0.99).alike(one, other)
    assert not asked(same=0.99).alike(one, DateAnswer("2026-01-05"))
    assert asked().distance(one, DateAnswer("2028-01-01")) == 1
    assert asked().fused([one, other, DateAnswer("2031-01-01")], [1, 1, 1]) == other


def test_only_a_text_is_a_date() -> None:
    """A number or a list is refused with an example."""
    for wrong in (20260101, None, ["2026-01-01"], True):
        with pytest.raises(InvalidInput, match="no date answer"):
            asked().from_plain(wrong)
