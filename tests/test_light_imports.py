"""Values and the client are light: a program that only sends answers does not wait for a database or for NumPy to load."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"sqlalchemy", "alembic", "numpy", "scipy", "sklearn", "litestar", "granian", "PIL", "pyarrow"}

_LOADED = "import sys, {}; print(*{{name.partition('.')[0] for name in sys.modules}})"


@pytest.mark.parametrize("name", ["labelwright", "labelwright.schema", "labelwright.shapes", "labelwright.api", "labelwright.client"])
def test_an_import_loads_nothing_heavy(name: str) -> None:
    """In a fresh interpreter, the import loads no database, no web framework, no arrays and no models."""
    done = subprocess.run([sys.executable, "-c", _LOADED.format(name)], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "labelwright" in loaded
    assert not loaded & HEAVY
