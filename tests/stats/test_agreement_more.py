"""Fleiss, Scott and Gwet; intervals for any coefficient; agreement by class, pair and time; gamma; masks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.errors import InvalidInput
from labelwright.stats import (
    agreement_by_class,
    agreement_by_pair,
    agreement_over_time,
    bootstrap_interval,
    cohen_kappa,
    fleiss_kappa,
    gamma_agreement,
    gwet_ac1,
    gwet_ac2,
    jackknife_interval,
    krippendorff_alpha,
    mask_agreement,
    mask_iou,
    percent_agreement,
    scott_pi,
)

# Fourteen raters sort ten subjects into five categories: the table of Fleiss's kappa as it stands in textbooks.
TABLE = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def columns_of(table):
    """Tasks, annotators and values that have these counts."""
    tasks, people, values = [], [], []
    for task, row in enumerate(table):
        given = [label for label, count in enumerate(row) for _ in range(count)]
        tasks += [task] * len(given)
        people += range(len(given))
        values += given
    return tasks, people, values


def crowd(seed, n_items=60, n_people=4, noise=0.3, n_classes=3):
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_classes, size=(n_items, 1))
    wrong = rng.random((n_items, n_people)) < noise
    values = np.where(wrong, rng.integers(n_classes, size=wrong.shape), truth)
    return np.repeat(np.arange(n_items), n_people), np.tile(np.arange(n_people), n_items), values.ravel()


def test_fleiss_kappa_of_the_textbook_table():
    """The well-known table gives 0.210."""
    assert fleiss_kappa(*columns_of(TABLE)).value == pytest.approx(0.20993, abs=1e-5)


def test_coefficients_of_a_two_by_two_table():
    """Of 100 items two annotators agree on 80 yes and 5 no: percent, kappa, pi and AC1 are what their formulas give by hand."""
    first = ["y"] * 90 + ["n"] * 10
    second = ["y"] * 80 + ["n"] * 10 + ["y"] * 5 + ["n"] * 5
    columns = np.repeat(np.arange(100), 2), ["a", "b"] * 100, [one for pair in zip(first, second, strict=True) for one in pair]
    yes = (0.9 + 0.85) / 2
    for found, chance in (
        (cohen_kappa(first, second), 0.9 * 0.85 + 0.1 * 0.15),
        (scott_pi(*columns), yes**2 + (1 - yes) ** 2),
        (gwet_ac1(*columns), 2 * yes * (1 - yes)),
    ):
        assert found.value == pytest.approx((0.85 - chance) / (1 - chance))
    # Where one label prevails kappa calls it chance, and AC1 does not.
    assert gwet_ac1(*columns).value > 0.8 > 0.35 > scott_pi(*columns).value
    assert fleiss_kappa(*columns).value == pytest.approx(scott_pi(*columns).value)


def test_ac2_forgives_near_misses():
    """Weighted by distance, neighbors count for more agreement than extremes, and without weights it would be AC1."""
    tasks, people = [1, 1, 2, 2, 3, 3], ["a", "b"] * 3
    near = gwet_ac2(tasks, people, [1, 1, 3, 3, 1, 2], classes=[1, 2, 3]).value
    far = gwet_ac2(tasks, people, [1, 1, 3, 3, 1, 3], classes=[1, 2, 3]).value
    assert near > far
    ordinal = gwet_ac2(tasks, people, [1, 1, 3, 3, 1, 2], classes=[1, 2, 3], weights="ordinal").value
    linear = gwet_ac2(tasks, people, [1, 1, 3, 3, 1, 2], classes=[1, 2, 3], weights="linear").value
    assert linear == pytest.approx(0.6604, abs=1e-4)
    assert linear < ordinal < near + 0.1
    with pytest.raises(InvalidInput, match="gwet_ac1"):
        gwet_ac2(tasks, people, [1, 1, 2, 2, 1, 2], weights=None)
    with pytest.raises(InvalidInput, match="cubic"):
        gwet_ac2(tasks, people, [1, 1, 2, 2, 1, 2], weights="cubic")


COEFFICIENTS = [fleiss_kappa, gwet_ac1, gwet_ac2, krippendorff_alpha]


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_names_and_order_change_nothing_and_copies_agree_perfectly(coefficient):
    """Renamed and shuffled answers give the same value; annotators who are copies of one another have 1."""
    tasks, people, values = crowd(0)
    plain = coefficient(tasks, people, values)
    order = np.random.default_rng(1).permutation(len(tasks))
    other = coefficient([f"t{tasks[i]}" for i in order], [f"p{people[i]}" for i in order], [int(values[i]) for i in order])
    assert (other.value, other.low, other.high) == pytest.approx((plain.value, plain.low, plain.high))
    assert plain.low < plain.value < plain.high
    copies = coefficient(np.repeat(np.arange(20), 3), np.tile(np.arange(3), 20), np.repeat(np.arange(20) % 3, 3))
    assert (copies.value, copies.high) == (1.0, 1.0)
    assert copies.low < 1


@pytest.mark.parametrize("seed", range(4))
def test_perfect_agreement_is_never_certain(seed):
    """Where nobody differed, every coefficient is exactly 1 and says that none was seen, however its sums were rounded."""
    truth = np.random.default_rng(seed).random(30) * 10 // 3 + 0.1
    tasks, people, values = np.repeat(np.arange(30), 3), np.tile([0, 1, 2], 30), np.repeat(truth, 3)
    found = [krippendorff_alpha(tasks, people, values, level=level) for level in ("nominal", "ordinal", "interval", "ratio")]
    found += [fleiss_kappa(tasks, people, values, weights=weights) for weights in (None, "linear", "ordinal", "quadratic")]
    found += [gwet_ac1(tasks, people, values), gwet_ac2(tasks, people, values), cohen_kappa(truth, truth, weights="quadratic")]
    found += [scott_pi(np.repeat(np.arange(30), 2), [0, 1] * 30, np.repeat(truth, 2))]
    for one in found:
        assert (one.value, one.high) == (1.0, 1.0)
        assert one.low < 0.9
        assert one.note == "No disagreement was observed."


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from(["x", "y", "z", None])), min_size=1, max_size=40))
def test_whatever_is_missing_there_is_a_number_or_a_reason(rows):
    """With answers missing anyhow, each coefficient is a number at most 1, or NaN with a note, and never fails."""
    columns = tuple(zip(*rows, strict=True))
    for coefficient in (fleiss_kappa, gwet_ac1, krippendorff_alpha):
        if all(value is None for value in columns[2]):
            with pytest.raises(InvalidInput):
                coefficient(*columns)
            continue
        found = coefficient(*columns)
        assert found.value <= 1 + 1e-12 if not math.isnan(found.value) else found.note


def test_questions_without_an_answer_say_why():
    """One annotator, one class or too many annotators give a note or an error, and never a warning."""
    for coefficient in COEFFICIENTS:
        assert coefficient([1, 2], ["a", "a"], [1, 2]).note
        assert coefficient([1, 1], ["a", "b"], [1, 1]).note
    with pytest.raises(InvalidInput, match="two annotators"):
        scott_pi([1, 1, 1], ["a", "b", "c"], [1, 1, 1])
    with pytest.raises(InvalidInput, match="colleagues"):
        fleiss_kappa([1, 1], ["a", "b"], [1, 2], over="colleagues")
    assert "three annotators" in fleiss_kappa(*crowd(0, n_people=2), over="annotators").note


def covered(simulate, truth, runs):
    found = [simulate(seed) for seed in range(runs)]
    return np.mean([one.low <= truth <= one.high for one in found])


@pytest.mark.parametrize(("coefficient", "truth"), [(fleiss_kappa, 0.49), (gwet_ac1, 0.49), (krippendorff_alpha, 0.49)])
def test_intervals_over_items_cover(coefficient, truth):
    """With evenly used classes the interval over items holds the true value in at least 94% of 500 samples of 60 items."""
    assert covered(lambda seed: coefficient(*crowd(seed)), truth, 500) >= 0.94


def test_the_bootstrap_covers_any_coefficient():
    """The bootstrap over items holds the true value of two quite different coefficients in at least 94% of 100 samples."""
    for coefficient, truth in ((krippendorff_alpha, 0.49), (percent_agreement, 0.49 + 0.51 / 3)):
        found = covered(lambda seed, of=coefficient: bootstrap_interval(of, *crowd(seed, 40), resamples=100, seed=seed), truth, 100)
        assert found >= 0.94


def test_the_jackknife_speaks_of_other_annotators():
    """Where annotators differ in care, the jackknife holds the agreement of the whole pool in at least 94%; items alone do not."""

    def run(seed, over):
        noise = np.random.default_rng(seed).uniform(0.1, 0.6, size=8)
        return fleiss_kappa(*crowd(seed, 120, 8, noise=noise[None]), over=over)

    truth = 0.65**2
    assert covered(lambda seed: run(seed, "annotators"), truth, 300) >= 0.94
    assert covered(lambda seed: run(seed, "items"), truth, 300) < 0.87


def test_the_general_jackknife_is_the_built_in_one():
    """For alpha, any coefficient's jackknife gives the interval that alpha has of its own."""
    columns = crowd(3, n_people=6)
    own, general = krippendorff_alpha(*columns, over="annotators"), jackknife_interval(krippendorff_alpha, *columns)
    assert (general.low, general.high) == pytest.approx((own.low, own.high))
    assert "three annotators" in jackknife_interval(percent_agreement, [1, 1], ["a", "b"], ["x", "x"]).note
    with pytest.raises(InvalidInput, match="equally long"):
        jackknife_interval(percent_agreement, [1], ["a", "b"], ["x"])
    with pytest.raises(InvalidInput, match="resamples"):
        bootstrap_interval(percent_agreement, [1], ["a"], ["x"], resamples=2)
    assert "One item" in bootstrap_interval(percent_agreement, [1, 1], ["a", "b"], ["x", "x"]).note


