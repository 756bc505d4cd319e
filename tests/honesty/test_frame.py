"""What the frame adds up and prints, and that a whole project goes through the product."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from benchmarks.honesty.__main__ import attempt, main, names, parts, table
from benchmarks.honesty.coverage import Coverage, add_up
from benchmarks.honesty.whole import open_whole, rows

from labelwright.schema import Verdict
from labelwright.schema.kinds.choice import Choice


def test_a_coverage_far_below_what_was_stated_is_found() -> None:
    """The chance is that of the exact binomial test against the stated confidence, and nothing is said of nothing."""
    assert Coverage("w", "x", 0.95, "interval", 950, 1000).chance > 0.4
    assert Coverage("w", "x", 0.95, "interval", 900, 1000).chance < 1e-6
    assert Coverage("w", "x", 0.95, "interval", 0, 0).chance == 1.0
    assert "BELOW" in table({"draws": [Coverage("w", "x", 0.95, "headline", 900, 1000)]})


def test_parts_are_added_up_by_what_they_promise() -> None:
    """Counts of the same promise are added, others stand by themselves, and all parts together are the whole count."""
    part = Coverage("w", "x", 0.95, "interval", 9, 10)
    other = Coverage("w", "y", 0.95, "interval", 1, 2)
    assert add_up([part, other, part]) == [Coverage("w", "x", 0.95, "interval", 18, 20), other]
    cut = list(parts("w", "projects", 12, 3))
    assert sum(count for _, _, count, _ in cut) == 12
    assert len({seed for *_, seed in cut}) == len(cut)


def test_a_whole_project_is_worked_through() -> None:
    """People answer and reviewers judge until nothing waits, through the product's own functions."""
    declaration: dict[str, Any] = {
        "sources": [{"uri": "rows.jsonl", "id": "id"}],
        "schema": {"data": {"body": "text"}, "questions": {"mood": {"kind": "choice", "of": "body", "options": ["good", "bad"]}}},
        "tasks": {"overlap": 2, "gold": "0%"},
        "review": {"sample": "50%"},
    }
    files = {"rows.jsonl": rows([{"id": f"r{number}", "body": f"text {number}"} for number in range(20)])}
    with open_whole(declaration, files) as whole:
        crowd = whole.add_people(3)
        reviewers = whole.add_people(1, "reviewer")
        assert whole.label(crowd, lambda user, task: ({"mood": Choice("good")}, 2.0), most=30) == 30
        assert whole.label(crowd, lambda user, task: ({"mood": Choice("good")}, 2.0)) == 10
        whole.settle()
        blind = {"mood": Choice("bad")}
        assert 0 < whole.audit(reviewers, lambda user, task: blind, lambda user, task: Verdict(verdict="accept")) < 20
        assert whole.labels("mood") == {f"r{number}": Choice("good") for number in range(20)}


def test_every_world_has_both_ways() -> None:
    """A world is a file with draws, projects and a docstring that says what it is like."""
    for name in names():
        world = importlib.import_module(f"benchmarks.honesty.worlds.{name}")
        assert callable(world.draws), name
        assert callable(world.projects), name
        assert world.__doc__, name


@pytest.mark.parametrize("name", names())
def test_every_world_in_small(name: str) -> None:
    """A few draws and one project of each world come through and count what they promise."""
    for way, count in (("draws", 20), ("projects", 1)):
        for one in attempt(name, way, count, 1):
            assert one.world == name
            assert 0 <= one.held <= one.of


def test_no_work_is_no_fault() -> None:
    """Without draws and projects nothing is below what was stated."""
    assert main(["--draws", "0", "--projects", "0"]) == 0
