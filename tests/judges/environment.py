"""Install the judges into an environment of their own: `python -m tests.judges.environment`, as `make test` does.

What they need does not fit beside what we need, and none of it is ours.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["install", "judges"]

FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "judges"
NEEDED = Path(__file__).with_name("requirements.txt")


def judges() -> Path | None:
    """Return the Python that has the judges, or None where they are not installed."""
    ready = FOLDER / "ready"
    installed = ready.exists() and ready.read_text("utf-8") == NEEDED.read_text("utf-8")
    return FOLDER / "bin" / "python" if installed else None


def install() -> None:
    """Install the judges, unless they are there as the requirements say.

    Raises:
        subprocess.CalledProcessError: pip cannot.
    """
    if judges() is not None:
        return
    python = FOLDER / "bin" / "python"
    FOLDER.parent.mkdir(exist_ok=True)
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", NEEDED], check=True)
    (FOLDER / "ready").write_text(NEEDED.read_text("utf-8"), "utf-8")


if __name__ == "__main__":
    try:
        install()
    except subprocess.CalledProcessError as error:
        print(f"No judges: {error}. The tests by other projects' readers will be skipped.")
