"""Simulated people who see suggestions, some of them hidden by lot, and copy them by habits that no model knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from labelwright.stats import AssistedAnswers

__all__ = ["HABITS", "Followers", "follow"]

HABITS = ("hard", "score", "hard and sure", "person", "even", "never")


@dataclass(frozen=True, eq=False)
class Followers:
    """Answers, and the truth that nobody sees."""

    answers: AssistedAnswers
    truth: Any
    classes: int


def follow(
    habit: str, *, seed: int, tasks: int = 2000, overlap: int = 3, people: int = 12, classes: int = 4, hidden: float = 0.2
) -> Followers:
    """Two fifths of the tasks are hard: people are right on 60% of them and 90% of the others, and the labeler on 50% and 85%."""
    random = np.random.default_rng(seed)
    truth, hard = random.integers(0, classes, tasks), random.random(tasks) < 0.4

    def drawn(truth: Any, right: Any) -> Any:
        other = (truth + random.integers(1, classes, len(truth))) % classes
        return np.where(random.random(len(truth)) < right, truth, other)

    suggestion = drawn(truth, np.where(hard, 0.5, 0.85))
    score = np.clip(random.normal(np.where(suggestion == truth, 0.75, 0.65), 0.15), 0.26, 0.99)
    task = np.repeat(np.arange(tasks), overlap)
    annotator = np.concatenate([random.choice(people, overlap, replace=False) for _ in range(tasks)])
    skill = np.clip(random.normal(0, 0.06, people), -0.15, 0.1)
    own = drawn(truth[task], np.clip(np.where(hard[task], 0.6, 0.9) + skill[annotator], 0.3, 0.98))
    copying = {
        "hard": np.where(hard[task], 0.8, 0.2),
        "score": np.where(score[task] > 0.7, 0.8, 0.2),
        "hard and sure": np.where(hard[task] & (score[task] > 0.65), 0.95, 0.2),
        "person": np.where(annotator % 3 == 0, 0.95, 0.15),
        "even": np.full(len(task), 0.5),
        "always": np.full(len(task), 0.97),
        "never": np.zeros(len(task)),
    }[habit]
    shown = random.random(len(task)) >= hidden
    label = np.where(shown & (random.random(len(task)) < copying), suggestion[task], own)
    return Followers(AssistedAnswers(task, annotator, label, suggestion[task], shown, score[task]), truth, classes)
