"""Agreement without each annotator: told in one pass, it is what the coefficient is when their answers are taken away."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.errors import InvalidInput
from labelwright.stats import alpha_by_distance, jackknife_interval, krippendorff_alpha, mean_likeness, nominal_agreement, percent_agreement
from labelwright.stats.agreement.without import alpha_without_each, pairs_without_each, percent_without_each
from labelwright.stats.answers import encode_answers

GIVEN = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 4), st.sampled_from("xyz")), min_size=2, max_size=40, unique_by=lambda one: one[:2]
)
"""Answers: item, annotator and label, at most one of each annotator to an item."""


@pytest.mark.parametrize(("of", "fast"), [(krippendorff_alpha, alpha_without_each), (percent_agreement, percent_without_each)])
@given(rows=GIVEN)
def test_leaving_out_in_one_pass_is_leaving_out_one_by_one(of, fast, rows):
    """For every annotator who shares an item, alpha and percent agreement are those of the others' answers alone."""
    items, people, labels = zip(*rows, strict=True)
    answers = encode_answers(items, people, labels, duplicates="last")
    sharing = [one for one in answers.annotators if any(items.count(item) > 1 for item, who, _ in rows if who == one)]
    expected = []
    for one in sharing:
        rest = [row for row in rows if row[1] != one]
        expected.append(of(*zip(*rest, strict=True)).value if rest else np.nan)
    assert fast(answers).tolist() == pytest.approx(expected, abs=1e-9, nan_ok=True)


@given(rows=GIVEN)
def test_who_gave_the_values_changes_the_interval_alone(rows):
    """Alpha by distance and its count of items are the same over items and over annotators, and lie within either interval."""
    units, people = {}, {}
    for item, who, label in rows:
        units.setdefault(item, []).append(label)
        people.setdefault(item, []).append(who)

    def apart(a, b):
        return float(a != b)

    plain = alpha_by_distance(list(units.values()), apart)
    found = alpha_by_distance(list(units.values()), apart, annotators=list(people.values()))
    assert found.value == pytest.approx(plain.value, nan_ok=True)
    assert found.items == plain.items
    if not np.isnan(found.low):
        assert found.value - found.low >= -1e-9
        assert found.low <= found.value <= found.high + 1e-12


def test_the_interval_by_distance_is_nearly_that_of_the_votes():
    """On a crowd of eight, the interval over annotators by distance differs from the one that recounts everything by a hundredth."""
    rng = np.random.default_rng(4)
    truth = rng.integers(3, size=150)
    items = np.repeat(np.arange(150), 3)
    people = np.concatenate([rng.permutation(8)[:3] for _ in range(150)])
    labels = np.where(rng.random(450) < 0.1 + 0.05 * people, rng.integers(3, size=450), truth[items])
    exact = krippendorff_alpha(items, people, labels, over="annotators")
    near = alpha_by_distance(labels.reshape(150, 3).tolist(), lambda a, b: float(a != b), annotators=people.reshape(150, 3).tolist())
    assert (near.value, near.low, near.high) == pytest.approx((exact.value, exact.low, exact.high), abs=0.01)


@given(rows=GIVEN)
def test_mean_likeness_is_percent_agreement_where_answers_are_alike_or_not(rows):
    """Its value and both its intervals are those of percent agreement, which is the special case of 0 and 1."""
    pairs = [(a[0], a[1], b[1], float(a[2] == b[2])) for a, b in combinations(rows, 2) if a[0] == b[0]]
    items, people, labels = zip(*rows, strict=True)
    for over in ("items", "annotators"):
        found = mean_likeness(*(zip(*pairs, strict=True) if pairs else ([], [], [], [])), over=over)
        plain = percent_agreement(items, people, labels, over=over)
        assert (found.value, found.low, found.high, found.items) == pytest.approx(
            (plain.value, plain.low, plain.high, plain.items), nan_ok=True
        )
    if pairs:
        left = pairs_without_each(*(np.array(column) for column in zip(*pairs, strict=True)))
        assert len(left) == len({one for pair in pairs for one in pair[1:3]})


def test_percent_agreement_over_annotators_is_the_general_jackknife():
    """Its own interval is the one that leaves out one annotator at a time."""
    rng = np.random.default_rng(1)
    items, people = np.repeat(np.arange(40), 4), np.tile(np.arange(4), 40)
    labels = np.where(rng.random(160) < 0.3, rng.integers(3, size=160), np.repeat(rng.integers(3, size=40), 4))
    own, general = percent_agreement(items, people, labels, over="annotators"), jackknife_interval(percent_agreement, items, people, labels)
    assert (own.low, own.high) == pytest.approx((general.low, general.high))


@given(rows=GIVEN)
def test_all_four_from_one_encoding_are_those_one_by_one(rows):
    """Alpha and percent agreement, over items and over annotators, are the same whether they are asked for together or one by one."""
    columns = tuple(zip(*rows, strict=True))
    found = nominal_agreement(*columns)
    each = [of(*columns, over=over) for over in ("items", "annotators") for of in (krippendorff_alpha, percent_agreement)]
    assert repr(list(found)) == repr(each)


def test_what_cannot_be_is_refused():
    """Unequal lengths, likeness beyond 1 and an unknown unit are told."""
    with pytest.raises(InvalidInput, match="equally long"):
        mean_likeness([1], ["a"], ["b", "c"], [1])
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        mean_likeness([1], ["a"], ["b"], [2])
    with pytest.raises(InvalidInput, match="colleagues"):
        percent_agreement([1, 1], ["a", "b"], ["x", "x"], over="colleagues")
    with pytest.raises(InvalidInput, match="one annotator for each value"):
        alpha_by_distance([["x", "y"]], lambda a, b: 1.0, annotators=[["a"]])
