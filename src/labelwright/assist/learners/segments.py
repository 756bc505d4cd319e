"""Segments in recordings: stretches that are louder than what is around them, and what they sound like.

A stretch is where the loudness stays above a share of the way from the quietest to the loudest part; several shares and several pauses
that it may bridge give several candidates, and a classifier of their spectrum learns which of them people mark, and as what.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labelwright.assist.arrays import Arrays
from labelwright.assist.learners import _regions
from labelwright.assist.learners.base import LabeledItem, Learned, LearningResult, TooLittle
from labelwright.assist.media import ItemMedia
from labelwright.assist.proposal import Proposal
from labelwright.errors import LabelwrightError
from labelwright.media.features import audio as features
from labelwright.schema import Item
from labelwright.schema.kinds import Question
from labelwright.shapes import INTERVAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD = "loudness_logistic"
VERSION = f"1 {features.VERSION}"
ANSWERS = frozenset({(INTERVAL, "audio")})
MOST = 500
AT_LEAST = 0.3

SHARES = (0.25, 0.4, 0.55)
PAUSES = (0.06, 0.2, 0.5)
SHORTEST = 0.06
MOST_CANDIDATES = 200


def learn(question: Question, examples: Sequence[LabeledItem], media: ItemMedia, fewest: int) -> LearningResult:
    """Learn from recordings with their segments."""
    needed = max(fewest, 2 * _regions.FOLDS)
    if sum(bool(example.answer.parts()) for example in examples) < needed:
        raise TooLittle(f"{needed} recordings with segments are needed; there are {len(examples)} labeled ones.")
    candidates = [_candidates(example.item, question, media) for example in examples]
    return _regions.learn_regions(question, examples, candidates, INTERVAL)


def load(question: Question, arrays: Arrays) -> Learned:
    """Make the model of its arrays again."""
    return _Model(question, arrays)


class _Model:
    def __init__(self, question: Question, arrays: Arrays) -> None:
        self._question = question
        self._regions = _regions.Regions(question, arrays, INTERVAL)

    def predict(self, items: Sequence[Item], media: ItemMedia) -> list[Proposal | None]:
        return [self._regions.propose(_candidates(item, self._question, media)) for item in items]


def _candidates(item: Item, question: Question, media: ItemMedia) -> _regions.Candidates:
    import numpy as np

    nothing = _regions.Candidates(np.zeros((0, 2)), np.zeros((0, features.SIZE + 2), dtype=np.float32), (0.0,))
    shown = item.data.get(question.of)
    body = media.body(item, question.of)
    if body is None or shown is None:
        return nothing
    try:
        bands = features.frames(body)
    except LabelwrightError:
        return nothing
    level = features.loudness(bands)
    stretches = _stretches(level)
    if not stretches:
        return nothing._replace(limits=(shown.duration,))
    floor, peak = np.percentile(level, [10, 98])
    rows = [
        np.concatenate(
            [features.vector_of(bands[start:end]), [(level[start:end].mean() - floor) / max(peak - floor, 0.1), np.log(end - start)]]
        )
        for start, end in stretches
    ]
    geometry = np.array(stretches, dtype=float) * features.HOP_SECONDS
    return _regions.Candidates(geometry, np.array(rows, dtype=np.float32), (shown.duration,))


def _stretches(level: NDArray[Any]) -> list[tuple[int, int]]:
    """Where it is loud, in frames, at each threshold and with each pause bridged."""
    import numpy as np

    floor, peak = np.percentile(level, [10, 98])
    found: dict[tuple[int, int], None] = {}
    for share in SHARES:
        loud = np.concatenate([[False], level > floor + share * (peak - floor), [False]])
        edges = np.flatnonzero(np.diff(loud.astype(np.int8)))
        runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
        for pause in PAUSES:
            joined: list[tuple[int, int]] = []
            for start, end in runs:
                if joined and (start - joined[-1][1]) * features.HOP_SECONDS < pause:
                    joined[-1] = (joined[-1][0], end)
                else:
                    joined.append((start, end))
            found.update(dict.fromkeys(one for one in joined if (one[1] - one[0]) * features.HOP_SECONDS >= SHORTEST))
    return sorted(found)[:MOST_CANDIDATES]
