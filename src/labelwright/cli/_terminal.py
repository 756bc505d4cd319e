"""What a verb prints, made safe for a terminal: keys, labels, names and reasons come from data, and a terminal obeys control characters."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["safe_output", "visible"]

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and line feed, and those that turn the direction of what follows."""


def visible(text: str) -> str:
    r"""Return a text with every character written out that a terminal would obey, as JSON writes it.

    >>> print(visible("a red \x1b[31mkey"))
    a red \u001b[31mkey
    """
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class _Visible:
    """A stream that makes visible what is written to it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(visible(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def safe_output() -> Iterator[None]:
    """Make visible what is printed within the block. Who moves the cursor on purpose writes to `sys.__stderr__`."""
    out: Any = _Visible(sys.stdout)
    err: Any = _Visible(sys.stderr)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield
