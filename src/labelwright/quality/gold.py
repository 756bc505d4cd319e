"""Report `gold`: how well people answer items whose answer is known, and which known answers may be wrong themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright import stats
from labelwright.api.reports import Cell, GoldReport, HardGold, QuestionGold
from labelwright.schema import Question, Schema
from labelwright.schema.figure import Figure
from labelwright.store import tables
from labelwright.store.codec import decode_values

__all__ = ["Scores", "examine"]

EXAMPLES, MOST_HARD = 5, 50


@dataclass
class Scores:
    """For each question: what each annotator reached on gold items, as the sum of similarities, 0 to 1, and the number of answers."""

    of: dict[str, dict[int, tuple[float, int]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, question: str, user_id: int, right: float) -> None:
        total, count = self.of[question].get(user_id, (0.0, 0))
        self.of[question][user_id] = (total + right, count + 1)


def examine(connection: Connection, project_id: int, schema: Schema) -> tuple[GoldReport, Scores]:
    """Compare each person's answer to each gold item with what is known; of an answer that its author corrected the correction counts."""
    known, annotations, items = tables.known_answers, tables.annotations, tables.items
    gold: dict[int, dict[str, Any]] = {}
    keys: dict[int, str] = {}
    for item_id, key, values in connection.execute(
        sa.select(known.c.item_id, items.c.key, known.c["values"])
        .join(items, items.c.id == known.c.item_id)
        .where(known.c.project_id == project_id, known.c.use == "gold")
        .order_by(known.c.id)
    ):
        gold.setdefault(item_id, {}).update(decode_values(values))
        keys[item_id] = key
    scores = Scores()
    collected = {name: _Question(name, question) for name, question in schema.questions.items()}
    for item_id, truth in gold.items():
        for name in truth:
            if name in collected:
                collected[name].items.add(item_id)
    # Found by their items, for these are few, however many other answers there are.
    gold_items = sa.select(known.c.item_id).where(known.c.project_id == project_id, known.c.use == "gold")
    query = (
        sa.select(annotations.c.item_id, annotations.c.user_id, annotations.c["values"])
        .where(annotations.c.item_id.in_(gold_items), annotations.c.project_id == project_id, annotations.c.purpose == "gold")
        .order_by(annotations.c.id)
    )
    newest = {(item_id, user_id): values for item_id, user_id, values in connection.execute(query)}
    for (item_id, user_id), values in newest.items():
        truth = gold.get(item_id, {})
        for name, answer in decode_values(values).items():
            if name in collected and name in truth and type(answer) is type(truth[name]):
                scores.add(name, user_id, collected[name].count(item_id, user_id, truth[name], answer))
    return GoldReport(questions=[one.report(keys) for one in collected.values()]), scores


class _Question:
    """One question's gold answers, as they are counted."""

    def __init__(self, name: str, question: Question) -> None:
        self.name, self.question = name, question
        self.items: set[int] = set()
        self.right: list[float] = []
        self.asked: list[tuple[int, int]] = []
        """The item and the person of each answer."""
        self.cells: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.by_item: dict[int, list[float]] = defaultdict(list)

    def count(self, item_id: int, user_id: int, truth: Any, given: Any) -> float:
        right = self.question.similarity(truth, given)
        self.right.append(right)
        self.asked.append((item_id, user_id))
        self.by_item[item_id].append(right)
        right_one, given_one = self.question.vote(truth), self.question.vote(given)
        if right_one is not None and given_one is not None:
            self.cells[right_one, given_one].append(item_id)
        return right

    def report(self, keys: dict[int, str]) -> QuestionGold:
        hard = [
            HardGold(item_id=item_id, key=keys[item_id], answers=len(values), right=round(sum(values) / len(values), 6))
            for item_id, values in self.by_item.items()
            if len(values) >= 2 and sum(values) < len(values) / 2
        ]
        return QuestionGold(
            question=self.name,
            kind=self.question.kind,
            items=len(self.items),
            answers=len(self.right),
            accuracy=self._accuracy(),
            labels=list(self.question.labels) if self.cells else [],
            matrix=cells(self.cells, keys),
            hard=sorted(hard, key=lambda one: (one.right, -one.answers, one.item_id))[:MOST_HARD],
        )

    def _accuracy(self) -> Figure:
        if not self.right:
            return Figure.missing("No gold item has been answered yet." if self.items else "There are no gold items.")
        return clustered(self.right, *zip(*self.asked, strict=True))


def clustered(values: Sequence[float], items: Sequence[int], people: Sequence[int] | None = None) -> Figure:
    """Return the mean of values from 0 to 1 with its interval, where an item, and a person, may have given many of them."""
    found = stats.clustered_share([min(max(value, 0.0), 1.0) for value in values], items, people)
    return Figure.of(found.value, found.low, found.high, count=len(values), confidence=found.confidence, reason=found.note)


def share_of(values: list[float]) -> Figure:
    """Return the mean of values from 0 to 1, one an item, with its interval: exact where each is 0 or 1."""
    import numpy as np

    from labelwright.stats.agreement.base import mean_agreement

    count = len(values)
    if all(value in (0.0, 1.0) for value in values):
        right = round(sum(values))
        return Figure.of(right / count, *stats.binomial_interval(right, count), count=count)
    found = mean_agreement(np.array(values, dtype=np.float64), confidence=0.95)
    return Figure.of(found.value, found.low, found.high, count=count, reason=found.note.replace("item", "answer"))


def cells(found: dict[tuple[str, str], list[int]], keys: dict[int, str]) -> list[Cell]:
    """Return the cells of a confusion matrix, with examples of those off the diagonal."""
    made = []
    for (truth, given), items in sorted(found.items()):
        examples = sorted(dict.fromkeys(items))[:EXAMPLES] if truth != given else []
        made.append(Cell(truth=truth, given=given, count=len(items), items=examples, keys=[keys.get(item, "") for item in examples]))
    return made
