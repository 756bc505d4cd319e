"""Tries every world and prints what held; see the package."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from benchmarks.honesty import worlds
from benchmarks.honesty.coverage import Coverage, add_up

PARTS = {"draws": 2_500, "projects": 5}
"""So many are tried in one go, so that two processes share the work evenly."""

SIGNIFICANT = 0.001


def names() -> list[str]:
    """Return the names of all worlds: the files of the folder."""
    return sorted(module.name for module in pkgutil.iter_modules(worlds.__path__) if not module.name.startswith("_"))


def parts(world: str, way: str, count: int, seed: int) -> Iterator[tuple[str, str, int, int]]:
    """Cut the work into parts, each with a seed of its own."""
    size = PARTS[way]
    for index, start in enumerate(range(0, count, size)):
        yield world, way, min(size, count - start), seed * 1_000_003 + index


def attempt(world: str, way: str, count: int, seed: int) -> list[Coverage]:
    """Try a part of the work in this process."""
    return list(getattr(importlib.import_module(f"benchmarks.honesty.worlds.{world}"), way)(count, seed))


def table(found: dict[str, list[Coverage]]) -> str:
    """Return everything that was promised as lines to print."""
    rows = [("world", "by", "promise", "kind", "held", "share", "nominal", "chance")]
    for way, coverages in found.items():
        for one in coverages:
            share = f"{one.held / one.of:.4f}" if one.of else "-"
            chance = f"{one.chance:.3g}" + (" BELOW" if one.chance < SIGNIFICANT else "")
            rows.append((one.world, way, one.what, one.kind, f"{one.held:,}/{one.of:,}", share, f"{one.nominal:.3f}", chance))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.honesty", description="Does the product say anything untrue?")
    parser.add_argument("--world", action="append", choices=names(), help="only this one; may be given again")
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--projects", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    began = time.monotonic()
    bad = False
    # Two processes share the machine; the threads of the numerical libraries would only get in each other's way.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(2) as pool:
        running = {
            (world, way): [pool.submit(attempt, *part) for part in parts(world, way, count, given.seed)]
            for world in given.world or names()
            for way, count in (("draws", given.draws), ("projects", given.projects))
        }
        for world in given.world or names():
            found = {way: add_up(one for part in running[world, way] for one in part.result()) for way in PARTS}
            print(table(found), end="\n\n", flush=True)
            bad |= any(one.chance < SIGNIFICANT for coverages in found.values() for one in coverages)
    print(f"{'Some promises hold less often than stated.' if bad else 'No promise holds less often than stated.'}", end=" ")
    print(f"It took {time.monotonic() - began:.0f} s.")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
