"""Whether an entry is about what an item shows, and where its marks lie in the item's text.

Files of other tools measure offsets in the text as it was collected. Preparing it may have moved what stands behind a line end or an
accent, so that the offsets are carried over: from the entry's own text where it has one, and else from the row that the item was made of.

Offsets count characters. Some programs count UTF-16 units or bytes, which differs behind the first emoji or accent: such a mark is put
right where it says which text it is about, and else set aside.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any, NamedTuple

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy import Connection

from labelwright.formats import Labeled
from labelwright.media.text import NormalText, normalize
from labelwright.schema import Answer, Item, Schema
from labelwright.schema.kinds import Part
from labelwright.shapes import INTERVAL, Geometry
from labelwright.store import tables
from labelwright.store.codec import decode

__all__ = ["in_texts", "other_bytes", "other_content", "placed", "raw_columns"]

Way = Callable[[int, bool], int]
"""Carries an offset over; the second argument tells whether it ends a mark."""


def in_texts(schema: Schema) -> list[str]:
    """Return the questions whose answers are places in a text."""
    return [name for name, asked in schema.questions.items() if asked.shape is INTERVAL and schema.modality(asked.of).is_text]


def raw_columns(connection: Connection, numbers: Collection[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield, for items that are whole rows, their numbers and the columns as they were collected."""
    items, raw = tables.items, tables.raw_items
    query = sa.select(items.c.id, raw.c.data).join(raw, raw.c.id == items.c.raw_id)
    for number, data in connection.execute(query.where(items.c.id.in_(sorted(numbers)), items.c.offset.is_(None))):
        yield number, decode(data)


def other_content(entry: Labeled, item: Item, field: str, *, exact: bool) -> str | None:
    """Tell where an entry shows something else in a field than its item: its answer would be one about another text or picture.

    With `exact`, places in it would be places in another one; else, how the text is spaced does not matter.
    """
    given, own = entry.data.get(field), item.data.get(field)
    if given and own and given.text is not None and own.text is not None and given.text != own.text:
        if exact and normalize(given.text).text != own.text:
            return f"The entry's text in '{field}' is not that of the item '{item.key[:100]}', so its offsets would be wrong."
        if not exact and _words(given.text) != _words(own.text):
            return f"The entry's text in '{field}' is not that of the item '{item.key[:100]}', which has its key."
    if exact and entry.size is not None and own and own.size is not None and entry.size != own.size:
        (width, height), (wide, high) = entry.size, own.size
        return f"The file measures the picture at {width:g} x {height:g} pixels, and it has {wide} x {high}."
    return None


def other_bytes(entry: Labeled, item: Item, raw: Mapping[str, Any]) -> str | None:
    """Tell where an entry holds other media than the item of its key: neither what was collected nor what was made of it."""
    if entry.key != item.key:  # found by what it holds, or a duplicate, which may have other bytes
        return None
    for field, digest in entry.digests.items():
        collected, own = raw.get(field), item.data.get(field)
        if digest not in ((own.blobs() if own else set()) | ({collected.get("blob")} if isinstance(collected, dict) else set())):
            what = own.modality if own else "content"
            return f"The entry holds another {what} in '{field}' than the item '{item.key[:100]}', which has its key."
    return None


def _words(text: str) -> list[str]:
    return unicodedata.normalize("NFC", text).split()


def placed(entry: Labeled, item: Item, schema: Schema, raw: Mapping[str, Any] | None) -> tuple[Labeled, str | None]:
    """Return the entry with its marks where they lie in the item's text, or why that is not clear.

    `raw` are the columns that the item was made of, where it is a whole row and the entry shows no text.
    """
    moved: dict[str, Answer] = {}
    for name in in_texts(schema):
        answer, field = entry.values.get(name), schema.questions[name].of
        own = item.data.get(field)
        if answer is None or own is None or own.text is None or not answer.parts():
            continue
        given, quotes = entry.data.get(field), entry.quotes.get(name, ())
        if given is not None and given.text is not None:
            measured = [_Measured(given.text, None if given.text == own.text else _from_raw(normalize(given.text)))]
        else:
            measured = _texts(own.text, raw.get(field) if raw is not None else None)
        readings = _distinct(one.read(schema, name, answer) for one in measured)
        fitting = [one for one in readings if _quoted(one, own.text, quotes)] if quotes else readings
        if not fitting:
            others = (one.read(schema, name, answer, unit) for unit in _UNITS for one in measured)
            fitting = _distinct(one for one in others if _quoted(one, own.text, quotes))
        if not fitting:
            return entry, f"What a mark of '{name}' is said to be about does not stand where it lies."
        if len(fitting) > 1:
            fitting = [one for one in fitting if not any(_cuts(part, own.text) for part in one.parts())]
        if len(fitting) != 1:
            reason = f"The text was changed when it was prepared, so that it is not clear where the marks of '{name}' lie."
            return entry, f"{reason} Give the text that they were measured in, as '{field}'."
        # An end that is a little off is somebody's error. A mark that counts other units begins at the wrong place too.
        if not quotes and _is_foreign(entry) and any(_begins_within(part, own.text) for part in fitting[0].parts()):
            for unit in _UNITS if not own.text.isascii() else ():
                if any(not any(_cuts(part, own.text) for part in one.read(schema, name, answer, unit).parts()) for one in measured):
                    hint = "Offsets count characters. Give each mark its 'text', or count anew."
                    return entry, f"The marks of '{name}' cut words, and would not if their offsets counted {unit}. {hint}"
        moved[name] = fitting[0]
    return (structs.replace(entry, values={**entry.values, **moved}) if moved else entry), None