def test_the_class_that_is_hard_has_the_least_agreement():
    """When only one class is confused with another, the two have less agreement than the rest."""
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.integers(4, size=300), 3)
    values = np.where((truth >= 2) & (rng.random(900) < 0.4), 5 - truth, truth)
    found = agreement_by_class(np.repeat(np.arange(300), 3), np.tile(np.arange(3), 300), values)
    assert found[0].value == found[1].value == 1
    assert max(found[2].value, found[3].value) < 0.6


def test_pairs_are_what_two_annotators_have_between_them():
    """Each cell is the percent agreement and the kappa of the two on the tasks that both answered."""
    tasks, people, values = crowd(5, 80, 5)
    kept = np.random.default_rng(5).random(len(tasks)) < 0.7
    tasks, people, values = tasks[kept], people[kept], values[kept]
    found = agreement_by_pair(tasks, people, values)
    of = [dict(zip(tasks[people == one].tolist(), values[people == one].tolist(), strict=True)) for one in found.annotators]
    for i in range(5):
        for j in range(5):
            both = sorted(of[i].keys() & of[j].keys())
            first, second = [of[i][task] for task in both], [of[j][task] for task in both]
            assert found.tasks[i, j] == len(both)
            assert found.percent[i, j] == pytest.approx(np.mean([a == b for a, b in zip(first, second, strict=True)]))
            assert found.kappa[i, j] == pytest.approx(cohen_kappa(first, second).value)


