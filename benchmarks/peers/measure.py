"""Measure a piece of work the same way on either side: CPU seconds, wall seconds, and memory beyond what was held before."""

from __future__ import annotations

import statistics
import time
from pathlib import Path


def measured(work):
    """Return what the work took and its result; work of less than two seconds is done five times and the median counts."""
    forget_peak()
    before = memory("VmRSS")
    times, result = [], None
    while not times or (sum(wall for _, wall in times) < 2 and len(times) < 5):
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
        if len(times) == 1:
            extra = memory("VmHWM") - before
    return {
        "cpu": statistics.median(cpu for cpu, _ in times),
        "wall": statistics.median(wall for _, wall in times),
        "extra_mb": extra,
    }, result


def forget_peak() -> None:
    """Let the process's peak memory begin anew (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def memory(field: str) -> float:
    """Return a field of the process's memory in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"This system does not tell {field}.")
