"""Speed of the statistics beside crowd-kit and cleanlab: `python -m benchmarks.stats [JOB ...]`.

Each job runs in a process of its own, ours in this environment and the peer's in an environment that is made on first use. CPU seconds
count user and system time of the work alone, ids encoded inside the timing; imports, reading the data and, for ours, compiling the loop
once lie outside. Work of less than two seconds is repeated and the median counts, on both sides. Extra memory is the growth of the
process's peak over what it held before. Ratios are the peer's figure over ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "peers"))

from environment import HERE, python_of
from measure import measured


def crowd(n_tasks: int, per_task: int, n_annotators: int, n_classes: int, iterations: int):
    """Simulated answers: annotators of 50% to 95% accuracy."""
    rng = np.random.default_rng(0)
    truth = rng.integers(n_classes, size=n_tasks)
    task = np.repeat(np.arange(n_tasks), per_task)
    # Nobody answers a task twice: annotators follow each other at a stride of the task's own.
    first, stride = rng.integers(n_annotators, size=n_tasks), rng.integers(1, n_annotators // per_task, size=n_tasks)
    worker = (first[task] + stride[task] * np.tile(np.arange(per_task), n_tasks)) % n_annotators
    right = rng.random(len(task)) < rng.uniform(0.5, 0.95, n_annotators)[worker]
    label = np.where(right, truth[task], rng.integers(n_classes, size=len(task)))
    order = rng.permutation(len(task))
    return {"task": task[order], "worker": worker[order], "label": label[order], "iterations": np.array(iterations)}


def predictions(n_items: int, n_classes: int):
    """Simulated out-of-fold predictions, right for most labels, 8% of which are wrong."""
    rng = np.random.default_rng(0)
    truth = rng.integers(n_classes, size=n_items)
    logits = rng.normal(size=(n_items, n_classes)).astype(np.float32)
    logits[np.arange(n_items), truth] += 2 + np.log(n_classes)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    labels = np.where(rng.random(n_items) < 0.08, rng.integers(n_classes, size=n_items), truth)
    return {"labels": labels, "predictions": logits.astype(np.float64)}


def aggregate_with(method: str, **options):
    def prepare(data):
        from labelwright.stats import aggregate

        small = {name: column[:200] for name, column in data.items() if name != "iterations"}
        given = {name: int(data["iterations"]) if value is None else value for name, value in options.items()}
        aggregate(small["task"], small["worker"], small["label"], method=method, duplicates="all", **given)

        def work():
            result = aggregate(data["task"], data["worker"], data["label"], method=method, duplicates="all", **given)
            _ = result.codes
            return result.posteriors

        return work

    return prepare


def confident(data):
    from labelwright.stats import find_label_errors

    few = slice(0, 60_000)  # enough for the compiled pass
    find_label_errors(data["labels"][few], data["predictions"][few])

    def work():
        found = find_label_errors(data["labels"], data["predictions"])
        flags = np.zeros(len(data["labels"]), dtype=bool)
        flags[found.suspects] = True
        return flags

    return work


def alpha(data):
    from labelwright.stats import krippendorff_alpha

    few = data["task"] < 50
    krippendorff_alpha(data["task"][few], data["worker"][few], data["label"][few])
    return lambda: krippendorff_alpha(data["task"], data["worker"], data["label"]).value


JOBS = {
    "dawid_skene": (
        lambda: crowd(1_000_000, 5, 1000, 10, 3),
        aggregate_with("dawid_skene_ml", iterations=None, tolerance=-1.0, compiled=True),
        ["dawid_skene"],
    ),
    "dawid_skene_without_numba": (
        lambda: crowd(1_000_000, 5, 1000, 10, 3),
        aggregate_with("dawid_skene_ml", iterations=None, tolerance=-1.0, compiled=False),
        [],
    ),
    "majority": (lambda: crowd(1_000_000, 5, 1000, 10, 3), aggregate_with("majority"), ["majority"]),
    "one_coin": (lambda: crowd(10_000, 5, 100, 10, 3), aggregate_with("one_coin", iterations=None, tolerance=-1.0), ["one_coin"]),
    "glad": (lambda: crowd(10_000, 5, 100, 10, 3), aggregate_with("glad", iterations=None, tolerance=-1.0, steps=25), ["glad"]),
    "mace": (lambda: crowd(10_000, 5, 100, 10, 3), aggregate_with("mace"), ["mace"]),
    "confident_1m_x_10": (lambda: predictions(1_000_000, 10), confident, ["confident", "confident_batched"]),
    "confident_100k_x_1000": (lambda: predictions(100_000, 1000), confident, ["confident", "confident_batched"]),
    "alpha_1m": (lambda: crowd(200_000, 5, 100, 5, 1), alpha, []),
}


def difference(answer, other) -> str:
    """Say how far two results lie apart: flags by the share that is equal, places of issues by the flags they stand for."""
    if answer.dtype == bool:
        flags = other if other.dtype == bool else np.isin(np.arange(len(answer)), other)
        return f"{np.mean(answer == flags):.4%} of the flags equal"
    return f"{np.abs(answer - other).max():.1e}" if answer.shape == other.shape else "another shape"


def run(program: list[str | Path], job: str, data: Path, out: Path):
    done = subprocess.run([*program, job, data, out], check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    return json.loads(done.stdout.splitlines()[-1]), np.load(out)


def ours(job: str, path: str, out: str) -> None:
    """Run one job of ours and print what it took."""
    data = dict(np.load(path))
    work = JOBS[job][1](data)
    taken, result = measured(work)
    print(json.dumps(taken))
    np.save(out, np.asarray(result))


def main(names: list[str]) -> None:
    """Run the jobs named, or all, and print a line for each side with its ratio."""
    python = python_of("statistics")
    print(f"{'job':28s} {'side':18s} {'CPU s':>8s} {'wall s':>8s} {'extra MB':>9s}   CPU ratio, memory ratio, largest difference")
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "data.npz", Path(folder) / "out.npy"
        for name in names or JOBS:
            make, _, peers = JOBS[name]
            np.savez(data, **make())
            mine, answer = run([sys.executable, "-m", "benchmarks.stats"], name, data, out)
            print(f"{name:28s} {'labelwright':18s} {mine['cpu']:8.3f} {mine['wall']:8.3f} {mine['extra_mb']:9.0f}", flush=True)
            for peer in peers:
                theirs, other = run([python, HERE / "statistics_peer.py"], peer, data, out)
                ratio, memory = theirs["cpu"] / mine["cpu"], theirs["extra_mb"] / max(mine["extra_mb"], 1)
                apart = difference(answer, other)
                print(
                    f"{'':28s} {peer:18s} {theirs['cpu']:8.3f} {theirs['wall']:8.3f} {theirs['extra_mb']:9.0f}"
                    f"   {ratio:6.1f}x {memory:6.1f}x  {apart}",
                    flush=True,
                )


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[2].endswith(".npz"):
        ours(*sys.argv[1:])
    else:
        main(sys.argv[1:])
