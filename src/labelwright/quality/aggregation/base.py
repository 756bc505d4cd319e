"""What every way of bringing answers together offers, and what is learned by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from labelwright.api.reports import QuestionAgreement
from labelwright.quality.annotators import Measured, ReviewedAnswers
from labelwright.quality.answers import Given, Page
from labelwright.quality.consensus import ConsensusRow
from labelwright.quality.pairs import Comparison, Guidelines
from labelwright.schema import Question

__all__ = [
    "FEWEST_SHARED",
    "AggregationModule",
    "AssistedFit",
    "GatheredAnswers",
    "ModelFit",
    "QuestionFit",
    "Scores",
    "Standing",
    "Written",
    "measured",
]

FEWEST_SHARED = 0.05
"""Where a smaller share of the items has two answers, the answers say nothing about annotators."""

Scores = Mapping[int, tuple[float, int]]
"""What each annotator reached on gold: the sum of similarities and the number of answers."""

Standing = Callable[[Sequence[int]], Mapping[int, tuple[str, str]]]
"""Gives the annotations and the method of the consensus that stands for some items."""


class AssistedFit(Struct, frozen=True, kw_only=True):
    """A model of answers with suggestions in view (`labelwright.stats.AssistedModel`) over the labels of a `QuestionFit`, as lists."""

    kinds: list[float]
    shares: list[float]
    own: list[list[list[float]]]
    person: dict[int, float]
    labeler: list[list[float]]
    slips: list[list[float]]
    copying: list[list[float]]
    copier: dict[int, float]
    edges: list[float]


class ModelFit(Struct, frozen=True, kw_only=True):
    """What one model learned of a question's labels: its `weight` among the models, and the `shares` of the labels.

    `coins[annotator]` is the chance of giving the right label by knowing it, and then those of the labels otherwise, one number where all
    are alike; `tables[annotator][truth][answer]` are those of a model with a table each. With neither, annotators' skills stand for them.
    """

    weight: float
    shares: list[float]
    coins: dict[int, list[float]] = {}
    tables: dict[int, list[list[float]]] = {}


class QuestionFit(Struct, frozen=True, kw_only=True):
    """What a fit learned of one question: the `models` over its `labels`, and a `skill` of each annotator.

    `copies` are groups of annotators who share one vote.

    Where suggestions were in view, `assisted` holds what was learned of copying. Where answers are marks, `weights` say what each annotator
    counts for; they were estimated when there were `weighed` answers.
    """

    method: str
    reason: str
    answers: int
    labels: list[str] = []
    models: list[ModelFit] = []
    copies: list[list[int]] = []
    skill: dict[int, float] = {}
    assisted: AssistedFit | None = None
    weights: dict[int, float] = {}
    weighed: int = 0


class Written(NamedTuple):
    """Rows of the consensus up to the item `upto`, and the items whose rows stand as they are; `size` items were looked at."""

    rows: list[ConsensusRow]
    upto: int
    kept: set[int]
    size: int


class GatheredAnswers(Protocol):
    """All answers to one question, taken up page by page, and what they come to."""

    stood: bool
    """Whether something that an earlier refresh learned was left standing."""

    def __init__(self, name: str, question: Question, guidelines: Mapping[int, Guidelines]) -> None: ...

    def add(self, items: Mapping[int, Sequence[Given]]) -> None:
        """Take up a page of answers."""
        ...

    @property
    def answered(self) -> bool:
        """Whether anybody has answered."""
        ...

    def fit(self, old: QuestionFit | None, method: str, gold: Scores, *, full: bool) -> QuestionFit:
        """Learn how good annotators are. What `old` learned may stand unless everything is wanted, `full`."""
        ...

    def rows(self, fit: QuestionFit, gold: Scores, pages: Iterable[Page], standing: Standing) -> Iterator[Written]:
        """Yield the consensus of all items, in ascending order; `pages` reads the answers once more where that is needed."""
        ...

    def compare(self) -> Comparison:
        """Compare the answers in pairs."""
        ...

    def agreement(self, comparison: Comparison, names: Mapping[int, str]) -> QuestionAgreement:
        """Return how far annotators agree."""
        ...

    def measured(self, fit: QuestionFit, reviewed: ReviewedAnswers) -> dict[int, Measured]:
        """Return each annotator's figures."""
        ...


class AggregationModule(Protocol):
    """A way of bringing answers together: a module of this folder. A kind of answer names the one that fits it."""

    ANSWERS: type[GatheredAnswers]

    def unfitted(self) -> QuestionFit:
        """Return what is known of a question before anything was learned of it."""
        ...

    def judge(
        self, name: str, question: Question, answered: Mapping[int, Sequence[Given]], fit: QuestionFit, gold: Scores, standing: Standing
    ) -> tuple[list[ConsensusRow], set[int]]:
        """Return the consensus of a page of items by what was learned, and the items whose rows stand as they are."""
        ...


def measured(answers: Mapping[int, int], agreed: Scores, reviewed: Scores, skill: Mapping[int, float]) -> dict[int, Measured]:
    """Return each annotator's figures: answers, agreement with the labels that others or reviews made, and skill."""
    found = {}
    for user_id in {*answers, *reviewed}:
        one, other = agreed.get(user_id, (0.0, 0)), reviewed.get(user_id, (0.0, 0))
        found[user_id] = Measured(answers.get(user_id, 0), (one[0] + other[0], one[1] + other[1]), skill.get(user_id))
    return found
