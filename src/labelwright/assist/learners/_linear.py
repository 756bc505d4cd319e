"""Logistic regression as plain arrays, with its temperature and what it says about what it had not seen."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.assist.arrays import Arrays

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Linear", "calibration_error", "fit", "folds_for", "log_loss", "soften", "temperature", "unseen"]

ABSENT = -30.0
"""The bias of a class that training did not show: it is never the answer."""


@dataclass(frozen=True, eq=False)
class Linear:
    """Weights (K, d) and bias (K): a class's score is linear in the numbers, and its probability the softmax of the scores."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float = 1.0

    def probabilities(self, matrix: Any) -> NDArray[Any]:
        """Return calibrated probabilities, a row an item."""
        import numpy as np

        scores = np.asarray(matrix @ self.weights.T, dtype=np.float64) + self.bias
        scores = scores / self.temperature
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        result: NDArray[Any] = odds / odds.sum(axis=1, keepdims=True)
        return result

    def arrays(self) -> Arrays:
        import numpy as np

        return {"weights": self.weights, "bias": self.bias, "temperature": np.array(self.temperature)}

    @classmethod
    def of(cls, arrays: Arrays) -> Linear:
        return cls(arrays["weights"], arrays["bias"], float(arrays["temperature"]))


def fit(matrix: Any, codes: NDArray[Any], classes: int, *, strength: float, scale: bool, iterations: int = 200) -> Linear:
    """Learn all examples. `scale` brings each column to the same spread first, and is folded into the weights; fewer `iterations` are
    quicker and a little less exact."""
    import numpy as np

    present = np.unique(codes)
    weights = np.zeros((classes, matrix.shape[1]), dtype=np.float32)
    bias = np.full(classes, ABSENT, dtype=np.float32)
    if len(present) == 1:
        bias[present[0]] = 0.0
        return Linear(weights, bias)
    mean, spread = np.zeros(matrix.shape[1]), np.ones(matrix.shape[1])
    if scale:
        mean, spread = matrix.mean(axis=0), matrix.std(axis=0)
        spread[spread == 0] = 1.0
    model = _model(strength, iterations)
    with _one_thread():
        model.fit(((matrix - mean) / spread).astype(np.float32) if scale else matrix, codes)
    found, offset = (model.coef_, model.intercept_)
    if len(present) == 2:
        # Two classes have one row, the score of the second over the first.
        found, offset = np.vstack([np.zeros_like(found), found]), np.concatenate([[0.0], offset])
    weights[present] = found / spread
    bias[present] = offset - (found / spread) @ mean
    return Linear(weights, bias)


def unseen(
    matrix: Any,
    codes: NDArray[Any],
    classes: int,
    groups: Sequence[Any] | None,
    *,
    strength: float,
    scale: bool,
    folds: int,
    iterations: int = 200,
) -> NDArray[Any]:
    """Return the probabilities of each example under a model that has seen neither it nor its group."""
    import numpy as np
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from labelwright.stats import out_of_fold

    def model() -> Any:
        classifier = _model(strength, iterations)
        return make_pipeline(StandardScaler(), classifier) if scale else classifier

    with _one_thread():
        found = out_of_fold(matrix, codes.tolist(), groups=groups, folds=folds, model=model)
    probabilities = np.zeros((len(codes), classes))
    probabilities[:, [int(code) for code in found.classes]] = found.probabilities
    return probabilities


def folds_for(groups: Sequence[str], most: int) -> tuple[Sequence[str] | None, int]:
    """Return the groups, or None where each example is one by itself, and how many folds they allow; fewer than 2 when they allow none."""
    distinct = len(set(groups))
    return (None if distinct == len(groups) else groups), min(most, distinct)


def temperature(probabilities: NDArray[Any], codes: NDArray[Any]) -> float:
    """Return the temperature at which probabilities of unseen examples fit best (Guo et al. 2017): above 1 where they were too sure."""
    import numpy as np
    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        return log_loss(soften(probabilities, float(np.exp(logarithm))), codes)

    found = minimize_scalar(loss, bounds=(np.log(0.2), np.log(10.0)), method="bounded", options={"xatol": 1e-3})
    return round(float(np.exp(found.x)), 4)


def soften(probabilities: NDArray[Any], by: float) -> NDArray[Any]:
    """Return probabilities at another temperature."""
    import numpy as np

    scores = np.log(np.maximum(probabilities, 1e-9)) / by
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: NDArray[Any] = odds / odds.sum(axis=1, keepdims=True)
    return result


def log_loss(probabilities: NDArray[Any], codes: NDArray[Any]) -> float:
    """Return the mean surprise at the true class."""
    import numpy as np

    return float(-np.log(np.maximum(probabilities[np.arange(len(codes)), codes], 1e-9)).mean())


def calibration_error(scores: NDArray[Any], right: NDArray[Any]) -> float:
    """Return how far scores and the share that is right lie apart, over ten bins of equal width."""
    import numpy as np

    place = np.minimum((scores * 10).astype(int), 9)
    apart = [
        abs(float(scores[place == one].mean() - right[place == one].mean())) * float((place == one).mean()) for one in np.unique(place)
    ]
    return round(sum(apart), 4)


def _one_thread() -> Any:
    """Learn on one core: it is in the background, and the threads of linear algebra wait for each other where people are served beside."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    return threadpool_limits(1)


def _model(strength: float, iterations: int) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    # A fit that was stopped is good enough here, and is judged on unseen examples anyway.
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    return LogisticRegression(C=strength, max_iter=iterations)
