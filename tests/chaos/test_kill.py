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


@pytest.mark.slow
def test_several_server_processes_lose_and_double_nothing(tmp_path: Path, postgresql_url: str) -> None:
    """Two server processes on one PostgreSQL share the queue, are killed five times, and hand nothing out too often."""
    outcome = kill_again_and_again(tmp_path / "project", kills=5, people=8, store=postgresql_url, workers=2)
    assert outcome.acknowledged > 25
    assert outcome.clean, outcome
