"""Finds answers that came sooner than anybody could have looked at the item.

Why that is bad: clicking through yields labels that look like all others. Fast answers and a high rate of errors go together in every
study of crowd work.

The least time is `seconds` for each answered question, plus that of reading a text at `characters` a second, or of listening to the
`listened` share of a clip; reading and listening count for `most` seconds at most. Time that nobody measured is not judged.

Example: three questions about a page of text, answered after 0.4 seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright.checks import case
from labelwright.checks.case import Case, Found, Run
from labelwright.errors import InvalidPipeline
from labelwright.schema import Schema, Severity

SEVERITY: Severity = "warning"
ALWAYS = True


class Options(case.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds a question, characters read a second, the share of a clip to listen to, and the most seconds for reading and listening."""

    seconds: float = 0.3
    characters: float = 500.0
    listened: float = 0.2
    most: float = 5.0


def compile(options: Options, schema: Schema, folder: Path) -> Run:
    """Return what compares the time that somebody took with the least that it takes."""
    if options.characters <= 0 or min(options.seconds, options.listened, options.most) < 0:
        raise InvalidPipeline("Times and shares are not negative, and characters are positive.", where="too_fast")

    def run(case: Case) -> Iterator[Found]:
        if case.seconds_active is None:
            return
        looking = 0.0
        for field in case.item.data.values():
            looking += len(field.text or "") / options.characters + field.duration * options.listened
        least = options.seconds * len(case.values) + min(looking, options.most)
        if case.seconds_active < least:
            yield Found(f"Answered after {case.seconds_active:.1f} seconds; looking at it takes at least {least:.1f}.")

    return run
