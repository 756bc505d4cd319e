"""The reports of the quality, one a name, as they stand in the store and as the server answers with them.

Every number that needs evidence is a `Figure`: where there is no evidence its `value` is None and its `reason` says why.
"""

from __future__ import annotations

from msgspec import Struct

from labelwright.schema.figure import Figure

__all__ = [
    "AgreementReport",
    "AgreementWindow",
    "AnnotatorPair",
    "Cell",
    "Confusion",
    "CriteriaReport",
    "CrossValidationReport",
    "GoldReport",
    "GuidelinesAgreement",
    "GuidelinesCriteria",
    "HardGold",
    "LabelErrorsReport",
    "Missed",
    "QuestionAgreement",
    "QuestionCriteria",
    "QuestionCrossValidation",
    "QuestionGold",
    "QuestionLabelErrors",
    "Reports",
    "Suspect",
]


# --- agreement ----------------------------------------------------------------------------------------------------------------


class AnnotatorPair(Struct, frozen=True, kw_only=True):
    """How far two annotators agree on the items that both answered."""

    first: str
    second: str
    first_id: int
    second_id: int
    agreement: Figure


class GuidelinesAgreement(Struct, frozen=True, kw_only=True):
    """How far answers agree that were given under one version of the guidelines; `version` is the first pipeline version with them."""

    digest: str
    version: int
    alpha: Figure
    agreement: Figure


class AgreementWindow(Struct, frozen=True, kw_only=True):
    """How far annotators agree on the items whose second answer was given from `start` to `end`, in seconds since 1970."""

    start: float
    end: float
    agreement: Figure


class QuestionAgreement(Struct, frozen=True, kw_only=True):
    """How far annotators agree on one question.

    `alpha` is Krippendorff's, by the distance of the kind. `agreement` is not corrected for chance: for a choice the share of pairs of
    answers that are the same, for spans, boxes and segments the mean F1 of the places that match (half of their union in common, and the
    same label). Their intervals speak of other items that these annotators judge; those of `alpha_by_annotators` and
    `agreement_by_annotators`, whose values are the same, speak of other annotators, and are unknown in reports from before they were made.
    `over_time` has it for windows of time with about equally many items each, the oldest first. `overlap` is the mean intersection over
    union of what matches; a choice has none. `sampled` counts the items it rests on where there were too many to compare all. Only answers
    count that were given without a suggestion in view; `aided` are the items with several answers that are left out for that.
    """

    question: str
    kind: str
    alpha: Figure
    agreement: Figure
    alpha_by_annotators: Figure | None = None
    agreement_by_annotators: Figure | None = None
    overlap: Figure | None = None
    sampled: int | None = None
    aided: int = 0
    pairs: list[AnnotatorPair] = []
    guidelines: list[GuidelinesAgreement] = []
    over_time: list[AgreementWindow] = []


class AgreementReport(Struct, frozen=True, kw_only=True):
    """Report `agreement`."""

    questions: list[QuestionAgreement] = []


# --- criteria: what the guidelines have to explain better -----------------------------------------------------------------------


class Confusion(Struct, frozen=True, kw_only=True):
    """Two labels that annotators gave to one item, or to one place in it.

    `pairs` counts pairs of answers; `share` is their part of all pairs of answers in which either label occurs. `items` are examples,
    with their keys beside them.
    """

    first: str
    second: str
    pairs: int
    share: float
    items: list[int] = []
    keys: list[str] = []


class Missed(Struct, frozen=True, kw_only=True):
    """How often one annotator marked a place with this label and another one marked nothing there, among all comparisons of it."""

    label: str
    compared: int
    missed: int
    share: float
    items: list[int] = []
    keys: list[str] = []


class GuidelinesCriteria(Struct, frozen=True, kw_only=True):
    """What annotators confused while one version of the guidelines stood; `version` is the first pipeline version with them."""

    digest: str
    version: int
    items: int
    disagreement: Figure
    confusions: list[Confusion] = []
    missed: list[Missed] = []


