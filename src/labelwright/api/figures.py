"""Where a project stands: the figures behind the dashboard, the reports of the quality, and whether the requirements hold."""

from __future__ import annotations

from msgspec import Struct

from labelwright.api.reports import Reports
from labelwright.schema import AnswerUnion
from labelwright.schema.figure import Figure

__all__ = [
    "AnnotatorFigures",
    "AnnotatorRow",
    "Assistance",
    "AssistanceArm",
    "Bucket",
    "CertificateFigures",
    "Counts",
    "Effort",
    "FindingFigures",
    "Forecast",
    "Funnel",
    "LabelCount",
    "LabelerFigures",
    "Outcome",
    "Overview",
    "PersonQuality",
    "QualityView",
    "QuestionFigures",
    "QuestionQuality",
    "ReviewFigures",
    "SuspectRow",
]


class Funnel(Struct, frozen=True, kw_only=True):
    """How many items have come how far. `prepared` are those that there are: neither duplicates nor replaced.

    `gold` of these have a known answer, by which people are tested. The others are `asked` about: `answered`, `reviewed` and `labeled`
    count these alone, and `labeled` those of them that have every label that is required. `quarantined` counts rows, not items.
    """

    raw: int = 0
    quarantined: int = 0
    duplicates: int = 0
    prepared: int = 0
    gold: int = 0
    asked: int = 0
    suggested: int = 0
    answered: int = 0
    reviewed: int = 0
    labeled: int = 0


class Counts(Struct, frozen=True, kw_only=True):
    """What there is of a project at one moment (`at`, seconds since 1970).

    `tasks` counts the answers that were asked for by their state, and `remaining` those still to be given. `answers` are those that
    count now. `gone` items are no longer in their source, and kept.
    """

    at: float
    funnel: Funnel
    failed_suggestions: int = 0
    gone: int = 0
    tasks: dict[str, int] = {}
    remaining: int = 0
    answers: int = 0
    reviews_waiting: int = 0
    reviews_given: int = 0


class Bucket(Struct, frozen=True):
    """What happened in the hour or day that begins at `start`, in seconds since 1970, UTC."""

    start: float
    answers: int
    reviews: int


class Effort(Struct, frozen=True, kw_only=True):
    """Active seconds of people. Medians do not care about pauses that were counted as work; the total leaves out what cannot be true.

    `seconds_per_answer` is over all answers, `seconds_per_review` over all reviews, `hours` is the sum of both, and `hours_per_label`
    its share for one labeled item that is not gold.
    """

    seconds_per_answer: Figure
    seconds_per_review: Figure
    hours: float
    hours_per_label: float | None = None


class AssistanceArm(Struct, frozen=True, kw_only=True):
    """The answers of one arm of the lot: with suggestions shown, or hidden.

    `seconds` is the mean active time, `same` the share of answers that equal the suggestion, in view or not, and `right` how far answers
    agree with an independent truth.
    """

    answers: int
    seconds: Figure
    same: Figure
    right: Figure


class Assistance(Struct, frozen=True, kw_only=True):
    """What the machines' help changes, told from the newest answers whose suggestions were shown or hidden by lot.

    `seconds_saved` is the mean time of the hidden arm minus that of the shown one, and `hours_saved` that times the answers of the shown
    arm looked at. `influence` is how much oftener an answer is the suggested one where it was shown, and needs no truth. `quality` is how
    far answers are right where suggestions were shown minus where they were hidden, by independent truth. Each has an interval over people
    and items, or no value and the reason; with one person the interval is about that person, and `reason` says so. `said` are the sentences
    about time, influence and quality that the figures bear out.
    """

    shown: AssistanceArm
    hidden: AssistanceArm
    seconds_saved: Figure
    hours_saved: Figure
    influence: Figure
    quality: Figure
    said: list[str]


class LabelerFigures(Struct, frozen=True, kw_only=True):
    """How far a machine's suggestions agree with the labels as they stand now, one row a labeler and question.

    `agreement` is the mean of how far they agree by the yardstick of the kind: for a choice the share of equal labels. `independent` is
    the same over items whose people did not see suggestions.
    """

    labeler: str
    question: str
    suggestions: int
    version: str | None = None
    agreement: Figure
    independent: Figure


class LabelCount(Struct, frozen=True):
    """How many items have a label; for spans, boxes and segments, how many places."""

    label: str
    items: int


class QuestionFigures(Struct, frozen=True, kw_only=True):
    """Where one question stands. `alpha` and `agreement` are those of the report `agreement`.

    `asked` counts the items, gold ones apart, that the question is asked about, as their other labels stand: where it has a condition, not
    all of them. `labeled` counts those with a label, `gold` the gold items with one; `labels` are those of both.
    """

    question: str
    kind: str
    asked: int = 0
    labeled: int
    gold: int = 0
    labels: list[LabelCount]
    alpha: Figure
    agreement: Figure
    confidence: float | None = None
    methods: list[str] = []
    suspects: int = 0


