"""Tables of lines and separators as all kinds of programs write them: encoding, separator, preamble, header and quotes are found out.

- UTF-8, UTF-16 and UTF-32 by their byte-order mark; without one UTF-8, or Windows-1252 where nothing beyond ASCII is UTF-8.
- The separator is whichever of comma, semicolon, tab and bar parts the first lines into equally many columns; in `.tsv` the tab.
- What stands in front of the header (a title, a comment, `sep=;`) fills one cell at most, or begins with #, or a blank line follows it.
- A column named like an earlier one gets a number: `label`, `label_2`.
- Between tabs a quote is a character like others, as text tools write it, unless it encloses a whole cell, as spreadsheets write it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

__all__ = ["Dialect", "Records", "column_names", "encoding_of", "open_utf8", "sniff"]

MAX_RECORD_LINES = 4000
"""A quoted field that is still open after so many lines counts as never closed."""

LOOK = 2**16
"""So many bytes tell what separates the columns and where the header stands."""

BLOCK = 2**20

MAX_PREAMBLE = 30
"""A header stands in front of the first so many records, or the first one is it."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BEYOND_ASCII = re.compile("[\x80-\ud7ff\ue000-\U0010ffff]")
_NOT_IN_1252 = frozenset(b"\x81\x8d\x8f\x90\x9d\xff")
"""Five stand for nothing there, and the sixth for a letter that is rarer than broken bytes are."""


def encoding_of(path: Path, *, guess: bool = False) -> str:
    """Return a text file's encoding by its byte-order mark; with `guess`, a file without one may be Windows-1252."""
    with path.open("rb") as file:
        begin = file.read(4)
        marked = next((name for mark, name in _MARKS if begin.startswith(mark)), None)
        if marked or not guess:
            return marked or "utf-8"
        file.seek(0)
        odd = False
        while block := file.read(BLOCK):
            if block.isascii():
                continue
            block += file.readline(BLOCK)  # no character is cut in two
            text = block.decode("utf-8", "surrogateescape")
            if _BEYOND_ASCII.search(text):
                return "utf-8"  # with a broken line here and there, perhaps
            if not _NOT_IN_1252.isdisjoint(block):
                return "utf-8"
            odd = True
    return "cp1252" if odd else "utf-8"


def open_utf8(path: Path, encoding: str) -> BinaryIO:
    """Open a text file as UTF-8 without a byte-order mark, whatever it is in.

    Reading raises `UnicodeError` where the bytes are none of that encoding.
    """
    if encoding != "utf-8":
        return _Recoded(path, encoding)  # type: ignore[return-value]  # it has what is read of a file here
    file = path.open("rb")
    if file.read(3) != codecs.BOM_UTF8:
        file.seek(0)
    return file


