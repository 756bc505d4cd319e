"""crowd-kit's methods on one crowd: reads labels.csv, writes each method's label of every task as JSON."""

from __future__ import annotations

import json
import sys
import warnings

import pandas as pd
from crowdkit import aggregation

METHODS = ["MajorityVote", "Wawa", "ZeroBasedSkill", "DawidSkene", "OneCoinDawidSkene", "GLAD", "MMSR", "MACE"]


def main(path: str) -> None:
    """Print {method: {task: label}}; a method that raises has a message instead."""
    answers = pd.read_csv(path, dtype=str)
    found = {}
    for name in METHODS:
        try:
            model = getattr(aggregation, name)(**({"random_state": 0} if name == "MACE" else {}))
            found[name] = {str(task): str(label) for task, label in model.fit_predict(answers).items()}
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error}"
    print(json.dumps(found))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1])
