"""Texts as sparse rows: words, pairs of words, and stretches of 2 to 5 characters, counted under hashed names.

Hashing needs no vocabulary: a text's row depends on that text alone. Characters let a model read misspelt words, inflections and any
language; pairs of words let it tell 'not good' from 'good'.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["COLUMNS", "MOST_CHARACTERS", "VERSION", "matrix", "tokens"]

VERSION = "hashed-1"

COLUMNS = 1 << 18
"""Columns of each of the two halves, words and characters."""

MOST_CHARACTERS = 20_000
"""Of a longer text, the beginning counts."""

_TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]|_")


def tokens(text: str) -> list[tuple[int, int]]:
    """Return where each word, number and sign of a text begins and ends.

    >>> [text[start:end] for text in ["Pay $5.50, don't!"] for start, end in tokens(text)]
    ['Pay', '$', '5.50', ',', "don't", '!']
    """
    return [found.span() for found in _TOKEN.finditer(text)]


def matrix(texts: Sequence[str]) -> Any:
    """Return a SciPy CSR matrix of len(texts) rows: the logarithm of each count, words first, characters behind.

    Weighing by how rare a word is (idf) and scaling the rows is left to who trains: it depends on the other texts.
    """
    import numpy as np
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import HashingVectorizer

    cut = [text[:MOST_CHARACTERS] for text in texts]
    same: dict[str, Any] = {"n_features": COLUMNS, "norm": None, "alternate_sign": False, "dtype": np.float32}
    words = HashingVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b|[^\w\s]", **same)
    characters = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), **same)
    joined = hstack([words.transform(cut), characters.transform(cut)], format="csr")
    joined.data = np.log1p(joined.data)
    return joined
