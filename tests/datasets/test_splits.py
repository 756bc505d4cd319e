"""Train and test: by hash, repeatable, and without leakage."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.datasets import DatasetPolicy, assign
from labelwright.datasets.splits import _connected, key_hash
from labelwright.errors import InvalidPipeline
from labelwright.schema import content_hash
from labelwright.store import tables
from labelwright.store.codec import encode
from labelwright.store.project import Project

THIRDS = DatasetPolicy(split={"train": "60%", "dev": "20%", "test": "20%"})


def add(project: Project, rows: list[tuple[str, list[str], dict[str, Any]]]) -> dict[str, int]:
    """Add raw rows: a key, the texts of its pieces, and the other columns. A text that is there already is set aside as duplicate."""

    def work(connection: sa.Connection) -> dict[str, int]:
        number = connection.scalar(sa.select(sa.func.max(tables.items.c.id))) or 0
        raw_id = connection.scalar(sa.select(sa.func.max(tables.raw_items.c.id))) or 0
        raws, items, first = [], [], {}
        for key, texts, meta in rows:
            raw_id += 1
            raw = {"id": raw_id, "source": "t", "key": key, "revision": key, "place": "t", "data": "{}"}
            raws.append(raw | {"project_id": project.id, "created_at": time.time()})
            for piece, text in enumerate(texts, 1):
                number += 1
                item = {
                    "id": number,
                    "project_id": project.id,
                    "raw_id": raw_id,
                    "key": f"{key}#{piece}" if len(texts) > 1 else key,
                    "revision": content_hash(text),
                    "data": encode({"body": {"modality": "text", "text": text}}),
                    "meta": encode(meta),
                    "state": "duplicate" if text in first and "keep" not in meta else "active",
                    "duplicate_of": first.get(text),
                    "created_at": time.time(),
                }
                items.append(item)
                first.setdefault(text, number)
        connection.execute(sa.insert(tables.raw_items), raws)
        connection.execute(sa.insert(tables.items), items)
        return {item["key"]: item["id"] for item in items}

    return project.database.write(work)


def split_of(project: Project, made: dict[str, int], policy: DatasetPolicy = THIRDS, **more: Any) -> dict[str, str | None]:
    with project.database.read() as connection:
        splits = assign(connection, project, policy, **more)
    active = sorted(set(splits.ids.tolist()))
    names = {number: name for name, number in made.items()}
    return {names[number]: split for number, split in zip(active, splits.of(active), strict=True) if number in names}


def test_shares_are_met_and_the_same_again(make_project: Callable[..., Project]) -> None:
    """2,000 items come out as 60, 20 and 20 per cent within chance, and the same in another project with the rows in another order."""
    rows = [(f"k{number}", [f"text {number}"], {}) for number in range(2000)]
    first = make_project(name="first")
    chosen = split_of(first, add(first, rows))
    counts = [sum(split == name for split in chosen.values()) for name in ("train", "dev", "test")]
    assert all(abs(count - wanted) < 100 for count, wanted in zip(counts, (1200, 400, 400), strict=True))
    second = make_project(name="second")
    assert split_of(second, add(second, rows[::-1])) == chosen


def test_more_items_leave_the_others_where_they_are(make_project: Callable[..., Project]) -> None:
    """New rows do not move old ones from train to test."""
    project = make_project()
    made = add(project, [(f"k{number}", [f"text {number}"], {}) for number in range(300)])
    before = split_of(project, made)
    made |= add(project, [(f"n{number}", [f"new {number}"], {}) for number in range(300)])
    assert {key: split for key, split in split_of(project, made).items() if key in before} == before


def test_pieces_duplicates_and_groups_stay_together(make_project: Callable[..., Project]) -> None:
    """Pieces of one raw row, items that show the same, rows of one customer, and whatever these tie together, are in one split."""
    rows: list[tuple[str, list[str], dict[str, Any]]] = []
    for number in range(200):
        rows.append((f"long{number}", [f"a {number}", f"b {number}", f"c {number}"], {"customer": f"c{number % 40}"}))
        rows.append((f"copy{number}", [f"x {number}", f"b {number}"], {"customer": None}))
        rows.append((f"twin{number}", [f"x {number}"], {"keep": True}))
    project = make_project()
    made = add(project, rows)
    policy = DatasetPolicy(split={**THIRDS.split, "by": "customer"})
    chosen = split_of(project, made, policy)
    assert len(set(chosen.values())) == 3
    for group in range(40):
        members = {
            split
            for key, split in chosen.items()
            for number in [int(key.partition("#")[0].lstrip("abcdefghijklmnopqrstuvwxyz"))]
            if number % 40 == group
        }
        assert len(members) == 1, group


def test_what_joins_a_frozen_group_moves_nobody(make_project: Callable[..., Project]) -> None:
    """After a freeze, twins and rows of the same customer that are added later take the split of those that are there."""
    project = make_project()
    rows: list[tuple[str, list[str], dict[str, Any]]] = [(f"k{number}", [f"text {number}"], {"keep": True}) for number in range(60)]
    made = add(project, rows)
    first = split_of(project, made)
    frozen = {key_hash(key): split for key, split in first.items() if split}
    made |= add(project, [(f"twin{number}", [f"text {number}"], {"keep": True}) for number in range(60)])
    anew = split_of(project, made)
    assert any(anew[key] != split for key, split in first.items())
    kept = split_of(project, made, frozen=frozen)
    assert {key: kept[key] for key in first} == first
    assert all(kept[f"twin{number}"] == first[f"k{number}"] for number in range(60))


def test_a_column_that_no_item_has_is_an_error(make_project: Callable[..., Project]) -> None:
    """A misspelt `by` is refused and the nearest column named, instead of splitting by nothing."""
    project = make_project()
    made = add(project, [("k", ["text"], {"customer": "a"})])
    with pytest.raises(InvalidPipeline, match="customer"):
        split_of(project, made, DatasetPolicy(split={**THIRDS.split, "by": "custmer"}))


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"train": "80%", "test": "30%"}, "110%"),
        ({"by": "customer"}, "no split"),
        ({"../up": "100%"}, "no name of a split"),
        ({"train": "most"}, "no share"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(split: dict[str, str], message: str) -> None:
    """Shares that do not add up, a group without splits, unsafe names and words instead of shares are explained."""
    with pytest.raises(InvalidPipeline, match=message):
        DatasetPolicy(split=split).check()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_groups_are_what_hangs_together(ties: list[tuple[int, int, int]]) -> None:
    """Groups are exactly the items that a chain of equal values connects."""
    import numpy as np

    found = _connected(*(np.array(column) for column in zip(*ties, strict=True)))
    parent = list(range(len(ties)))

    def root(index: int) -> int:
        return index if parent[index] == index else root(parent[index])

    for i, first in enumerate(ties):
        for j, second in enumerate(ties[:i]):
            if any(a == b for a, b in zip(first, second, strict=True)):
                parent[root(i)] = root(j)
    assert [[found[i] == found[j] for j in range(len(ties))] for i in range(len(ties))] == [
        [root(i) == root(j) for j in range(len(ties))] for i in range(len(ties))
    ]
