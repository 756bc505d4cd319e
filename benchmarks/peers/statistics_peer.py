"""The peers' side of the benchmarks of statistics; runs in their own environment, one job a process."""

from __future__ import annotations

import json
import sys

import numpy as np
from measure import measured


def frame(data):
    import pandas as pd

    return pd.DataFrame({"task": data["task"], "worker": data["worker"], "label": data["label"]})


def dawid_skene(data):
    from crowdkit.aggregation import DawidSkene

    model, table = DawidSkene(n_iter=int(data["iterations"]), tol=-1e9), frame(data)
    return lambda: model.fit_predict_proba(table).sort_index().sort_index(axis=1).to_numpy()


def majority(data):
    from crowdkit.aggregation import MajorityVote

    model, table = MajorityVote(), frame(data)
    return lambda: model.fit_predict_proba(table).sort_index().sort_index(axis=1).to_numpy()


def one_coin(data):
    from crowdkit.aggregation import OneCoinDawidSkene

    model, table = OneCoinDawidSkene(n_iter=int(data["iterations"]), tol=-1e9), frame(data)
    return lambda: model.fit_predict_proba(table).sort_index().sort_index(axis=1).to_numpy()


def glad(data):
    from crowdkit.aggregation import GLAD

    model, table = GLAD(n_iter=int(data["iterations"]), tol=-1e9), frame(data)
    return lambda: model.fit_predict_proba(table).sort_index().sort_index(axis=1).to_numpy()


def mace(data):
    from crowdkit.aggregation import MACE

    model, table = MACE(random_state=0), frame(data)
    return lambda: model.fit_predict_proba(table).sort_index().sort_index(axis=1).to_numpy()


def confident(data):
    from cleanlab.filter import find_label_issues

    labels, predictions = data["labels"], data["predictions"]
    return lambda: find_label_issues(labels, predictions, filter_by="both", n_jobs=1)


def confident_batched(data):
    from cleanlab.experimental.label_issues_batched import find_label_issues_batched

    labels, predictions = data["labels"], data["predictions"]
    return lambda: find_label_issues_batched(labels=labels, pred_probs=predictions, n_jobs=1, verbose=False)


def main(job: str, path: str, out: str) -> None:
    """Run one job and print what it took."""
    data = dict(np.load(path))
    work = globals()[job](data)
    taken, result = measured(work)
    print(json.dumps(taken))
    np.save(out, np.asarray(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
