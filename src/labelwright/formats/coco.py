"""COCO instances: boxes in pictures, for detectors.

Written are `images`, `annotations` (`bbox` as x, y, width, height; `area` = width x height; `iscrowd` 0; ids from 1) and `categories` in
the order of the options, each with its question as `supercategory`. Into a folder go `annotations/instances_<split>.json` and `images/`;
a single file holds all splits. Files that an earlier export wrote there, of splits that are no more, are removed. What COCO has no place
for stands in an image's `labelwright`.

The reader wants images, annotations and categories in one file, in any order: it keeps about 70 bytes a box and streams the rest. What is
no upright box around one object (a crowd region, a box without an area, a rotated one as CVAT writes it, nothing that tells its place) is
reported by itself, and the rest of the picture is kept; a box that is missing is the one around the polygons. An image whose category is
unknown, or of which nothing could be read, is reported whole, and so is one without boxes where an annotation does not say which image it
is about: that nothing is in it would be false. Ids may be written as texts or floats. `area` measures masks in most files and is not read.
"""

from __future__ import annotations

import math
import re
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, BinaryIO

import msgspec

from labelwright.errors import InvalidFile, InvalidInput, nearest
from labelwright.formats import base
from labelwright.formats._json_stream import Unreadable, elements, top_level
from labelwright.formats.base import Broken, Labeled, Media, MediaFolder, Provenance, Target
from labelwright.schema import Field, FieldUnion, Schema, Stored
from labelwright.schema.kinds import Part
from labelwright.shapes import BOX

__all__ = ["READS", "SUFFIX", "WRITES", "read", "refuses", "write"]

READS = True
WRITES = True
SUFFIX = ".json"

OWN_IDS = 2**62
"""Whole numbers from here on stand for ids that are texts."""

_BEGIN = b'{"info": {"description": "Written by Labelwright"}'


def refuses(schema: Schema) -> str | None:
    """Return why COCO cannot hold this schema: no question asks for boxes, or they are about several pictures."""
    fields = {schema.questions[name].of for name in _boxes_questions(schema)}
    if not fields:
        return "COCO holds boxes, and no question asks for them."
    if len(fields) > 1:
        return f"COCO holds one picture an item, and boxes are asked for in {' and '.join(sorted(fields))}."
    return None


def _boxes_questions(schema: Schema) -> list[str]:
    return [name for name, question in schema.questions.items() if question.shape is BOX]


def _categories(schema: Schema) -> dict[tuple[str, str], int]:
    pairs = [(name, label) for name in _boxes_questions(schema) for label in schema.questions[name].labels]
    return {pair: number for number, pair in enumerate(pairs, 1)}


# --- writing ------------------------------------------------------------------------------------------------------------------


def write(dataset: Iterable[Labeled], schema: Schema, target: Target, *, blobs: Media | None = None) -> None:
    """Write the images with their boxes, one file a split where `target` is a folder.

    Raises:
        InvalidInput: the schema is refused, or an item has no picture.
    """
    base.refuse(refuses(schema), "coco")
    field = schema.questions[_boxes_questions(schema)[0]].of
    file, folder = base.labels_file(target, "")
    media = MediaFolder(folder, blobs)
    with ExitStack() as stack:
        parts: dict[str | None, _Part] = {}
        for labeled in dataset:
            split = labeled.split if folder is not None else None
            if split not in parts:
                out = stack.enter_context(base.opened(folder / "annotations" / _name(split) if folder is not None else file))
                parts[split] = stack.enter_context(_Part(out, schema))
            parts[split].add(labeled, field, media)
        if not parts:
            out = stack.enter_context(base.opened(folder / "annotations" / "instances.json" if folder is not None else file))
            stack.enter_context(_Part(out, schema))
    if folder is not None:
        _remove_others(folder / "annotations", {_name(split) for split in parts or (None,)})


def _name(split: str | None) -> str:
    return f"instances_{base.safe_name(split, '')}.json" if split else "instances.json"


def _remove_others(folder: Path, names: set[str]) -> None:
    """Remove what an earlier export wrote of splits that are no more: their items are in others by now."""
    for path in folder.glob("instances*.json"):
        if path.name not in names:
            with path.open("rb") as file:
                ours = file.read(len(_BEGIN)) == _BEGIN
            if ours:
                path.unlink()


