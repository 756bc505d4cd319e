"""What the tests of the command line share: a verb is run in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labelwright.cli import main

Run = Any


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a verb and return exit code, output and errors."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        try:
            code = main([str(word) for word in words])
        except SystemExit as wrong_usage:
            code = int(wrong_usage.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
