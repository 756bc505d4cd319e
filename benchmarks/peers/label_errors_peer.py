"""cleanlab's rankings of one set: reads labels and predictions, writes each ranking's score of every item as JSON."""

from __future__ import annotations

import json
import sys

import numpy as np
from cleanlab.rank import get_label_quality_scores


def main(labels: str, predictions: str) -> None:
    """Print {ranking: scores}, plain and with predictions adjusted by class."""
    given, model = np.load(labels), np.load(predictions).astype(float)
    model /= model.sum(axis=1, keepdims=True)
    found = {}
    for rank in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
        for adjusted in (False, True):
            if adjusted and rank == "confidence_weighted_entropy":
                continue
            score = get_label_quality_scores(given, model, method=rank, adjust_pred_probs=adjusted)
            found[rank + (", adjusted" if adjusted else "")] = score.tolist()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
