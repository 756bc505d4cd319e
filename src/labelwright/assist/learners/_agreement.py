"""How far to trust an answer with several places: its score is the agreement with a person that it may expect.

A raw confidence is turned into a score by a curve with two parameters, fitted to the agreement (1 minus the distance of the answers) that
unseen examples reached (Platt 1999, with shares in place of right and wrong).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labelwright.schema.kinds import Answer, Question

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_curve", "measure", "score"]


def fit_curve(raw: Sequence[float], agreement: Sequence[float]) -> NDArray[Any]:
    """Return slope and offset of the curve; the slope is never negative."""
    import numpy as np
    from scipy.optimize import minimize

    x, y = _logit(np.array(raw)), np.clip(np.array(agreement), 0.0, 1.0)

    def loss(parameters: NDArray[Any]) -> float:
        z = parameters[0] * x + parameters[1]
        surprise = np.logaddexp(0, z) - y * z
        # A weak pull towards trusting the raw confidence, which matters where examples are few.
        return float(surprise.sum() + 0.5 * ((parameters[0] - 1.0) ** 2 + parameters[1] ** 2))

    found = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0.0, 10.0), (-10.0, 10.0)])
    curve: NDArray[Any] = np.round(found.x, 6)
    return curve


def score(curve: NDArray[Any], raw: float) -> float:
    """Return the agreement to expect at a raw confidence."""
    import numpy as np

    return float(1.0 / (1.0 + np.exp(-(curve[0] * _logit(np.array(raw)) + curve[1]))))


def measure(question: Question, predicted: Sequence[Answer], truth: Sequence[Answer]) -> dict[str, Any]:
    """Return mean agreement, and precision, recall and F1 of places, where a place counts that covers half of a true one's union."""
    agreement = [1.0 - question.distance(one, other) for one, other in zip(predicted, truth, strict=True)]
    found = sum(len(question.match(one, other).pairs) for one, other in zip(predicted, truth, strict=True))
    proposed, there = sum(len(one.parts()) for one in predicted), sum(len(one.parts()) for one in truth)
    return {
        "agreement": round(sum(agreement) / max(len(agreement), 1), 4),
        "precision": round(found / proposed, 4) if proposed else 0.0,
        "recall": round(found / there, 4) if there else 0.0,
        "f1": round(2 * found / (proposed + there), 4) if proposed + there else 0.0,
    }


def _logit(value: Any) -> Any:
    import numpy as np

    clipped = np.clip(value, 1e-4, 1 - 1e-4)
    return np.log(clipped / (1 - clipped))