def test_a_fall_of_agreement_is_seen_in_time():
    """When annotators begin to guess halfway, the later windows have less agreement; windows cover all tasks."""
    before, after = crowd(1, 200, 3, noise=0.1), crowd(2, 200, 3, noise=0.9)
    tasks = np.r_[before[0], after[0] + 200]
    found = agreement_over_time(tasks, np.r_[before[1], after[1]], np.r_[before[2], after[2]], tasks * 60.0, windows=4)
    assert [one.agreement.items for one in found] == [100] * 4
    assert min(one.agreement.value for one in found[:2]) > 0.6 > 0.3 > max(one.agreement.value for one in found[2:])
    assert [one.start for one in found] == sorted(one.start for one in found)
    # A third answer, asked for in the end where the first two differ, moves no task; a task with one answer has the time of that one.
    found = agreement_over_time([1, 1, 2, 2, 1, 3], list("ababca"), list("xyxxxx"), [1, 3, 2, 4, 9, 0], windows=3)
    assert [(one.start, one.end) for one in found] == [(0, 0), (3, 3), (4, 4)]
    with pytest.raises(InvalidInput, match="time"):
        agreement_over_time([1], ["a"], ["x"], [math.nan])
    with pytest.raises(InvalidInput, match="window"):
        agreement_over_time([1], ["a"], ["x"], [0.0], windows=0)


def sentences(seed, n_items=80, n_people=3, jitter=0.0, drop=0.0, swap=0.0):
    rng = np.random.default_rng(seed)
    items = []
    for _ in range(n_items):
        starts = np.sort(rng.choice(20, 4, replace=False)) * 10.0
        labels = rng.choice(["A", "B"], 4)
        item = []
        for _ in range(n_people):
            kept = rng.random(4) >= drop
            places = np.column_stack([starts, starts + 6])[kept] + rng.normal(0, jitter, (kept.sum(), 2))
            named = np.where(rng.random(4) < swap, np.where(labels == "A", "B", "A"), labels)[kept]
            item.append((named.tolist(), np.sort(places, axis=1)))
        items.append(item)
    return items


def test_gamma_falls_with_every_kind_of_disagreement():
    """It is 1 for copies, about 0 for unrelated units, and falls with shifted ends, missing units and other labels alike."""
    assert gamma_agreement(sentences(0)).value == pytest.approx(1.0)
    for kind in ("jitter", "drop", "swap"):
        slight, strong = ({"jitter": 1.0, "drop": 0.1, "swap": 0.1}[kind], {"jitter": 4.0, "drop": 0.4, "swap": 0.4}[kind])
        values = [gamma_agreement(sentences(0, **{kind: amount})).value for amount in (slight, strong)]
        assert 0.98 > values[0] > values[1] > 0, kind
    own = [sentences(seed) for seed in range(3)]
    strangers = [[own[0][i][0], own[1][i][0], own[2][i][0]] for i in range(80)]
    found = gamma_agreement(strangers)
    assert abs(found.value) < 0.1
    assert found.low < found.value < found.high


