"""How often one promise held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["Coverage", "Kind", "add_up"]

Kind = Literal["interval", "requirement", "headline"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often one promise held: `held` times `of`, where it should hold with the chance `nominal` at least.

    An `interval` holds where it covers the truth; where none was given it is left out of `of`. A `requirement` or a `headline` holds
    unless it says something false; where it says nothing it holds.
    """

    world: str
    what: str
    nominal: float
    kind: Kind
    held: int
    of: int

    @property
    def chance(self) -> float:
        """The chance that a promise kept with the chance `nominal` holds so seldom or less often: a one-sided exact binomial test."""
        from scipy.stats import binom

        return float(binom.cdf(self.held, self.of, self.nominal)) if self.of else 1.0


def add_up(parts: Iterable[Coverage]) -> list[Coverage]:
    """Add up what was counted in parts of the same promise, in the order in which promises first appear."""
    found: dict[tuple[str, str, float, str], Coverage] = {}
    for part in parts:
        key = (part.world, part.what, part.nominal, part.kind)
        known = found.get(key)
        found[key] = part if known is None else replace(known, held=known.held + part.held, of=known.of + part.of)
    return list(found.values())
