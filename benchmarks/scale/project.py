"""The project that is measured: short texts with a true label, two answers each, and a function that proposes."""

from __future__ import annotations

import json
import random
from pathlib import Path

from benchmarks.tickets import LABELS, TEXTS, row, write_pipeline

__all__ = ["ANSWERS", "add_texts", "write_project", "write_target"]

PEOPLE, ACCURACY = 20, 0.9
ANSWERS = "answers.jsonl"

SECTIONS = """\
assist: {labelers: [{functions: rules.py}]}
tasks: {overlap: 2}
checks: ["intent == 'refund' implies matches(body, '[a-z]')"]
review: {sample: 1%}
requirements: ["label_error(intent) <= 5% at 95%", "count(intent='refund') >= 500", "labeled() >= 95%"]
"""

RULES = """\
from labelwright import labeling_function


@labeling_function(question="intent")
def money(item):
    return "refund" if "money" in item.data["body"].text else None
"""


def write_project(folder: Path, items: int, store: str, *, seed: int = 0) -> None:
    """Write the pipeline file, its function, so many texts, and two people's answers to each, nine of ten of them right."""
    rng = random.Random(seed)
    write_target(folder, store)
    (folder / "rules.py").write_text(RULES, "utf-8")
    labels = list(LABELS)
    with (folder / TEXTS).open("w") as texts, (folder / ANSWERS).open("w") as answers:
        for number in range(items):
            true = rng.choice(labels)
            texts.write(row(rng, f"t{number}", true, number))
            for person in rng.sample(range(PEOPLE), 2):
                given = true if rng.random() < ACCURACY else rng.choice(labels)
                answers.write(json.dumps({"key": f"t{number}", "intent": given, "annotator": f"person {person}"}) + "\n")


def add_texts(folder: Path, count: int, *, seed: int = 1) -> None:
    """Append so many new texts."""
    rng = random.Random(seed)
    with (folder / TEXTS).open("a") as texts:
        for number in range(count):
            texts.write(row(rng, f"more{number}", rng.choice(list(LABELS)), number))


def write_target(folder: Path, store: str) -> None:
    """Write the pipeline file alone, as a backup is restored to it."""
    write_pipeline(folder, store, SECTIONS)
