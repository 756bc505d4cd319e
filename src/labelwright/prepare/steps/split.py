"""Splits long texts into pieces, each asked about by itself, which know where they begin in the raw text.

The pieces of a row `T7` are `T7#1`, `T7#2` and so on; a text with one piece only stays whole. When a paragraph is added, the others keep
their labels.

Example: `{split: {field: body, by: paragraph}}`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct, structs

from labelwright.errors import InvalidInput, InvalidPipeline, nearest
from labelwright.prepare.draft import Context, ItemDraft
from labelwright.schema import Schema

__all__ = ["Options", "apply", "check"]

_BETWEEN = {"paragraph": re.compile(r"\n(?:[^\S\n]*\n)+"), "line": re.compile(r"\n+")}
"""What lies between two pieces."""


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`field`: the text field to split; may be left out where there is one only. `by`: `paragraph` (blank lines between) or `line`."""

    field: str | None = None
    by: Literal["paragraph", "line"] = "paragraph"


def check(options: Options, schema: Schema, folder: Path) -> None:
    """Refuse options that do not say which text is meant."""
    _field(options, schema)


def apply(draft: ItemDraft, options: Options, context: Context) -> Iterator[ItemDraft]:
    """Yield the pieces of the text."""
    field = _field(options, context.schema)
    text = draft.columns.get(field)
    if not isinstance(text, str):
        raise InvalidInput(
            f"There is no text in '{field}' to split.", hint=None if field in draft.columns else nearest(field, draft.columns)
        )
    found = _pieces(text, options.by)
    if len(found) < 2:
        yield draft
        return
    normal = draft.positions.get(field)
    before = draft.offset or 0
    for number, (start, end) in enumerate(found, 1):
        offset = before + (normal.to_raw(start) if normal else start)
        yield structs.replace(draft, columns={**draft.columns, field: text[start:end]}, number=number, offset=offset, positions={})


def _pieces(text: str, by: str) -> list[tuple[int, int]]:
    """Return where each piece begins and ends, without the white space around it."""
    gaps = [(0, 0), *(gap.span() for gap in _BETWEEN[by].finditer(text)), (len(text), len(text))]
    pieces = []
    for (_, begin), (end, _) in itertools.pairwise(gaps):
        piece = text[begin:end]
        if piece and not piece.isspace():
            start = begin + len(piece) - len(piece.lstrip())
            pieces.append((start, start + len(piece.strip())))
    return pieces


def _field(options: Options, schema: Schema) -> str:
    texts = [name for name in schema.data if schema.modality(name).is_text]
    if options.field is None and len(texts) == 1:
        return texts[0]
    if options.field not in texts:
        message = f"'{options.field}' is no text field." if options.field else "Name the field to split."
        raise InvalidPipeline(message, where="split.field", hint=nearest(options.field or "", texts))
    return options.field
