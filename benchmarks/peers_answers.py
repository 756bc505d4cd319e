"""What peers say of a small generated set, kept for the tests of the statistics: `python -m benchmarks.peers_answers`.

The set is generated, and the peers run in their own environment; both go into `tests/stats/peers.json`. Run it again when a peer's version
in `peers/statistics.txt` changes, and read the difference.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "peers"))

from environment import HERE, python_of

OUT = Path(__file__).parents[1] / "tests" / "stats" / "peers.json"


def crowd(rng: np.random.Generator) -> dict:
    """120 tasks of 4 classes, 5 of 12 annotators each, who are right in 45% to 95%."""
    truth = rng.integers(4, size=120)
    skill = rng.uniform(0.45, 0.95, 12)
    rows = []
    for task in range(120):
        for worker in rng.choice(12, size=5, replace=False):
            label = truth[task] if rng.random() < skill[worker] else rng.integers(4)
            rows.append((task, int(worker), int(label)))
    task, worker, label = map(list, zip(*rows, strict=True))
    return {"task": task, "worker": worker, "label": label, "truth": truth.tolist(), "iterations": 8}


def predictions(rng: np.random.Generator) -> dict:
    """300 items of 4 classes, 12% of whose labels are wrong, and 200 items with sets of 3 labels, 6% of which are wrong."""
    truth = rng.choice(4, size=300, p=[0.4, 0.3, 0.2, 0.1])
    logits = rng.normal(size=(300, 4))
    logits[np.arange(300), truth] += 2.5
    model = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    given = np.where(rng.random(300) < 0.12, rng.integers(4, size=300), truth)
    holds = rng.random((200, 3)) < [0.5, 0.3, 0.2]
    strength = 1 / (1 + np.exp(-(rng.normal(size=(200, 3)) + np.where(holds, 2.0, -2.0))))
    stated = holds ^ (rng.random((200, 3)) < 0.06)
    sets = [np.flatnonzero(row).tolist() for row in stated]
    return {
        "given": given.tolist(),
        "truth": truth.tolist(),
        "predictions": np.round(model, 6).tolist(),
        "sets": sets,
        "set_predictions": np.round(strength, 6).tolist(),
    }


def main() -> None:
    """Generate, ask, and write."""
    rng = np.random.default_rng(20)
    data = {"crowd": crowd(rng), "predictions": predictions(rng)}
    rows = np.array(data["predictions"]["predictions"])
    data["predictions"]["predictions"] = (rows / rows.sum(axis=1, keepdims=True)).round(9).tolist()
    OUT.write_text(json.dumps(data))
    said = subprocess.run([python_of("statistics"), HERE / "answers_peer.py", OUT], check=True, capture_output=True, text=True)
    found = json.loads(said.stdout.splitlines()[-1], parse_float=lambda number: round(float(number), 9))
    OUT.write_text(json.dumps(data | found, separators=(",", ":")) + "\n")
    print(f"{OUT.name}: {OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
