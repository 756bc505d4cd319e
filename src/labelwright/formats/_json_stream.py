"""The elements of a long JSON array, one by one, out of a file that is never held whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TextIO

from labelwright.errors import InvalidFile

__all__ = ["Element", "Unreadable", "elements", "top_level"]

CHUNK = 1 << 18
MAX_ELEMENT = 64 * 2**20
"""An element, or a value beside the arrays, of more characters is refused."""

_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Unreadable(NamedTuple):
    """Stands for an element that is JSON and no text that can be kept."""

    reason: str


class Element(NamedTuple):
    """One element: the name of the array it stands in (`""` for an array on its own), its number from 1, and its value."""

    array: str
    number: int
    value: Any


def top_level(path: Path) -> str:
    """Return the first character that is no blank: `[` for an array, `{` for an object, or nothing."""
    with path.open("rb") as file:
        return file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1].decode("latin-1")


def elements(path: Path) -> Iterator[Element]:
    """Yield the elements of a file that is one array, or of every array directly in one object, in the file's order.

    What stands in the object beside its arrays comes as an element with the number 0.

    Raises:
        InvalidFile: the file is no such JSON, or not UTF-8; what came before has been yielded by then.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _Reader(file, path.name).all()
    except UnicodeDecodeError as error:
        raise InvalidFile("The file is not UTF-8.", where=path.name, hint="Save it as UTF-8.") from error
    except OSError as error:
        raise InvalidFile(f"The file cannot be read: {error.strerror or error}.", where=path.name) from error


class _Reader:
    def __init__(self, file: TextIO, name: str) -> None:
        self.file = file
        self.name = name
        self.text = ""
        self.at = 0
        self.decode = json.JSONDecoder(parse_constant=self._constant).raw_decode
        self.lines = 1

    def all(self) -> Iterator[Element]:
        opening = self._peek()
        if opening == "[":
            yield from self._array("")
        elif opening == "{":
            yield from self._object()
        else:
            self._fail("The file is empty." if not opening else "The file is no JSON array or object.")
        if self._peek():
            self._fail("Something stands behind the end of the JSON.")

    def _object(self) -> Iterator[Element]:
        self.at += 1
        if self._peek() == "}":
            self.at += 1
            return
        while True:
            name = self._value()
            if not isinstance(name, str) or self._peek() != ":":
                self._fail("A name and a colon are expected.")
            self.at += 1
            if self._peek() == "[":
                yield from self._array(name)
            else:
                yield Element(name, 0, self._value())
            mark = self._peek()
            self.at += 1
            if mark == "}":
                return
            if mark != ",":
                self._fail("A comma or the end of the object is expected.")

    def _array(self, name: str) -> Iterator[Element]:
        self.at += 1
        if self._peek() == "]":
            self.at += 1
            return
        number = 0
        while True:
            number += 1
            yield Element(name, number, self._value())
            mark = self._peek()
            self.at += 1
            if mark == "]":
                return
            if mark != ",":
                self._fail("A comma or the end of the array is expected." if mark else "The file ends in the middle.")

    def _peek(self) -> str:
        """Skip blanks and return the next character, or nothing at the end."""
        while True:
            self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]  # it also matches nothing
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._more():
                return ""

    def _more(self) -> bool:
        chunk = self.file.read(max(CHUNK, len(self.text) - self.at))
        self.lines += self.text.count("\n", 0, self.at)
        self.text = self.text[self.at :] + chunk
        self.at = 0
        return bool(chunk)

    def _value(self) -> Any:
        if not self._peek():
            self._fail("The file ends in the middle.")
        while True:
            try:
                value, end = self.decode(self.text, self.at)
            except RecursionError:
                self._fail("The JSON is nested too deeply.")
            except json.JSONDecodeError as error:
                if len(self.text) - self.at > MAX_ELEMENT:
                    self._fail(f"The JSON is wrong, or one element is longer than {MAX_ELEMENT:,} characters.")
                if not self._more():
                    self._fail(f"The file is no JSON: {error.msg[:1].lower()}{error.msg[1:]}.", error.lineno - 1)
            else:
                # A number that touches the end of what is read may go on behind it.
                if end == len(self.text) and type(value) in (int, float) and self._more():
                    continue
                begin, self.at = self.at, end
                if _SURROGATE.search(self.text, begin, end) and _half_characters(value):
                    return Unreadable("A text has half of a character: a UTF-16 surrogate on its own.")
                return value

    def _constant(self, name: str) -> NoReturn:
        self._fail(f"{name} is no JSON number.")

    def _fail(self, message: str, further: int | None = None) -> NoReturn:
        line = self.lines + (self.text.count("\n", 0, self.at) if further is None else further)
        raise InvalidFile(message, where=f"{self.name} line {line}")


def _half_characters(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
