"""Certificates: published values, duality with the exact tests, and coverage."""

from __future__ import annotations

from functools import cache

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
    corrected_error_rate,
    prediction_powered_estimate,
    prediction_powered_upper_bound,
    sequential_upper_bound,
    slice_upper_bounds,
    stratified_upper_bound,
    upper_bound_with_known_reviewers,
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


@pytest.mark.parametrize("kind", ["good", "useless", "misleading"])
@pytest.mark.parametrize("rate", [0.005, 0.02, 0.05])
def test_predictions_of_rare_errors_cost_next_to_nothing(kind, rate):
    """Of 100 audits of 300 with any predictions the bounds cover, and are on average at most 5% wider than without predictions.

    At any look good ones make the bound of 2% and more sharper, and they halve the error of the estimate. The standard error of 5% in 100
    is 2.2%.
    """
    held, widths, off = [], [], []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        wrong = rng.random(5000) < rate
        predicted = np.where(wrong, rng.beta(9, 1, 5000), rng.beta(0.1, 15, 5000))
        if kind == "useless":
            predicted = rng.permutation(predicted)
        elif kind == "misleading":
            predicted = np.where(wrong, 0.0005, np.where(rng.random(5000) < rate, 0.9, 0.002))
        items = rng.choice(5000, 300, replace=False)
        audit = wrong[items].astype(float), predicted[items], float(predicted.mean())
        one, several = prediction_powered_upper_bound(*audit, looks="one"), prediction_powered_upper_bound(*audit)
        held.append((one >= wrong.mean(), several >= wrong.mean()))
        widths.append((one, several, binomial_upper_bound(int(audit[0].sum()), 300), betting_upper_bound(audit[0])))
        off.append((prediction_powered_estimate(*audit) - wrong.mean(), audit[0].mean() - wrong.mean()))
    assert np.mean(held, axis=0).min() >= 0.95 - 0.022
    one, several, exact, plain = np.mean(widths, axis=0)
    assert one < 1.04 * exact
    assert several < 1.05 * plain
    ours, theirs = np.sqrt(np.mean(np.square(off), axis=0))
    if kind == "good":
        assert several < (plain if rate < 0.02 else 0.95 * plain)
        assert ours < (theirs if rate < 0.02 else theirs / 2)
    else:
        assert ours < 1.05 * theirs


def test_strata_that_are_audited_unequally_are_covered_together():
    """With 400 audits in a clean stratum of nine tenths and 60 in a bad one, the bound covers the overall rate."""
    sizes, rates, audits = (9000, 1000), (0.01, 0.2), (400, 60)
    truth = 0.9 * 0.01 + 0.1 * 0.2

    def draw(rng):
        return (tuple(int(rng.binomial(n, p)) for n, p in zip(audits, rates, strict=True)),)

    assert false_shares(draw, cache(lambda errors: stratified_upper_bound(errors, audits, sizes)), truth, 600) <= 0.05
    # A single stratum is the sequential bound of a finite population.
    for errors, audits, size in ((3, 200, 5000), (0, 50, 60), (7, 90, 400)):
        assert stratified_upper_bound([errors], [audits], [size]) == sequential_upper_bound(errors, audits, population=size)
    assert stratified_upper_bound([0, 0], [0, 500], [1000, 1000]) >= 0.5


def test_strata_of_finite_size_are_covered_and_whole_ones_are_known():
    """Where most of a small bad stratum is audited the bound covers and counts it nearly exactly; audited whole, it is known."""
    sizes, wrong, audits = (900, 100), (9, 20), (200, 90)
    items = [np.arange(size) < bad for size, bad in zip(sizes, wrong, strict=True)]

    def draw(rng):
        return (tuple(int(rng.permutation(mine)[:n].sum()) for mine, n in zip(items, audits, strict=True)),)

    assert false_shares(draw, cache(lambda errors: stratified_upper_bound(errors, audits, sizes)), 29 / 1000, 400) <= 0.05
    whole = stratified_upper_bound([2, 20], [200, 100], sizes)
    assert whole == pytest.approx((20 + 900 * stratified_upper_bound([2], [200], [900])) / 1000)
    assert stratified_upper_bound([9, 20], [900, 100], sizes) == 29 / 1000
    with pytest.raises(InvalidInput, match="more items audited"):
        stratified_upper_bound([0], [11], [10])


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


