"""Several texts aligned word by word, and each word voted on.

J. G. Fiscus, "A post-processing system to yield reduced word error rates: Recognizer Output Voting Error Reduction (ROVER)", IEEE ASRU
(1997). The alignment begins with the text nearest to all others, so that it does not depend on the order of the annotators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labelwright.errors import InvalidInput
from labelwright.stats.texts.distance import text_distance
from labelwright.stats.texts.medoid import checked_texts, medoid_text

__all__ = ["VotedText", "vote_words"]

Slot = dict[str, float]
"""The weight behind each word at one place; the empty word stands for none."""


@dataclass(frozen=True)
class VotedText:
    """The text voted for. `words` are its words and `confidences`, 0 to 1, the share of the weight behind each; `confidence` is the mean
    share behind what was chosen over all places, words and gaps alike."""

    text: str
    words: tuple[str, ...]
    confidences: tuple[float, ...]
    confidence: float


def vote_words(texts: Sequence[str], *, weights: Sequence[float] | None = None, empty: float = 1.0) -> VotedText:
    """Align texts word by word and keep at each place the word with the most weight, or none.

    Args:
        texts: n texts of different annotators, split at white space.
        weights: one weight an annotator, such as the skill; 1 by default.
        empty: what the vote for no word counts, at least 0: above 1 prefers to leave words out, below 1 to keep them.

    Raises:
        InvalidInput: there is no text, a weight is wrong, or `empty` is negative.

    >>> result = vote_words(["the cat sat down", "the bat sat down", "the cat sat", "a cat sat down"])
    >>> result.text, result.confidences
    ('the cat sat down', (0.75, 0.75, 1.0, 0.75))
    """
    weight = checked_texts(texts, weights)
    if empty < 0:
        raise InvalidInput("The vote for no word cannot count less than nothing.", where="empty")
    middle = medoid_text(texts, weights=weights).place
    far = {text: text_distance(texts[middle], text) for text in set(texts)}
    # A text without weight says nothing.
    heard = [place for place in range(len(texts)) if weight[place] > 0]
    order = sorted(heard, key=lambda place: (texts[place] != texts[middle], far[texts[place]], texts[place], weight[place]))
    slots: list[Slot] = []
    so_far = 0.0
    for place in order:
        slots = _aligned(slots, texts[place].split(), float(weight[place]), so_far)
        so_far += float(weight[place])
    words, shares, chosen = [], [], []
    for slot in slots:
        word = min(slot, key=lambda one: (-slot[one] * (empty if one == "" else 1.0), one == "", one))
        chosen.append(slot[word] / so_far)
        if word:
            words.append(word)
            shares.append(round(slot[word] / so_far, 12))
    return VotedText(" ".join(words), tuple(words), tuple(shares), sum(chosen) / len(chosen) if chosen else 1.0)


def _aligned(slots: list[Slot], words: list[str], weight: float, so_far: float) -> list[Slot]:
    """Return the places after one more text: a word costs nothing where it is there already, in proportion to its weight."""

    def cost(slot: Slot, word: str) -> float:
        return 1 - slot.get(word, 0.0) / so_far

    rows, columns = len(slots), len(words)
    table = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(1, rows + 1):
        table[i][0] = table[i - 1][0] + cost(slots[i - 1], "")
    for j in range(1, columns + 1):
        table[0][j] = float(j)
    for i in range(1, rows + 1):
        slot = slots[i - 1]
        for j in range(1, columns + 1):
            table[i][j] = min(table[i - 1][j - 1] + cost(slot, words[j - 1]), table[i - 1][j] + cost(slot, ""), table[i][j - 1] + 1.0)
    found: list[Slot] = []
    i, j = rows, columns
    while i or j:
        if i and j and abs(table[i][j] - table[i - 1][j - 1] - cost(slots[i - 1], words[j - 1])) < 1e-9:
            i, j = i - 1, j - 1
            slot, word = dict(slots[i]), words[j]
        elif i and abs(table[i][j] - table[i - 1][j] - cost(slots[i - 1], "")) < 1e-9:
            i -= 1
            slot, word = dict(slots[i]), ""
        else:
            # A word that nobody had here: all before said nothing.
            j -= 1
            slot, word = ({"": so_far} if so_far else {}), words[j]
        slot[word] = slot.get(word, 0.0) + weight
        found.append(slot)
    return found[::-1]
