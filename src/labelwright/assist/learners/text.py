"""Labels of texts: words and stretches of characters, weighed by how rare they are (tf-idf), with logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labelwright.assist.arrays import Arrays
from labelwright.assist.learners import _choice, _linear
from labelwright.assist.learners.base import LabeledItem, Learned, LearningResult, TooLittle
from labelwright.assist.media import ItemMedia
from labelwright.assist.proposal import Proposal
from labelwright.media.features import text as features
from labelwright.schema import Item
from labelwright.schema.kinds import Question

METHOD = "tfidf_logistic"
VERSION = f"1 {features.VERSION}"
ANSWERS = frozenset({(None, "text")})
MOST = 20_000
MOST_CHARACTERS = features.MOST_CHARACTERS
ALL_CHARACTERS = 9_000_000
AT_LEAST = 0.5

_STRENGTH = 30.0


def learn(question: Question, examples: Sequence[LabeledItem], media: ItemMedia, fewest: int) -> LearningResult:
    """Learn from labeled texts."""
    import numpy as np

    usable = _choice.enough(question, examples, fewest)
    counts = features.matrix([_text(example.item, question) for example in usable])
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    # What stands in a single text teaches nothing about others.
    columns = np.flatnonzero(seen >= 2).astype(np.int32)
    if not len(columns):
        raise TooLittle("No two of the labeled texts share a word or a stretch of characters.")
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

    def predict(self, items: Sequence[Item], media: ItemMedia) -> list[Proposal | None]:
        counts = features.matrix([_text(item, self._question) for item in items])
        return _choice.proposals(self._question, self._linear.probabilities(_weigh(counts, self._columns, self._rarity)))


def _weigh(counts: Any, columns: Any, rarity: Any) -> Any:
    """Turn counts into weighed rows of length 1 over the columns that count; this uses up `counts`, which may be large."""
    import numpy as np
    from scipy.sparse import csr_matrix
    from sklearn.preprocessing import normalize

    weight = np.zeros(counts.shape[1], dtype=np.float32)
    weight[columns] = rarity
    place = np.zeros(counts.shape[1], dtype=np.int32)
    place[columns] = np.arange(len(columns), dtype=np.int32)
    counts.data *= weight[counts.indices]
    counts.eliminate_zeros()
    weighed = csr_matrix((counts.data, place[counts.indices], counts.indptr), shape=(counts.shape[0], len(columns)))
    return normalize(weighed, copy=False)


def _text(item: Item, question: Question) -> str:
    shown = item.data.get(question.of)
    return shown.text or "" if shown else ""
