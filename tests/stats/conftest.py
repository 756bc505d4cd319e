"""Real crowds and real label errors, where they are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data: `LABELWRIGHT_SHARED`, or `../shared` beside the checkout."""
    checkout = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("LABELWRIGHT_SHARED", checkout.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip("Real data is absent: set LABELWRIGHT_SHARED or put it into ../shared.")
    return folder