def test_gamma_survives_what_is_missing():
    """Annotators who did not look, items without units, and nothing at all are no failures."""
    items = sentences(1, 10, drop=0.3)
    items[0][0] = None
    items[1] = [([], []), ([], [])]
    assert gamma_agreement(items).items == 10
    assert "two annotators" in gamma_agreement([[([], []), None]]).note
    assert "Nobody" in gamma_agreement([[([], []), ([], [])]]).note
    shuffled = [item[::-1] for item in sentences(1, 10, drop=0.3)]
    assert gamma_agreement(shuffled).value == pytest.approx(gamma_agreement(sentences(1, 10, drop=0.3)).value, abs=0.1)
    with pytest.raises(InvalidInput, match="lengths"):
        gamma_agreement(items, lengths=[1.0])
    with pytest.raises(InvalidInput, match="at least 0"):
        gamma_agreement(items, positional=-1)


def test_masks_agree_by_their_pixels():
    """Equal masks agree perfectly; the measure by overlap is below the one by count; sizes and shapes are checked."""
    rng = np.random.default_rng(0)
    disc = np.hypot(*np.mgrid[-10:11, -10:11]) < 7
    shifted = np.roll(disc, 2, axis=1)
    assert mask_iou([disc], [disc, shifted])[0, 0] == 1
    assert mask_iou([disc], [shifted])[0, 0] == pytest.approx((disc & shifted).sum() / (disc | shifted).sum())
    items = [[(["cell"], [disc]), (["cell"], [np.roll(disc, int(rng.integers(1, 4)), axis=0)])] for _ in range(30)]
    counted, overlapped = mask_agreement(items), mask_agreement(items, measure="iou")
    assert counted.value == 1 > overlapped.value > 0.5
    assert mask_agreement([[(["a"], [disc]), (["b"], [disc])]]).value == 0
    assert mask_agreement([[(["a"], [disc]), (["b"], [disc])]], same_label=False).value == 1
    assert math.isnan(mask_agreement([[None, (["a"], [disc])]]).value)
    with pytest.raises(InvalidInput, match="size"):
        mask_iou([disc], [disc[:5]])
    with pytest.raises(InvalidInput, match="shape"):
        mask_iou([1.0], [disc])
    with pytest.raises(InvalidInput, match="measure"):
        mask_agreement(items, measure="dice")


def test_no_order_of_answers_decides_about_an_agreement_of_zero():
    """Left out one annotator, alpha is 0 but for rounding that follows the order of the rows: the interval does not."""
    rows = [(0, "b", 1), (2, "a", 1), (2, "b", 1), (0, "c", 1), (1, "d", 3), (1, "c", 4), (0, "a", 3), (1, "d", None)]
    found = [
        krippendorff_alpha(*zip(*[rows[place] for place in order], strict=True), level="ordinal", over="annotators")
        for order in ([0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 5, 4, 7, 0, 6, 3])
    ]
    assert (found[0].low, found[0].high) == pytest.approx((found[1].low, found[1].high))


def test_a_window_in_which_every_value_is_missing_has_no_agreement():
    """Such a window has NaN with a note and leaves the others as they are; without any value at all there is an error as ever."""
    first, second = agreement_over_time([1, 1, 2, 2], ["a", "b"] * 2, ["x", "x", None, None], [0, 1, 2, 3], windows=2)
    assert first.agreement.items == 1
    assert math.isnan(second.agreement.value)
    assert second.agreement.note
    with pytest.raises(InvalidInput):
        agreement_over_time([1, 2], ["a", "a"], [None, None], [0, 1])


def test_no_interval_reaches_below_what_a_coefficient_can_be():
    """Of three items hardly anything is known, and still no lower end lies below -1, nor the value below the lower end."""
    for values in (list("xyxyxy"), list("xxxyyy"), list("xxyyzy"), list("xyyxzz")):
        rows = [1, 1, 2, 2, 3, 3], ["a", "b"] * 3, values
        found = [krippendorff_alpha(*rows), fleiss_kappa(*rows), scott_pi(*rows), gwet_ac1(*rows), cohen_kappa(values[::2], values[1::2])]
        assert all(-1 <= one.low <= one.value <= one.high for one in found), found
    opposite = krippendorff_alpha(np.repeat(np.arange(50), 2), ["a", "b"] * 50, ["x", "y", "y", "x"] * 25)
    assert -1 <= opposite.low <= opposite.value < -0.9
