"""Places that stand out, and a classifier that learns which of them are what: the common part of segments and boxes.

Each item gives candidates, which do not depend on the labels, each with its numbers. Candidates that cover a labeled place are examples
of its label, those that cover none are examples of background. What is labeled systematically wider or earlier than candidates are is
corrected by the median difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from labelwright.assist.arrays import Arrays
from labelwright.assist.learners import _agreement, _linear
from labelwright.assist.learners.base import LabeledItem, LearningResult, TooLittle
from labelwright.assist.proposal import Proposal
from labelwright.schema import Answer
from labelwright.schema.kinds import Part, Question
from labelwright.shapes import RowShape

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Candidates", "Regions", "learn_regions"]

FOLDS = 3
IS_ONE = 0.5
IS_NONE = 0.3
"""From which overlap on a candidate is a labeled place, and below which it is background; in between it teaches nothing."""

SUPPRESS = 0.35
"""Of two candidates that overlap more than this, the surer one counts."""

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)

_STRENGTH = 0.02
_ITERATIONS = 60


class Candidates(NamedTuple):
    """The candidates of one item: geometry as units have it (m, 2 or 4), their numbers (m, d), and the limits of the item."""

    geometry: NDArray[Any]
    rows: NDArray[Any]
    limits: tuple[float, ...]


class Regions:
    """A model of regions, made of its arrays."""

    def __init__(self, question: Question, arrays: Arrays, shape: RowShape) -> None:
        self._question = question
        self._linear = _linear.Linear.of(arrays)
        self._shift, self._threshold, self._curve = arrays["shift"], float(arrays["threshold"]), arrays["curve"]
        self._shape = shape

    def propose(self, candidates: Candidates) -> Proposal:
        """Return what the candidates of an item amount to."""
        probabilities = self._linear.probabilities(candidates.rows) if len(candidates.rows) else candidates.rows.reshape(0, 1)
        answer, raw = _decide(self._question, candidates, probabilities, self._shift, self._threshold, self._shape)
        return Proposal(answer, _agreement.score(self._curve, raw))


def learn_regions(question: Question, examples: Sequence[LabeledItem], candidates: Sequence[Candidates], shape: RowShape) -> LearningResult:
    """Learn which candidates are what, and judge that on items that were not seen."""
    import numpy as np

    labels = question.labels
    background = len(labels)
    truth = [example.answer for example in examples]
    targets, overlaps = _targets(question, truth, candidates, shape)
    codes = np.concatenate(targets)
    codes = _fewer(codes, background)
    teaching = codes >= 0
    if not (codes[teaching] < background).any():
        raise TooLittle("None of the labeled places stands out from its surroundings, so there is nothing to learn them by.")
    matrix = np.concatenate([one.rows for one in candidates])
    owner = np.repeat(np.arange(len(examples)), [len(one.rows) for one in candidates])
    _, folds = _linear.folds_for([example.group for example in examples], FOLDS)
    groups = [examples[index].group for index in owner.tolist()]
    unseen = np.zeros((len(codes), background + 1))
    if len(np.unique(codes[teaching])) < 2:
        unseen[:, codes[teaching][0]] = 1.0
    else:
        if folds < 2 or len({groups[index] for index in np.flatnonzero(teaching)}) < folds:
            raise TooLittle("All labeled items belong to one group: nothing is left to test on.")
        unseen = _unseen_of_all(matrix, codes, background + 1, groups, folds)
    shift = _median_shift(truth, candidates, overlaps, shape)
    parts = [unseen[owner == index] for index in range(len(examples))]
    best: tuple[float, float, list[Answer], list[float]] | None = None
    for threshold in THRESHOLDS:
        decided = [_decide(question, one, part, shift, threshold, shape) for one, part in zip(candidates, parts, strict=True)]
        answers, raw = [answer for answer, _ in decided], [confidence for _, confidence in decided]
        agreement = float(np.mean([1.0 - question.distance(one, other) for one, other in zip(answers, truth, strict=True)]))
        if best is None or agreement > best[0]:
            best = (agreement, threshold, answers, raw)
    assert best is not None
    _, threshold, answers, raw = best
    report = _agreement.measure(question, answers, truth)
    if report["f1"] < 0.1:
        raise TooLittle(f"On items that it had not seen it finds {report['recall']:.0%} of the places.")
    curve = _agreement.fit_curve(raw, [1.0 - question.distance(one, other) for one, other in zip(answers, truth, strict=True)])
    fitted = _linear.fit(matrix[teaching], codes[teaching], background + 1, strength=_STRENGTH, scale=True, iterations=_ITERATIONS)
    arrays = {**fitted.arrays(), "shift": shift, "threshold": np.array(threshold), "curve": curve}
    return LearningResult(arrays, {"labels": len(examples), "classes": list(labels), "candidates": len(codes), **report})


def _unseen_of_all(matrix: NDArray[Any], codes: NDArray[Any], classes: int, groups: list[str], folds: int) -> NDArray[Any]:
    """Probabilities of every candidate, of those too that teach nothing, under a model that has not seen its group."""
    import numpy as np

    from labelwright.stats.label_errors.folds import grouped_folds

    fold = grouped_folds(np.maximum(codes, 0).astype(np.int32), groups, folds=folds, seed=0)
    unseen = np.zeros((len(codes), classes))
    for held in range(folds):
        test, train = fold == held, (fold != held) & (codes >= 0)
        if test.any() and train.any():
            model = _linear.fit(matrix[train], codes[train], classes, strength=_STRENGTH, scale=True, iterations=_ITERATIONS)
            unseen[test] = model.probabilities(matrix[test])
    return unseen


def _targets(
    question: Question, truth: Sequence[Answer], candidates: Sequence[Candidates], shape: RowShape
) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """What each candidate is (a label's number, background, or -1 for neither), and how far it overlaps each labeled place."""
    import numpy as np

    labels = question.labels
    targets, overlaps = [], []
    for answer, one in zip(truth, candidates, strict=True):
        units = [unit for unit in answer.parts() if unit.label in labels]
        if not units or not len(one.geometry):
            targets.append(np.full(len(one.geometry), len(labels)))
            overlaps.append(np.zeros((len(one.geometry), 0)))
            continue
        common = shape.overlaps(one.geometry, np.array([unit.geometry for unit in units], dtype=float))
        nearest, most = common.argmax(axis=1), common.max(axis=1)
        is_label = np.array([labels.index(unit.label) for unit in units])[nearest]
        targets.append(np.where(most >= IS_ONE, is_label, np.where(most < IS_NONE, len(labels), -1)))
        overlaps.append(common)
    return targets, overlaps


def _fewer(codes: NDArray[Any], background: int) -> NDArray[Any]:
    """Let only so much background teach, evenly picked, as is three times what is labeled: more costs time and teaches nothing new."""
    import numpy as np

    empty = np.flatnonzero(codes == background)
    most = 3 * max(int(((codes >= 0) & (codes < background)).sum()), 50)
    fewer = codes.copy()
    if len(empty) > most:
        fewer[np.setdiff1d(empty, empty[np.linspace(0, len(empty) - 1, most).astype(int)])] = -1
    return fewer


def _median_shift(
    truth: Sequence[Answer], candidates: Sequence[Candidates], overlaps: Sequence[NDArray[Any]], shape: RowShape
) -> NDArray[Any]:
    """By how much of its size each side of a candidate differs from the labeled place that it covers best, in the median."""
    import numpy as np

    differences = []
    for answer, one, common in zip(truth, candidates, overlaps, strict=True):
        for index in range(common.shape[1]):
            nearest = int(common[:, index].argmax())
            if common[nearest, index] >= IS_ONE:
                differences.append((np.array(answer.parts()[index].geometry) - one.geometry[nearest]) / shape.sides(one.geometry[nearest]))
    width = next((one.geometry.shape[1] for one in candidates), 2)
    shift: NDArray[Any] = np.median(differences, axis=0) if differences else np.zeros(width)
    return np.round(shift, 4)


def _decide(
    question: Question, candidates: Candidates, probabilities: NDArray[Any], shift: NDArray[Any], threshold: float, shape: RowShape
) -> tuple[Answer, float]:
    """Return the answer that the candidates amount to, the surest first kept, and the mean confidence in its places."""
    import numpy as np

    if not len(candidates.geometry):
        return question.with_parts([]), 0.5
    places = probabilities[:, :-1]
    code, sure = places.argmax(axis=1), places.max(axis=1)
    order = [index for index in np.argsort(-sure, kind="stable") if sure[index] >= threshold]
    common = shape.overlaps(candidates.geometry, candidates.geometry)
    kept: list[int] = []
    for index in order:
        if all(common[index, other] <= SUPPRESS for other in kept):
            kept.append(int(index))
    if not kept:
        return question.with_parts([]), float(1.0 - sure.max())
    units = []
    for index in kept:
        geometry = candidates.geometry[index] + shift * shape.sides(candidates.geometry[index])
        units.append(Part(question.labels[int(code[index])], shape.rounded(shape.within(geometry, candidates.limits))))
    units.sort(key=lambda unit: unit.geometry)
    return question.with_parts([unit for unit in units if shape.sides(unit.geometry).min() > 1e-3]), float(sure[kept].mean())
