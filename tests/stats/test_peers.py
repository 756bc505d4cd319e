"""crowd-kit and cleanlab as judges.

Their answers on a generated set are kept in `peers.json`, which `python -m benchmarks.peers_answers` makes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelwright.stats import aggregate, find_label_errors, find_multilabel_errors, label_quality

PEERS: dict[str, Any] = json.loads((Path(__file__).parent / "peers.json").read_text())
FIXED = {"iterations": PEERS["crowd"]["iterations"], "tolerance": -1.0}


def fitted(method: str, **options: Any) -> Any:
    """Our posteriors of the generated crowd, tasks and classes sorted."""
    crowd = PEERS["crowd"]
    found = aggregate(crowd["task"], crowd["worker"], crowd["label"], method=method, **options)
    return found.posteriors[np.argsort(found.tasks)][:, np.argsort(found.classes)]


@pytest.mark.parametrize(("method", "options"), [("majority", {}), ("dawid_skene_ml", FIXED)])
def test_the_same_posteriors_as_crowd_kit(method: str, options: dict[str, Any]) -> None:
    """Majority vote and plain Dawid-Skene with as many rounds agree with crowd-kit in every posterior."""
    assert np.allclose(fitted(method, **options), PEERS["crowd-kit"][method], atol=1e-7)


@pytest.mark.parametrize(("method", "options"), [("one_coin", FIXED), ("glad", FIXED), ("wawa", {}), ("mace", {})])
def test_nearly_the_same_labels_as_crowd_kit_and_no_worse(method: str, options: dict[str, Any]) -> None:
    """Where priors and starts differ, 98 of 100 labels are still crowd-kit's, and no more than one in a hundred more is wrong."""
    mine, theirs = fitted(method, **options).argmax(axis=1), np.argmax(PEERS["crowd-kit"][method], axis=1)
    truth = np.array(PEERS["crowd"]["truth"])
    assert (mine == theirs).mean() >= 0.98
    assert (mine == truth).mean() >= (theirs == truth).mean() - 0.01


@pytest.mark.parametrize("prune", ["class", "noise_rate", "both", "confident"])
def test_the_same_suspects_as_cleanlab(prune: Any) -> None:
    """Confident learning suspects exactly the labels that cleanlab does."""
    data = PEERS["predictions"]
    found = find_label_errors(data["given"], np.array(data["predictions"]), prune=prune)
    assert sorted(found.suspects) == PEERS["cleanlab"]["suspects"][prune]


@pytest.mark.parametrize("rank", ["self_confidence", "normalized_margin", "confidence_weighted_entropy"])
def test_the_same_order_as_cleanlab(rank: Any) -> None:
    """Scores put labels into the order that cleanlab's put them into."""
    data = PEERS["predictions"]
    mine, theirs = label_quality(data["given"], np.array(data["predictions"]), rank=rank), PEERS["cleanlab"]["quality"][rank]
    assert np.argsort(mine, kind="stable").tolist() == np.argsort(np.round(theirs, 8), kind="stable").tolist()


def test_the_same_suspects_in_sets_as_cleanlab() -> None:
    """Of labels in sets, those are suspected that cleanlab suspects class by class."""
    data = PEERS["predictions"]
    found = find_multilabel_errors(data["sets"], np.array(data["set_predictions"]))
    assert [sorted(item for item, name in found.suspects if name == column) for column in range(3)] == PEERS["cleanlab"]["set_suspects"]
