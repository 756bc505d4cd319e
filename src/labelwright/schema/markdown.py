"""Text of people's own within Markdown: shown as it is, and never read as Markdown or HTML."""

from __future__ import annotations

import re

__all__ = ["escaped", "quoted"]

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>()#+\-.!|~&$:]")


def escaped(text: str) -> str:
    r"""Return a text in one line, with a backslash before whatever has a meaning in Markdown.

    >>> escaped("a|b <img>")
    'a\\|b \\<img\\>'
    """
    return " ".join(_SPECIAL.sub(_mark, text).split())


def _mark(found: re.Match[str]) -> str:
    # Within words these mean nothing, and many names have them.
    sign, text = found[0], found.string
    inside = text[found.start() - 1 : found.start()].isalnum() and text[found.end() : found.end() + 1].isalnum()
    return sign if sign in "-.:+&" and inside else f"\\{sign}"


def quoted(text: str) -> str:
    """Return a text in one line as code, whatever backticks it has.

    >>> quoted("count(kind='a') >= 5")
    "`count(kind='a') >= 5`"
    """
    line = " ".join(text.split())
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{space}{line}{space}{fence}".replace("|", "\\|")
