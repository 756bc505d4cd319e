"""The upper bound on the mean of bounded values by betting, for audits that are weighted or helped by a model's predictions.

I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024); A. N. Angelopoulos et al.,
"Prediction-powered inference", Science 382 (2023), whose normal intervals under-cover rare errors, so that bets take their place here.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats
from labelwright.stats.certificates.binomial import binomial_upper_bound, checked_confidence

__all__ = ["betting_upper_bound", "prediction_powered_estimate", "prediction_powered_upper_bound", "weighted_upper_bound"]


def betting_upper_bound(values: Any, confidence: float = 0.95) -> float:
    """Return an upper bound on the mean of independent values between 0 and 1, valid at all times together.

    For each candidate mean a gambler bets that the values come out lower, with stakes that follow from the values seen before; a mean is
    ruled out when the gambler's capital reaches 1 / (1 - confidence). It makes no assumption on the values' distribution, and the less
    they vary, the sharper it is.

    Args:
        values: n numbers from 0 to 1, in the order in which they were drawn.
        confidence: above 0 and below 1.

    Raises:
        InvalidInput: a value or the confidence is out of range.

    >>> betting_upper_bound([]), betting_upper_bound([0.1] * 200) < 0.15
    (1.0, True)
    """
    from scipy.optimize import brentq

    risk = 1 - checked_confidence(confidence)
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not bool(((x >= 0) & (x <= 1)).all()):
        raise InvalidInput("Values have to be numbers from 0 to 1.")
    if not len(x):
        return 1.0
    stakes = _stakes(x, risk)

    def short(mean: float) -> float:
        # What is missing of the capital; stakes are capped so that no bet can lose more than half of it.
        capital = np.log1p(np.minimum(stakes, 0.5 / max(1 - mean, 1e-12)) * (mean - x))
        return float(capital.cumsum().max() + np.log(risk))

    if short(1.0) <= 0:
        return 1.0
    low = float(x.mean())
    return float(brentq(short, low, 1.0, xtol=1e-9)) if short(low) < 0 else low


def weighted_upper_bound(errors: Any, weights: Any, greatest: float, confidence: float = 0.95) -> float:
    """Return an upper bound on the error rate when items are drawn for audit with unequal chances.

    Args:
        errors: for each audit 1 or 0, whether the label was wrong, in the order of the draws.
        weights: for each audit the inverse of (number of items times the item's chance of being drawn); 1 for a uniform draw.
        greatest: the greatest weight that any item of the population could have had; the bound's width grows with it.
        confidence: above 0 and below 1; it holds at all times together.

    Raises:
        InvalidInput: lengths differ, or a value or weight is out of range.

    >>> weighted_upper_bound([0] * 400, [0.5, 2.0] * 200, 2.0) < 0.05
    True
    """
    wrong, weight = np.asarray(errors, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if wrong.shape != weight.shape or not greatest > 0 or not bool(((weight > 0) & (weight <= greatest)).all()):
        raise InvalidInput("There has to be one weight an audit, above 0 and at most the greatest.")
    return min(1.0, float(greatest) * betting_upper_bound(wrong * weight / greatest, confidence))


def prediction_powered_estimate(errors: Any, predicted: Any, mean_predicted: float) -> float:
    """Return an estimate of the error rate, 0 to 1, that uses a model's prediction of the error of every item.

    It is the rate that the audit found, moved by how far the audited items' predictions lie from all items', times how far errors follow
    predictions (the slope of their regression, between 0 and 1), so that useless predictions change nothing but a little noise.

    Args:
        errors: for each uniformly random audit 1 or 0, whether the label was wrong; at least one.
        predicted: for each audit the predicted chance, 0 to 1, that it is wrong, fixed before the audit.
        mean_predicted: the mean of the predictions over all items.

    Raises:
        InvalidInput: lengths differ, there is no audit, or a number is out of range.

    >>> round(prediction_powered_estimate([0] * 90 + [1] * 10, [0.0] * 90 + [0.9] * 10, 0.045), 3)
    0.055
    """
    wrong, chance = _checked_predictions(errors, predicted, mean_predicted)
    if not len(wrong):
        raise InvalidInput("Without an audit there is nothing to estimate.")
    spread = float(((chance - chance.mean()) ** 2).sum())
    slope = float(((chance - chance.mean()) * wrong).sum()) / spread if spread > 0 else 0.0
    return float(np.clip(wrong.mean() + np.clip(slope, 0.0, 1.0) * (mean_predicted - chance.mean()), 0.0, 1.0))


def prediction_powered_upper_bound(
    errors: Any, predicted: Any, mean_predicted: float, confidence: float = 0.95, *, looks: Literal["one", "any"] = "any"
) -> float:
    """Return an upper bound on the error rate that uses a model's prediction of the error of every item.

    The rate is the mean prediction over all items plus the mean of what the predictions miss, and a gambler who bets on the second shares
    the capital with one who bets on the errors alone: whichever earns more rules a rate out. For one look a tenth of the risk goes to
    the first and the rest to the exact bound.

    Good predictions sharpen the bound where errors are frequent. Where they are rare hardly any valid bound gains, for the few audited
    items with a high prediction say little of the others; the estimate gains there. Simulated means of 300 audits with predictions that
    nearly tell: of 20% wrong labels, for one look .230 and exact .240, at any look .223 and without predictions .267; of 2%, .0388 and
    .0384, .041 and .045. With useless or misleading predictions it is at most 5% wider than without.

    Args:
        errors: for each uniformly random audit 1 or 0, whether the label was wrong, in the order of the draws.
        predicted: for each audit the predicted chance, 0 to 1, that it is wrong, fixed before the audit.
        mean_predicted: the mean of the predictions over all items.
        confidence: above 0 and below 1.
        looks: whether the bound holds for `one` look, settled before, or at `any`, all together.

    Raises:
        InvalidInput: lengths differ, a number is out of range, or there are no such looks.

    >>> prediction_powered_upper_bound([0] * 300 + [1], [0.0] * 300 + [0.99], 0.01) < 0.05
    True
    """
    from scipy.optimize import brentq

    wrong, chance = _checked_predictions(errors, predicted, mean_predicted)
    risk = 1 - checked_confidence(confidence)
    if looks not in ("one", "any"):
        raise InvalidInput(f"Looks cannot be '{looks}'.", hint="Known are: one, any.")
    if not len(wrong):
        return 1.0
    missed = (wrong - chance + 1) / 2
    if looks == "one":
        powered = betting_upper_bound(missed, 1 - risk / 10) * 2 - 1 + mean_predicted
        return float(np.clip(min(powered, binomial_upper_bound(int(wrong.sum()), len(wrong), 1 - risk * 0.9)), 0.0, 1.0))
    stakes, powered_stakes = _stakes(wrong, risk), _stakes(missed, risk)

    def short(rate: float) -> float:
        mean = (rate - mean_predicted + 1) / 2
        alone = np.log1p(np.minimum(stakes, 0.5 / max(1 - rate, 1e-12)) * (rate - wrong)).cumsum()
        powered = np.log1p(np.minimum(powered_stakes, 0.5 / max(1 - mean, 1e-12)) * (mean - missed)).cumsum()
        return float(np.logaddexp(alone, powered).max() - np.log(2) + np.log(risk))

    if short(1.0) <= 0:
        return 1.0
    low = float(np.clip(min(wrong.mean(), mean_predicted + (wrong - chance).mean()), 0.0, 1.0))
    return float(brentq(short, low, 1.0, xtol=1e-9)) if short(low) < 0 else low


def _checked_predictions(errors: Any, predicted: Any, mean_predicted: float) -> tuple[Floats, Floats]:
    wrong, chance = np.asarray(errors, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if wrong.shape != chance.shape or not 0 <= mean_predicted <= 1 or not bool(((chance >= 0) & (chance <= 1)).all()):
        raise InvalidInput("There has to be one prediction an audit, and all of them from 0 to 1.")
    if not bool(((wrong == 0) | (wrong == 1)).all()):
        raise InvalidInput("Each audit has found the label right (0) or wrong (1).")
    return wrong, chance


def _stakes(x: Floats, risk: float) -> Floats:
    """Return for each value the stake that would suit the variance seen before it."""
    n = np.arange(1, len(x) + 1)
    mean = (0.5 + np.cumsum(x)) / (n + 1)
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / (n + 1)
    before = np.r_[0.25, variance[:-1]]
    # It must not depend on how many values there will be: a look at more of them has to be the same game, played on.
    stakes: Floats = np.sqrt(2 * np.log(1 / risk) / (before * n * np.log1p(n)))
    return stakes
