"""CoNLL: one token a line with a BIO tag a spans question, a blank line between items; for taggers such as spaCy and Flair.

Tokens are words and single marks, cut at the ends of spans, and nothing else stands in the file, for `spacy convert -c conll` takes
comments for tokens. The key, the exact text and everything that tags cannot say stand beside it, one JSON line an item, in a file of the
same name with `.exact.jsonl` behind: with it our own reader gets back the exact offsets, blanks included. Keep the two together; a stream
has the tags alone. Tags cannot hold spans that share a token: these are refused, with how many they are, unless they may be dropped.

The reader takes what is common: blanks or tabs between columns, the token first and the tag last (with several spans questions, as many
last columns), tags as IO, BIO, IOB1, BIOES or BILOU, `-DOCSTART-` lines, `# text = …` and `# sent_id = …`. Without a text the tokens are
joined by blanks. Where somebody has edited the tags of a written file, the tags count and not what stands beside. Files that were written
with a comment `# labelwright = {…}` before each item are read, too. Where there are tabs between columns, tokens may have blanks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from labelwright.errors import InvalidInput
from labelwright.formats import base
from labelwright.formats.base import Broken, Labeled, Media, Provenance, Target
from labelwright.schema import Answer, Schema, Text
from labelwright.schema.kinds import Part
from labelwright.shapes import INTERVAL

__all__ = ["READS", "SUFFIX", "WRITES", "read", "refuses", "write"]

READS = True
WRITES = True
SUFFIX = ".conll"
SEVERAL_FILES = True
FILE = "labels.conll"

_TOKEN = re.compile(r"\w+|[^\w\s]")
_BLANKS = re.compile(r"[ \t]+")
_OWN = "# labelwright = "
_BESIDE = ".exact.jsonl"
_COMMENT = re.compile(r"#\s?(text|sent_id|newdoc id|newpar id|newdoc|newpar|global\.columns)\s*(?:=\s?(.*))?$")
_TAG = re.compile(r"(?:([BIESLUO])-)?(.+)", re.DOTALL)
MAX_BLOCK = 16 * 2**20
"""An item of more bytes is refused."""


def refuses(schema: Schema) -> str | None:
    """Return why CoNLL cannot hold this schema: there are no spans, about several texts, a label has blanks, or there is media."""
    asked = _spans_questions(schema)
    if not asked:
        return "CoNLL holds spans, and no question asks for them."
    if len({schema.questions[name].of for name in asked}) > 1:
        return "CoNLL holds the spans of one text, and the questions are about several."
    if not all(schema.modality(field).is_text for field in schema.data):
        return "CoNLL holds texts only."
    for name in asked:
        for label in schema.questions[name].labels:
            if label == "O" or not label or re.search(r"\s", label):
                return f"The label '{label}' of the question '{name}' cannot be a CoNLL tag."
    return None


def _spans_questions(schema: Schema) -> list[str]:
    return [name for name, question in schema.questions.items() if question.shape is INTERVAL and schema.modality(question.of).is_text]


# --- writing ------------------------------------------------------------------------------------------------------------------


def write(
    dataset: Iterable[Labeled], schema: Schema, target: Target, *, blobs: Media | None = None, dropped: Counter[str] | None = None
) -> None:
    """Write one block an item.

    With `dropped`, a span that shares a token with an earlier one is left out of the tags, and counted there by its question.

    Raises:
        InvalidInput: the schema is refused, or spans share a token and may not be dropped; it says how many.
    """
    base.refuse(refuses(schema), "conll")
    lost = Counter[str]() if dropped is None else dropped
    first = ""
    asked = _spans_questions(schema)
    field = schema.questions[asked[0]].of
    file, _ = base.labels_file(target, FILE)
    encode = msgspec.json.Encoder().encode
    with ExitStack() as stack:
        out = stack.enter_context(base.opened(file))
        beside = stack.enter_context(base.opened(_beside(file))) if isinstance(file, Path) else None
        for labeled in dataset:
            value = labeled.data.get(field)
            text = value.text or "" if value else ""
            spans = {name: labeled.values[name].parts() if name in labeled.values else [] for name in asked}
            tokens = _tokens(text, [end for units in spans.values() for unit in units for end in unit.geometry])
            columns = []
            for name in asked:
                tags, shared = _tags(tokens, spans[name])
                columns.append(tags)
                if shared:
                    lost[name] += shared
                    first = first or f"item {labeled.key}, {name}"
            exact: dict[str, Any] = {
                "key": labeled.key,
                "data": {name: other.text for name, other in labeled.data.items() if other.text is not None},
                "labels": {name: answer.plain() for name, answer in labeled.values.items()},
                "split": labeled.split,
                "annotator": labeled.annotator,
                "meta": labeled.meta,
                "provenance": labeled.provenance,
                "empty": not tokens,
            }
            if beside is not None:
                beside.write(encode({name: part for name, part in exact.items() if part or name == "data"}) + b"\n")
            lines = [" ".join((text[start:end], *tags)) for (start, end), *tags in zip(tokens, *columns, strict=True)]
            if lines:
                out.write(("\n".join(lines) + "\n\n").encode())
        if lost and dropped is None:
            many = "1 span shares" if lost.total() == 1 else f"{lost.total():,} spans share"
            hint = "Use jsonl, which holds everything, or allow that they are dropped (--drop)."
            raise InvalidInput(f"{many} a token with another one, which CoNLL cannot hold.", where=first, hint=hint)


def _beside(file: Path) -> Path:
    return file.with_name(file.name + _BESIDE)


def _tokens(text: str, cuts: Sequence[float]) -> list[tuple[int, int]]:
    """Return where each token begins and ends; every cut is the end of a token."""
    ends = sorted({int(cut) for cut in cuts})
    found = []
    for match in _TOKEN.finditer(text):
        start, stop = match.span()
        for cut in ends:
            if start < cut < stop:
                found.append((start, cut))
                start = cut
        found.append((start, stop))
    return found


def _tags(tokens: Sequence[tuple[int, int]], spans: Sequence[Part]) -> tuple[list[str], int]:
    """Return the tag of each token, and how many spans have none because another one has the token."""
    tags, shared = ["O"] * len(tokens), 0
    for unit in spans:
        start, stop = unit.geometry
        inside = [index for index, (begin, end) in enumerate(tokens) if start <= begin and end <= stop]
        if any(tags[index] != "O" for index in inside):
            shared += 1
            continue
        for index in inside:
            tags[index] = f"{'B' if index == inside[0] else 'I'}-{unit.label}"
    return tags, shared


# --- reading ------------------------------------------------------------------------------------------------------------------


class _Block(NamedTuple):
    """The lines between two blank ones, the number of the first, and a problem that showed while they were read."""

    number: int
    lines: list[str]
    problem: str | None


def read(path: Path, schema: Schema, *, key: str | None = None, names: Mapping[str, str] = {}) -> Iterator[Labeled | Broken]:
    """Yield each block as an item; files of foreign make name no keys, so their items are known by their text."""
    base.refuse_names(names, "conll")
    asked = _spans_questions(schema)
    for file in base.files_of(path, "*.conll"):
        if not asked:
            yield Broken(file.name, "No question asks for spans, which is all that a CoNLL file can answer.")
            continue
        try:
            yield from _items(file, schema, asked)
        except OSError as error:
            yield Broken(file.name, f"The file cannot be read: {error.strerror or error}.")


def _items(file: Path, schema: Schema, asked: list[str]) -> Iterator[Labeled | Broken]:
    """Yield each block as an item, with what stands about it beside the file."""
    found = False
    with ExitStack() as stack:
        lines = stack.enter_context(_beside(file).open("rb")) if _beside(file).is_file() else iter(())
        for block in _blocks(file):
            found = True
            place = f"{file.name} line {block.number}"
            if block.problem:
                next(lines, None)
                yield Broken(place, block.problem, base.show("\n".join(block.lines)))
                continue
            exact = None
            for line in lines:
                exact = line
                if not _is_empty(line):
                    break
                yield _one(partial(_own_line, line, [], schema, asked, place), [], place)
                exact = None
            read = (
                partial(_own_line, exact, block.lines, schema, asked, place)
                if exact
                else partial(_labeled, block.lines, schema, asked, place)
            )
            if (one := _one(read, block.lines, place)) is not None:
                yield one
        place = _beside(file).name
        for line in lines:
            found = True
            if not _is_empty(line):
                yield Broken(place, "It tells of more items than the file beside it has. Take it away to read the tags alone.")
                break
            yield _one(partial(_own_line, line, [], schema, asked, place), [], place)
    if not found:
        yield Broken(file.name, "The file is empty.")


def _is_empty(line: bytes) -> bool:
    """Tell whether a line is about an item without tokens, which has no block."""
    return line.rstrip().endswith(b'"empty":true}')


def _own_line(line: bytes, body: list[str], schema: Schema, asked: list[str], place: str) -> Labeled:
    return _own(_exact(line), body, schema, asked, place)


def _one(read: Callable[[], Labeled | None], lines: list[str], place: str) -> Any:
    try:
        return read()
    except InvalidInput as error:
        return Broken(place, str(error), base.show("\n".join(lines)))


def _blocks(path: Path) -> Iterator[_Block]:
    lines: list[str] = []
    begin, size, problem = 1, 0, None
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(MAX_BLOCK):
            number += 1
            if number == 1:
                if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                    yield _Block(1, [], "The file is UTF-16, and UTF-8 is expected. Save it as UTF-8.")
                    return
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            try:
                line = raw.decode()
            except UnicodeDecodeError:
                line, problem = raw.decode("utf-8", "replace"), f"Line {number} is not UTF-8."
            # Only line ends go: other white space may be a token's neighbor in the comment's text.
            line = line.rstrip("\r\n")
            if not line.strip(" \t"):
                if lines:
                    yield _Block(begin, lines, problem)
                lines, begin, size, problem = [], number + 1, 0, None
                continue
            size += len(raw)
            if size < MAX_BLOCK:
                lines.append(line)
            else:
                problem = f"The item is longer than {MAX_BLOCK:,} bytes."
        if lines:
            yield _Block(begin, lines, problem)


def _labeled(lines: list[str], schema: Schema, asked: list[str], place: str) -> Labeled | None:
    exact, text, key = None, None, None
    body: list[str] = []
    for line in lines:
        if not body and line.startswith(_OWN):
            exact = _exact(line[len(_OWN) :])
        elif not body and (comment := _COMMENT.fullmatch(line)):
            text = comment[2] if comment[1] == "text" else text
            key = comment[2] if comment[1] == "sent_id" else key
        elif not line.startswith("-DOCSTART-"):
            body.append(line)
    if exact is not None:
        return _own(exact, body, schema, asked, place)
    if not body:
        return None
    tokens, columns = _split(body, len(asked))
    text = " ".join(tokens) if text is None else text
    places = _locate(tokens, text)
    plain = {name: [span._asdict() for span in _spans(places, tags)] for name, tags in zip(asked, columns, strict=True)}
    return Labeled(key=key, data={schema.questions[asked[0]].of: Text(text)}, values=base.answers(schema, plain), place=place)


class _Exact(msgspec.Struct, frozen=True):
    """What is known of an item besides its tokens and tags; `empty` where it has none."""

    data: dict[str, str] = {}
    labels: dict[str, Any] = {}
    key: str | None = None
    split: str | None = None
    annotator: str | None = None
    meta: dict[str, Any] = {}
    provenance: dict[str, Provenance] = {}
    empty: bool = False


def _exact(line: str | bytes) -> _Exact:
    try:
        return msgspec.json.decode(line, type=_Exact)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"What Labelwright wrote about the item cannot be read: {error}.") from error


def _own(exact: _Exact, body: list[str], schema: Schema, asked: list[str], place: str) -> Labeled:
    """Read a block that was written here: the answers as they were, or the tags where they say something else."""
    text = exact.data.get(schema.questions[asked[0]].of, "")
    values: dict[str, Answer] = base.answers(schema, exact.labels)
    tokens, columns = _split(body, len(asked))
    places = _locate(tokens, text)
    for name, tags in zip(asked, columns, strict=True):
        units = values[name].parts() if name in values else []
        if _tags(places, units)[0] != tags:
            values |= base.answers(schema, {name: [span._asdict() for span in _spans(places, tags)]})
    return Labeled(
        key=exact.key,
        data={field: Text(content) for field, content in exact.data.items() if field in schema.data},
        values=values,
        meta=exact.meta,
        split=exact.split,
        provenance=exact.provenance,
        annotator=exact.annotator,
        place=place,
    )


def _split(body: list[str], count: int) -> tuple[list[str], list[list[str]]]:
    """Return the tokens and, by question, the tags."""
    tokens, rows = [], []
    for line in body:
        # Where there are tabs they part the columns, and a token may have blanks.
        parts = [part for part in line.split("\t") if part] if "\t" in line else []
        if len(parts) < 1 + count:
            parts = _BLANKS.split(line.strip(" \t"))
        if len(parts) < 1 + count:
            wanted = "a token and a tag" if count == 1 else f"a token and {count} tags"
            raise InvalidInput(f"The line '{base.show(line)[:60]}' is not {wanted}.")
        tokens.append(parts[0])
        rows.append(parts[-count:])
    return tokens, [[row[index] for row in rows] for index in range(count)]


def _locate(tokens: Sequence[str], text: str) -> list[tuple[int, int]]:
    places, after = [], 0
    for token in tokens:
        start = text.find(token, after)
        if start < 0 or text[after:start].strip():
            raise InvalidInput(f"The token '{token}' does not stand in the text where it should, behind character {after}.")
        after = start + len(token)
        places.append((start, after))
    return places


class _Span(NamedTuple):
    start: int
    end: int
    label: str


def _spans(places: Sequence[tuple[int, int]], tags: Sequence[str]) -> list[_Span]:
    """Read tags of any of the common schemes: a span goes on with I, E or L of the same label, and anything else begins a new one."""
    spans: list[_Span] = []
    open_label: str | None = None
    for (start, end), tag in zip(places, tags, strict=True):
        if tag in ("O", "_", "*"):
            open_label = None
            continue
        found = _TAG.fullmatch(tag)
        prefix, label = (found[1], found[2]) if found else (None, tag)
        if prefix in (None, "I", "E", "L") and label == open_label:
            spans[-1] = spans[-1]._replace(end=end)
        else:
            spans.append(_Span(start, end, label))
        open_label = None if prefix in ("E", "L", "S", "U") else label
    return spans
