"""Install the judges into an environment of their own: `python -m tests.judges.environment`, as `make test` does.

What they need does not fit beside what we need, and none of it is ours.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.peers.environment import install, installed

__all__ = ["judges"]

FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "judges"
NEEDED = Path(__file__).with_name("requirements.txt")


def judges() -> Path | None:
    """Return the Python that has the judges, or None where they are not installed."""
    return installed(FOLDER, NEEDED)


if __name__ == "__main__":
    try:
        install(FOLDER, NEEDED)
    except subprocess.CalledProcessError as error:
        print(f"No judges: {error}. The tests by other projects' readers will be skipped.")