def test_slices_take_the_bound_that_suits_them():
    """A slice audited whole is known by the hypergeometric bound; looked at after every tenth audit the sequential one names rightly."""
    counts = {"whole": (2, 300, 300), "part": (0, 200, 1000)}
    bounds = slice_upper_bounds(counts, bound=hypergeometric_upper_bound)
    assert bounds["whole"] == 2 / 300
    assert bounds["part"] == hypergeometric_upper_bound(0, 200, 1000, 0.975)
    assert certified_slices(counts, 0.01, bound=hypergeometric_upper_bound) == ["whole"]
    false = {binomial_upper_bound: 0, sequential_upper_bound: 0}
    for seed in range(200):
        errors = np.cumsum(np.random.default_rng(seed).random((5, 200)) < 0.05, axis=1)
        for bound in false:
            looks = ({name: (int(found[look - 1]), look) for name, found in enumerate(errors)} for look in range(20, 201, 10))
            false[bound] += any(certified_slices(audits, 0.0499, bound=bound) for audits in looks)
    assert false[sequential_upper_bound] / 200 <= 0.05 < 0.1 < false[binomial_upper_bound] / 200


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


@pytest.mark.parametrize(("finds", "alarms"), [(0.8, 0.0), (0.9, 0.02), (0.7, 0.1)])
@pytest.mark.parametrize("rate", [0.005, 0.05])
def test_known_rates_of_auditors_correct_the_bound_both_ways(finds, alarms, rate):
    """With known rates the bound covers in 95% of 1,000 audits, and false alarms bring it, and the estimate, down to the truth."""

    def draw(rng):
        wrong = rng.binomial(500, rate)
        return int(rng.binomial(wrong, finds) + rng.binomial(500 - wrong, alarms)), 500, finds, alarms

    # The standard error of 5% in 1,000 is 0.7%.
    assert false_shares(draw, upper_bound_with_known_reviewers, rate, 1000) <= 0.057
    reports = [draw(np.random.default_rng(seed)) for seed in range(1000)]
    corrected = np.mean([(errors / 500 - alarms) / (finds - alarms) for errors, *_ in reports])
    assert corrected == pytest.approx(rate, abs=0.002)
    estimates = [corrected_error_rate(*one) for one in reports]
    assert min(estimates) >= 0
    assert max(estimates) <= 1
    if alarms:
        plain = np.mean([binomial_upper_bound(errors, 500) for errors, *_ in reports])
        assert np.mean([upper_bound_with_known_reviewers(*one) for one in reports]) < plain
    # However many alarms are explained away, no audit shows more than a clean one.
    assert upper_bound_with_known_reviewers(0, 500, finds, alarms) >= binomial_upper_bound(0, 500)


def test_measured_false_alarms_correct_the_bound_down():
    """With 60 wrong and 300 right labels planted, the bound covers in 95% of 1,000 audits and is lower than without the right ones."""

    def draw(rng):
        wrong = rng.binomial(500, 0.03)
        reported = int(rng.binomial(wrong, 0.9) + rng.binomial(500 - wrong, 0.05))
        return reported, 500, int(rng.binomial(60, 0.9)), 60, int(rng.binomial(300, 0.05)), 300

    def with_clean(errors, audits, found, planted, false_alarms, clean):
        return upper_bound_with_missed_errors(errors, audits, found, planted, false_alarms=false_alarms, clean=clean)

    assert false_shares(draw, with_clean, 0.03, 1000) <= 0.057
    reports = [draw(np.random.default_rng(seed)) for seed in range(200)]
    corrected = np.mean([with_clean(*one) for one in reports])
    assert corrected < 0.9 * np.mean([upper_bound_with_missed_errors(*one[:4]) for one in reports])
    with pytest.raises(InvalidInput, match="False alarms"):
        upper_bound_with_missed_errors(1, 10, 1, 1, false_alarms=2, clean=1)
    with pytest.raises(InvalidInput, match="right ones"):
        upper_bound_with_known_reviewers(1, 10, 0.1, 0.2)
    with pytest.raises(InvalidInput, match="sometimes"):
        upper_bound_with_known_reviewers(1, 10, 0.9, looks="sometimes")


