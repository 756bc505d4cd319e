"""Label errors: planted ones are found, and the joint distribution is estimated."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.errors import InvalidInput
from labelwright.stats import find_label_errors, label_quality, out_of_fold

PRUNES = ["both", "class", "noise_rate", "confident"]
RANKS = ["self_confidence", "normalized_margin", "confidence_weighted_entropy"]


def planted(n=1500, n_classes=4, noise=0.1, seed=0):
    """Points around class centers, some with a wrong label: features, given labels, true labels."""
    rng = np.random.default_rng(seed)
    true = rng.integers(n_classes, size=n)
    centers = rng.normal(size=(n_classes, 6)) * 2.5
    given = np.where(rng.random(n) < noise, (true + rng.integers(1, n_classes, size=n)) % n_classes, true)
    return centers[true] + rng.normal(size=(n, 6)), given, true


@pytest.fixture(scope="module")
def judged():
    features, given, true = planted()
    return given, true, out_of_fold(features, given)


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("prune", PRUNES)
def test_planted_errors_are_found(judged, prune, rank):
    given, true, predicted = judged
    found = find_label_errors(given, predicted.probabilities, prune=prune, rank=rank)
    wrong = set(np.flatnonzero(given != true).tolist())
    hits = len(wrong & set(found.suspects))
    assert hits / len(wrong) > 0.75
    assert hits / len(found.suspects) > 0.75
    assert np.mean([found.suggested[item] == true[item] for item in wrong]) > 0.85
    assert found.joint.sum() == pytest.approx(1)
    assert 1 - np.trace(found.joint) == pytest.approx(np.mean(given != true), abs=0.04)
    assert list(found.score[found.suspects]) == sorted(found.score[found.suspects])


@pytest.mark.parametrize("rank", RANKS)
def test_wrong_labels_score_below_right_ones(judged, rank):
    given, true, predicted = judged
    score = label_quality(given, predicted.probabilities, rank=rank)
    assert ((score >= 0) & (score <= 1)).all()
    assert np.median(score[given != true]) < np.quantile(score[given == true], 0.1)


probabilities = st.integers(1, 5).flatmap(
    lambda k: st.lists(st.tuples(st.integers(0, k - 1), st.lists(st.floats(0, 1), min_size=k, max_size=k)), min_size=1, max_size=30)
)


@settings(deadline=None)
@given(probabilities, st.sampled_from(PRUNES), st.sampled_from(RANKS))
def test_any_predictions_give_finite_answers(rows, prune, rank):
    array = np.array([row for _, row in rows]) + 1e-9
    found = find_label_errors([label for label, _ in rows], array / array.sum(axis=1, keepdims=True), prune=prune, rank=rank)
    assert np.isfinite(found.joint).all()
    assert found.joint.sum() == pytest.approx(1)
    assert ((found.score >= 0) & (found.score <= 1)).all()
    assert len(set(found.suspects)) == len(found.suspects)


@pytest.mark.parametrize("prune", PRUNES)
def test_names_and_order_change_nothing(judged, prune):
    given, _, predicted = judged
    names = np.array(["d", "c", "b", "a"])
    order = np.random.default_rng(2).permutation(len(given))
    plain = find_label_errors(given, predicted.probabilities, prune=prune)
    other = find_label_errors(names[given[order]], predicted.probabilities[order], classes=names.tolist(), prune=prune)
    assert sorted(order[other.suspects].tolist()) == sorted(plain.suspects)
    np.testing.assert_allclose(other.joint, plain.joint)


@pytest.mark.parametrize("prune", PRUNES)
@pytest.mark.parametrize("seed", range(5))
def test_equally_doubtful_items_are_taken_or_left_together(prune, seed):
    """Where predictions come in quarters, so that most are tied, shuffled items have the same suspects, and twins share their fate."""
    rng = np.random.default_rng(seed)
    rows = rng.multinomial(4, [0.5, 0.3, 0.2], size=300) / 4
    labels, order = rng.integers(3, size=300), rng.permutation(300)
    suspects = set(find_label_errors(labels, rows, prune=prune).suspects)
    assert suspects
    assert {int(order[place]) for place in find_label_errors(labels[order], rows[order], prune=prune).suspects} == suspects
    kinds = {(int(label), *row.tolist()) for place, (label, row) in enumerate(zip(labels, rows, strict=True)) if place in suspects}
    assert suspects == {place for place in range(300) if (int(labels[place]), *rows[place].tolist()) in kinds}


def test_a_label_that_the_model_agrees_with_is_never_a_suspect(judged):
    given, _, predicted = judged
    found = find_label_errors(given, predicted.probabilities, prune="class")
    assert all(predicted.probabilities[item].argmax() != given[item] for item in found.suspects)


def test_groups_are_never_split_and_classes_are_spread():
    features, given, _ = planted(n=300)
    groups = np.random.default_rng(1).integers(60, size=300)
    result = out_of_fold(features, given, groups=groups, folds=5)
    assert all(len(set(result.fold[groups == group].tolist())) == 1 for group in set(groups.tolist()))
    sizes = np.array([[np.sum((result.fold == fold) & (given == label)) for label in range(4)] for fold in range(5)])
    assert sizes.min() >= 5


def test_no_model_sees_what_it_judges():
    """A model that memorises its training items knows none of those that it judges."""

    class Memory:
        def fit(self, features, labels):
            self.known = {float(value) for value in features[:, 0]}
            self.classes_ = np.unique(labels)
            return self

        def predict_proba(self, features):
            assert not self.known & {float(value) for value in features[:, 0]}
            return np.full((len(features), len(self.classes_)), 1 / len(self.classes_))

    items = np.repeat(np.arange(30), 2)
    result = out_of_fold(items[:, None], items % 2, groups=items, folds=4, model=Memory)
    np.testing.assert_allclose(result.probabilities.sum(axis=1), 1)


def test_sparse_features_are_welcome():
    from scipy.sparse import csr_array

    features, given, _ = planted(n=200)
    result = out_of_fold(csr_array(features), given)
    assert np.mean(result.probabilities.argmax(axis=1) == given) > 0.7


def test_a_class_in_one_group_is_survived():
    result = out_of_fold([[0.0], [1.0], [2.0], [3.0]], ["a", "a", "a", "b"], groups=[1, 2, 3, 4], folds=2)
    np.testing.assert_allclose(result.probabilities.sum(axis=1), 1)


def test_wrong_input_is_explained():
    with pytest.raises(InvalidInput, match="2 rows"):
        find_label_errors([0, 1], [[0.5, 0.5]])
    with pytest.raises(InvalidInput, match="sum 1"):
        find_label_errors([0], [[0.9, 0.5]])
    with pytest.raises(InvalidInput, match="sum 1"):
        find_label_errors([0], [[float("nan"), 0.5]])
    with pytest.raises(InvalidInput, match="sum 1"):
        find_label_errors([0], [[1.5, -0.5]])
    with pytest.raises(InvalidInput, match="among the classes"):
        find_label_errors([2], [[0.5, 0.5]])
    with pytest.raises(InvalidInput, match="0 to 1"):
        find_label_errors(np.array([2]), [[0.5, 0.5]])
    with pytest.raises(InvalidInput, match="noise_rate"):
        find_label_errors([0], [[0.5, 0.5]], prune="noiserate")
    with pytest.raises(InvalidInput, match="too few"):
        out_of_fold([[1.0], [2.0]], ["a", "b"], groups=["g", "g"], folds=2)
    with pytest.raises(InvalidInput, match="missing"):
        out_of_fold([[1.0], [2.0]], ["a", None], folds=2)


def test_suspects_on_a_real_test_set_are_those_that_people_reject(shared):
    folder = shared / "label_errors_mturk"
    judged = json.loads((folder / "cifar10_mturk.json").read_text())
    labels, predictions = np.load(folder / "cifar10_test_set_original_labels.npy"), np.load(folder / "cifar10_test_set_pyx.npy")
    found = find_label_errors(labels, predictions)
    assert len(judged) * 0.5 < len(found.suspects) < len(judged) * 2


def test_the_compiled_pass_changes_nothing():
    pytest.importorskip("numba", reason="the accelerator Numba is not installed")
    from labelwright.stats.label_errors.confident import _confident_classes
    from labelwright.stats.label_errors.quality import LONG

    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.ones(4), size=LONG)
    codes, thresholds = rng.integers(4, size=LONG).astype(np.int32), np.array([0.3, 0.4, 0.2, np.inf])
    compiled = _confident_classes(codes, rows, thresholds)
    # Halves are too short for the compiled pass.
    halves = [_confident_classes(codes[part], rows[part], thresholds) for part in (slice(0, LONG // 2), slice(LONG // 2, None))]
    for whole, first, second in zip(compiled, *halves, strict=True):
        np.testing.assert_array_equal(whole, np.concatenate([first, second]))


def test_a_bad_row_among_many_is_found():
    rows = np.full((60_000, 3), 1 / 3)
    for bad in (np.nan, -0.1, np.inf):
        rows[7, 1] = bad
        with pytest.raises(InvalidInput, match="sum 1"):
            find_label_errors(np.zeros(60_000, dtype=int), rows)