class _Recoded:
    """A text file of another encoding, read as UTF-8."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._text = path.open(encoding=encoding, newline="\n")

    def read(self, size: int) -> bytes:
        return self._text.read(size).encode("utf-8")

    def readline(self, size: int = -1) -> bytes:
        return self._text.readline(size).encode("utf-8")

    def close(self) -> None:
        self._text.close()

    def __enter__(self) -> _Recoded:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Dialect(NamedTuple):
    """What separates the columns, and how many lines stand in front of the header."""

    delimiter: str
    preamble: int = 0


def sniff(begin: bytes, *, delimiter: str | None = None, tabs: bool = False) -> Dialect:
    r"""Tell a table's dialect from its beginning, in UTF-8.

    >>> sniff(b"Report of May\n\nid;text\n1;a, b, c\n2;d\n")
    Dialect(delimiter=';', preamble=2)
    """
    whole = begin.rpartition(b"\n")[0] or begin
    text = whole.decode("utf-8", "replace")
    lines = text.split("\n")
    if delimiter is None and lines[0].lower().startswith("sep=") and len(lines[0].strip()) == 5:
        delimiter = lines[0].strip()[4]
    if delimiter is None and tabs and "\t" in text:
        delimiter = "\t"
    chosen = max((_fit(text, mark) for mark in (delimiter or ",;\t|")), key=lambda fit: fit[:2])
    _, _, mark, records, width = chosen
    return Dialect(mark, _preamble(records, width))


def _fit(text: str, mark: str) -> tuple[float, int, str, list[tuple[int, list[str]]], int]:
    """How well a separator fits: the share of the records of the most frequent width, and how often the first of these has it."""
    records: list[tuple[int, list[str]]] = []
    if mark == "\t":
        records = [(number, line.rstrip("\r").split("\t")) for number, line in enumerate(text.split("\n")) if line.strip()]
    else:
        reader = csv.reader(io.StringIO(text), delimiter=mark)
        before = 0
        with suppress(csv.Error):
            for fields in reader:
                if any(cell.strip() for cell in fields):
                    records.append((before, fields))
                before = reader.line_num
    widths = Counter(len(fields) for _, fields in records if len(fields) > 1)
    if not widths:
        return (0.0, 0, mark, records, 1)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return (round(count / len(records), 1), width, mark, records, width)


def _preamble(records: list[tuple[int, list[str]]], width: int) -> int:
    """Return the number of the line that the header is on, from 0."""
    if width < 2 or not records:
        return 0
    place = next((index for index, (_, fields) in enumerate(records) if len(fields) == width and all(map(str.strip, fields))), None)
    if place is None or place > MAX_PREAMBLE:
        return 0
    for index, (line, fields) in enumerate(records[:place]):
        filled = sum(bool(cell.strip()) for cell in fields)
        blank_behind = records[index + 1][0] > line + 1
        if filled > 1 and not fields[0].startswith("#") and not (blank_behind and 2 * filled <= width):
            return 0
    return records[place][0]


def column_names(header: list[str]) -> list[str]:
    """Return the names of a header's columns, no two alike.

    >>> column_names(["id", "label", "label", "", ""])
    ['id', 'label', 'label_2', '', 'column_5']
    """
    names: list[str] = []
    for number, name in enumerate(header, 1):
        further, count = name, 1
        while further in names or (further != name and further in header):
            count += 1
            further = f"{name}_{count}" if name.strip() else f"column_{number}" + "_" * (count - 2)
        names.append(further)
    return names


class _NeverClosed(Exception):
    """A quoted field went on for too long."""


class Records:
    """The lines of a table as records, which may span lines; after a broken record the line behind its first one is next."""

    def __init__(self, lines: Iterator[bytes | None], max_row: int, dialect: Dialect) -> None:
        self.lines = lines
        self.max_row = max_row
        self.delimiter = dialect.delimiter
        self.width: int | None = None
        self.number = 0  # of the last line handed to the parser
        self.ahead: deque[bytes | None] = deque()  # lines to be read again
        self.taken: list[bytes | None] = []  # lines of the record under way
        self.size = 0  # of these, in bytes
        self.reader = self._parser()
        for _ in range(dialect.preamble):
            next(self.lines, None)
            self.number += 1

    def _parser(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self.delimiter, strict=True)

    def _feed(self) -> Iterator[str]:
        while True:
            line = self.ahead.popleft() if self.ahead else next(self.lines, b"")
            if line == b"":
                return
            self.number += 1
            self.taken.append(line)
            if line is None:
                raise OverflowError
            self.size += len(line)
            if len(self.taken) > MAX_RECORD_LINES or self.size > self.max_row:
                raise _NeverClosed
            yield line.decode("utf-8")

    def __iter__(self) -> Iterator[tuple[int, list[str] | str, bytes]]:
        """Yield the number of the first line, the fields or the reason why there are none, and the first line."""
        while True:
            first = self.number + 1
            self.taken, self.size = [], 0
            outcome: list[str] | str
            plain = self._between_tabs() if self.delimiter == "\t" else None
            try:
                outcome = next(self.reader) if plain is None else plain
            except StopIteration:
                return
            except UnicodeDecodeError as error:
                outcome = f"The line is not UTF-8: {error.reason} at byte {error.start + 1}."
            except OverflowError:
                outcome = f"The line is longer than {self.max_row:,} bytes."
            except _NeverClosed:
                outcome = "A quote is opened and never closed."
            except csv.Error as error:
                outcome = _reason(str(error))
            begin = self.taken[0] or b"" if self.taken else b""
            if self.delimiter == "\t" and len(self.taken) > 1 and self.width not in (None, len(outcome)):
                outcome = _cells(begin)  # its quote opens nothing
                self._give_back(first)
            elif isinstance(outcome, str):
                if len(self.taken) > 1:  # what is wrong on a later line is wrong there, too
                    outcome = "A quote is opened and never closed."
                elif self.delimiter == "\t" and "quote" in outcome:
                    outcome = _cells(begin)
                self._give_back(first)
            self.width = self.width or (len(outcome) if isinstance(outcome, list) and outcome else None)
            yield first, outcome, begin

    def _give_back(self, first: int) -> None:
        self.ahead.extendleft(reversed(self.taken[1:]))
        self.number = first
        self.reader = self._parser()

    def _between_tabs(self) -> list[str] | None:
        """Return the next line's cells where there are as many as there are columns; else the line stays for the parser."""
        line = self.ahead.popleft() if self.ahead else next(self.lines, b"")
        if line:
            with suppress(UnicodeDecodeError):
                cells = _cells(line)
                opens = cells[-1][:1] == '"' and _unquoted(cells[-1]) == cells[-1]
                fits = len(cells) == (self.width or len(cells)) and not (opens and self._goes_on())
                if b'"' not in line or fits:
                    self.number += 1
                    self.taken.append(line)
                    return cells if len(cells) > 1 or cells[0] else []
        if line != b"":
            self.ahead.appendleft(line)
        return None

    def _goes_on(self) -> bool:
        """Tell whether the next line has too few cells, so that it is the rest of a quoted one."""
        if not self.ahead:
            self.ahead.append(next(self.lines, b""))
        following = self.ahead[0]
        return following is not None and following != b"" and following.count(b"\t") + 1 < (self.width or 1)


def _cells(line: bytes) -> list[str]:
    """Part a line at its tabs; what is quoted as a whole loses its quotes."""
    cells = line.decode("utf-8").rstrip("\r\n").split("\t")
    return [_unquoted(cell) if cell[:1] == '"' else cell for cell in cells]


def _unquoted(cell: str) -> str:
    inner = cell[1:-1]
    return inner.replace('""', '"') if len(cell) > 1 and cell.endswith('"') and '"' not in inner.replace('""', "") else cell


def _reason(message: str) -> str:
    if "unexpected end of data" in message:
        return "A quote is opened and never closed."
    if "expected after" in message:
        return "A quote is closed in the middle of a field. Write a quote inside a quoted field twice."
    if "new-line character" in message:
        return "A bare carriage return stands outside of quotes. Save the file with usual line ends."
    if "field larger" in message:
        return "A field is too long."
    return f"The line is no CSV: {message}."
