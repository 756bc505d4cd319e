"""What every maker returns, and a source of chance that is the same on every machine."""

from __future__ import annotations

import hashlib
import random
from typing import Any

from msgspec import Struct

__all__ = ["MadeData", "Truth", "chance"]

Truth = dict[str, dict[str, Any]]
"""By the item's key, the right answer to each question in plain form."""


class MadeData(Struct, frozen=True):
    """What a maker made: the truth, and the keys of those items that are copies of others, which the pipeline sets aside."""

    truth: Truth
    copies: frozenset[str] = frozenset()


def chance(*parts: object) -> random.Random:
    """Return a generator that depends on `parts` alone: neither on the process nor on what was drawn elsewhere.

    >>> chance(0, "ada", "T-001").random() == chance(0, "ada", "T-001").random()
    True
    """
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest, "big"))
