"""Labeling functions for text messages."""

import re

from labelwright import labeling_function


@labeling_function(question="kind")
def sells_something(item):
    """Words of prizes and offers."""
    return (
        "spam"
        if re.search(r"\b(claim|prize|winner|won|ringtone|txt|urgent|free entry|guaranteed)\b", item.data["text"].text, re.I)
        else None
    )


@labeling_function(question="kind")
def names_a_premium_number(item):
    """Five or eleven digits in a row, and a price."""
    text = item.data["text"].text
    return "spam" if re.search(r"\b(\d{5}|0\d{10})\b", text) and re.search(r"£|\bp\b|\d+p\b|/min", text) else None


@labeling_function(question="kind")
def sounds_like_a_friend(item):
    """Short, without digits, and in small letters."""
    text = item.data["text"].text
    return "ham" if len(text) < 60 and not re.search(r"\d", text) and text != text.upper() else None
