"""How far two texts differ: the edits that turn one into the other.

V. I. Levenshtein, "Binary codes capable of correcting deletions, insertions and reversals", Soviet Physics Doklady 10 (1966). The edits are
counted by RapidFuzz, which takes milliseconds for texts of ten thousand words.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from labelwright.errors import InvalidInput

__all__ = ["checked_unit", "edits", "text_distance"]


def text_distance(first: str, second: str, *, by: str = "words") -> float:
    """Return the edits between two texts over the length of the longer one, 0 to 1; two empty texts are the same.

    Args:
        first: the one text.
        second: the other.
        by: `words`, split at white space, or `characters`.

    Raises:
        InvalidInput: there is no such unit.

    >>> text_distance("the cat sat", "the cat sat down"), text_distance("cat", "cut", by="characters")
    (0.25, 0.3333333333333333)
    """
    checked_unit(by)
    a: Sequence[Hashable] = first.split() if by == "words" else first
    b: Sequence[Hashable] = second.split() if by == "words" else second
    longest = max(len(a), len(b))
    return edits(a, b) / longest if longest else 0.0


def checked_unit(by: str) -> None:
    """Raise unless texts are to be compared by words or by characters."""
    if by not in ("words", "characters"):
        raise InvalidInput(f"Texts cannot be compared by '{by}'.", hint="Known are: words, characters.")


def edits(first: Sequence[Hashable], second: Sequence[Hashable]) -> int:
    """Return the fewest insertions, deletions and substitutions that turn one sequence into the other.

    >>> edits("kitten", "sitting")
    3
    """
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(first, second)
