"""One method of crowd-kit or Snorkel on one crowd: reads labels.csv, prints the label of every task as JSON."""

from __future__ import annotations

import json
import sys
import warnings

import numpy as np
import pandas as pd


def crowd_kit(name: str, answers: pd.DataFrame) -> dict[str, str]:
    """Fit the method with that name with its defaults."""
    from crowdkit import aggregation

    model = getattr(aggregation, name)(**({"random_state": 0} if name == "MACE" else {}))
    return {str(task): str(label) for task, label in model.fit_predict(answers).items()}


def snorkel(name: str, answers: pd.DataFrame) -> dict[str, str]:
    """Fit Snorkel's model with its defaults; ties are broken at random with a fixed seed, since every task is to have a label."""
    from snorkel.labeling import model

    task, tasks = pd.factorize(answers["task"])
    worker, workers = pd.factorize(answers["worker"])
    label, classes = pd.factorize(answers["label"], sort=True)
    votes = np.full((len(tasks), len(workers)), -1)
    votes[task, worker] = label
    fitted = getattr(model, name)(cardinality=len(classes))
    if name == "LabelModel":
        fitted.fit(votes, seed=0, progress_bar=False)
    predicted = fitted.predict(votes, tie_break_policy="true-random")
    return {str(one): str(classes[code]) for one, code in zip(tasks, predicted, strict=True)}


def main(package: str, name: str, path: str) -> None:
    """Print {task: label}, or a message where the method raises."""
    answers = pd.read_csv(path, dtype=str)
    try:
        found = {"crowd-kit": crowd_kit, "Snorkel": snorkel}[package](name, answers)
    except Exception as error:
        print(json.dumps(f"{type(error).__name__}: {error}"))
    else:
        print(json.dumps(found))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
