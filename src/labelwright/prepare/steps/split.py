"""Splits long texts into pieces, each asked about by itself, which know where they begin in the raw text.

The pieces of a row `T7` are `T7#1`, `T7#2` and so on; a text with one piece only stays whole. When a paragraph is added, the others keep
their labels.

Example: `{split: {field: body, by: paragraph}}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct, structs

from labelwright.errors import InvalidInput, InvalidPipeline, nearest
from labelwright.prepare.draft import Context, Draft
from labelwright.schema import Schema

__all__ = ["Options", "apply", "check"]

_PIECES = {
    "paragraph": re.compile(r"\S(?:.*?\S)??(?=[^\S\n]*(?:\n[^\S\n]*\n|\Z)|\s*\Z)", re.DOTALL),
    "line": re.compile(r"\S(?:[^\n]*\S)?"),
}


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`field`: the text field to split; may be left out where there is one only. `by`: `paragraph` (blank lines between) or `line`."""

    field: str | None = None
    by: Literal["paragraph", "line"] = "paragraph"


def check(options: Options, schema: Schema, folder: Path) -> None:
    """Refuse options that do not say which text is meant."""
    _field(options, schema)


def apply(draft: Draft, options: Options, context: Context) -> Iterator[Draft]:
    """Yield the pieces of the text."""
    field = _field(options, context.schema)
    text = draft.columns.get(field)
    if not isinstance(text, str):
        raise InvalidInput(
            f"There is no text in '{field}' to split.", hint=None if field in draft.columns else nearest(field, draft.columns)
        )
    found = list(_PIECES[options.by].finditer(text))
    if len(found) < 2:
        yield draft
        return
    normal = draft.positions.get(field)
    before = draft.offset or 0
    for number, piece in enumerate(found, 1):
        start = normal.to_raw(piece.start()) if normal else piece.start()
        yield structs.replace(draft, columns={**draft.columns, field: piece[0]}, number=number, offset=before + start, positions={})


def _field(options: Options, schema: Schema) -> str:
    texts = [name for name, modality in schema.data.items() if modality == "text"]
    if options.field is None and len(texts) == 1:
        return texts[0]
    if options.field not in texts:
        message = f"'{options.field}' is no text field." if options.field else "Name the field to split."
        raise InvalidPipeline(message, where="prepare.split.field", hint=nearest(options.field or "", texts))
    return options.field
