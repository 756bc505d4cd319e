"""Label errors beyond single choices: sets, tokens, boxes, spans, masks, several models, several annotators."""

from __future__ import annotations

import json

import numpy as np
import pytest

from labelwright.errors import InvalidInput
from labelwright.shapes import BOX, INTERVAL
from labelwright.stats import (
    crowd_label_quality,
    ensemble_probabilities,
    ensemble_quality,
    find_label_errors,
    find_mask_errors,
    find_multilabel_errors,
    find_shape_errors,
    find_token_errors,
    label_quality,
    recalibrated,
)


def auc(score, positive):
    """How often a positive has a smaller score than a negative one; equal ones count half."""
    from scipy.stats import rankdata

    rank, count = rankdata(-score), positive.sum()
    return (rank[positive].sum() - count * (count + 1) / 2) / (count * (len(positive) - count))


def noisy_model(rng, n, n_classes, wrong_share=0.1, sharp=3.0):
    """Given labels of which a share is wrong, and the probabilities of a decent model."""
    truth = rng.integers(n_classes, size=n)
    given = np.where(rng.random(n) < wrong_share, (truth + rng.integers(1, n_classes, n)) % n_classes, truth)
    logits = rng.normal(size=(n, n_classes))
    logits[np.arange(n), truth] += sharp
    rows = np.exp(logits)
    return truth, given, rows / rows.sum(axis=1, keepdims=True)


def test_recalibration_mends_a_model_that_confuses_classes():
    """Where a model takes one class for another too often, its calibrated form ranks planted errors better, and rows sum to 1."""
    rng = np.random.default_rng(0)
    truth, given, rows = noisy_model(rng, 3000, 4)
    skewed = rows * np.array([1.0, 30.0, 1.0, 0.05])
    skewed /= skewed.sum(axis=1, keepdims=True)
    mended = recalibrated(given, skewed)
    np.testing.assert_allclose(mended.sum(axis=1), 1)
    wrong = given != truth
    assert auc(label_quality(given, mended), wrong) > auc(label_quality(given, skewed), wrong) + 0.05


def test_recalibration_keeps_to_its_groups_and_survives_rare_classes():
    """Items of one group never calibrate each other, and a class that a part lacks is no failure."""
    rows = np.array([[0.9, 0.1], [0.1, 0.9]] * 10)
    found = recalibrated([0] * 19 + [1], rows, groups=list(range(10)) * 2, folds=2)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    with pytest.raises(InvalidInput, match="once"):
        recalibrated([0, 1], [[0.5, 0.5]] * 2, repeats=0)


def test_an_ensemble_is_better_than_its_members():
    """Two independent models together rank planted errors better than either; weights by fit leave a useless one out."""
    rng = np.random.default_rng(1)
    truth, given, first = noisy_model(rng, 4000, 3, sharp=1.5)
    logits = rng.normal(size=(4000, 3))
    logits[np.arange(4000), truth] += 1.5
    second = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = given != truth
    both = auc(ensemble_quality(given, [first, second]), wrong)
    assert both > max(auc(label_quality(given, one), wrong) for one in (first, second))
    useless = rng.dirichlet(np.ones(3), 4000)
    weighed = ensemble_probabilities(given, [first, useless], weigh="log_loss")
    assert np.abs(weighed - first).mean() < 0.1 * np.abs(useless - first).mean()
    np.testing.assert_allclose(weighed.sum(axis=1), 1)


def test_real_errors_are_ranked_better_than_by_the_model_alone(shared):
    """On both test sets that people judged, model and recalibration together rank what they reject above each ranking of the model."""
    folder = shared / "label_errors_mturk"
    for name in ("cifar10", "mnist"):
        judged = json.loads((folder / f"{name}_mturk.json").read_text())
        labels = np.load(folder / f"{name}_test_set_original_labels.npy")
        model = np.load(folder / f"{name}_test_set_pyx.npy").astype(float)
        model /= model.sum(axis=1, keepdims=True)
        items = np.array([int(one["id"]) for one in judged])
        wrong = np.array([one["mturk"]["given"] < 3 for one in judged])
        ours = auc(ensemble_quality(labels, [model, recalibrated(labels, model)])[items], wrong)
        for rank in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
            assert ours > auc(label_quality(labels, model, rank=rank)[items], wrong), (name, rank)


