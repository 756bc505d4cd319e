"""One label for each row of numbers: what votes about texts, pictures and recordings have in common, whatever kind of answer they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labelwright.assist.arrays import Arrays
from labelwright.assist.learners import _linear
from labelwright.assist.learners.base import LabeledItem, LearningResult, TooLittle
from labelwright.assist.proposal import Proposal
from labelwright.schema.kinds import Question

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["enough", "learn_choice", "proposals"]

FOLDS = 5


def enough(question: Question, examples: Sequence[LabeledItem], fewest: int) -> list[LabeledItem]:
    """Return the examples with a label that the question has, or say that they are too few."""
    known = set(question.labels)
    usable = [example for example in examples if question.vote(example.answer) in known]
    votes = Counter(question.vote(example.answer) for example in usable)
    counts = {label: votes[label] for label in question.labels}
    if sum(count >= fewest for count in counts.values()) < 2:
        so_far = ", ".join(f"{label} {count}" for label, count in counts.items())
        raise TooLittle(f"Two labels need {fewest} labeled items each; so far: {so_far}.")
    return usable


def learn_choice(question: Question, examples: Sequence[LabeledItem], matrix: Any, *, strength: float, scale: bool) -> LearningResult:
    """Learn one label for each row, and how sure the model may be."""
    import numpy as np

    labels = question.labels
    codes = np.array([labels.index(question.vote(example.answer) or "") for example in examples])
    groups, folds = _linear.folds_for([example.group for example in examples], FOLDS)
    if folds < 2 or len(np.unique(codes)) < 2:
        raise TooLittle("All labeled items belong to one group: nothing is left to test on.")
    raw = _linear.unseen(matrix, codes, len(labels), groups, strength=strength, scale=scale, folds=folds)
    heat = _linear.temperature(raw, codes)
    unseen = _linear.soften(raw, heat)
    right = unseen.argmax(axis=1) == codes
    shares = np.bincount(codes, minlength=len(labels)) / len(codes)
    loss, blind = _linear.log_loss(unseen, codes), -float(np.log(shares[codes]).mean())
    if loss > 0.97 * blind:
        raise TooLittle(
            f"On items that it had not seen it is right in {right.mean():.0%}; always '{labels[int(shares.argmax())]}' "
            f"is right in {shares.max():.0%}."
        )
    fitted = _linear.fit(matrix, codes, len(labels), strength=strength, scale=scale)
    model = _linear.Linear(fitted.weights, fitted.bias, heat)
    report = {
        "labels": len(codes),
        "classes": list(labels),
        "accuracy": round(float(right.mean()), 4),
        "most_frequent": round(float(shares.max()), 4),
        "log_loss": round(loss, 4),
        "calibration_error": _linear.calibration_error(unseen.max(axis=1), right),
        "temperature": heat,
        "recall": {labels[code]: round(float(right[codes == code].mean()), 4) for code in np.unique(codes)},
    }
    predictions: Arrays = {
        "item_ids": np.array([example.item.id for example in examples], dtype=np.int64),
        "labels": codes.astype(np.int64),
        "probabilities": unseen.astype(np.float32),
    }
    return LearningResult(model.arrays(), report, predictions)


def proposals(question: Question, probabilities: NDArray[Any]) -> list[Proposal | None]:
    """Return the most likely label of each row, with its probability."""
    best = probabilities.argmax(axis=1)
    scores = probabilities[range(len(best)), best]
    return [Proposal(question.elected(question.labels[int(code)]), float(score)) for code, score in zip(best, scores, strict=True)]
