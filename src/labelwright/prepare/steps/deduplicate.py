"""Finds items that show exactly the same, so that nobody labels a thing twice.

The first item stays; those that equal it in every field of the schema (other columns do not count) are kept as its duplicates, are not
asked about, and take its place should it change.

Example: `deduplicate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from labelwright.errors import InvalidPipeline
from labelwright.prepare.draft import Context, ItemDraft
from labelwright.schema import Schema

__all__ = ["DEDUPLICATES", "Options", "apply", "check"]

DEDUPLICATES = True
"""Items are compared when they are written, where all of them are at hand."""


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`near`: reserved for the similarity above which texts count as the same; only exact duplicates are found so far."""

    near: float | None = None


def check(options: Options, schema: Schema, folder: Path) -> None:
    """Refuse `near`."""
    if options.near is not None:
        message = "Only exact duplicates are found; 'near' is not supported yet."
        raise InvalidPipeline(message, where="deduplicate.near", hint="Write `deduplicate` without options.")


def apply(draft: ItemDraft, options: Options, context: Context) -> Iterator[ItemDraft]:
    """Leave the draft as it is."""
    yield draft
