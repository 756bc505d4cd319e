"""Text: UTF-8, in Unicode's composed form, with one kind of line end; and the way back to positions in the raw text."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from labelwright.errors import InvalidFile, InvalidInput, TooLarge
from labelwright.media import base

if TYPE_CHECKING:
    import random

__all__ = [
    "MAX_CHARACTERS",
    "SUFFIXES",
    "NormalText",
    "Options",
    "TextProbe",
    "normalize",
    "prepare",
    "probe",
    "read",
    "sample",
    "verify",
]

SUFFIXES = frozenset({".txt", ".text", ".md"})

MAX_CHARACTERS = 5_000_000
"""A longer text cannot be labeled in one piece."""


class Options(base.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Brings texts into Unicode's composed form, with one kind of line end, so that equal texts are equal and offsets mean one thing.

    Offsets of labels count the code points of the prepared text; `NormalText` gives the way back to the raw one. Numbers and truth values
    become text. `normalise`: compose characters and unify line ends; with false, texts stay as they are. `max_characters`: no longer than
    this.

    Example: `{text: {max_characters: 20000}}`.
    """

    normalise: bool = True
    max_characters: int = MAX_CHARACTERS


class TextProbe(Struct, frozen=True):
    """What a text file is."""

    characters: int


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


def probe(body: bytes, *, where: str = "") -> TextProbe:
    """Read the text and return its length."""
    return TextProbe(len(read(body, where=where)))


def sample(luck: random.Random) -> bytes:
    """Return a line of words."""
    words = luck.choices(["lamp", "order", "late", "broken", "grün", "paid"], k=12)
    return f"Order {luck.randrange(10_000)}: {' '.join(words)}.".encode()


def verify(body: bytes, *, where: str = "") -> None:
    """Refuse bytes that are no text."""
    read(body, where=where)


class NormalText(Struct, frozen=True):
    """A normalized text and where its characters came from.

    From position `starts[i]` on, the raw position is `raw[i]` plus the distance from there; a stretch that was rewritten as a whole has
    its raw beginning. Both lists are empty where nothing moved.
    """

    text: str
    starts: Sequence[int] = ()
    raw: Sequence[int] = ()

    def to_raw(self, position: int) -> int:
        """Return the position in the raw text of what stands at `position` in the normalized text.

        >>> normalize("one\\r\\ntwo").to_raw(4)
        5
        """
        index = bisect_right(self.starts, position) - 1
        return position if index < 0 else self.raw[index] + position - self.starts[index]


def normalize(text: str) -> NormalText:
    """Compose characters (Unicode NFC) and turn every line end into a newline; a text that is so already comes back as it is.

    >>> normalize("cafe\\u0301\\r\\n").text == "caf\\u00e9\\n"
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


def prepare(value: object, options: Options, *, column: str) -> str | NormalText:
    """Normalize the text in a column.

    Raises:
        InvalidInput: there is none.
        TooLarge: it is longer than the options say.
    """
    text = value if type(value) is str else _as_text(value, column)
    if len(text) > options.max_characters:
        raise TooLarge(f"The text in '{column}' has more than {options.max_characters:,} characters.", hint="Split it.")
    if not text or text.isspace():
        raise InvalidInput(f"The text in '{column}' is empty.")
    return normalize(text) if options.normalise else text


def is_conversation(value: object) -> bool:
    """Tell whether a value is a list of turns, as chat models write them: `role` and `content`, or `from` and `value`.

    >>> is_conversation([{"role": "user", "content": "Hello"}]), is_conversation(["Hello"])
    (True, False)
    """
    turns = _turns(value)
    return bool(turns) and isinstance(value, list) and len(turns) == len(value)


def _turns(value: object) -> list[tuple[str, str]]:
    """Return who said what in a conversation, as far as it is said in words."""
    turns = []
    for turn in value if isinstance(value, list) else []:
        names = next((pair for pair in (("role", "content"), ("from", "value")) if isinstance(turn, dict) and pair[0] in turn), None)
        if names is None or not isinstance(turn.get(names[0]), str):
            return []
        said = turn.get(names[1])
        if isinstance(said, list):  # parts, of which some are pictures
            said = " ".join(str(part.get("text") or f"[{part.get('type')}]") if isinstance(part, dict) else str(part) for part in said)
        calls = turn.get("tool_calls")
        turns.append((turn[names[0]], str(said or "") or (f"[calls {calls}]" if calls else "")))
    return turns


def _as_text(value: object, column: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if value is None:
        raise InvalidInput(f"The text in '{column}' is empty.")
    if is_conversation(value):
        return "\n\n".join(f"{speaker}: {said}" for speaker, said in _turns(value))
    raise InvalidInput(f"The column '{column}' holds no text but a {'list' if isinstance(value, list) else 'nested object'}.")


def _stretches(text: str) -> list[tuple[int, int]]:
    """Cut a text into stretches that normalize independently of each other."""
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