class QuestionCriteria(Struct, frozen=True, kw_only=True):
    """The labeling criteria of one question under test, over all versions of the guidelines and for each."""

    question: str
    kind: str
    items: int
    disagreement: Figure
    confusions: list[Confusion] = []
    missed: list[Missed] = []
    guidelines: list[GuidelinesCriteria] = []


class CriteriaReport(Struct, frozen=True, kw_only=True):
    """Report `criteria`."""

    questions: list[QuestionCriteria] = []


# --- gold -----------------------------------------------------------------------------------------------------------------------


class Cell(Struct, frozen=True, kw_only=True):
    """One cell of a confusion matrix: how often `given` was answered where `truth` was right, with examples."""

    truth: str
    given: str
    count: int
    items: list[int] = []
    keys: list[str] = []


class HardGold(Struct, frozen=True, kw_only=True):
    """A gold item that most annotators answer otherwise: either it is hard, or the known answer is wrong."""

    item_id: int
    key: str
    answers: int
    right: float


class QuestionGold(Struct, frozen=True, kw_only=True):
    """How well gold items are answered. The accuracy of spans, boxes and segments is the mean F1 of the places that match."""

    question: str
    kind: str
    items: int
    answers: int
    accuracy: Figure
    labels: list[str] = []
    matrix: list[Cell] = []
    hard: list[HardGold] = []


class GoldReport(Struct, frozen=True, kw_only=True):
    """Report `gold`."""

    questions: list[QuestionGold] = []


# --- label errors -----------------------------------------------------------------------------------------------------------------


class Suspect(Struct, frozen=True, kw_only=True):
    """A label that a model, which never saw it, finds doubtful; `score` says how well it is supported, 0 to 1."""

    item_id: int
    key: str
    given: str
    proposed: str
    score: float


class QuestionLabelErrors(Struct, frozen=True, kw_only=True):
    """Confident learning over one question's labels.

    `expected_errors` is the share of labels that the model believes wrong: it says where to look, and is no certificate. `accuracy` is
    how often the model, which is never asked about what it learned, gives the label that stands. `features` says what it looked at.
    `missing` names a blob, lost or damaged, without which the question could not be searched.
    """

    question: str
    kind: str
    items: int
    suspects: int
    features: str = ""
    expected_errors: float | None = None
    accuracy: Figure
    worst: list[Suspect] = []
    reason: str = ""
    missing: str = ""


class LabelErrorsReport(Struct, frozen=True, kw_only=True):
    """Report `label_errors`."""

    questions: list[QuestionLabelErrors] = []


# --- cross validation against an existing labeled dataset ---------------------------------------------------------------------------


class QuestionCrossValidation(Struct, frozen=True, kw_only=True):
    """How the labels compare with an existing dataset's.

    `agreement` is the share of compared items whose two answers count as the same (with spans, boxes and segments: where every place
    matches). `similarity` is the mean of how far they agree, and None where answers are the same or are not. `matrix` has the existing
    dataset's label as `truth`. `conflicts` are the items that differ, the clearest first; `conflicts_total` counts them where the list
    was cut.
    """

    question: str
    kind: str
    compared: int
    agreement: Figure
    similarity: Figure | None = None
    labels: list[str] = []
    matrix: list[Cell] = []
    conflicts: list[int] = []
    conflicts_total: int = 0


class CrossValidationReport(Struct, frozen=True, kw_only=True):
    """Report `cross_validation`. `known` counts the items of the existing dataset that were found in this project."""

    against: str | None = None
    known: int = 0
    reason: str = ""
    questions: list[QuestionCrossValidation] = []


# --- all of them ----------------------------------------------------------------------------------------------------------------------


class Reports(Struct, frozen=True, kw_only=True):
    """The reports of a project by name; one that has not been made yet is None."""

    agreement: AgreementReport | None = None
    criteria: CriteriaReport | None = None
    cross_validation: CrossValidationReport | None = None
    gold: GoldReport | None = None
    label_errors: LabelErrorsReport | None = None
