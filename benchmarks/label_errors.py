"""Rankings of suspected label errors beside cleanlab's, judged by people: `python -m benchmarks.label_errors`.

The sets are in the folder `data/label_errors_mturk` of `LABELWRIGHT_SHARED`, or of `../shared` beside the checkout: given labels, a model's
predictions out of sample, and for some suspected items five people's votes. An item is wrong where fewer than three of five confirm the
given label. Printed is the area under the ROC curve within the items that people judged: 0.5 is chance, 1 ranks every wrong one first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "peers"))

from environment import HERE, python_of

from labelwright.stats import ensemble_quality, label_quality, recalibrated


def area(score, wrong) -> float:
    """The chance that a wrong item has a lower score than a right one, ties halved."""
    bad, good = score[wrong][:, None], score[~wrong][None]
    return float(((bad < good) + 0.5 * (bad == good)).mean())


def main() -> None:
    """Print a table: a row a ranking, a column a set."""
    shared = Path(os.environ.get("LABELWRIGHT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    folder = shared / "data" / "label_errors_mturk"
    if not folder.is_dir():
        raise SystemExit("There are no judged label errors: set LABELWRIGHT_SHARED, or put the data into ../shared.")
    table: dict[str, list[float]] = {}
    names = ("cifar10", "mnist")
    for name in names:
        judged = json.loads((folder / f"{name}_mturk.json").read_text())
        paths = [folder / f"{name}_test_set_original_labels.npy", folder / f"{name}_test_set_pyx.npy"]
        labels, model = np.load(paths[0]), np.load(paths[1]).astype(float)
        model /= model.sum(axis=1, keepdims=True)
        items = np.array([int(one["id"]) for one in judged])
        wrong = np.array([one["mturk"]["given"] < 3 for one in judged])
        print(f"{name}: {wrong.sum()} of {len(wrong)} judged items are wrong", file=sys.stderr)
        found = {f"labelwright {rank}": label_quality(labels, model, rank=rank) for rank in ("self_confidence", "normalized_margin")}
        found["labelwright ensemble with recalibration"] = ensemble_quality(labels, [model, recalibrated(labels, model)])
        said = subprocess.run([python_of("statistics"), HERE / "label_errors_peer.py", *paths], check=True, capture_output=True, text=True)
        found |= {f"cleanlab {rank}": np.array(score) for rank, score in json.loads(said.stdout.splitlines()[-1]).items()}
        for ranking, score in found.items():
            table.setdefault(ranking, []).append(area(score[items], wrong))
    print(f"{'ROC-AUC':50s}" + "".join(f"{name:>10s}" for name in names))
    for ranking, areas in table.items():
        print(f"{ranking:50s}" + "".join(f"{one:10.4f}" for one in areas))


if __name__ == "__main__":
    main()
