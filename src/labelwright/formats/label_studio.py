"""Label Studio's JSON: tasks with annotations and predictions; what is written loads back into Label Studio.

Written are one task an item and its label as one annotation; into a folder also `label_config.xml`, the labeling interface that fits, and
the media, which Label Studio's local storage serves when its document root is that folder. Boxes are percent of the picture, spans
count code points, segments are seconds. A scale of the numbers from 1 on is a rating there, and one whose points have names a choice.
What Label Studio has no place for stands in a task's `meta.labelwright`.

Read are choices, ratings, labels on text and audio, and rectangles, from `annotations` (or the older `completions`) and `predictions`,
matched to questions by `from_name` or else by kind. A rating is the point with its number, or else the one in its place on the scale.
Spans whose offsets do not fit their `text`, as those of an older Label Studio that counted UTF-16 units, are put right where the text
tells how, and set aside elsewhere. Rotated rectangles, and regions of other kinds that name a question, are reported, as are annotations
that were cancelled; relations, and choices about one region, are reported by themselves. Pixels are rounded to a millionth, which undoes
the rounding of percents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import quoteattr

import msgspec

from labelwright.errors import InvalidFile, InvalidInput, nearest
from labelwright.formats import _label_studio_whole as whole
from labelwright.formats import base
from labelwright.formats._json_stream import Unreadable, elements, top_level
from labelwright.formats.base import Broken, Labeled, Media, MediaFolder, Provenance, Target
from labelwright.schema import Answer, Field, FieldUnion, Question, Schema, Stored
from labelwright.shapes import BOX, INTERVAL, Shape

__all__ = ["READS", "SUFFIX", "WRITES", "label_config", "read", "refuses", "write"]

READS = True
WRITES = True
SUFFIX = ".json"
FILE = "tasks.json"
LOCAL = "/data/local-files/?d="

_TYPES: dict[Shape, str] = {INTERVAL: "labels", BOX: "rectanglelabels"}
"""What is marked, and the type of such results."""

_READ: dict[str, tuple[Shape, bool | None]] = {
    "labels": (INTERVAL, None),
    "hypertextlabels": (INTERVAL, True),
    "rectanglelabels": (BOX, False),
    "timeserieslabels": (INTERVAL, False),
}
"""Each type of marks that is read: what it marks, and whether in a text, or None where that is all the same."""

_PLACED = frozenset({"start", "end", "x", "y", "points", "rle", "sequence", "ranges"})
"""What a result has that is about one region, and not about the whole."""


def refuses(schema: Schema) -> str | None:
    """Return why Label Studio cannot hold this schema: a kind of answer, or a name that stands for a field and for a question."""
    for name, question in schema.questions.items():
        if _type_of(question) is None:
            return f"Label Studio's format is not written for {question.kind} (the question '{name}')."
        if name in schema.data:
            return f"'{name}' is a field and a question, and Label Studio needs two names."
    for field, modality in schema.data.items():
        if schema.modality(field).tag is None:
            return f"Label Studio has no tag that shows {modality} (the field '{field}')."
    return None


def _type_of(question: Question) -> str | None:
    return whole.type_of(question) if question.shape is None else _TYPES.get(question.shape)


# --- writing ------------------------------------------------------------------------------------------------------------------


def write(dataset: Iterable[Labeled], schema: Schema, target: Target, *, blobs: Media | None = None) -> None:
    """Write a JSON array with one task an item."""
    base.refuse(refuses(schema), "label_studio")
    file, folder = base.labels_file(target, FILE)
    media = MediaFolder(folder, blobs)
    if folder is not None:
        (folder / "label_config.xml").write_text(label_config(schema), "utf-8")
    encode = msgspec.json.Encoder().encode
    with base.opened(file) as out:
        parts: list[bytes] = []
        number = size = 0
        begin = b"[\n"
        for number, labeled in enumerate(dataset, 1):
            parts.append(encode(_task(labeled, schema, number, media)))
            size += len(parts[-1])
            if len(parts) == 128 or size > base.BUFFER:
                out.write(begin + b",\n".join(parts))
                parts.clear()
                begin, size = b",\n", 0
        if parts:
            out.write(begin + b",\n".join(parts))
        out.write(b"\n]\n" if number else b"[]\n")


def _task(labeled: Labeled, schema: Schema, number: int, media: MediaFolder) -> dict[str, Any]:
    data: dict[str, str] = {}
    described: dict[str, Field] = {}
    for field, value in labeled.data.items():
        if isinstance(value, Stored):
            data[field] = LOCAL + media.add(labeled.key, field, value, below=f"media/{base.safe_name(field, '')}")
            described[field] = value.lasting()
        else:
            data[field] = value.plain()
    results: list[dict[str, Any]] = []
    for name, answer in labeled.values.items():
        question = schema.questions[name]
        results += _results(name, question, answer, labeled.data.get(question.of), number, len(results))
    own: dict[str, Any] = {"key": labeled.key, "questions": list(labeled.values)}
    for extra, content in (
        ("split", labeled.split),
        ("annotator", labeled.annotator),
        ("meta", labeled.meta),
        ("provenance", labeled.provenance),
        ("data", described),
    ):
        if content:
            own[extra] = content
    task: dict[str, Any] = {"id": number, "data": data, "meta": {"labelwright": own}}
    if labeled.machine:
        return task | {"predictions": [{"model_version": labeled.annotator or "", "result": results}]}
    if labeled.values:
        task["annotations"] = [{"id": number, "result": results, "was_cancelled": False, "ground_truth": False}]
    return task


def _results(name: str, question: Question, answer: Answer, value: Field | None, number: int, before: int) -> list[dict[str, Any]]:
    kind = _type_of(question) or ""
    same = {"from_name": name, "to_name": question.of, "type": kind}
    if question.shape is None:
        return [{"id": f"{number}-{before}", **same, "value": whole.value_of(question, answer)}]
    found = []
    for index, unit in enumerate(answer.parts(), before):
        one: dict[str, Any] = {"id": f"{number}-{index}", **same}
        if question.shape is BOX:
            if value is None or value.size is None:
                raise InvalidInput("The picture's size is unknown, and Label Studio counts in percent of it.", where=f"question {name}")
            x, y, width, height = unit.geometry
            wide, high = value.size[0] / 100, value.size[1] / 100
            one |= {"original_width": value.size[0], "original_height": value.size[1], "image_rotation": 0}
            one["value"] = {
                "x": x / wide,
                "y": y / high,
                "width": width / wide,
                "height": height / high,
                "rotation": 0,
                kind: [unit.label],
            }
        elif value is not None and value.text is not None:
            start, end = int(unit.geometry[0]), int(unit.geometry[1])
            text = value.text[start:end]
            one["value"] = {"start": start, "end": end, "text": text, kind: [unit.label]}
        else:
            if value is not None and value.duration:
                one["original_length"] = value.duration
            one["value"] = {"start": unit.geometry[0], "end": unit.geometry[1], "channel": 0, kind: [unit.label]}
        found.append(one)
    return found


def label_config(schema: Schema) -> str:
    """Return the labeling interface of Label Studio that asks this schema's questions.

    >>> from labelwright.schema.kinds.choice import ChoiceQuestion
    >>> print(label_config(Schema(data={"body": "text"}, questions={"intent": ChoiceQuestion(of="body", options=("bug",))})))
    <View>
      <Text name="body" value="$body"/>
      <Choices name="intent" toName="body" choice="single-radio">
        <Choice value="bug"/>
      </Choices>
    </View>
    <BLANKLINE>
    """
    tags: dict[Shape, str] = {INTERVAL: "Labels", BOX: "RectangleLabels"}
    lines = ["<View>"]
    for field in schema.data:
        lines.append(f"  <{schema.modality(field).tag} name={quoteattr(field)} value={quoteattr('$' + field)}/>")
    for name, question in schema.questions.items():
        if question.shape is None:
            lines += [f"  {line}" for line in whole.tags_of(name, question)]
            continue
        lines.append(f"  <{tags[question.shape]} name={quoteattr(name)} toName={quoteattr(question.of)}>")
        lines += [f"    <Label value={quoteattr(label)}/>" for label in question.labels]
        lines.append(f"  </{tags[question.shape]}>")
    return "\n".join([*lines, "</View>", ""])


# --- reading ------------------------------------------------------------------------------------------------------------------


class _Own(msgspec.Struct, frozen=True):
    """What Labelwright wrote into a task's `meta`."""

    key: str | None = None
    questions: list[str] = []
    split: str | None = None
    annotator: str | None = None
    meta: dict[str, Any] = {}
    provenance: dict[str, Provenance] = {}
    data: dict[str, FieldUnion] = {}