class _Measured(NamedTuple):
    """A text in which marks may have been measured, and the way from it to the item's; None where it is the item's."""

    text: str
    way: Way | None = None

    def read(self, schema: Schema, name: str, answer: Answer, unit: str | None = None) -> Answer:
        """Return the answer with its marks in the item's text, where their offsets count characters, or other units."""
        if unit is not None:
            answer = _carried(schema, name, answer, _from_units(self.text, *_UNITS[unit]))
        return answer if self.way is None else _carried(schema, name, answer, self.way)


_UNITS = {"UTF-16 units": ("utf-16-le", 2), "bytes of UTF-8": ("utf-8", 1)}
"""What the offsets of other programs may count, with the encoding, and the bytes of one of them."""


def _texts(text: str, raw: Any) -> list[_Measured]:
    """Return the texts in which marks may have been measured if nothing says it: the item's, and the one that it was made of."""
    normal = normalize(raw) if isinstance(raw, str) else None
    if normal is None or normal.text != text or raw == text:
        return [_Measured(text)]
    return [_Measured(text), _Measured(str(raw), _from_raw(normal))]


def _distinct(answers: Iterable[Answer]) -> list[Answer]:
    """Return the answers whose marks lie differently."""
    found: list[Answer] = []
    for answer in answers:
        if _places(answer) not in map(_places, found):
            found.append(answer)
    return found


def _from_units(text: str, encoding: str, size: int) -> Way:
    """Return the way from offsets that count units to those of characters; what lies within a character, or behind the end, is nowhere."""
    if text.isascii():
        return lambda offset, ends: offset
    widths = (len(character.encode(encoding, "surrogatepass")) // size for character in text)
    starts = [0, *accumulate(widths)]

    def way(offset: int, ends: bool) -> int:
        place = bisect_left(starts, offset)
        return place if place < len(starts) and starts[place] == offset else -1

    return way


def _is_foreign(entry: Labeled) -> bool:
    """Tell whether another program wrote an entry: what is written here says how each label came to be, and counts characters."""
    return all(one.origin == "suggestion" for one in entry.provenance.values())


def _from_raw(normal: NormalText) -> Way:
    """Return the way from the raw text of a normalized one; what begins or ends within a rewritten stretch takes all of it."""
    places = range(len(normal.text) + 1)

    def way(offset: int, ends: bool) -> int:
        if ends:
            return bisect_left(places, offset, key=normal.to_raw)
        return bisect_right(places, offset, key=normal.to_raw) - 1

    return way


def _carried(schema: Schema, name: str, answer: Answer, way: Way) -> Answer:
    def carry(part: Part) -> Part:
        start, end = part.geometry
        return part._replace(geometry=(way(int(start), False), way(int(end), True)))

    found: Answer = schema.questions[name].with_parts([carry(part) for part in answer.parts()])
    return found


def _places(answer: Answer) -> list[Geometry]:
    return [part.geometry for part in answer.parts()]


def _quoted(answer: Answer, text: str, quotes: tuple[str | None, ...]) -> bool:
    def fits(part: Part, quote: str | None) -> bool:
        start, end = map(int, part.geometry)
        return 0 <= start <= end and (quote is None or text[start:end] == normalize(quote).text)

    parts = answer.parts()
    return len(parts) == len(quotes) and all(map(fits, parts, quotes))


def _cuts(part: Part, text: str) -> bool:
    start, end = map(int, part.geometry)
    return _begins_within(part, text) or not start < end <= len(text) or text[end - 1].isspace() or _is_within_word(text, end)


def _begins_within(part: Part, text: str) -> bool:
    """Tell whether a mark begins within a word, between words or behind the text."""
    start = int(part.geometry[0])
    return not 0 <= start < len(text) or text[start].isspace() or _is_within_word(text, start)


def _is_within_word(text: str, place: int) -> bool:
    return 0 < place < len(text) and re.fullmatch(r"\w\w", text[place - 1 : place + 1]) is not None
