"""What can be said about tickets without having seen one labeled: catchwords, names of products, patterns of dates and amounts."""

from __future__ import annotations

import re
from typing import Any

from labelwright import labeling_function

PRODUCTS = (
    "Aurora lamp",
    "Nimbus kettle",
    "Hearth heater",
    "Tidal bottle",
    "Orbit vacuum",
    "Plume pillow",
    "Pebble speaker",
    "Meadow mat",
    "Rookie drone",
    "Fernwatch",
)
MONTHS = "Jan(?:uary)?|Feb(?:ruary)?|March|April|May|June|July|August|September|October|Nov(?:ember)?|Dec(?:ember)?"
DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
DATE = re.compile(rf"\b(?:\d{{1,2}} (?:{MONTHS})|(?:{MONTHS}) \d{{1,2}}|(?:last |next )?(?:{DAYS})|yesterday|today|tomorrow)\b")
AMOUNT = re.compile(r"(?:€|£|(?:US)?\$|EUR )\d[\d.,]*\d|(?:€|£|\$)\d|\b\d[\d.]*(?:€| euros\b)")


@labeling_function(question="intent")
def wants_money(item: Any) -> str | None:
    """The word says it, unless somebody asks about the word."""
    text = item.data["message"].text.lower()
    return "refund" if re.search(r"refund|money back|charged twice", text) and not text.startswith(("how", "what", "do ")) else None


@labeling_function(question="intent")
def speaks_of_a_parcel(item: Any) -> str | None:
    """Parcels, couriers and tracking, without a word about money."""
    text = item.data["message"].text.lower()
    return "delivery" if re.search(r"parcel|courier|tracking|delivered|driver", text) and "refund" not in text else None


@labeling_function(question="intent")
def begins_as_a_question(item: Any) -> str | None:
    """How, what, can and does at the beginning mostly begin a question."""
    text = item.data["message"].text.lower()
    return "question" if re.match(r"(hi! |hello, )?(how|what|which|can|could|does|do|is|are|may)\b", text) and "?" in text else None


@labeling_function(question="intent")
def does_not_work(item: Any) -> str | None:
    """The words of those who see something fail."""
    text = item.data["message"].text.lower()
    return "bug" if re.search(r"crash|frozen|error|flicker|stuck|since the update|404", text) else None


@labeling_function(question="entities")
def names_and_patterns(item: Any) -> list[dict[str, Any]]:
    """The ten products by name, and what looks like a date or an amount."""
    text = item.data["message"].text
    found = [(*match.span(), "PRODUCT") for name in PRODUCTS for match in re.finditer(re.escape(name), text)]
    found += [(*match.span(), "DATE") for match in DATE.finditer(text)]
    found += [(*match.span(), "AMOUNT") for match in AMOUNT.finditer(text)]
    return [{"start": start, "end": end, "label": label} for start, end, label in sorted(found)]
