"""Choices about texts: words and stretches of characters, weighed by how rare they are (tf-idf), with logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labelwright.assist.arrays import Arrays
from labelwright.assist.labelers.base import Proposal
from labelwright.assist.learners import _choice, _linear
from labelwright.assist.learners.base import Example, Learned, Result
from labelwright.assist.media import Media
from labelwright.media.features import text as features
from labelwright.schema import Item, Text
from labelwright.schema.kinds import Question

METHOD = "tfidf_logistic"
VERSION = f"1 {features.VERSION}"
ANSWERS = frozenset({("choice", "text")})
MOST = 20_000
AT_LEAST = 0.5

_STRENGTH = 30.0


def learn(question: Question, examples: Sequence[Example], media: Media, fewest: int) -> Result:
    """Learn from labeled texts."""
    import numpy as np

    usable = _choice.enough(question, examples, fewest)
    counts = features.matrix([_text(example.item, question) for example in usable])
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    # What stands in a single text teaches nothing about others.
    columns = np.flatnonzero(seen >= 2).astype(np.int32)
    rarity = (np.log((1 + len(usable)) / (1 + seen[columns])) + 1).astype(np.float32)
    result = _choice.learn_choice(question, usable, _weigh(counts, columns, rarity), strength=_STRENGTH, scale=False)
    return result._replace(arrays={**result.arrays, "columns": columns, "rarity": rarity})


def load(question: Question, arrays: Arrays) -> Learned:
    """Make the model of its arrays again."""
    return _Model(question, arrays)


class _Model:
    def __init__(self, question: Question, arrays: Arrays) -> None:
        self._question = question
        self._columns, self._rarity = arrays["columns"], arrays["rarity"]
        self._linear = _linear.Linear.of(arrays)

    def predict(self, items: Sequence[Item], media: Media) -> list[Proposal | None]:
        counts = features.matrix([_text(item, self._question) for item in items])
        return _choice.proposals(self._question, self._linear.probabilities(_weigh(counts, self._columns, self._rarity)))


def _weigh(counts: Any, columns: Any, rarity: Any) -> Any:
    from scipy.sparse import diags
    from sklearn.preprocessing import normalize

    return normalize(counts[:, columns] @ diags(rarity)).tocsr()


def _text(item: Item, question: Question) -> str:
    shown = item.data.get(question.of)
    return shown.text if isinstance(shown, Text) else ""
