"""What crowd-kit and cleanlab say of one small generated set: reads it as JSON, prints their answers as JSON."""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd


def crowd_kit(data: dict) -> dict:
    """Return {method: probabilities (tasks, classes)}, tasks and classes sorted; EM runs as many rounds as are asked for."""
    from crowdkit.aggregation import GLAD, MACE, DawidSkene, MajorityVote, OneCoinDawidSkene, Wawa

    answers = pd.DataFrame({name: data[name] for name in ("task", "worker", "label")})
    rounds = {"n_iter": data["iterations"], "tol": -1e9}
    models = {
        "majority": MajorityVote(),
        "wawa": Wawa(),
        "dawid_skene_ml": DawidSkene(**rounds),
        "one_coin": OneCoinDawidSkene(**rounds),
        "glad": GLAD(**rounds),
        "mace": MACE(random_state=0),
    }
    return {name: model.fit_predict_proba(answers).sort_index().sort_index(axis=1).to_numpy().tolist() for name, model in models.items()}


def cleanlab(data: dict) -> dict:
    """Return places of issues and scores, for one label an item and for sets of labels."""
    from cleanlab.filter import find_label_issues
    from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
    from cleanlab.rank import get_label_quality_scores

    labels, predictions = np.array(data["given"]), np.array(data["predictions"])
    prunes = {"class": "prune_by_class", "noise_rate": "prune_by_noise_rate", "both": "both", "confident": "confident_learning"}
    ranks = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
    per_class = find_multilabel_issues_per_class(data["sets"], np.array(data["set_predictions"]), filter_by="both")
    return {
        "suspects": {
            ours: np.flatnonzero(find_label_issues(labels, predictions, filter_by=theirs)).tolist() for ours, theirs in prunes.items()
        },
        "quality": {rank: get_label_quality_scores(labels, predictions, method=rank).tolist() for rank in ranks},
        "set_suspects": [np.flatnonzero(one).tolist() for one in np.asarray(per_class).T],
    }


def main(path: str) -> None:
    """Print {package: {"version": ..., ...}}."""
    with open(path) as file:
        data = json.load(file)
    found = {"crowd-kit": crowd_kit(data["crowd"]), "cleanlab": cleanlab(data["predictions"])}
    print(json.dumps({package: {"version": version(package), **answers} for package, answers in found.items()}))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1])
