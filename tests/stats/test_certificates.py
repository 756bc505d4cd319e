"""Certificates: published values, duality with the exact tests, and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from labelwright.errors import InvalidInput
from labelwright.stats import audits_needed, binomial_interval, binomial_upper_bound, hypergeometric_upper_bound
from labelwright.stats.certificates import (
    betting_upper_bound,
    certified_slices,
    confidence_of_look,
    prediction_powered_upper_bound,
    sequential_upper_bound,
    slice_upper_bounds,
    stratified_upper_bound,
    upper_bound_with_missed_errors,
    weighted_upper_bound,
)

counts = st.integers(0, 300).flatmap(lambda audits: st.tuples(st.integers(0, audits), st.just(audits)))


@given(counts, st.floats(0.5, 0.999))
def test_the_binomial_bound_inverts_the_exact_test(errors_and_audits, confidence):
    errors, audits = errors_and_audits
    bound = binomial_upper_bound(errors, audits, confidence)
    if errors == audits:
        assert bound == 1
    else:
        assert binom.cdf(errors, audits, bound) == pytest.approx(1 - confidence, rel=1e-6)


@given(counts, st.floats(0.5, 0.999))
def test_the_interval_contains_what_was_seen(errors_and_audits, confidence):
    errors, audits = errors_and_audits
    low, high = binomial_interval(errors, audits, confidence)
    assert 0 <= low <= high <= 1
    assert not audits or low <= errors / audits <= high


def test_the_interval_is_that_of_the_tables():
    # Exact 95% limits for 5 of 20, as in any table of binomial confidence limits.
    assert binomial_interval(5, 20) == pytest.approx((0.0866, 0.4910), abs=5e-5)


@settings(deadline=None)
@given(counts, st.integers(0, 400), st.floats(0.5, 0.99))
def test_the_hypergeometric_bound_is_the_last_credible_number(errors_and_audits, more, confidence):
    errors, audits = errors_and_audits
    population = max(audits + more, 1)
    bound = hypergeometric_upper_bound(errors, audits, population, confidence)
    wrong = round(bound * population)
    assert bound == pytest.approx(wrong / population)
    assert errors <= wrong <= population - audits + errors
    assert hypergeom.cdf(errors, population, wrong, audits) > 1 - confidence
    if wrong < population - audits + errors:
        assert hypergeom.cdf(errors, population, wrong + 1, audits) <= 1 - confidence


def test_auditing_everything_leaves_no_doubt():
    assert hypergeometric_upper_bound(7, 500, 500) == 7 / 500


def test_no_audit_proves_nothing():
    assert binomial_upper_bound(0, 0) == 1
    assert hypergeometric_upper_bound(0, 0, 100) == 1


def test_the_smallest_audit_that_certifies():
    assert audits_needed(0.01) == 299
    for target, errors in [(0.02, 0), (0.05, 3), (0.5, 0), (0.9, 1)]:
        needed = audits_needed(target, errors=errors)
        assert binomial_upper_bound(errors, needed) <= target < binomial_upper_bound(errors, needed - 1)


@pytest.mark.parametrize("rate", [0.005, 0.02, 0.1])
def test_the_bounds_cover(rate):
    """Coverage is summed over every outcome that an audit of 300 can have, so no luck is involved."""
    errors = np.arange(301)
    covered = [binomial_upper_bound(int(found), 300) >= rate for found in errors]
    assert binom.pmf(errors, 300, rate)[covered].sum() >= 0.95
    wrong = round(rate * 2000)
    covered = [hypergeometric_upper_bound(int(found), 300, 2000) >= wrong / 2000 - 1e-12 for found in errors]
    assert hypergeom.pmf(errors, 2000, wrong, 300)[covered].sum() >= 0.95


def test_wrong_input_is_explained():
    with pytest.raises(InvalidInput, match="3 of 2"):
        binomial_upper_bound(3, 2)
    with pytest.raises(InvalidInput, match="confidence"):
        binomial_upper_bound(0, 10, 95)
    with pytest.raises(InvalidInput, match="population"):
        hypergeometric_upper_bound(0, 10, 5)
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        audits_needed(0)


@pytest.mark.parametrize(("population", "wrong"), [(60, 6), (300, 3), (300, 45), (None, 0.05)])
def test_the_sequential_bound_covers_all_looks_together(population, wrong):
    """Looking after every audit, the bound falls below the truth at any time in at most 5% of 1,500 audits."""
    rng = np.random.default_rng(7)
    length = population or 300
    bounds: dict[tuple[int, int], float] = {}
    rate = wrong / population if population else wrong
    false = 0
    for _ in range(1500):
        outcomes = rng.permutation(np.arange(length) < wrong) if population else rng.random(length) < rate
        errors = np.cumsum(outcomes)
        # Between two errors the bound only falls: the looks just before an error, and the last one, are those that count.
        for look in {*np.flatnonzero(outcomes).tolist(), length} - {0}:
            seen = (int(errors[look - 1]), look)
            if seen not in bounds:
                bounds[seen] = sequential_upper_bound(*seen, population=population)
                assert bounds[seen] >= seen[0] / (population or look) - 1e-12
            if bounds[seen] < rate - 1e-12:
                false += 1
                break
    assert false <= 0.05 * 1500


def test_the_sequential_bound_ends_at_the_truth_and_pays_for_its_looks():
    """Where everything was audited nothing is left in doubt, and before that it lies above the bound for a single look."""
    assert sequential_upper_bound(7, 500, population=500) == 7 / 500
    for errors, audits, population in [(0, 50, 100), (4, 105, 300), (30, 400, 5000)]:
        assert sequential_upper_bound(errors, audits, population=population) >= hypergeometric_upper_bound(errors, audits, population)
    assert sequential_upper_bound(3, 100) >= binomial_upper_bound(3, 100)


def false_shares(draw, bound, truth, runs):
    """The share of simulated audits in which the bound lies below the truth."""
    return np.mean([bound(*draw(np.random.default_rng(seed))) < truth - 1e-12 for seed in range(runs)])


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5])
def test_the_betting_bound_covers_values_of_any_kind(rate):
    """Of 600 samples of errors, and of values in between with the same mean, at most 5% have a bound below it."""

    def coins(rng):
        return ((rng.random(200) < rate).astype(float),)

    def smooth(rng):
        return (rng.beta(2 * rate, 2 * (1 - rate), 200),)

    for draw in (coins, smooth):
        assert false_shares(draw, betting_upper_bound, rate, 600) <= 0.06


def test_the_betting_bound_holds_at_all_looks_together():
    """Looking after every tenth audit, the bound falls below the truth at any time in at most 5% of 300 audits."""
    false = 0
    for seed in range(300):
        values = (np.random.default_rng(seed).random(300) < 0.1).astype(float)
        false += any(betting_upper_bound(values[:look]) < 0.1 for look in range(10, 301, 10))
    assert false / 300 <= 0.06


def test_the_weighted_bound_covers_an_audit_that_prefers_doubtful_items():
    """When doubtful items are drawn four times as often, the bound still covers the rate over all items."""
    doubtful = np.arange(2000) < 500
    wrong = np.where(doubtful, np.arange(2000) % 5 == 0, np.arange(2000) % 50 == 0).astype(float)
    chance = np.where(doubtful, 4.0, 1.0)
    chance /= chance.sum()
    weight = 1 / (2000 * chance)

    def draw(rng):
        items = rng.choice(2000, 300, p=chance)
        return wrong[items], weight[items], float(weight.max())

    assert false_shares(draw, weighted_upper_bound, wrong.mean(), 600) <= 0.06


def test_good_predictions_sharpen_the_bound_and_useless_ones_keep_it_valid():
    """The prediction-powered bound covers with good and with useless predictions, and is sharper with good ones."""
    rng = np.random.default_rng(0)
    wrong = (rng.random(5000) < 0.2).astype(float)
    good = np.clip(wrong * 0.9 + 0.05, 0, 1)
    useless = rng.random(5000)
    widths = []
    for predicted in (good, useless):

        def draw(rng, predicted=predicted):
            items = rng.choice(5000, 300, replace=False)
            return wrong[items], predicted[items], float(predicted.mean())

        assert false_shares(draw, prediction_powered_upper_bound, wrong.mean(), 400) <= 0.06
        widths.append(prediction_powered_upper_bound(*draw(np.random.default_rng(1))))
    plain = binomial_upper_bound(int(wrong[:300].sum()), 300)
    assert widths[0] < plain < widths[1]


def test_strata_that_are_audited_unequally_are_covered_together():
    """With 400 audits in a clean stratum of nine tenths and 60 in a bad one, the bound covers the overall rate."""
    sizes, rates, audits = (9000, 1000), (0.01, 0.2), (400, 60)
    truth = 0.9 * 0.01 + 0.1 * 0.2

    def draw(rng):
        return [int(rng.binomial(n, p)) for n, p in zip(audits, rates, strict=True)], audits, sizes

    assert false_shares(draw, stratified_upper_bound, truth, 600) <= 0.05
    # A single stratum is the sequential bound.
    assert stratified_upper_bound([3], [200], [5000]) == pytest.approx(sequential_upper_bound(3, 200), abs=1e-6)
    assert stratified_upper_bound([0, 0], [0, 500], [1000, 1000]) >= 0.5


def test_slices_hold_all_together():
    """Of ten slices with the same rate, the chance that any bound lies below it, or any is certified wrongly, is at most 5%."""
    false_bounds = false_names = 0
    for seed in range(600):
        found = np.random.default_rng(seed).binomial(200, 0.05, 10)
        audits = {name: (int(errors), 200) for name, errors in enumerate(found)}
        false_bounds += min(slice_upper_bounds(audits).values()) < 0.05
        false_names += bool(certified_slices(audits, 0.0499))
    assert false_bounds / 600 <= 0.06
    assert false_names / 600 <= 0.06


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(100, 400)), min_size=1, max_size=8))
def test_holm_names_at_least_what_bonferroni_names(pairs):
    """A slice whose joint bound meets the target is certified."""
    audits = dict(enumerate(pairs))
    named = set(certified_slices(audits, 0.03))
    assert {name for name, bound in slice_upper_bounds(audits).items() if bound <= 0.03} <= named


@pytest.mark.parametrize("finds", [0.8, 0.9, 1.0])
def test_auditors_who_miss_errors_are_paid_for(finds):
    """With auditors who find 80 to 100% of the errors the repaired bound covers, where the plain one would not."""

    def draw(rng):
        wrong = rng.binomial(500, 0.06)
        return int(rng.binomial(wrong, finds)), 500, int(rng.binomial(60, finds)), 60

    assert false_shares(draw, upper_bound_with_missed_errors, 0.06, 1000) <= 0.055
    if finds == 0.8:
        assert false_shares(lambda rng: draw(rng)[:2], binomial_upper_bound, 0.06, 1000) > 0.1


def test_few_looks_may_split_the_risk():
    """Exact bounds at four looks, each with its part of the risk, are all right together in at least 95% of 2,000 audits."""
    looks = (50, 100, 200, 400)
    false = 0
    for seed in range(2000):
        errors = np.cumsum(np.random.default_rng(seed).random(400) < 0.05)
        false += any(binomial_upper_bound(int(errors[n - 1]), n, confidence_of_look(place)) < 0.05 for place, n in enumerate(looks, 1))
    assert false / 2000 <= 0.05
