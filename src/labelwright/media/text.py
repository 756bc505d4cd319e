"""Text: UTF-8, in Unicode's composed form, with one kind of line end; and the way back to positions in the raw text."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from labelwright.errors import InvalidFile, TooLarge

__all__ = ["MAX_CHARACTERS", "MEDIA_TYPES", "SUFFIXES", "NormalText", "Probe", "normalise", "probe", "read", "verify"]

SUFFIXES = frozenset({".txt", ".text", ".md"})
MEDIA_TYPES = frozenset({"text/plain"})

MAX_CHARACTERS = 5_000_000
"""A longer text cannot be labeled in one piece."""


class Probe(Struct, frozen=True):
    """What a text file is."""

    characters: int
    media_type: str = "text/plain"


def read(body: bytes, *, where: str = "", max_characters: int = MAX_CHARACTERS) -> str:
    """Return the text of a file, without a byte-order mark.

    Raises:
        InvalidFile: the file is empty or not UTF-8.
        TooLarge: it has more than `max_characters`.
    """
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidFile("The text is UTF-16, and UTF-8 is expected.", where=where, hint="Save it as UTF-8.")
    if len(body) > 4 * max_characters + 3:
        raise _too_long(max_characters, where)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise InvalidFile(f"Line {line} is not UTF-8: {error.reason}.", where=where, hint="Save it as UTF-8.") from error
    if not text.strip():
        raise InvalidFile("The text is empty.", where=where)
    if len(text) > max_characters:
        raise _too_long(max_characters, where)
    return text


def probe(body: bytes, *, where: str = "") -> Probe:
    """Read the text and return its length."""
    return Probe(len(read(body, where=where)))


def verify(body: bytes, *, where: str = "") -> None:
    """Refuse bytes that are no text."""
    read(body, where=where)


class NormalText(Struct, frozen=True):
    """A normalised text and where its characters came from.

    From position `starts[i]` on, the raw position is `raw[i]` plus the distance from there; a stretch that was rewritten as a whole has
    its raw beginning. Both lists are empty where nothing moved.
    """

    text: str
    starts: Sequence[int] = ()
    raw: Sequence[int] = ()

    def to_raw(self, position: int) -> int:
        """Return the position in the raw text of what stands at `position` in the normalised text.

        >>> normalise("one\\r\\ntwo").to_raw(4)
        5
        """
        index = bisect_right(self.starts, position) - 1
        return position if index < 0 else self.raw[index] + position - self.starts[index]


def normalise(text: str) -> NormalText:
    """Compose characters (Unicode NFC) and turn every line end into a newline; a text that is so already comes back as it is.

    >>> normalise("cafe\\u0301\\r\\n").text == "caf\\u00e9\\n"
    True
    """
    if "\r" not in text and unicodedata.is_normalized("NFC", text):
        return NormalText(text)
    pieces: list[str] = []
    starts: list[int] = []
    raw: list[int] = []
    length = 0
    for begin, end in _stretches(text):
        old = text[begin:end]
        new = unicodedata.normalize("NFC", old) if old[0] != "\r" else "\n"
        shift = raw[-1] - starts[-1] if starts else 0
        if begin - length != shift:
            starts.append(length)
            raw.append(begin)
        pieces.append(new)
        length += len(new)
    shift = raw[-1] - starts[-1] if starts else 0
    if len(text) - length != shift:
        starts.append(length)
        raw.append(len(text))
    return NormalText("".join(pieces), starts, raw)


def _stretches(text: str) -> list[tuple[int, int]]:
    """Cut a text into stretches that normalise independently of each other."""
    cuts = [0]
    begin = 0
    for position in range(1, len(text)):
        character, before = text[position], text[position - 1]
        if before == "\r":
            safe = character != "\n"
        elif character <= "\x7f" or character == "\r":
            safe = True  # nothing composes with an ASCII character that comes behind it
        elif unicodedata.combining(character) or position - begin > 64:
            safe = False
        else:
            joined = unicodedata.normalize("NFC", text[begin : position + 1])
            safe = joined == unicodedata.normalize("NFC", text[begin:position]) + unicodedata.normalize("NFC", character)
        if safe:
            cuts.append(position)
            begin = position
    ends = [*cuts[1:], len(text)]
    return [(start, end) for start, end in zip(cuts, ends, strict=True) if end > start]


def _too_long(limit: int, where: str) -> TooLarge:
    return TooLarge(f"The text has more than {limit:,} characters.", where=where, hint="Split it into several files or rows.")