def test_sets_of_labels_are_judged_class_by_class():
    """A class that was left out and one that was put in are both found, and their items have the lowest scores."""
    rng = np.random.default_rng(2)
    truth = rng.random((500, 5)) < 0.3
    sure = np.clip(np.where(truth, 0.9, 0.1) + rng.normal(0, 0.04, truth.shape), 0.01, 0.99)
    given = truth.copy()
    planted = {(3, 0), (10, 4), (77, 2), (200, 1)}
    for item, column in planted:
        given[item, column] = ~given[item, column]
        sure[item, column] = 0.99 if truth[item, column] else 0.01
    names = list("abcde")
    found = find_multilabel_errors([{names[c] for c in np.flatnonzero(row)} for row in given], sure, classes=names, prune="confident")
    assert set(found.suspects) == {(item, names[column]) for item, column in planted}
    assert set(np.argsort(found.item_score)[:4]) == {item for item, _ in planted}
    assert find_multilabel_errors([], np.zeros((0, 3))).suspects == []
    for labels, rows, match in ([["z"]], [[0.5]], "among"), ([[0]], [[1.5]], "0 to 1"), ([[0]], [], "rows"):
        with pytest.raises(InvalidInput, match=match):
            find_multilabel_errors(labels, rows)


def test_tokens_are_judged_within_their_sentences():
    """Planted wrong tags are found at their places, their sentences come first, and empty sentences do no harm."""
    rng = np.random.default_rng(3)
    truth = [rng.integers(3, size=length) for length in rng.integers(0, 12, 200)]
    sure = [np.where(np.arange(3) == tags[:, None], 0.9, 0.05) for tags in truth]
    given = [tags.copy() for tags in truth]
    places = [(s, t) for s, t in ((5, 1), (50, 0), (120, 2)) if t < len(given[s])]
    for sentence, token in places:
        given[sentence][token] = (given[sentence][token] + 1) % 3
    found = find_token_errors([tags.tolist() for tags in given], sure)
    assert set(found.suspects) == set(places)
    assert set(np.argsort(found.sentence_score, kind="stable")[: len(places)]) == {sentence for sentence, _ in places}
    assert all(found.suggested[s][t] == truth[s][t] for s, t in places)
    assert find_token_errors([[], []], [[], []]).suspects == []
    with pytest.raises(InvalidInput, match="sentence 0"):
        find_token_errors([[0, 1]], [[[1.0, 0.0]]])


def test_each_kind_of_error_among_boxes_is_named():
    """Missing, swapped, misplaced and unsupported boxes are told apart, and an image without any scores highest."""
    right = (["cat"], [[10, 10, 20, 20]])
    seen = (["cat"], [[11, 10, 20, 20]], [0.95])
    images = [
        (right, seen),
        (([], []), seen),
        ((["dog"], [[10, 10, 20, 20]]), seen),
        ((["cat"], [[18, 18, 20, 20]]), seen),
        ((["cat", "cat"], [[10, 10, 20, 20], [70, 70, 9, 9]]), seen),
    ]
    found = find_shape_errors(BOX, *zip(*images, strict=True))
    reasons = {(one.item, one.place): one.reason for one in found.suspects}
    assert reasons == {(1, 0): "overlooked", (2, 0): "swapped", (3, 0): "misplaced", (4, 1): "unsupported"}
    assert found.item_score.argmax() == 0
    assert ((found.item_score >= 0) & (found.item_score <= 1)).all()
    with pytest.raises(InvalidInput, match="confidence"):
        find_shape_errors(BOX, [right], [(["cat"], [[0, 0, 1, 1]], [])])
    with pytest.raises(InvalidInput, match="items"):
        find_shape_errors(BOX, [right], [])


def test_a_mark_that_lies_near_enough_is_none_of_them():
    """What counts as the right place is said by `iou` alone, however much or little that is; any shape is asked how far marks overlap."""
    given, seen = (["A"], [[0, 100]]), (["A"], [[93, 193]], [0.95])
    assert find_shape_errors(INTERVAL, [given], [seen], iou=0.03).suspects == []
    assert [one.reason for one in find_shape_errors(INTERVAL, [given], [seen]).suspects] == ["overlooked", "unsupported"]
    near = (["A"], [[0, 99]], [0.95])
    assert find_shape_errors(INTERVAL, [given], [near]).suspects == []
    assert [one.reason for one in find_shape_errors(INTERVAL, [given], [near], iou=1).suspects] == ["misplaced"]
    same = (["A"], [[0.1, 0.1 + 0.2]]), (["A"], [[0.1, 0.3]], [0.95])
    assert find_shape_errors(INTERVAL, [same[0]], [same[1]], iou=1).suspects == []
    with pytest.raises(InvalidInput, match="negative"):
        find_shape_errors(BOX, [(["A"], [[0, 0, -1, 1]])], [([], [], [])])
    with pytest.raises(InvalidInput, match="one label a mark"):
        find_shape_errors(BOX, [(["A"], [])], [([], [], [])])


