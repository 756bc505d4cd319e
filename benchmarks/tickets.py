"""The project that benchmarks work on: short texts whose words hint at their true label, and one choice to make about each."""

from __future__ import annotations

import json
import random
from pathlib import Path

__all__ = ["LABELS", "NAME", "TEXTS", "row", "write_pipeline"]

NAME = "tickets"
TEXTS = "tickets.jsonl"
LABELS = {
    "refund": ("money", "paid", "charge", "invoice", "return"),
    "bug": ("crash", "error", "broken", "freeze", "screen"),
    "other": ("hello", "thanks", "weather", "hours", "friend"),
}
FILLING = ("the", "parcel", "came", "late", "and", "we", "asked", "for", "it", "on", "monday", "please", "answer", "soon", "because")
WORDS = 12

PIPELINE = f"""\
name: {NAME}
sources: [{{uri: {TEXTS}, id: id}}]
schema:
  data: {{body: text}}
  questions:
    intent: {{kind: choice, of: body, options: [{", ".join(LABELS)}]}}
"""


def write_pipeline(folder: Path, store: str, rest: str) -> None:
    """Write the pipeline file, and its folder where there is none; `rest` has the sections besides sources, schema and store."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labelwright.yaml").write_text(f'{PIPELINE}{rest}run: {{store: "{store}"}}\n', "utf-8")


def row(rng: random.Random, key: str, true: str, number: int) -> str:
    """Return a line of `TEXTS`: three words of twelve tell the true label, and the number makes each text another one."""
    words = rng.choices(LABELS[true], k=3) + rng.choices(FILLING, k=WORDS - 3)
    rng.shuffle(words)
    return json.dumps({"id": key, "body": f"{' '.join(words)} {number}", "customer": f"c{number % 997}"}) + "\n"