def read(path: Path, schema: Schema, *, key: str | None = None, names: Mapping[str, str] = {}) -> Iterator[Labeled | Broken]:
    """Yield each annotation and each prediction of each task; `key` names the entry of `data`, or of the task, that is the item's key.

    `names` gives entries of `data`, and what `from_name` says, the names of our fields and questions, or `annotator`.
    """
    for file in base.files_of(path, FILE, "*.json"):
        try:
            if top_level(file) == "{":
                yield Broken(file.name, "A Label Studio export is a JSON array of tasks, and this is an object.")
                continue
            for element in elements(file):
                place = f"{file.name} task {element.number}"
                if not isinstance(element.value, dict):
                    reason = element.value.reason if isinstance(element.value, Unreadable) else "A task is a JSON object."
                    yield Broken(place, reason, base.show(str(element.value)))
                    continue
                yield from _Task(element.value, schema, key, names, place).read()
        except InvalidFile as error:
            yield Broken(error.where or file.name, error.message)
        except OSError as error:
            yield Broken(file.name, f"The file cannot be read: {error.strerror or error}.")


class _Task:
    def __init__(self, task: dict[str, Any], schema: Schema, key: str | None, names: Mapping[str, str], place: str) -> None:
        self.task = task
        self.names = names
        self.schema = schema
        self.column = key
        self.size: tuple[float, float] | None = None
        self.place = f"{place} (id {task['id']})" if isinstance(task.get("id"), int | str) else place

    def read(self) -> Iterator[Labeled | Broken]:
        try:
            self._head()
        except InvalidInput as error:
            yield Broken(self.place, str(error), base.show(str(self.task)))
            return
        answered = False
        groups = [("annotations", False), ("completions", False), ("predictions", True)]
        for name, machine in groups:
            entries = self.task.get(name) or []
            if not isinstance(entries, list):
                yield Broken(self.place, f"The task's {name} are no list.")
                continue
            for number, entry in enumerate(entries, 1):
                answered = True
                yield from self._entry(entry, f"{self.place}, {name.removesuffix('s')} {number}", machine)
        if not answered and self.own is not None:
            yield self._labeled({}, self.own.annotator, False, self.place)
        elif not answered:
            yield Broken(self.place, "The task has no annotation and no prediction.", base.show(str(self.task)))

    def _head(self) -> None:
        raw = self.task.get("data")
        if not isinstance(raw, dict):
            raise InvalidInput("A task has an object named 'data'. Export it as JSON, and not as JSON-MIN.")
        raw = {self.names.get(name, name): value for name, value in raw.items()}
        meta = self.task.get("meta")
        try:
            own = msgspec.convert(meta["labelwright"], _Own) if isinstance(meta, dict) and "labelwright" in meta else None
        except msgspec.ValidationError as error:
            raise InvalidInput(f"{error}.", where="meta.labelwright") from error
        self.own = own
        self.data: dict[str, Field] = dict(own.data) if own else {}
        self.files: dict[str, str] = {}
        used, stored = set(), self.schema.stored()
        for field, modality in self.schema.data.items():
            # Where the file calls a field otherwise, a name that says its modality will do.
            name = field if field in raw else modality
            if name not in raw:
                # Only one entry of the task can be meant where only one is a text, or names a file.
                texts = [other for other, value in raw.items() if isinstance(value, str) and other not in (self.column, "key", "id")]
                name = texts[0] if len(texts) == 1 and len(self.schema.data) == 1 else name
            value = raw.get(name)
            if not isinstance(value, str):
                continue
            used.add(name)
            if field in stored:
                self.files[field] = _file_of(value)
            elif (found := self.schema.modality(field).from_plain(value)) is not None:
                self.data[field] = found
        self.meta = own.meta if own else {name: value for name, value in raw.items() if name not in used and name != self.column}
        self.key = own.key if own else self._key(raw)

    def _key(self, raw: dict[str, Any]) -> str | None:
        column = self.column or "key"
        value = raw.get(column, self.task.get(column) if self.column else None)
        if self.column and value is None:
            raise InvalidInput(f"There is no '{self.column}' in the task or its data.", hint=f"The data has {', '.join(raw)}.")
        return None if value is None or isinstance(value, dict | list) else str(value)

    def _entry(self, entry: Any, place: str, machine: bool) -> Iterator[Labeled | Broken]:
        if not isinstance(entry, dict) or not isinstance(entry.get("result"), list):
            yield Broken(place, "It has no list named 'result'.", base.show(str(entry)))
            return
        if entry.get("was_cancelled"):
            yield Broken(place, "The annotation was cancelled: its author skipped the task.")
            return
        units: dict[str, list[Any]] = {}
        complete = True
        try:
            for region in entry["result"]:
                name, value = self._region(region)
                if name is None:
                    # Relations answer no question; of anything else nobody knows which one it would have answered.
                    complete = complete and isinstance(region, dict) and region.get("type") == "relation"
                    yield Broken(place, value, base.show(str(region)), part=True)
                elif self.schema.questions[name].shape is not None:
                    units.setdefault(name, []).append(value)
                elif units.setdefault(name, [value]) != [value]:
                    raise InvalidInput("It has two choices for a question that takes one.", where=name)
            values = base.answers(
                self.schema,
                {name: found[0] if self.schema.questions[name].shape is None else found for name, found in units.items()},
            )
        except InvalidInput as error:
            yield Broken(place, str(error), base.show(str(entry["result"])))
            return
        for name, question in self.schema.questions.items():
            # An annotation without a region says that there is none, unless some regions could not be read; a machine's may just not be
            # about this question.
            answered = name in self.own.questions if self.own else complete and not machine
            nothing = question.empty()
            if nothing is not None and name not in values and answered:
                values[name] = nothing
        if not values and not complete:
            return
        who = (str(entry.get("model_version") or "predictions")) if machine else _author(entry.get("completed_by"))
        yield self._labeled(values, self.own.annotator if self.own else who, machine, place, entry.get("score") if machine else None)

    def _labeled(self, values: dict[str, Answer], annotator: str | None, machine: bool, place: str, score: Any = None) -> Labeled:
        provenance = self.own.provenance if self.own else {}
        if isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1:
            provenance = {name: Provenance(origin="suggestion", confidence=float(score)) for name in values}
        return Labeled(
            key=self.key,
            data=self.data,
            values={name: values[name] for name in self.schema.questions if name in values},
            meta=self.meta,
            split=self.own.split if self.own else None,
            provenance=provenance,
            annotator=annotator,
            machine=machine,
            files=self.files,
            size=self.size,
            place=place,
        )

    def _region(self, region: Any) -> tuple[str | None, Any]:
        """Return the question that a region answers and its plain value, or None and why it answers none.

        Raises:
            InvalidInput: the region answers a question, and wrongly.
        """
        if not isinstance(region, dict):
            return None, "A region is a JSON object."
        kind, value = str(region.get("type")).lower(), region.get("value")
        name = self.names.get(str(region.get("from_name")), region.get("from_name"))
        if kind == "relation":
            return None, "Relations are not read."
        if (kind in _READ or kind in whole.WHOLE) and not isinstance(value, dict):
            raise InvalidInput("A region has an object named 'value'.")
        if kind in whole.WHOLE and isinstance(value, dict) and _PLACED & value.keys():
            return None, f"'{name}' is about one region each, and questions are about the whole."
        if kind not in {*_READ, *whole.WHOLE} or not isinstance(value, dict):
            message = f"Regions of the type '{region.get('type')}' are not read."
            if name in self.schema.questions:
                raise InvalidInput(message, where=str(name))
            return None, message
        labels = value.get(kind, value.get("labels"))
        if kind in whole.WHOLE:
            question = self._question(name, kind, str(labels[0]) if kind == whole.CHOICES and isinstance(labels, list) and labels else "")
            if question is None:
                return None, f"No question asks for '{kind}', as '{name}' answers."
            return question, whole.plain_of(kind, value, question, self.schema.questions[question])
        if not isinstance(labels, list) or len(labels) != 1 or not isinstance(labels[0], str):
            raise InvalidInput(f"A region has exactly one label in '{kind}'.", where=str(name))
        question = self._question(name, kind, labels[0])
        if question is None:
            return None, f"No question asks for '{kind}', as '{name}' answers."
        asked = self.schema.questions[question]
        if asked.shape is INTERVAL and self.schema.modality(asked.of).is_text:
            return question, self._span(value, asked.of) | {"label": labels[0]}
        if asked.shape is INTERVAL:
            return question, {"start": whole.number_in(value, "start"), "end": whole.number_in(value, "end"), "label": labels[0]}
        return question, self._box(region, value, asked.of) | {"label": labels[0]}

    def _question(self, name: Any, kind: str, label: str) -> str | None:
        """Return the question that a region answers: the one it names, or the only one that it can; None where there is none.

        Raises:
            InvalidInput: it names a question of another kind, or there are several that it could answer.
        """
        shape, in_text = _READ.get(kind, (None, None))
        fitting = [
            question
            for question, asked in self.schema.questions.items()
            if (whole.asks_for(asked, kind) if shape is None else asked.shape is shape)
            and (in_text is None or self.schema.modality(asked.of).is_text is in_text)
        ]
        if name in fitting:
            return str(name)
        if name in self.schema.questions:
            asked = self.schema.questions[name].kind
            raise InvalidInput(f"The question asks for {asked}, and the region is of the type '{kind}'.", where=str(name))
        offered = {question: self.schema.questions[question].labels for question in fitting}
        knowing = [question for question, labels in offered.items() if base.as_offered(label, labels) in labels] or fitting
        if len(knowing) > 1:
            what = f"The label '{label}'" if label else f"The {kind}"
            raise InvalidInput(f"{what} of '{name}' fits several questions.", where="from_name", hint=nearest(str(name), fitting))
        return knowing[0] if knowing else None

    def _span(self, value: dict[str, Any], field: str) -> dict[str, int]:
        # On HTML and dialogues, start and end are paths, and the offsets stand beside them.
        offsets = value.get("globalOffsets") if isinstance(value.get("globalOffsets"), dict) else value
        start, end = whole.number_in(offsets, "start"), whole.number_in(offsets, "end")
        if start != int(start) or end != int(end):
            raise InvalidInput("Offsets into a text are whole numbers.")
        found = {"start": int(start), "end": int(end)}
        shown, marked = self.data.get(field), value.get("text")
        text = shown.text if shown else None
        if text is None or not isinstance(marked, str) or text[found["start"] : found["end"]] == marked:
            return found
        if (placed := _put_right(text, found["start"], found["end"], marked)) is None:
            there = text[found["start"] : found["end"]]
            raise InvalidInput(f"At {found['start']} to {found['end']} stands '{base.show(there)}', and not '{base.show(marked)}'.")
        return {"start": placed[0], "end": placed[1]}

    def _box(self, region: dict[str, Any], value: dict[str, Any], field: str) -> dict[str, float]:
        if value.get("rotation") or region.get("image_rotation"):
            raise InvalidInput("The rectangle is rotated, and boxes are upright.")
        size = {}
        for side in ("width", "height"):
            known = region.get(f"original_{side}")
            if not isinstance(known, int | float) or known <= 0:
                known = self._size(side, field)
            size[side] = known
        shown = self.data.get(field)
        if shown is None or shown.size is None:
            self.size = (size["width"], size["height"])
        edges = {"x": size["width"], "y": size["height"], **size}
        return {name: round(whole.number_in(value, name) * side / 100, 6) for name, side in edges.items()}

    def _size(self, side: str, field: str) -> float:
        """The picture's width or height as our own `meta`, or any other region of the task, tells it."""
        value = self.data.get(field)
        if value is not None and value.size is not None:
            return value.size[0] if side == "width" else value.size[1]
        for name in ("annotations", "completions", "predictions"):
            for entry in self.task.get(name) or []:
                for region in (entry.get("result") or []) if isinstance(entry, dict) else []:
                    known = region.get(f"original_{side}") if isinstance(region, dict) else None
                    if isinstance(known, int | float) and known > 0:
                        return known
        raise InvalidInput(f"The rectangle is in percent, and nothing tells the picture's {side}.", hint=f"Add 'original_{side}'.")