class QuestionQuality(Struct, frozen=True, kw_only=True):
    """How good one person's answers to one question are: right on gold items, alike with the consensus, and by the model's estimate."""

    question: str
    answers: int
    gold_answers: int
    gold_accuracy: float | None
    agreement: float | None
    skill: float | None


class PersonQuality(Struct, frozen=True, kw_only=True):
    """How good one person's answers are, all questions together and each by itself.

    `gold_accuracy` is the share of all answers to gold questions that were right, so that a question counts by its answers;
    `agreement` and `skill` are means over the questions, each counted by its answers.
    """

    user_id: int
    gold_answers: int
    gold_accuracy: float | None
    agreement: float | None
    skill: float | None
    questions: list[QuestionQuality]


class AnnotatorFigures(Struct, frozen=True, kw_only=True):
    """One person's work.

    `gold_accuracy`, `agreement` (with the consensus) and `skill` are means over all answers to all questions, as `PersonQuality` says;
    `questions` has the same of each question by itself.
    """

    user_id: int
    name: str
    answers: int
    rejected: int
    rejected_share: float | None
    seconds: Figure
    gold_answers: int
    gold_accuracy: float | None
    agreement: float | None
    skill: float | None
    last_answer_at: float | None
    questions: list[QuestionQuality] = []


class ReviewFigures(Struct, frozen=True, kw_only=True):
    """How far the reviews and audits are. Of the items `picked`, `picked_random` are drawn for the audit behind the certificate."""

    picked: int = 0
    picked_random: int = 0
    given: int = 0
    waiting: int = 0
    accepted: int = 0
    fixed: int = 0
    rejected: int = 0


class Forecast(Struct, frozen=True, kw_only=True):
    """When the last answer will be given, if people go on as lately.

    `per_hour` is the throughput over the `window` seconds before the newest answer; `finish` is a time in seconds since 1970.
    """

    remaining: int
    window: float
    per_hour: Figure
    finish: Figure


class CertificateFigures(Struct, frozen=True, kw_only=True):
    """What the random audit proves about one question, at the stated confidence.

    At most `bound` of the labels were wrong before the audit's own repairs, and at most `remaining` with the errors that were found put
    right. Both are None while there is no proof, and `errors` while an audit that is looked at once is not complete. The `population` is
    all labels that the bound is about: `gone` of them are there no more, and `left` errors of items that left are counted besides.
    """

    question: str
    audits: int
    errors: int | None
    population: int
    rate: float | None
    bound: float | None
    remaining: float | None = None
    confidence: float = 0.95
    reason: str = ""
    left: int = 0
    gone: int = 0


class FindingFigures(Struct, frozen=True):
    """How often an automated check spoke, and about how many items. `said` is what an expression of the pipeline file says."""

    rule: str
    severity: str
    findings: int
    items: int
    said: str = ""


class Overview(Struct, frozen=True, kw_only=True):
    """Everything that the dashboard shows, at one moment (`at`, seconds since 1970)."""

    project: str
    at: float
    funnel: Funnel
    days: list[Bucket]
    hours: list[Bucket]
    effort: Effort
    assistance: Assistance
    labelers: list[LabelerFigures]
    questions: list[QuestionFigures]
    annotators: list[AnnotatorFigures]
    reviews: ReviewFigures
    forecast: Forecast
    certificates: list[CertificateFigures]
    findings: list[FindingFigures]


class Outcome(Struct, frozen=True, kw_only=True):
    """One requirement, tried. `holds` is None where there is not enough evidence yet.

    `value` is what was measured and `bound` what is compared: the confidence bound on the value where the requirement asks for one, and
    the value itself otherwise. `reason` says in a sentence how it came out.
    """

    requirement: str
    holds: bool | None
    value: float | None = None
    bound: float | None = None
    reason: str = ""


class AnnotatorRow(Struct, frozen=True, kw_only=True):
    """What is known of one annotator's quality, all questions together and each by itself."""

    annotator: str
    quality: PersonQuality


class SuspectRow(Struct, frozen=True, kw_only=True):
    """A label that is hardly supported, and what is proposed instead."""

    item_id: int
    key: str
    question: str
    score: float
    given: AnswerUnion
    proposed: AnswerUnion


class QualityView(Struct, frozen=True):
    """The reports of the assurance by name, the annotators, and the doubtful labels, the worst first.

    `at` is when the newest of the reports was made; None where there is none yet.
    """

    reports: Reports
    annotators: list[AnnotatorRow]
    suspects: list[SuspectRow]
    at: float | None
