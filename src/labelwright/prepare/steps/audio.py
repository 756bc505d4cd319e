"""Checks recordings, brings them to one rate where one is given, and outlines them for the waveform.

Every recording is decoded wholly, so a truncated one goes to the quarantine and not to people. Without `rate` the bytes stay as they are.

Example: `{audio: {rate: 16000}}`. Runs by itself, first, for every audio field of the schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from msgspec import Struct

from labelwright.media import audio
from labelwright.prepare.draft import Context, Draft
from labelwright.prepare.steps._media import path_of
from labelwright.schema import Audio

__all__ = ["REMEMBERS", "Options", "apply", "sees"]

REMEMBERS = True


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`field`: one field instead of all. `rate`: samples a second. `peaks`: stretches of the outline. `max_seconds`: the limit.

    How many samples over all channels are decoded at most is a setting of the machine, `LABELWRIGHT_MAX_SAMPLES`.
    """

    field: str | None = None
    rate: int | None = None
    peaks: int = 2000
    max_seconds: float = audio.MAX_SECONDS


def sees(draft: Draft, options: Options, context: Context) -> Any:
    """Return the columns that it turns into others, and the key, which messages may name."""
    return [draft.key, {field: draft.columns.get(field) for field in context.fields_of("audio", options.field)}]


def apply(draft: Draft, options: Options, context: Context) -> Iterator[Draft]:
    """Turn each recording named by its blob into an `Audio`."""
    made = {}
    for field in context.fields_of("audio", options.field):
        path, digest, name = path_of(draft, field, context)
        with context.blobs.scratch() if options.rate else nullcontext() as out:
            found = audio.normalise(path, where=name, rate=options.rate, points=options.peaks, max_seconds=options.max_seconds, out=out)
            made[field] = Audio(
                blob=context.blobs.put_file(out) if found.resampled and out else digest,
                duration=found.duration,
                rate=found.rate,
                media_type=found.media_type,
                peaks=context.blobs.put(found.peaks),
            )
    yield draft.with_columns(**made)
