"""Text: what somebody writes about the whole field, such as a transcript, a translation, a summary or a reason."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from labelwright.errors import InvalidPipeline
from labelwright.expressions import Terms
from labelwright.schema.kinds import _plain
from labelwright.schema.kinds._median import MedianQuestion
from labelwright.schema.kinds.base import Answer, Part, Problem
from labelwright.schema.modalities import MODALITIES, Field

LONGEST = 100_000
"""Characters that an answer may have at most, whatever the question says."""

WORDS = ("a", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "while", "seven", "wizards", "watch")
"""What simulated people write."""


class TextAnswer(Answer, frozen=True, tag="text"):
    """A text about the whole field, as it was written.

    >>> TextAnswer("Hello there.").plain()
    'Hello there.'
    """

    value: str

    def parts(self) -> list[Part]:
        return [Part(self.value)]

    def plain(self) -> str:
        return self.value


class TextQuestion(MedianQuestion, frozen=True, kw_only=True, tag="text"):
    """Asks for a text of at most `max_length` characters, in one line unless `multiline`.

    Texts are compared by their words, or by `compare: characters`: their distance is the share of them that has to be changed. White space
    and the way in which characters are composed make no difference.
    """

    max_length: int = 10_000
    multiline: bool = True
    compare: Literal["words", "characters"] = "words"

    modalities: ClassVar[frozenset[str]] = frozenset(MODALITIES)
    form: ClassVar[Any] = str

    def check(self, where: str) -> None:
        super().check(where)
        if not 1 <= self.max_length <= LONGEST:
            raise InvalidPipeline(f"A text has from 1 to {LONGEST:,} characters at most.", where=f"{where}.max_length")

    def problems(self, answer: TextAnswer, data: Mapping[str, Field]) -> list[Problem]:
        text = answer.value
        if not text.strip():
            return [Problem("empty_text", "There is nothing written.")]
        if len(text) > self.max_length:
            return [Problem("too_long", f"The text has {len(text):,} characters, and {self.max_length:,} at most are asked for.")]
        if not self.multiline and len(text.splitlines()) > 1:
            return [Problem("several_lines", "One line is asked for.")]
        if wrong := next((one for one in text if unicodedata.category(one) in ("Cc", "Cs") and one not in "\t\n\r"), None):
            return [Problem("unprintable", f"The text has the character U+{ord(wrong):04X}, which cannot be printed.")]
        return []

    def stands(self, answer: TextAnswer) -> bool:
        return not self.problems(answer, {})

    def with_parts(self, parts: Sequence[Part]) -> TextAnswer:
        (part,) = parts
        return TextAnswer(part.label)

    def from_plain(self, value: Any) -> TextAnswer:
        return TextAnswer(_plain.read(value, str, kind="text", example='"Hello there."'))

    def terms(self, modality: type[Field]) -> Terms:
        return Terms(lambda answer, fields: None if answer is None else answer.value)

    def distance(self, first: TextAnswer, second: TextAnswer) -> float:
        one, other = normalized(first.value), normalized(second.value)
        if one == other:
            return 0.0
        from labelwright.stats import text_distance

        return text_distance(one, other, by=self.compare)

    def sample(self, data: Mapping[str, Field], luck: random.Random) -> TextAnswer:
        return TextAnswer(" ".join(luck.choices(WORDS, k=luck.randrange(3, 9)))[: self.max_length].strip())

    def mistaken(self, answer: TextAnswer, luck: random.Random, error: float) -> TextAnswer:
        words = answer.value.split()
        said = [luck.choice(WORDS) if luck.random() < error else word for word in words if luck.random() >= 0.3 * error]
        written = TextAnswer(" ".join(said)[: self.max_length].strip())
        return written if said and written.value.split() != words else answer


def normalized(text: str) -> str:
    """Return a text in composed characters, with one blank between words.

    >>> normalized(" Cafe\\u0301  au\\nlait ")
    'Café au lait'
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


QUESTION = TextQuestion
ANSWER = TextAnswer