class _Part:
    """One file under way. Images are written at once; annotations, which stand behind all images, wait in a temporary file."""

    def __init__(self, out: BinaryIO, schema: Schema) -> None:
        self.out = out
        self.schema = schema
        self.categories = _categories(schema)
        self.images = 0
        self.boxes = 0
        self.encode = msgspec.json.Encoder().encode

    def __enter__(self) -> _Part:
        self.waiting: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=1 << 22)
        self.out.write(_BEGIN + b', "licenses": [],\n"images": [')
        return self

    def add(self, labeled: Labeled, field: str, media: MediaFolder) -> None:
        picture = labeled.data.get(field)
        if not isinstance(picture, Stored) or picture.size is None:
            raise InvalidInput("The item has no picture, and COCO needs its size.", where=f"item {labeled.key}")
        self.images += 1
        others: dict[str, Field] = {name: value for name, value in labeled.data.items() if name != field}
        own: dict[str, Any] = {
            "key": labeled.key,
            "blob": picture.blob,
            "media_type": picture.media_type,
            "questions": list(labeled.values),
            "labels": {name: answer.plain() for name, answer in labeled.values.items() if self.schema.questions[name].shape is not BOX},
            "data": others,
            "meta": labeled.meta,
            "split": labeled.split,
            "annotator": labeled.annotator,
            "provenance": labeled.provenance,
        }
        name = media.add(labeled.key, field, picture, below="images" if media.folder is not None else "")
        entry = {
            "id": self.images,
            "file_name": name.removeprefix("images/"),
            "width": picture.size[0],
            "height": picture.size[1],
            "labelwright": {name: part for name, part in own.items() if part},
        }
        self.out.write((b",\n" if self.images > 1 else b"\n") + self.encode(entry))
        for question, answer in labeled.values.items():
            if self.schema.questions[question].shape is BOX:
                for unit in answer.parts():
                    self._box(question, unit)

    def _box(self, question: str, unit: Part) -> None:
        self.boxes += 1
        annotation = {
            "id": self.boxes,
            "image_id": self.images,
            "category_id": self.categories[question, unit.label],
            "bbox": unit.geometry,
            "area": unit.geometry[2] * unit.geometry[3],
            "iscrowd": 0,
            "segmentation": [],
        }
        self.waiting.write((b",\n" if self.boxes > 1 else b"\n") + self.encode(annotation))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.out.write(b'\n],\n"annotations": [')
            self.waiting.seek(0)
            while chunk := self.waiting.read(1 << 20):
                self.out.write(chunk)
            listed = [{"id": number, "name": label, "supercategory": name} for (name, label), number in self.categories.items()]
            self.out.write(b'\n],\n"categories": ' + self.encode(listed) + b"}\n")
        self.waiting.close()


# --- reading ------------------------------------------------------------------------------------------------------------------


class _Own(msgspec.Struct, frozen=True):
    """What Labelwright wrote into an image."""

    key: str | None = None
    blob: str | None = None
    media_type: str = "image/jpeg"
    questions: list[str] = []
    labels: dict[str, Any] = {}
    data: dict[str, FieldUnion] = {}
    meta: dict[str, Any] = {}
    split: str | None = None
    annotator: str | None = None
    provenance: dict[str, Provenance] = {}


def read(path: Path, schema: Schema, *, key: str | None = None, names: Mapping[str, str] = {}) -> Iterator[Labeled | Broken]:
    """Yield each image with its boxes; `key` names the entry of an image that is the item's key, such as `id` or `file_name`."""
    base.refuse_names(names, "coco")
    for file in base.files_of(path, "annotations/instances*.json", "annotations/*.json", "*.json"):
        try:
            if refuses(schema):
                yield Broken(file.name, "No question asks for boxes in one picture, which is what a COCO file answers.")
            elif top_level(file) == "[":
                reason = "It is an array: a COCO result file lacks images and categories. Put it into its instances file as 'annotations'."
                yield Broken(file.name, reason)
            else:
                yield from _Instances(file, schema, key).read()
        except InvalidFile as error:
            yield Broken(error.where or file.name, error.message)
        except OSError as error:
            yield Broken(file.name, f"The file cannot be read: {error.strerror or error}.")


