"""Install peers into an environment of their own, beside this file, and say where its Python is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def python_of(name: str) -> Path:
    """Return the Python of the environment `name`, made from `name`.txt on first use."""
    folder = HERE / f".venv-{name}"
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", HERE / f"{name}.txt"], check=True)
        ready.touch()
    return python
