"""A consensus of millions of answers has to fit beside everything else: so many bytes an answer, and no more."""

from __future__ import annotations

import tracemalloc

import msgspec
import numpy as np
import pytest

from labelwright.quality.aggregation.votes import GatheredVotes
from labelwright.quality.annotators import ReviewedAnswers
from labelwright.quality.answers import Given
from labelwright.quality.pairs import Guidelines, placed
from labelwright.schema import Schema
from labelwright.schema.kinds.choice import Choice
from tests.conftest import CHOICE

ITEMS, PEOPLE = 30_000, 1000


@pytest.fixture
def votes() -> GatheredVotes:
    """Two answers to each of 30,000 items."""
    rng = np.random.default_rng(0)
    people, labels = rng.integers(PEOPLE, size=ITEMS).tolist(), rng.choice(["refund", "bug", "other"], size=2 * ITEMS).tolist()
    question = msgspec.convert(CHOICE, Schema).questions["intent"]
    found = GatheredVotes("intent", question, {1: Guidelines("guidelines", 1)})
    for item in range(1, ITEMS):
        pair = [(people[item] + 1000, labels[2 * item]), ((people[item] + 1) % PEOPLE + 1000, labels[2 * item + 1])]
        found.add({item: [Given(item, user, item, 1, {"intent": Choice(label)}, True) for user, label in pair]})
    return found


def test_places_need_little_more_than_they_take() -> None:
    """The places of values among the distinct ones are found in twice their own memory, and are those that NumPy finds."""
    values = np.random.default_rng(0).integers(50, size=200_000)
    tracemalloc.start()
    distinct, place = placed(values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 2.1 * values.nbytes
    assert (distinct[place] == values).all()


def test_what_people_are_like_is_measured_in_few_bytes_an_answer(votes: GatheredVotes) -> None:
    """Counting a thousand people's answers makes no object of each, and comparing them few arrays of all at once."""
    fit = votes.fit(None, "majority", {}, full=True)
    tracemalloc.start()
    measured = votes.measured(fit, ReviewedAnswers(set(), {}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(measured) == PEOPLE
    assert peak <= 50 * sum(one.answers for one in measured.values())
