"""Labels of pictures and recordings: a row of numbers for each (edges and colors, or the spectrum), with logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from labelwright import plugins
from labelwright.assist.arrays import Arrays
from labelwright.assist.learners import _choice, _linear
from labelwright.assist.learners.base import LabeledItem, Learned, LearningResult
from labelwright.assist.media import ItemMedia
from labelwright.assist.proposal import Proposal
from labelwright.schema import Item
from labelwright.schema.kinds import Question

METHOD = "vector_logistic"
FEATURES = {name: features for name in plugins.names("features") if hasattr(features := plugins.load("features", name), "vector")}
"""What is looked at, by the modality."""

VERSION = " ".join(["1", *(FEATURES[name].VERSION for name in sorted(FEATURES, reverse=True))])
ANSWERS = frozenset((None, name) for name in FEATURES)
MOST = 20_000
AT_LEAST = 0.5

_STRENGTH = 0.02


def learn(question: Question, examples: Sequence[LabeledItem], media: ItemMedia, fewest: int) -> LearningResult:
    """Learn from labeled pictures or recordings."""
    rows, usable = media.vectors(
        [example.item for example in examples], question.of, _features([example.item for example in examples], question)
    )
    kept = _choice.enough(question, [example for example, good in zip(examples, usable, strict=True) if good], fewest)
    chosen = {example.item.id for example in kept}
    matrix = rows[[index for index, example in enumerate(examples) if example.item.id in chosen]]
    return _choice.learn_choice(question, kept, matrix, strength=_STRENGTH, scale=True)


def load(question: Question, arrays: Arrays) -> Learned:
    """Make the model of its arrays again."""
    return _Model(question, arrays)


class _Model:
    def __init__(self, question: Question, arrays: Arrays) -> None:
        self._question = question
        self._linear = _linear.Linear.of(arrays)

    def predict(self, items: Sequence[Item], media: ItemMedia) -> list[Proposal | None]:
        rows, usable = media.vectors(items, self._question.of, _features(items, self._question))
        found = _choice.proposals(self._question, self._linear.probabilities(rows))
        return [proposal if good else None for proposal, good in zip(found, usable, strict=True)]


def _features(items: Sequence[Item], question: Question) -> ModuleType:
    """What is looked at: all items show the same modality there, as the schema says."""
    shown = next((field.modality for item in items if (field := item.data.get(question.of)) is not None), "")
    return FEATURES.get(shown, next(iter(FEATURES.values())))
