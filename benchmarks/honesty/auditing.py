"""What worlds of audits share: texts of known colours, people who err, auditors who overlook errors, and what is claimed of the labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa

from benchmarks.honesty.coverage import Coverage, Kind
from benchmarks.honesty.whole import Whole, rows
from labelwright.api.datasets import QuestionAudit
from labelwright.api.tasks import TaskView
from labelwright.schema import Verdict
from labelwright.schema.kinds.choice import Choice
from labelwright.store import tables
from labelwright.store.audit import LEAST, audit, bound_of
from labelwright.store.codec import decode_answer

__all__ = ["COLORS", "Claims", "World", "declaration", "draw_sample", "proof"]

COLORS = ("red", "green", "blue")
CONFIDENCE = 0.95


def declaration(*, sample: str, overlap: Any = 1, **more: Any) -> dict[str, Any]:
    """Return a pipeline file that asks for the colour of each text."""
    return {
        "sources": [{"uri": "rows.jsonl", "id": "id"}],
        "schema": {
            "data": {"body": "text"},
            "questions": {"color": {"kind": "choice", "of": "body", "options": list(COLORS)}},
            "guidelines": "guidelines.md",
        },
        "tasks": {"overlap": overlap, "gold": "0%"},
        "review": {"sample": sample, "always": [], **more.pop("review", {})},
        "quality": {"label_errors": False, **more.pop("quality", {})},
        **more,
    }


@dataclass
class World:
    """The truth about texts, and how people and auditors err. A text's key is `rNUMBER`; `hard` ones have an error rate of their own."""

    rng: np.random.Generator
    wrong: float
    hard_wrong: float = 0.0
    slips: float = 0.0
    """How often an auditor's blind answer is another colour than the true one."""

    yields: float = 0.0
    """How often an auditor who sees a wrong label lets it pass."""

    truth: dict[str, str] = field(default_factory=dict)
    hard: set[str] = field(default_factory=set)

    def add(self, count: int, *, hard: bool = False) -> list[dict[str, str]]:
        """Make so many texts and return them as rows."""
        first = len(self.truth)
        made = [f"r{number}" for number in range(first, first + count)]
        self.truth.update({key: str(self.rng.choice(COLORS)) for key in made})
        if hard:
            self.hard.update(made)
        return [{"id": key, "body": f"text {key}"} for key in made]

    def files(self, records: list[dict[str, str]]) -> dict[str, str]:
        return {"rows.jsonl": rows(records), "guidelines.md": "# Colours\nSay the colour.\n"}

    def answer(self, _user: int, task: TaskView) -> tuple[Mapping[str, Any], float]:
        """What an annotator says."""
        rate = self.hard_wrong if task.item.key in self.hard else self.wrong
        return self._say(task.item.key, rate), 5.0

    def blind(self, _user: int, task: TaskView) -> Mapping[str, Any]:
        """What an auditor says before seeing the label."""
        return self._say(task.item.key, self.slips)

    def judge(self, _user: int, task: TaskView) -> Verdict:
        """What an auditor decides with the label in view."""
        assert task.audit is not None
        right = Choice(self.truth[task.item.key])
        if task.audit.label.get("color") == right or self.rng.random() < self.yields:
            return Verdict(verdict="accept")
        return Verdict(verdict="fix", values={"color": right})

    def error(self, whole: Whole) -> float:
        """The share of wrong labels among those that people's answers made, of the items there are now, before any review."""
        items, consensus = tables.items, tables.consensus
        query = sa.select(items.c.key, consensus.c.answer).join(consensus, consensus.c.item_id == items.c.id)
        with whole.workspace.database.read() as connection:
            labels = [(row.key, decode_answer(row.answer)) for row in connection.execute(query.where(items.c.state == "active"))]
        return sum(answer.label != self.truth[key] for key, answer in labels) / len(labels) if labels else 0.0

    def _say(self, key: str, rate: float) -> dict[str, Choice]:
        right = self.truth[key]
        others = [color for color in COLORS if color != right]
        return {"color": Choice(str(self.rng.choice(others)) if self.rng.random() < rate else right)}


def proof(whole: Whole, confidence: float = CONFIDENCE) -> QuestionAudit:
    """Return what the product claims at this moment."""
    project = whole.opened.project
    with whole.workspace.database.read() as connection:
        return audit(connection, project.id, project.schema, confidence=confidence)["color"]


@dataclass
class Claims:
    """Counts, project by project, whether anything false was said at any of its looks.

    The bound has to cover at every look, also where the evidence is not called enough. A requirement that its threshold truly fails must
    not be said to hold.
    """

    world: str
    bounds: list[bool] = field(default_factory=list)
    requirements: list[bool] = field(default_factory=list)
    headlines: list[bool] = field(default_factory=list)

    def begin(self) -> None:
        """Begin another project."""
        self.bounds.append(True)
        self.requirements.append(True)
        self.headlines.append(True)

    def look(self, found: QuestionAudit, error: float) -> None:
        """Look once, with the true share of wrong labels known."""
        self.say(found.bound, error, enough=found.enough)

    def say(self, bound: float, error: float, *, enough: bool = True) -> None:
        """Hold a bound against the truth: just below the truth is the threshold that a requirement would falsely hold at."""
        self.bounds[-1] &= bound >= error - 1e-12
        self.headlines[-1] &= not enough or bound >= error - 1e-12
        self.requirements[-1] &= not (enough and bound <= error * 0.999)

    def follow(self, said: Iterable[tuple[float, bool]], wrong: np.ndarray) -> None:
        """Look again and again, while `wrong` tells which labels are: each look says a bound, and whether it is called enough."""
        for bound, enough in said:
            self.say(bound, float(wrong.mean()), enough=enough)

    def coverages(self) -> list[Coverage]:
        kinds: list[tuple[str, Kind, list[bool]]] = [
            ("bound at all looks", "interval", self.bounds),
            ("requirement", "requirement", self.requirements),
            ("headline", "headline", self.headlines),
        ]
        return [Coverage(self.world, what, CONFIDENCE, kind, sum(held), len(held)) for what, kind, held in kinds]


def draw_sample(
    rng: np.random.Generator, wrong: np.ndarray, drawn: np.ndarray, *, looks: int = 1, planted: int = 0, found: int = 0, finds: float = 1.0
) -> list[tuple[float, bool]]:
    """Audit labels of which `wrong` tells which are, and return the bound and whether it is called enough, look by look.

    `drawn` tells which labels are audited; that is done in random order, and what still waits counts as wrong, as in the product. `finds`
    is the share of errors that auditors find.
    """
    sample = wrong[drawn]
    rng.shuffle(sample)
    seen = sample & (rng.random(len(sample)) < finds)
    said = []
    for look in range(1, looks + 1):
        done = len(sample) * look // looks
        errors = int(seen[:done].sum()) + len(sample) - done
        bound = bound_of(errors, len(sample), len(wrong), CONFIDENCE, planted=planted, found=found)
        said.append((bound, done == len(sample) >= LEAST))
    return said
