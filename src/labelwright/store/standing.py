"""Which answers count: the one place that says so."""

from __future__ import annotations

__all__ = ["LAST", "STANDING"]

STANDING = ("submitted", "accepted")
"""The states of annotations that stand; those that were fixed, rejected or replaced count no more."""

LAST = 2**63 - 1
"""A number that no row reaches."""
