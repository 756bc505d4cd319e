"""Texts as sparse rows: words, pairs of words, and stretches of 2 to 5 characters, counted under hashed names.

Hashing needs no vocabulary: a text's row depends on that text alone. Characters let a model read misspelt words, inflections and any
language; pairs of words let it tell 'not good' from 'good'.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["COLUMNS", "MOST_CHARACTERS", "VERSION", "matrix", "tokens"]

VERSION = "hashed-2"

COLUMNS = 1 << 18
"""Columns of each of the two halves, words and characters."""

MOST_CHARACTERS = 4000
"""Of a longer text, the beginning counts. A character makes about three numbers of a row."""

PAGE = 1_000_000
"""So many characters are counted at a time."""

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
    from scipy.sparse import hstack, vstack
    from sklearn.feature_extraction.text import HashingVectorizer

    same: dict[str, Any] = {"n_features": COLUMNS, "norm": None, "alternate_sign": False, "dtype": np.float32}
    words = HashingVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b|[^\w\s]", **same)
    characters = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), **same)
    parts = []
    step = PAGE // MOST_CHARACTERS
    for start in range(0, max(1, len(texts)), step):
        cut = [text[:MOST_CHARACTERS] for text in texts[start : start + step]]
        joined = hstack([words.transform(cut), characters.transform(cut)], format="csr")
        np.log1p(joined.data, out=joined.data)
        parts.append(joined)
    return vstack(parts, format="csr") if len(parts) > 1 else parts[0]
