"""What the server acknowledged is there, once, however often it is killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.chaos import kill_again_and_again


@pytest.mark.slow
def test_no_acknowledged_answer_is_lost_or_doubled_by_twenty_kills(tmp_path: Path, store_url: str) -> None:
    """Eight people work over HTTP while the server is killed twenty times at random moments, on SQLite and on PostgreSQL."""
    outcome = kill_again_and_again(tmp_path / "project", kills=20, people=8, store=store_url)
    assert outcome.acknowledged > 100
    assert outcome.clean, outcome
