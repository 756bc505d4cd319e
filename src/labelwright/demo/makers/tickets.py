"""Tickets: messages of customers to a shop, with what they want and the products, dates and amounts that they name.

The texts stand in `projects/tickets/messages.txt` with their entities marked in place, so that offsets follow from them and are exact.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from labelwright.demo.makers.base import MadeData, Truth, chance

__all__ = ["make", "read_marked"]

MESSAGES = Path(__file__).parents[1] / "projects" / "tickets" / "messages.txt"
CHANNELS = ("mail", "mail", "app", "app", "chat")
CUSTOMERS = 110
SENT_TWICE = 6
"""So many messages come in a second time, for people press the button again."""

_MARK = re.compile(r"\{([A-Z]+)\|([^{}|]+)\}")
_BROKEN = (
    b'{"id": "T-9001", "customer": "c-017", "message": "The export of our old system stopped in the middle of th\n',
    b'{"id": "T-9002", "customer": "c-044", "received": "2024-03-15", "channel": "mail"}\n',
    b'{"id": "T-9003", "customer": "c-044", "received": "2024-03-15", "channel": "mail", "message": "   "}\n',
)
"""Rows as they come in real life, to be set aside: cut off, without a text, with an empty one."""


def make(folder: Path, seed: int) -> MadeData:
    """Write `data/tickets.jsonl`."""
    luck = chance(seed, "tickets")
    messages = [line.partition(": ")[::2] for line in MESSAGES.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    luck.shuffle(messages)
    messages += luck.sample(messages, SENT_TWICE)
    lines, truth, copies = [], Truth(), set()
    for number, (intent, marked) in enumerate(messages, 1):
        key = f"T-{number:04d}"
        text, entities = read_marked(marked.replace("\\n", "\n"))
        row = {
            "id": key,
            "customer": f"c-{luck.randint(1, CUSTOMERS):03d}",
            "received": f"2024-{luck.randint(1, 3):02d}-{luck.randint(1, 28):02d}",
            "channel": luck.choice(CHANNELS),
            "message": text,
        }
        lines.append(msgspec.json.encode(row) + b"\n")
        truth[key] = {"intent": intent, "entities": entities}
        if number > len(messages) - SENT_TWICE:
            copies.add(key)
    for place, line in zip((40, 133, 222), _BROKEN, strict=True):
        lines.insert(place, line)
    path = folder / "data" / "tickets.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return MadeData(truth, frozenset(copies))


def read_marked(marked: str) -> tuple[str, list[dict[str, object]]]:
    """Return the text without its marks, and the marked places in code points.

    >>> read_marked("Since {DATE|Monday} 🙂 it costs {AMOUNT|€5}.")[1][1]
    {'start': 24, 'end': 26, 'label': 'AMOUNT'}
    """
    parts: list[str] = []
    places: list[dict[str, object]] = []
    length = after = 0
    for mark in _MARK.finditer(marked):
        plain = marked[after : mark.start()]
        start = length + len(plain)
        length, after = start + len(mark[2]), mark.end()
        parts += [plain, mark[2]]
        places.append({"start": start, "end": length, "label": mark[1]})
    return "".join([*parts, marked[after:]]), places
