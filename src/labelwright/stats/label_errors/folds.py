"""Out-of-fold predictions: each item is judged by a model that has seen neither it nor its group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Codes, Floats, encode, encode_answers

__all__ = ["OutOfFold", "grouped_folds", "out_of_fold"]


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Predictions for items that their model had not seen: `probabilities` (n, K) in the order of `classes`, and each item's `fold`."""

    probabilities: Floats
    classes: list[Any]
    fold: Codes


def out_of_fold(
    features: Any,
    labels: Any,
    *,
    groups: Sequence[Any] | None = None,
    folds: int = 5,
    seed: int = 0,
    model: Callable[[], Any] | None = None,
) -> OutOfFold:
    """Train on all folds but one, predict that one, and so on for each.

    A class that is missing from a training part (it has few items, or all in one group) gets the probability 0 there. Where a training
    part holds a single class, that class is predicted.

    Args:
        features: an array or SciPy sparse matrix (n, d) of finite numbers.
        labels: n given labels, none missing.
        groups: n group ids; items of one group (duplicates, one customer, one recording) are never in two folds.
        folds: how many, from 2 to the number of groups or items.
        seed: of the shuffle.
        model: makes an untrained classifier with scikit-learn's `fit` and `predict_proba`; logistic regression on scaled features by
            default.

    Raises:
        InvalidInput: lengths differ, a label or feature is missing, or there are fewer groups than folds.

    >>> result = out_of_fold([[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]], list("aaabbb"), folds=3)
    >>> result.probabilities.shape, result.probabilities.argmax(axis=1).tolist()
    ((6, 2), [0, 0, 0, 1, 1, 1])
    """
    from scipy.sparse import issparse

    matrix = features.tocsr() if issparse(features) else np.asarray(features, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != len(labels):
        raise InvalidInput(f"There have to be {len(labels)} rows of features, one a label.")
    if not np.isfinite(matrix.data if issparse(matrix) else matrix).all():
        raise InvalidInput("Features have to be finite numbers.")
    encode(labels, what="label")  # refuses missing labels
    answers = encode_answers(np.arange(len(labels)), np.zeros(len(labels), dtype=np.int64), labels)
    codes = answers.label
    fold = grouped_folds(codes, groups, folds=folds, seed=seed)
    probabilities = np.zeros((len(codes), len(answers.classes)))
    for held in range(folds):
        test = np.flatnonzero(fold == held)
        train = np.flatnonzero(fold != held)
        present = np.unique(codes[train])
        if len(present) == 1:
            probabilities[test, present[0]] = 1.0
            continue
        classifier = (model or (lambda: _logistic(issparse(matrix), seed)))()
        classifier.fit(matrix[train], codes[train])
        probabilities[np.ix_(test, classifier.classes_)] = classifier.predict_proba(matrix[test])
    return OutOfFold(probabilities, answers.classes, fold)


def grouped_folds(codes: Codes, groups: Sequence[Any] | None, *, folds: int, seed: int) -> Codes:
    """Return each item's fold, 0 to `folds` - 1, so that no group is split and every class is spread as evenly as groups allow.

    Groups are dealt, the largest first and equal ones in random order, to the fold where their classes are scarcest.

    Raises:
        InvalidInput: fewer groups than folds, or fewer than 2 folds.

    >>> fold = grouped_folds(np.array([0, 0, 1, 1], dtype=np.int32), ["a", "a", "b", "c"], folds=2, seed=0)
    >>> bool(fold[0] == fold[1]), sorted(set(fold.tolist()))
    (True, [0, 1])
    """
    rng = np.random.default_rng(seed)
    if groups is None:
        if not 2 <= folds <= len(codes):
            raise InvalidInput(f"There are {len(codes)} items, too few or too many for {folds} folds.", hint="Take 2 folds or more.")
        fold = np.empty(len(codes), dtype=np.int32)
        # Each class is dealt out in turn from where the last one ended, so that both classes and folds are even.
        order = rng.permutation(len(codes))
        order = order[np.argsort(codes[order], kind="stable")]
        fold[order] = np.arange(len(codes)) % folds
        return fold
    if len(groups) != len(codes):
        raise InvalidInput(f"There are {len(groups)} groups for {len(codes)} items.")
    group, distinct = encode(groups, what="group")
    if not 2 <= folds <= len(distinct):
        raise InvalidInput(f"There are {len(distinct)} groups, too few for {folds} folds.", hint="Take from 2 to as many folds as groups.")
    n_classes = int(codes.max()) + 1
    content = np.zeros((len(distinct), n_classes))
    np.add.at(content, (group, codes), 1.0)
    total = np.maximum(content.sum(axis=0), 1.0)
    filled = np.zeros((folds, n_classes))
    fold_of = np.empty(len(distinct), dtype=np.int32)
    order = rng.permutation(len(distinct))
    for one in order[np.argsort(-content[order].sum(axis=1), kind="stable")]:
        scarcity = (filled / total) @ content[one]
        least = np.flatnonzero(scarcity <= scarcity.min() + 1e-12)
        chosen = least[filled[least].sum(axis=1).argmin()]
        fold_of[one] = chosen
        filled[chosen] += content[one]
    return fold_of[group]


def _logistic(sparse: bool, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(with_mean=not sparse), LogisticRegression(max_iter=1000, random_state=seed))
