"""What the model to be trained needs of its data, as one line: `label_error(intent) <= 2% at 95%`."""

from __future__ import annotations

import re

from msgspec import Struct

from labelwright.errors import InvalidPipeline, nearest

__all__ = ["METRICS", "Requirement"]

METRICS = {
    "label_error": "The upper confidence bound on the share of wrong labels, from the random audit.",
    "count": "The number of labeled items, of one label where one is named.",
    "share": "The share of labeled items that have one label, 0 to 1.",
    "alpha": "Krippendorff's alpha among annotators, at most 1.",
    "agreement": "The mean agreement of pairs of annotators, not corrected for chance, 0 to 1.",
    "accuracy": "The annotators' accuracy on gold items, 0 to 1.",
    "gold_accuracy": "The same as accuracy.",
    "labeled": "The share of items that have a label, 0 to 1.",
    "reviewed": "The share of labeled items that a person reviewed, 0 to 1.",
}
"""Each metric that a requirement may name, and what it measures."""

UNITS = ("annotators", "items")
"""What an interval of agreement can speak of: other annotators, or other items that these annotators judge."""

_OF_UNITS = frozenset({"alpha", "agreement"})
"""The metrics whose interval names its unit: a claim about these very people holds far oftener than one about any."""

_OF_ONE_LABEL = frozenset({"count", "share"})
"""The metrics that can be those of one label."""

_LINE = re.compile(
    r"""\s*(?P<metric>\w+)\s*(?:\(\s*(?P<question>\w+)?\s*(?:=\s*(?P<quote>['"])(?P<label>.*?)(?P=quote))?\s*\))?
        \s*(?P<comparison><=|>=|<|>)\s*(?P<number>-?\d+(?:\.\d+)?)\s*(?P<percent>%)?
        (?:\s+at\s+(?P<confidence>\d+(?:\.\d+)?)\s*%)?(?:\s+by\s+(?P<unit>\w+))?\s*""",
    re.VERBOSE,
)


class Requirement(Struct, frozen=True):
    """A metric of a question, compared with a threshold, and the confidence at which a bound must hold.

    Without a question it has to hold for every one. `unit` says what a bound on agreement speaks of, one of `UNITS`.

    >>> Requirement.parse("count(intent='refund') >= 500")
    Requirement(metric='count', question='intent', label='refund', comparison='>=', threshold=500.0, confidence=None, unit=None)
    >>> Requirement.parse("alpha(intent) >= 0.7 at 95% by annotators").unit
    'annotators'
    """

    metric: str
    question: str | None
    label: str | None
    comparison: str
    threshold: float
    confidence: float | None = None
    unit: str | None = None

    @classmethod
    def parse(cls, line: str) -> Requirement:
        """Read one requirement.

        Raises:
            InvalidPipeline: the line cannot be read, or the metric is unknown.
        """
        found = _LINE.fullmatch(line)
        if not found:
            raise InvalidPipeline(f"The requirement '{line}' cannot be read.", hint="Write for example: label_error(intent) <= 2% at 95%.")
        if found["metric"] not in METRICS:
            raise InvalidPipeline(f"The metric '{found['metric']}' is unknown.", where=line, hint=nearest(found["metric"], METRICS))
        if found["label"] is not None and found["metric"] not in _OF_ONE_LABEL:
            # It would be tried on all labels, and hold or fail for another reason than the line says.
            message = f"'{found['metric']}' is measured over all labels of a question, and not over '{found['label']}' alone."
            raise InvalidPipeline(message, where=line, hint="Leave the label out; count and share take one.")
        confidence = float(found["confidence"]) / 100 if found["confidence"] else None
        if confidence is not None and not 0 < confidence < 1:
            raise InvalidPipeline("A confidence lies between 0% and 100%.", where=line)
        _check_unit(line, found["metric"], found["unit"], confidence)
        return cls(
            metric=found["metric"],
            question=found["question"],
            label=found["label"],
            comparison=found["comparison"],
            threshold=float(found["number"]) / (100 if found["percent"] else 1),
            confidence=confidence,
            unit=found["unit"],
        )

    def holds(self, value: float) -> bool:
        """Tell whether `value` satisfies the comparison."""
        return {
            "<=": value <= self.threshold,
            ">=": value >= self.threshold,
            "<": value < self.threshold,
            ">": value > self.threshold,
        }[self.comparison]


def _check_unit(line: str, metric: str, unit: str | None, confidence: float | None) -> None:
    """Raise unless a bound on agreement says what it speaks of, and nothing else does."""
    if unit is not None and unit not in UNITS:
        raise InvalidPipeline(f"A bound speaks of annotators or of items, and not of '{unit}'.", where=line, hint=nearest(unit, UNITS))
    if metric in _OF_UNITS and confidence is not None and unit is None:
        raise InvalidPipeline(
            f"A bound on '{metric}' at a confidence says whether it is one 'by annotators' or 'by items'.",
            where=line,
            hint="Write 'by annotators' if it has to hold for other people than these as well, which takes several of them, and 'by items' "
            "if these people will judge all items.",
        )
    if unit is not None and (metric not in _OF_UNITS or confidence is None):
        raise InvalidPipeline(
            f"'by {unit}' belongs to a bound on alpha or agreement at a confidence.",
            where=line,
            hint="Write for example: alpha(intent) >= 0.7 at 95% by annotators.",
        )
