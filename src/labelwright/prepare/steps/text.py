"""Brings texts into Unicode's composed form, with one kind of line end, so that equal texts are equal and offsets mean one thing.

Offsets of labels count the code points of the prepared text; `media.text.normalise` gives the way back to the raw one.

Example: `{text: {max_characters: 20000}}`. Runs by itself, first, for every text field of the schema; `{text: {normalise: false}}` leaves
texts as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from labelwright.errors import InvalidInput, TooLarge
from labelwright.media import text
from labelwright.prepare.draft import Context, Draft

__all__ = ["Options", "apply"]


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`field`: one field instead of all. `normalise`: compose characters and unify line ends. `max_characters`: no longer than this."""

    field: str | None = None
    normalise: bool = True
    max_characters: int = text.MAX_CHARACTERS


def apply(draft: Draft, options: Options, context: Context) -> Iterator[Draft]:
    """Normalise each text; numbers and truth values become text."""
    positions = draft.positions
    columns = dict(draft.columns)
    for field in context.fields_of("text", options.field):
        if field not in draft.columns:
            continue  # said when the fields are put together
        value = columns[field]
        if type(value) is not str:
            value = _as_text(value, field)
        if len(value) > options.max_characters:
            raise TooLarge(f"The text in '{field}' has more than {options.max_characters:,} characters.", hint="Split it.")
        if not value or value.isspace():
            raise InvalidInput(f"The text in '{field}' is empty.")
        if options.normalise:
            normal = text.normalise(value)
            if normal.starts:
                positions = {**positions, field: normal}
            value = normal.text
        columns[field] = value
    yield Draft(draft.key, columns, draft.number, draft.offset, positions)


def _as_text(value: object, field: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if value is None:
        raise InvalidInput(f"The text in '{field}' is empty.")
    raise InvalidInput(f"The column '{field}' holds no text but a {'list' if isinstance(value, list) else 'nested object'}.")
