"""Install other projects into environments of their own, and say where the Python of each is; peers lie beside this file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def python_of(name: str) -> Path:
    """Return the Python of the environment `name`, made from `name`.txt on first use."""
    return install(HERE / f".venv-{name}", HERE / f"{name}.txt")


def installed(folder: Path, needed: Path) -> Path | None:
    """Return the Python of the environment in `folder`, or None where it does not have what the requirements say."""
    ready = folder / "ready"
    there = ready.exists() and ready.read_text("utf-8") == needed.read_text("utf-8")
    return folder / "bin" / "python" if there else None


def install(folder: Path, needed: Path) -> Path:
    """Bring the environment in `folder` to what the requirements say, unless it is, and return its Python.

    Raises:
        subprocess.CalledProcessError: pip cannot.
    """
    python = folder / "bin" / "python"
    if installed(folder, needed) is None:
        folder.parent.mkdir(exist_ok=True)
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", needed], check=True)
        (folder / "ready").write_text(needed.read_text("utf-8"), "utf-8")
    return python