def _put_right(text: str, start: int, end: int, marked: str) -> tuple[int, int] | None:
    """Return where in a text a span lies whose offsets do not fit the text that it marks; None where that is not clear.

    They may count UTF-16 units, or each line end as one character, as browsers do. Else the marked text must occur once only.
    """
    if (found := (_code_points(text, start), _code_points(text, end))) and text[slice(*found)] == marked:
        return found
    if "\r\n" in text:
        # Where each character of the text with short line ends stands in the text.
        places = [place for place, character in enumerate(text) if not (character == "\n" and text[place - 1 : place] == "\r")]
        if 0 <= start < end <= len(places):
            first, after = places[start], (*places, len(text))[end]
            if text[first:after].replace("\r\n", "\n") == marked.replace("\r\n", "\n"):
                return first, after
    first = text.find(marked) if marked else -1
    return (first, first + len(marked)) if first >= 0 and text.find(marked, first + 1) < 0 else None


def _code_points(text: str, units: int) -> int:
    """Return how many code points the first UTF-16 units of a text are."""
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * max(units, 0)].decode("utf-16-le", "ignore"))


def _author(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("email") or value.get("username") or value.get("id")
    return None if value is None or isinstance(value, bool | list | dict) else str(value)


def _file_of(address: str) -> str:
    """Return the path that Label Studio's address of a file names, without what it puts in front of its own copies.

    >>> _file_of("/data/local-files/?d=img/my pic#1+2.png")
    'img/my pic#1+2.png'
    >>> _file_of("https://host/b/a%20b.png?token=1")
    '/b/a b.png'
    """
    if address.startswith("/data/local-files"):
        # Neither a plus nor a number sign has a meaning there.
        return unquote(address.partition("?d=")[2] or address)
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", address):
        return re.sub(r"^/data/upload/(?:\d+/)?", "", address)
    return unquote(urlsplit(address).path or address)
