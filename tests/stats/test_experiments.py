"""The difference between two arms drawn by lot covers the truth as often as it says, however answers hang together."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from labelwright.errors import InvalidInput
from labelwright.stats import clustered_difference


def who_answers(rng: np.random.Generator, people: int, items: int, overlap: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Items and people of each answer; some people give many more than others."""
    pace = np.log(rng.dirichlet(np.full(people, 2.0)))
    chosen = np.argsort(-(pace + rng.gumbel(size=(items, people))), axis=1)[:, : min(overlap, people)]
    return np.repeat(np.arange(items), chosen.shape[1]), chosen.ravel()


@pytest.mark.parametrize("overlap", [1, 2, 3, 5])
@pytest.mark.parametrize("people", [4, 20])
@pytest.mark.parametrize(("hidden", "spread"), [(0.1, 0.7), (0.5, 1.1)])
def test_an_interval_of_times_covers_at_any_overlap_and_crowd(overlap: int, people: int, hidden: float, spread: float) -> None:
    """Times with heavy tails, fast and slow people, easy and hard items, and no effect: 95% intervals cover in 93% or more."""
    rng = np.random.default_rng(overlap * 100 + people)
    held, tries = 0, 250
    for _ in range(tries):
        item, person = who_answers(rng, people, 600 // overlap, overlap)
        log = rng.normal(0, 0.4, people)[person] + rng.normal(0, 0.5, item.max() + 1)[item] + rng.normal(0, spread, len(item))
        seconds = 10 * np.exp(log)
        found = clustered_difference(np.minimum(seconds, 10 * np.median(seconds)), rng.random(len(item)) >= hidden, item, person)
        held += found.low <= 0 <= found.high
    assert held / tries >= 0.93


@pytest.mark.parametrize(("with_help", "without"), [(0.99, 0.99), (0.97, 0.85), (0.6, 0.6)])
@pytest.mark.parametrize("people", [4, 20])
def test_an_interval_of_shares_covers_near_the_ends_too(people: int, with_help: float, without: float) -> None:
    """Shares near 1, of people and items that differ, are covered in 93% or more, also where an arm has few answers."""
    rng = np.random.default_rng(people)
    held, tries = 0, 250
    for _ in range(tries):
        item, person = who_answers(rng, people, 150, 2)
        shown = rng.random(len(item)) >= 0.1
        share = np.where(shown, with_help, without) + 0.01 * rng.choice([-1, 1], people)[person]
        found = clustered_difference(rng.random(len(item)) < share, shown, item, person, shares=True)
        held += bool(np.isnan(found.low) or found.low <= with_help - without <= found.high)
    assert held / tries >= 0.93


def test_a_share_that_changed_with_the_pace_makes_no_effect() -> None:
    """Where the share of the treated changed while people got faster, the chances take the difference out that it would make."""
    rng = np.random.default_rng(3)
    count = 4000
    late = np.arange(count) >= count // 2
    chance = np.where(late, 0.9, 0.5)
    shown = rng.random(count) < chance
    seconds = np.where(late, 5.0, 10.0) + rng.random(count)
    person, item = rng.integers(0, 8, count), np.arange(count)
    assert clustered_difference(seconds, shown, item, person).high < -1
    found = clustered_difference(seconds, shown, item, person, chances=chance)
    assert found.low < 0 < found.high
    assert abs(found.value) < 0.3


def test_names_and_order_change_nothing() -> None:
    """Who is called what, and in which order the answers come, does not matter."""
    rng = np.random.default_rng(4)
    item, person = who_answers(rng, 5, 60, 2)
    shown, seconds = rng.random(120) < 0.5, rng.random(120)
    found = clustered_difference(seconds, shown, item, person)
    order = rng.permutation(120)
    again = clustered_difference(seconds[order], shown[order], [f"i{n}" for n in item[order]], [("p", int(n)) for n in person[order]])
    assert (found.value, found.low, found.high) == pytest.approx((again.value, again.low, again.high))
    assert (found.people, found.items) == (again.people, again.items)


def test_one_person_speaks_for_that_person_only() -> None:
    """With one person the interval is over items, and the note says whom it is about."""
    rng = np.random.default_rng(5)
    found = clustered_difference(rng.random(200), rng.random(200) < 0.5, np.arange(200), np.zeros(200, dtype=int))
    assert found.low < 0 < found.high
    assert "One person" in found.note


def test_too_little_has_a_reason_and_no_interval() -> None:
    """Few values, one arm only, or one person who has an arm alone: NaN, and why."""
    assert np.isnan(clustered_difference([], [], [], []).value)
    few = clustered_difference([1.0, 2.0], [1, 0], ["a", "b"], ["x", "y"])
    assert (few.value, np.isnan(few.low)) == (-1.0, True)
    assert "30 values in each arm, and the smaller arm has 1." in few.note
    alone = clustered_difference(np.arange(80.0), np.arange(80) < 40, np.arange(80), np.where(np.arange(80) < 40, "x", "y"))
    assert np.isnan(alone.low)
    assert "One person" in alone.note


def test_arms_in_which_all_are_alike_have_an_interval() -> None:
    """20 of 20 with and 20 of 20 without prove no equality."""
    found = clustered_difference(np.ones(40), np.arange(40) % 2, np.arange(40), np.arange(40) // 4, shares=True)
    assert found.value == 0
    assert found.low < -0.05
    assert found.high > 0.05


@pytest.mark.parametrize(
    "arguments",
    [
        {"values": [1.0], "treated": [1, 0], "items": [1], "people": [1]},
        {"values": [float("nan")], "treated": [1], "items": [1], "people": [1]},
        {"values": [2.0], "treated": [1], "items": [1], "people": [1], "shares": True},
        {"values": [1.0], "treated": [1], "items": [1], "people": [1], "chances": [1.0]},
        {"values": [1.0], "treated": [1], "items": [1], "people": [1], "confidence": 1.0},
    ],
)
def test_what_cannot_be_is_refused(arguments: dict[str, object]) -> None:
    """Lengths that differ, values and chances out of range are errors that say so."""
    with pytest.raises(InvalidInput):
        clustered_difference(**arguments)  # type: ignore[arg-type]