def test_planted_errors_among_spans_come_first():
    """Of many sentences those with a dropped or renamed span rank below all others."""
    rng = np.random.default_rng(4)
    given, predicted = [], []
    for _ in range(100):
        starts = np.sort(rng.choice(20, 3, replace=False)) * 5
        spans = np.column_stack([starts, starts + 4])
        labels = [str(one) for one in rng.choice(["A", "B"], 3)]
        given.append((labels, spans))
        predicted.append((labels, spans, rng.uniform(0.85, 0.99, 3)))
    given[7] = (given[7][0][1:], given[7][1][1:])
    given[42] = ([{"A": "B", "B": "A"}[given[42][0][0]], *given[42][0][1:]], given[42][1])
    found = find_shape_errors(INTERVAL, given, predicted)
    assert set(np.argsort(found.item_score)[:2]) == {7, 42}
    assert {(one.item, one.reason) for one in found.suspects} == {(7, "overlooked"), (42, "swapped")}


def test_wrong_pixels_are_found_where_they_are():
    """A planted patch is marked, its picture comes first, and looking at every second row finds most of it."""
    rng = np.random.default_rng(5)
    truth = [np.kron(rng.integers(3, size=(4, 4)), np.ones((8, 8), dtype=int)) for _ in range(6)]
    sure = [np.clip(np.where(mask == np.arange(3)[:, None, None], 0.9, 0.05), 0, 1) for mask in truth]
    given = [mask.copy() for mask in truth]
    given[4][8:16, 8:16] = (given[4][8:16, 8:16] + 1) % 3
    found = find_mask_errors(given, sure)
    assert (found.wrong[4] == (given[4] != truth[4])).all()
    assert found.order[0] == 4
    assert found.share[4] == pytest.approx(64 / 1024)
    coarse = find_mask_errors(given, sure, every=2)
    assert (coarse.wrong[4] & (given[4] != truth[4])).sum() >= 48
    assert coarse.wrong[4].shape == (32, 32)
    with pytest.raises(InvalidInput, match="shapes"):
        find_mask_errors([np.zeros((2, 2), dtype=int)], [np.zeros((2, 3, 3))])


def test_a_model_as_one_more_annotator_ranks_single_answers_better():
    """With mostly one answer a task, model and people together find more wrong answers than the model alone, and more right labels."""
    rng = np.random.default_rng(6)
    truth, _, model = noisy_model(rng, 1500, 4, sharp=2.0)
    skill = {"a": 0.95, "b": 0.85, "c": 0.6}
    tasks, people, labels = [], [], []
    for task in range(1500):
        for person in rng.permutation(list(skill))[: 1 + (rng.random() < 0.4)]:
            tasks.append(task)
            people.append(str(person))
            labels.append(int(truth[task] if rng.random() < skill[person] else rng.integers(4)))
    found = crowd_label_quality(tasks, people, labels, model, classes=range(4))
    np.testing.assert_allclose(found.posteriors.sum(axis=1), 1)
    wrong = np.array(labels) != truth[tasks]
    assert auc(found.answer_quality, wrong) > auc(model[tasks, labels], wrong)
    right = np.mean([found.labels[task] == truth[task] for task in range(1500)])
    first = dict(zip(reversed(tasks), reversed(labels), strict=True))
    assert right > np.mean([first[task] == truth[task] for task in range(1500)])
    assert right > np.mean(model.argmax(axis=1) == truth)
    assert found.annotators["a"] > found.annotators["b"] > found.annotators["c"]


def test_abstentions_and_second_answers_have_no_score_in_a_crowd():
    """Only the answer that counts is scored, names and order change nothing, and one annotator alone is no failure."""
    rows = [(1, "a", "x"), (1, "b", "y"), (1, "b", "x"), (2, "a", "y"), (2, "b", None), (3, "b", "y"), (3, "a", "y")]
    sure = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    found = crowd_label_quality(*zip(*rows, strict=True), sure)
    assert np.isnan(found.answer_quality).tolist() == [False, True, False, False, True, False, False]
    renamed = [({1: "t1", 2: "t2", 3: "t3"}[t], {"a": "z", "b": "q"}[p], label) for t, p, label in rows]
    other = crowd_label_quality(*zip(*renamed, strict=True), sure)
    np.testing.assert_allclose(other.posteriors, found.posteriors)
    alone = crowd_label_quality([1, 2], ["a", "a"], ["x", "y"], sure[:2])
    assert alone.labels == {1: "x", 2: "y"}
    assert np.isfinite(alone.posteriors).all()
    with pytest.raises(InvalidInput, match="rows of 3"):
        crowd_label_quality([1], ["a"], ["x"], [[1.0, 0.0]], classes=["x", "y", "z"])
    with pytest.raises(InvalidInput, match="3 rows"):
        crowd_label_quality(*zip(*rows, strict=True), sure[:2])


def test_confident_learning_and_ensembles_agree_on_a_clean_case():
    """Where two models agree, the ensemble's scores are theirs."""
    rows = np.array([[0.9, 0.1], [0.2, 0.8]])
    np.testing.assert_allclose(ensemble_quality([0, 1], [rows, rows]), label_quality([0, 1], rows))
    assert find_label_errors([0, 1], rows).suspects == []
    with pytest.raises(InvalidInput, match="no model"):
        ensemble_quality([0], [])
