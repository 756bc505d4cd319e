"""Which answers count: the one place that says so."""

from __future__ import annotations

__all__ = ["GIVEN", "STANDING"]

STANDING = ("submitted", "accepted")
"""The states of annotations that stand; those that were fixed, rejected or replaced count no more."""

GIVEN = ("submitted", "accepted", "fixed", "rejected")
"""The states of what is counted as an answer that somebody gave: all but those that their authors corrected. What a reviewer wrote
(`origin` is `review`) is counted as a review, never as an answer."""
