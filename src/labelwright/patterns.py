"""Regular expressions that a project writes: the one place that runs them, in time that grows with the text and no faster.

Python's own engine can take longer than anybody waits on a text that was written for it. RE2 cannot, at a price: it knows neither
look-around nor back-references, and `\\d`, `\\w`, `\\s` and `\\b` speak of ASCII only; `\\pL` is a letter of any script, `\\pN` a digit.
"""

from __future__ import annotations

import re2

from labelwright.errors import InvalidInput

__all__ = ["Pattern"]

MOST_MEMORY = 1 << 20
"""Bytes that one expression may take; a larger one is refused."""


class Pattern:
    """A regular expression that is looked for in texts.

    >>> Pattern("[0-9]+ (EUR|USD)").found_in("It was 17 EUR.")
    True
    """

    def __init__(self, text: str) -> None:
        """Compile the expression.

        Raises:
            InvalidInput: it is none that this engine runs; the hint says what to write instead.
        """
        options = re2.Options()
        options.log_errors = False
        options.max_mem = MOST_MEMORY
        try:
            self._compiled = re2.compile(text, options)
        except (re2.error, ValueError) as error:
            reason = error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else str(error)
            raise InvalidInput(f"This is no regular expression that can be run: {reason}.", hint=_hint(reason)) from error
        self.size = int(self._compiled.programsize)

    def found_in(self, text: str) -> bool:
        """Tell whether the expression is found anywhere in a text. Other threads run meanwhile.

        Raises:
            ValueError: the text holds half a character, a surrogate without its other half.
        """
        return self._compiled.search(text) is not None

    def cost(self, text: str) -> int:
        """Return about how many steps of an expression `found_in` may take on a text, at least 1."""
        return 1 + len(text) * self.size // 256


def _hint(reason: str) -> str | None:
    if "perl operator" in reason:
        return "Look-ahead, look-behind and atomic groups cannot be used: nothing bounds their time. Write a Python file with @check."
    if "escape sequence" in reason:
        back = reason.rpartition("\\")[2].rstrip("'")
        return "Back-references cannot be used: nothing bounds their time." if back.isdigit() else "The end of the text is \\z."
    return None