class _Instances:
    def __init__(self, file: Path, schema: Schema, key: str | None) -> None:
        self.file = file
        self.schema = schema
        self.column = key
        self.asked = _boxes_questions(schema)
        self.field = schema.questions[self.asked[0]].of

    def read(self) -> Iterator[Labeled | Broken]:
        import numpy as np

        yield from self._gather()
        owner = np.array(self.owner, dtype=np.int64)
        order = np.argsort(owner, kind="stable")
        owner = owner[order]
        done = set()
        for element in elements(self.file):
            if element.array != "images":
                continue
            place, image = f"{self.file.name} image {element.number}", element.value
            try:
                number = self._image_id(image)
                if number in done:
                    raise InvalidInput(f"The image id {number} is there twice.")
                done.add(number)
                begin, end = np.searchsorted(owner, [number, number + 1])
                if begin == end and number in self.wrong:
                    raise InvalidInput(" ".join(self.wrong[number][:3]))
                if begin == end and self.astray:
                    raise InvalidInput("It has no boxes, and an annotation of the file does not say which image it is about.")
                for reason in self.wrong.get(number, ()):
                    yield Broken(place, reason, base.show(str(image)), part=True)
                yield self._labeled(image, [int(index) for index in order[begin:end]], f"{place} (id {image['id']})")
            except InvalidInput as error:
                yield Broken(place, str(error), base.show(str(image)))

    def _gather(self) -> Iterator[Broken]:
        """Read everything once, and keep the ids of images and the boxes."""
        self.owner, self.category, self.edges, self.scores = array("q"), array("q"), array("d"), array("d")
        self.numbers: dict[str, int] = {}
        self.astray = False
        self.wrong: dict[int, list[str]] = {}
        self.names: dict[int, tuple[str, str]] = {}
        images: set[int] = set()
        arrays: set[str] = set()
        for element in elements(self.file):
            arrays.add(element.array)
            place = f"{self.file.name} {element.array.removesuffix('s')} {element.number}"
            try:
                if element.array == "images":
                    images.add(self._image_id(element.value))
                elif element.array == "categories":
                    entry = self._object(element.value)
                    self.names[self._id(entry, "id")] = (str(entry.get("name")), str(entry.get("supercategory")))
                elif element.array == "annotations":
                    self._annotation(self._object(element.value), element.number)
            except InvalidInput as error:
                self.astray = self.astray or element.array == "annotations"
                if element.array != "images":
                    yield Broken(place, str(error), base.show(str(element.value)))
            if element.array == "annotations" and element.number == 0:
                self.astray = True  # null: nobody knows whose boxes are missing
        for name in ("images", "annotations", "categories"):
            if name not in arrays and not (name == "annotations" and "images" in arrays):
                yield Broken(self.file.name, f"The file has no array '{name}', or an empty one, and so is no COCO instances file.")
        self.targets = {number: self._target(*names) for number, names in self.names.items()}
        for number in sorted((set(self.owner) | set(self.wrong)) - images):
            yield Broken(self.file.name, f"Annotations are about the image {number}, which is not there.")

    def _annotation(self, entry: dict[str, Any], number: int) -> None:
        owner = self._id(entry, "image_id")
        try:
            category, edges = self._id(entry, "category_id"), _edges(entry)
        except InvalidInput as error:
            self.wrong.setdefault(owner, []).append(f"Annotation {number}: {error}")
            return
        self.owner.append(owner)
        self.category.append(category)
        self.edges.extend(edges)
        score = entry.get("score")
        self.scores.append(float(score) if isinstance(score, int | float) and 0 <= score <= 1 else math.nan)

    def _target(self, name: str, group: str) -> tuple[str, str] | InvalidInput:
        """Return the question and label that a category stands for, or why it stands for none."""
        for question in [group, *self.asked] if group in self.asked else self.asked:
            offered = self.schema.questions[question].labels
            if (label := base.as_offered(name, offered)) in offered:
                return question, label
        known = [label for question in self.asked for label in self.schema.questions[question].labels]
        return InvalidInput(f"The label '{name}' is unknown.", where="categories", hint=nearest(name, known))

    def _image_id(self, image: Any) -> int:
        return self._id(self._object(image), "id")

    def _id(self, entry: dict[str, Any], name: str) -> int:
        """Return an id as a whole number, also of one that is written as a float or a text; other texts get numbers of their own.

        Raises:
            InvalidInput: it is none of these.
        """
        value = entry.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, str) and value.strip():
            number = re.fullmatch(r"(0|-?[1-9]\d{0,17})(?:\.0+)?", value.strip())
            return int(number[1]) if number else -OWN_IDS - self.numbers.setdefault(value, len(self.numbers))
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= OWN_IDS:
            raise InvalidInput(f"A whole number is expected as '{name}'.")
        return value

    def _object(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise InvalidInput(value.reason if isinstance(value, Unreadable) else "A JSON object is expected.")
        return value

    def _labeled(self, image: dict[str, Any], boxes: list[int], place: str) -> Labeled:
        own = self._own(image)
        answered = [name for name in self.asked if own is None or name in own.questions]
        units: dict[str, list[Part]] = {name: [] for name in answered}
        scores: dict[str, list[float]] = {}
        for index in boxes:
            category = self.category[index]
            target = self.targets.get(category, InvalidInput(f"There is no category {category}.", where="category_id"))
            if isinstance(target, InvalidInput):
                raise target
            scores.setdefault(target[0], []).append(self.scores[index])
            units.setdefault(target[0], []).append(Part(target[1], tuple(self.edges[4 * index : 4 * index + 4])))
        found = {name: self.schema.questions[name].with_parts(marked) for name, marked in units.items()}
        found |= base.answers(self.schema, own.labels) if own else {}
        data: dict[str, Field] = dict(own.data) if own else {}
        width, height = image.get("width"), image.get("height")
        known = _finite(width) and _finite(height) and width > 0 and height > 0  # type: ignore[operator]  # numbers by then
        if own and own.blob and known:
            about = {"blob": own.blob, "width": int(width), "height": int(height), "media_type": own.media_type}  # type: ignore[arg-type]  # numbers by then
            picture = self.schema.modality(self.field).from_plain(about)
            data |= {self.field: picture} if picture else {}
        file_name = image.get("file_name")
        return Labeled(
            key=self._key(image) if self.column else own.key if own else None,
            data=data,
            values={name: found[name] for name in self.schema.questions if name in found},
            meta=own.meta if own else {},
            split=own.split if own else None,
            annotator=own.annotator if own else None,
            provenance=own.provenance if own else _least(scores),
            files={self.field: file_name} if isinstance(file_name, str) else {},
            size=(width, height) if known and self.field not in data else None,  # type: ignore[arg-type]  # numbers by then
            place=place,
        )

    def _own(self, image: dict[str, Any]) -> _Own | None:
        if "labelwright" not in image:
            return None
        try:
            return msgspec.convert(image["labelwright"], _Own)
        except msgspec.ValidationError as error:
            raise InvalidInput(f"{error}.", where="labelwright") from error

    def _key(self, image: dict[str, Any]) -> str:
        value = image.get(str(self.column))
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise InvalidInput(f"The image has no '{self.column}'.", hint=f"It has {', '.join(image)}.")
        return str(value)


def _edges(entry: dict[str, Any]) -> list[float]:
    """Return the box of an annotation, or the one around its polygons.

    Raises:
        InvalidInput: it is no upright box around one object.
    """
    edges = entry.get("bbox")
    if entry.get("iscrowd"):
        raise InvalidInput("It marks a crowd, which is no box around one object.")
    attributes = entry.get("attributes")
    turned = entry.get("rotation") or (attributes.get("rotation") if isinstance(attributes, dict) else None)
    if turned and not (_finite(turned) and turned % 360 == 0):
        raise InvalidInput("Its box is rotated, and boxes are upright.")
    if edges in (None, []):
        edges = _around(entry.get("segmentation"))
    if not isinstance(edges, list) or len(edges) != 4 or not all(_finite(edge) for edge in edges):
        raise InvalidInput("A bbox is four numbers: x, y, width, height.")
    if edges[2] <= 0 or edges[3] <= 0:
        raise InvalidInput(f"The bbox of {edges[2]:g} x {edges[3]:g} pixels has no area.")
    return edges


def _around(polygons: Any) -> list[float] | None:
    """Return the box around polygons, each a list of x and y in turns; None where they are none."""
    rings = polygons if isinstance(polygons, list) else []
    if not rings or not all(isinstance(ring, list) and len(ring) >= 6 and len(ring) % 2 == 0 and all(map(_finite, ring)) for ring in rings):
        return None
    across, down = [x for ring in rings for x in ring[::2]], [y for ring in rings for y in ring[1::2]]
    return [min(across), min(down), max(across) - min(across), max(down) - min(down)]


def _least(scores: dict[str, list[float]]) -> dict[str, Provenance]:
    """Return how sure a machine was of each answer: as sure as of its least sure box."""
    known = {name: min(found) for name, found in scores.items() if not any(map(math.isnan, found))}
    return {name: Provenance(origin="suggestion", confidence=score) for name, score in known.items()}


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
