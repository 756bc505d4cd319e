"""Real data and other projects' files, which judge this project and are not part of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


def shared(path: str) -> Path:
    """Return a file or folder of the real data, such as `data/bccd`, or skip the test that needs it.

    The data lies in the folder that `LABELWRIGHT_SHARED` names, or in `../shared` beside the checkout.
    """
    found = Path(os.environ.get("LABELWRIGHT_SHARED", CHECKOUT.parent / "shared")) / path
    if not found.exists():
        pytest.skip(f"Real data is absent: set LABELWRIGHT_SHARED to a folder that has {path}.")
    return found
