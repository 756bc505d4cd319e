"""Whether the labels are good enough for the model that is to learn from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from labelwright.analytics.advice import audits_for
from labelwright.analytics.audits import Audits
from labelwright.analytics.labeled import Labels, QuestionLabels, read_labels
from labelwright.api.datasets import QuestionAudit
from labelwright.api.figures import Outcome
from labelwright.schema import Requirement
from labelwright.schema.figure import Figure
from labelwright.store.project import Project
from labelwright.store.reports import read_reports

__all__ = ["check_requirements"]


class _Tried(NamedTuple):
    """How one question came out."""

    holds: bool | None
    value: float | None
    bound: float | None
    reason: str


def check_requirements(
    connection: Connection, project: Project, requirements: Sequence[str], labels: Labels | None = None, audits: Audits | None = None
) -> list[Outcome]:
    """Try each requirement on the labels as they stand. One that names no question has to hold for every question.

    `labels` and `audits` are those of the same moment, where they were read already.

    Raises:
        InvalidPipeline: a line cannot be read, or names an unknown metric.
    """
    state = _State(connection, project, labels, audits)
    return [state.outcome(line) for line in requirements]


class _State:
    """What several requirements need is read once."""

    def __init__(self, connection: Connection, project: Project, labels: Labels | None, audits: Audits | None) -> None:
        self.connection, self.project = connection, project
        self._labels = labels
        self._audits = audits or Audits(connection, project)
        self._reports: dict[str, Any] = {}
        self._metrics: dict[str, Callable[[Requirement, str], _Tried]] = {
            "label_error": self._label_error,
            "count": self._count,
            "share": self._share,
            "alpha": lambda requirement, question: self._agreement("alpha", requirement, question),
            "agreement": lambda requirement, question: self._agreement("agreement", requirement, question),
            "accuracy": lambda requirement, question: self._figure("gold", "accuracy", requirement, question),
            "gold_accuracy": lambda requirement, question: self._figure("gold", "accuracy", requirement, question),
            "labeled": self._labeled_share,
            "reviewed": self._reviewed_share,
        }

    def outcome(self, line: str) -> Outcome:
        requirement = Requirement.parse(line)
        questions = self.project.schema.questions
        if requirement.question is not None and requirement.question not in questions:
            return Outcome(requirement=line, holds=None, reason=f"There is no question '{requirement.question}'.")
        if requirement.question is None and requirement.metric == "labeled":
            return _made(line, self._complete_share(requirement))
        names = [requirement.question] if requirement.question is not None else list(questions)
        tried = {name: self._metrics[requirement.metric](requirement, name) for name in names}
        if not tried:
            return Outcome(requirement=line, holds=None, reason="No question is asked.")
        # The worst question decides: one that fails before one that is undecided before one that holds.
        name, worst = min(tried.items(), key=lambda one: {False: 0, None: 1, True: 2}[one[1].holds])
        return _made(line, worst if len(tried) == 1 else worst._replace(reason=f"{name}: {worst.reason}"))

    # --- metrics --------------------------------------------------------------------------------------------------------

    def _label_error(self, requirement: Requirement, question: str) -> _Tried:
        confidence = requirement.confidence or 0.95
        found = self._audits.at(confidence)[question]
        rate = found.errors / found.audited if found.audited and found.errors is not None else None
        if not found.enough:
            return _Tried(None, rate, found.bound, found.statement)
        holds: bool | None = requirement.holds(found.bound)
        reason = found.statement
        if not holds and requirement.comparison in ("<=", "<") and rate is not None and requirement.holds(rate):
            holds = None
            reason += " " + _more_audits(requirement.threshold, found)
        return _Tried(holds, rate, found.bound, reason)

    def _count(self, requirement: Requirement, question: str) -> _Tried:
        labeled = self._labeled(question)
        if requirement.label is not None and requirement.label not in self.project.schema.questions[question].labels:
            return _Tried(None, None, None, f"'{requirement.label}' is none of the labels of {question}.")
        number = labeled.items if requirement.label is None else labeled.with_label[requirement.label]
        what = "have a label" if requirement.label is None else f"have the label '{requirement.label}'"
        if labeled.gold:
            what += ", gold items included"
        return _Tried(requirement.holds(number), float(number), float(number), f"{number:,} items {what}.")

    def _share(self, requirement: Requirement, question: str) -> _Tried:
        labeled = self._labeled(question)
        if requirement.label is None:
            return _Tried(None, None, None, "A share is that of a label.")
        if requirement.label not in self.project.schema.questions[question].labels:
            return _Tried(None, None, None, f"'{requirement.label}' is none of the labels of {question}.")
        return self._part(requirement, labeled.with_label[requirement.label], labeled.items, f"labeled items have '{requirement.label}'")

    def _labeled_share(self, requirement: Requirement, question: str) -> _Tried:
        labeled = self._labeled(question)
        return self._part(requirement, labeled.labeled, labeled.asked, "items have a label")

    def _complete_share(self, requirement: Requirement) -> _Tried:
        return self._part(requirement, self.labels.labeled, self.labels.asked, "items have every label that is required")

    def _reviewed_share(self, requirement: Requirement, question: str) -> _Tried:
        labeled = self._labeled(question)
        return self._part(requirement, labeled.reviewed, labeled.labeled, "labeled items were reviewed by a person")

    def _part(self, requirement: Requirement, part: int, whole: int, what: str) -> _Tried:
        if not whole:
            return _Tried(None, None, None, "There are no items yet.")
        value = part / whole
        return _Tried(requirement.holds(value), value, value, f"{part:,} of {whole:,} {what}: {value:.1%}.")

    def _agreement(self, field: str, requirement: Requirement, question: str) -> _Tried:
        by_annotators = requirement.unit == "annotators"
        return self._figure("agreement", f"{field}_by_annotators" if by_annotators else field, requirement, question)

    def _figure(self, report: str, field: str, requirement: Requirement, question: str) -> _Tried:
        """Compare a figure of a quality report, or, where a confidence is asked for, the end of its interval that counts."""
        made = self._report(report)
        found = next((one for one in made.questions if one.question == question), None) if made else None
        if found is None:
            return _Tried(None, None, None, f"The report '{report}' has not been made yet.")
        figure: Figure | None = getattr(found, field)
        if figure is None:
            return _Tried(None, None, None, f"The report '{report}' was made before this figure was known; the next run makes it anew.")
        value = figure.value
        if value is None:
            return _Tried(None, None, None, figure.reason)
        basis = {"gold": "answers to gold items", "agreement": "items with several answers"}[report]
        said = f"{value:.3f} on {figure.count:,} {basis}"
        if requirement.confidence is None:
            return _Tried(requirement.holds(value), value, value, f"{said}.")
        # Each end of a two-sided interval at 95% is a one-sided bound at 97.5%, and so at anything less.
        one_sided = (1 + figure.confidence) / 2
        if requirement.confidence > one_sided + 1e-9:
            reason = f"{said}; its interval serves confidences up to {one_sided:.1%}."
            return _Tried(None, value, None, reason)
        bound = figure.low if requirement.comparison in (">=", ">") else figure.high
        if bound is None:
            return _Tried(None, value, None, f"{said}: {figure.reason or 'too few for an interval.'}")
        holds: bool | None = requirement.holds(bound)
        if not holds and requirement.holds(value):
            holds = None
        by = f", for other {requirement.unit}" if requirement.unit else ""
        side = "at least" if requirement.comparison in (">=", ">") else "at most"
        return _Tried(holds, value, bound, f"{said}, {side} {bound:.3f} at {100 * requirement.confidence:g}% confidence{by}.")

    # --- what they rest on ------------------------------------------------------------------------------------------------

    @property
    def labels(self) -> Labels:
        if self._labels is None:
            self._labels = read_labels(self.connection, self.project.id, self.project.schema)
        return self._labels

    def _labeled(self, question: str) -> QuestionLabels:
        return self.labels.questions[question]

    def _report(self, name: str) -> Any:
        if name not in self._reports:
            self._reports[name] = getattr(read_reports(self.connection, self.project.id, name), name)
        return self._reports[name]


def _made(line: str, tried: _Tried) -> Outcome:
    value, bound = (None if number is None else round(float(number), 9) for number in (tried.value, tried.bound))
    return Outcome(requirement=line, holds=tried.holds, value=value, bound=bound, reason=tried.reason)


def _more_audits(threshold: float, found: QuestionAudit) -> str:
    """Say how many audits would prove the threshold if no further error came up."""
    # What the audit says nothing about counts as wrong, whatever is audited besides.
    needed = audits_for(found, threshold - found.unproved / found.population)
    if needed is None:
        return "No further audit can prove that: labels have to be put right or given anew first."
    return f"{needed - found.audited:,} more audits without an error would prove at most {100 * threshold:.4g}%."
