"""Label errors in tagged text: every token is judged, and a sentence by its worst token.

W.-C. Wang and J. Mueller, "Detecting Label Errors in Token Classification Data", NeurIPS workshop (2022), who found a sentence's least
token score to rank sentences best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.label_errors.confident import Prune, find_label_errors
from labelwright.stats.label_errors.quality import Rank

__all__ = ["TokenErrors", "find_token_errors"]


@dataclass(frozen=True, eq=False)
class TokenErrors:
    """The tokens whose tags are probably wrong.

    `suspects` are (sentence, token) places, the most doubtful first; `score` has an array (tokens,) for each sentence, 0 to 1, low where
    the tag is doubtful; `sentence_score` its least, 1 for a sentence without tokens; `suggested` the most probable tag of each token.
    """

    suspects: list[tuple[int, int]]
    score: list[Floats]
    sentence_score: Floats
    suggested: list[list[Any]]


def find_token_errors(
    labels: Sequence[Sequence[Any]],
    probabilities: Sequence[Any],
    *,
    classes: Sequence[Any] | None = None,
    prune: Prune = "both",
    rank: Rank = "self_confidence",
) -> TokenErrors:
    """Find the tokens whose tags are probably wrong.

    Args:
        labels: for each sentence the tags of its tokens.
        probabilities: for each sentence an array (tokens, K) of predicted probabilities from a model that was not trained on it.
        classes: the K tags in the order of the columns; by default the tags are 0 to K - 1 themselves.
        prune: as in `find_label_errors`.
        rank: as in `label_quality`.

    Raises:
        InvalidInput: a sentence has more or fewer rows than tags, a tag is not among the classes, or a probability is wrong.

    >>> tags = [[0, 0, 1], [0, 1, 0], [1, 0]]
    >>> sure = [[[0.9, 0.1], [0.9, 0.1], [0.1, 0.9]], [[0.8, 0.2], [0.2, 0.8], [0.9, 0.1]], [[0.1, 0.9], [0.1, 0.9]]]
    >>> find_token_errors(tags, sure).suspects
    [(2, 1)]
    """
    if len(labels) != len(probabilities):
        raise InvalidInput(f"There are {len(labels)} sentences of tags and {len(probabilities)} of probabilities.")
    rows = [np.asarray(one, dtype=np.float64) for one in probabilities]
    for sentence, (tags, row) in enumerate(zip(labels, rows, strict=True)):
        if len(tags) != len(row):
            raise InvalidInput(f"There are {len(tags)} tags and {len(row)} rows of probabilities.", where=f"sentence {sentence}")
    if len({row.shape[1:] for row in rows if len(row)}) > 1:
        raise InvalidInput("The sentences' probabilities have to be of the same tags.")
    length = [len(tags) for tags in labels]
    if not sum(length):
        return TokenErrors([], [np.ones(0) for _ in labels], np.ones(len(labels)), [[] for _ in labels])
    found = find_label_errors(
        [tag for tags in labels for tag in tags],
        np.concatenate([row for row in rows if len(row)]),
        classes=classes,
        prune=prune,
        rank=rank,
    )
    ends = np.cumsum(length)
    starts = ends - length
    sentence_of = np.searchsorted(ends, found.suspects, side="right")
    score = [found.score[start:end] for start, end in zip(starts, ends, strict=True)]
    return TokenErrors(
        [(int(sentence), int(place - starts[sentence])) for sentence, place in zip(sentence_of, found.suspects, strict=True)],
        score,
        np.array([one.min(initial=1.0) for one in score]),
        [found.suggested[start:end] for start, end in zip(starts, ends, strict=True)],
    )
