"""The project that is measured: short texts with a true label, two answers each, and a function that proposes."""

from __future__ import annotations

import json
import random
from pathlib import Path

__all__ = ["ANSWERS", "LABELS", "NAME", "add_texts", "write_project", "write_target"]

NAME = "tickets"
LABELS = {
    "refund": ("money", "paid", "charge", "invoice", "return"),
    "bug": ("crash", "error", "broken", "freeze", "screen"),
    "other": ("hello", "thanks", "weather", "hours", "friend"),
}
FILLING = ("the", "parcel", "came", "late", "and", "we", "asked", "for", "it", "on", "monday", "please", "answer", "soon", "because")
PEOPLE, ACCURACY, WORDS = 20, 0.9, 12
ANSWERS = "answers.jsonl"

PIPELINE = """\
name: tickets
sources: [{{uri: tickets.jsonl, id: id}}]
schema:
  data: {{body: text}}
  questions:
    intent: {{kind: choice, of: body, options: [refund, bug, other]}}
assist: {{labelers: [{{functions: rules.py}}]}}
tasks: {{overlap: 2}}
checks: ["intent == 'refund' implies matches(body, '[a-z]')"]
review: {{sample: 1%}}
requirements: ["label_error(intent) <= 5% at 95%", "count(intent='refund') >= 500", "labeled() >= 95%"]
run: {{store: "{store}"}}
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
    with (folder / "tickets.jsonl").open("w") as texts, (folder / ANSWERS).open("w") as answers:
        for number in range(items):
            true = rng.choice(labels)
            texts.write(_text(rng, f"t{number}", true, number))
            for person in rng.sample(range(PEOPLE), 2):
                given = true if rng.random() < ACCURACY else rng.choice(labels)
                answers.write(json.dumps({"key": f"t{number}", "intent": given, "annotator": f"person {person}"}) + "\n")


def add_texts(folder: Path, count: int, *, seed: int = 1) -> None:
    """Append so many new texts."""
    rng = random.Random(seed)
    with (folder / "tickets.jsonl").open("a") as texts:
        for number in range(count):
            texts.write(_text(rng, f"more{number}", rng.choice(list(LABELS)), number))


def _text(rng: random.Random, key: str, true: str, number: int) -> str:
    words = rng.choices(LABELS[true], k=3) + rng.choices(FILLING, k=WORDS - 3)
    rng.shuffle(words)
    return json.dumps({"id": key, "body": f"{' '.join(words)} {number}", "customer": f"c{number % 997}"}) + "\n"


def write_target(folder: Path, store: str) -> None:
    """Write the pipeline file alone, as a backup is restored to it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labelwright.yaml").write_text(PIPELINE.format(store=store), "utf-8")
