"""Certificates: published values, duality with the exact tests, and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from labelwright.errors import InvalidInput
from labelwright.stats import audits_needed, binomial_interval, binomial_upper_bound, hypergeometric_upper_bound
from labelwright.stats.certificates import sequential_upper_bound

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
