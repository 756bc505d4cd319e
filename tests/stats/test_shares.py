"""How often answers are right, with an interval that knows that people and items give many of them each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from labelwright.errors import InvalidInput
from labelwright.stats import binomial_interval, clustered_share

WORLDS = {
    "hard items": {"people": 6, "items": 60, "hard": 0.3, "easy": 0.95, "right": 0.4, "spread": 0.0},
    "hard items and good people": {"people": 12, "items": 30, "hard": 0.2, "easy": 0.95, "right": 0.5, "spread": 0.08},
    "few people": {"people": 3, "items": 20, "hard": 0.3, "easy": 0.95, "right": 0.4, "spread": 0.0},
    "rare errors": {"people": 12, "items": 30, "hard": 0.1, "easy": 0.99, "right": 0.5, "spread": 0.0},
    "nothing in common": {"people": 12, "items": 40, "hard": 0.0, "easy": 0.9, "right": 0.9, "spread": 0.0},
}


def answers(rng: Any, *, people: int, items: int, hard: float, easy: float, right: float, spread: float) -> tuple[Any, Any, Any]:
    """Three answers to each item, some of which are hard, by people some of whom are better."""
    skill, is_hard = rng.normal(0, spread, people), rng.random(items) < hard
    item = np.repeat(np.arange(items), 3)
    person = np.concatenate([rng.choice(people, 3, replace=False) for _ in range(items)])
    chance = np.clip(np.where(is_hard[item], right, easy) + skill[person], 0, 1)
    return (rng.random(len(item)) < chance).astype(float), item, person


@pytest.mark.parametrize("world", WORLDS)
def test_the_interval_covers_where_items_are_hard_and_people_differ(world: str) -> None:
    """At overlap 3 an interval of 95% covers the accuracy of all people on all items in at least 94%."""
    rng = np.random.default_rng(1)
    true = np.mean([answers(rng, **WORLDS[world])[0].mean() for _ in range(1000)])
    covered = 0
    for _ in range(300):
        found = clustered_share(*answers(rng, **WORLDS[world]))
        covered += found.low <= true <= found.high
    assert covered >= 0.94 * 300


def test_answers_that_pass_for_independent_cover_too_rarely() -> None:
    """The exact binomial interval over the same answers covers in less than 90%, and on average it is two thirds as wide."""
    rng = np.random.default_rng(2)
    world = WORLDS["hard items"]
    true = np.mean([answers(rng, **world)[0].mean() for _ in range(1000)])
    covered, widths = 0, []
    for _ in range(300):
        right, item, person = answers(rng, **world)
        low, high = binomial_interval(int(right.sum()), len(right))
        covered += low <= true <= high
        found = clustered_share(right, item, person)
        widths.append((high - low) / (found.high - found.low))
    assert covered < 0.9 * 300
    assert np.mean(widths) < 0.67


def test_what_is_all_alike_or_alone_has_an_honest_interval() -> None:
    """Where all are right each item counts once; one person's interval says that it is about that person; one answer has none."""
    item, person = np.repeat(np.arange(20), 3), np.tile([0, 1, 2], 20)
    every = clustered_share(np.ones(60), item, person)
    assert (every.value, every.high) == (1.0, 1.0)
    assert every.low < binomial_interval(20, 20)[0]
    alone = clustered_share([1.0, 0.0, 1.0, 1.0], [1, 2, 3, 4], [7, 7, 7, 7])
    assert (alone.people, alone.note) == (1, "The interval is about one person and no other.")
    assert np.isnan(clustered_share([1.0], [1], [1]).low)
    items_alone = clustered_share([1.0, 1.0, 0.0, 1.0], [1, 1, 2, 3])
    assert (items_alone.people, items_alone.items, items_alone.note) == (0, 3, "")
    for values, items, people in (([], [], []), ([2.0], [1], [1]), ([1.0], [1, 2], [1])):
        with pytest.raises(InvalidInput):
            clustered_share(values, items, people)
