"""What a model says about items that it had not seen, for everybody who wants to find wrong labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labelwright.assist import versions
from labelwright.assist.arrays import unpack
from labelwright.assist.training import State, state_name
from labelwright.store.kept import kept
from labelwright.store.project import Project

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Predictions", "out_of_fold"]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Out-of-fold predictions of a choice: `labels` are the labels learned from and `probabilities` (n, K) the model's, in the order of
    `classes`. The probabilities are calibrated."""

    item_ids: NDArray[np.int64]
    classes: list[str]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]


def out_of_fold(project: Project, question: str, *, labeler: str = "model") -> Predictions | None:
    """Return the predictions of the model as it was trained last, or None where there is no model of this question."""
    with project.database.read() as connection:
        state = kept(connection, project.id, state_name(labeler, question), State)
    stored = versions.find(project, labeler, state.version) if state and state.version else None
    if stored is None or "out_of_fold" not in stored[0]:
        return None
    report = stored[0]
    arrays = unpack(project.blobs.get(report["out_of_fold"]))
    return Predictions(arrays["item_ids"], report["classes"], arrays["labels"], arrays["probabilities"])
