"""Scott's pi: the agreement of two annotators beyond what their pooled shares of the labels would give by chance.

W. A. Scott, "Reliability of content analysis: the case of nominal scale coding", Public Opinion Quarterly 19 (1955).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.agreement._chance import corrected, pooled_chance
from labelwright.stats.agreement.base import Agreement
from labelwright.stats.answers import encode_answers
from labelwright.stats.certificates.binomial import checked_confidence

__all__ = ["scott_pi"]


def scott_pi(tasks: Any, annotators: Any, values: Any, *, confidence: float = 0.95) -> Agreement:
    """Return Scott's pi of two annotators: 1 where they agree perfectly, 0 where they agree as by chance.

    Unlike Cohen's kappa it takes both to give each label equally often, so that a difference in their habits counts as disagreement.
    Two annotators say nothing about others, so that the interval is always over items.

    Args:
        tasks: n task ids, one an answer; a task that one of the two did not answer is left out.
        annotators: n annotator ids, of two annotators at most. Of several answers of one annotator to one task the last counts.
        values: n values; None and NaN are missing.
        confidence: of the interval over items, above 0 and below 1.

    Returns:
        An `Agreement`; NaN with a note where no task has two answers or only one value occurs.

    Raises:
        InvalidInput: there are more than two annotators, lengths differ, there is no answer, or the confidence is out of range.

    >>> round(scott_pi([1, 1, 2, 2, 3, 3], ["a", "b"] * 3, ["x", "x", "y", "y", "x", "y"]).value, 4)
    0.3333
    """
    checked_confidence(confidence)
    answers = encode_answers(tasks, annotators, values, duplicates="last")
    count = len(np.unique(answers.annotator))
    if count > 2:
        raise InvalidInput(f"Scott's pi compares two annotators, and there are {count}.", hint="Take fleiss_kappa or krippendorff_alpha.")
    both = np.diff(answers.start) == 2
    return corrected(answers.take(both[answers.task]), None, pooled_chance(None), confidence)