def test_auditors_who_err_may_be_looked_at_any_time():
    """Looking after every twentieth audit, the corrected bounds for any look fall below the truth in at most 5% of 300 audits."""
    false = {"known": 0, "measured": 0}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        wrong = rng.random(400) < 0.05
        reported = np.cumsum(np.where(wrong, rng.random(400) < 0.8, rng.random(400) < 0.02))
        found, alarms = np.cumsum(rng.random(100) < 0.8), np.cumsum(rng.random(200) < 0.02)
        known = measured = 1.0
        for look in range(20, 401, 20):
            errors = int(reported[look - 1])
            known = min(known, upper_bound_with_known_reviewers(errors, look, 0.8, 0.02, looks="any"))
            seen = int(found[look // 4 - 1]), look // 4
            right = {"false_alarms": int(alarms[look // 2 - 1]), "clean": look // 2}
            measured = min(measured, upper_bound_with_missed_errors(errors, look, *seen, **right, looks="any"))
        false["known"] += known < 0.05
        false["measured"] += measured < 0.05
    assert max(false.values()) / 300 <= 0.05


def test_few_looks_may_split_the_risk():
    """Exact bounds at four looks, each with its part of the risk, are all right together in at least 95% of 2,000 audits."""
    looks = (50, 100, 200, 400)
    false = 0
    for seed in range(2000):
        errors = np.cumsum(np.random.default_rng(seed).random(400) < 0.05)
        false += any(binomial_upper_bound(int(errors[n - 1]), n, confidence_of_look(place)) < 0.05 for place, n in enumerate(looks, 1))
    assert false / 2000 <= 0.05


@pytest.mark.parametrize("nonsense", ["a", "3", None, float("nan"), float("inf"), [1, 2], 1.5])
def test_what_is_no_number_is_wrong_input(nonsense):
    """Counts and confidences that are none are refused as what they are, never by an error of Python's own."""
    for call in (
        lambda: binomial_upper_bound(nonsense, 10),
        lambda: binomial_upper_bound(1, nonsense),
        lambda: binomial_upper_bound(1, 10, nonsense),
        lambda: audits_needed(nonsense),
        lambda: hypergeometric_upper_bound(1, 10, nonsense),
    ):
        with pytest.raises(InvalidInput):
            call()


def test_counts_that_are_no_whole_numbers_are_refused_clearly():
    """NaN, infinity and fractions as counts, sizes and looks are wrong input with a sentence, and neither a number nor a traceback."""
    nan, inf = float("nan"), float("inf")
    calls = [
        *(lambda size=size: stratified_upper_bound([0], [5], [size]) for size in (nan, inf, 7.5)),
        *(lambda size=size: sequential_upper_bound(0, 5, population=size) for size in (nan, inf)),
        *(lambda look=look: confidence_of_look(look) for look in (nan, inf, 1.5, 60, 5000)),
        lambda: upper_bound_with_missed_errors(0, 5, nan, 3),
        lambda: upper_bound_with_missed_errors(0, 5, 3, 3, false_alarms=0, clean=inf),
    ]
    for call in calls:
        with pytest.raises(InvalidInput):
            call()
    assert confidence_of_look(20) < 1
