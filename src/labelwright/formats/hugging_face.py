"""A folder that `datasets.load_dataset(folder)` loads: Parquet a split, or pictures and clips beside their metadata, and a card.

Texts go to `data/<split>-00000-of-00001.parquet`, where choices are class labels. With pictures or clips it is an image folder or audio
folder: `data/<split>/` holds the files and a `metadata.jsonl`. `README.md` is the dataset's card; its header names the splits and a hash
of the content. Items without a split are in `train`. The labels of splits that an earlier card names, and that are no more, are removed.
`meta` and `provenance` are JSON texts, since the Hub wants one type a column. Read besides: folders of pictures or recordings without any
list, where each folder is a class.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, BinaryIO

import msgspec

from labelwright.errors import InvalidInput
from labelwright.formats import base
from labelwright.formats._class_folders import SPLITS, class_of_folder, media_below, shows_classes
from labelwright.formats._columns import columns_of, plain_media, plain_text, read_rows
from labelwright.formats.base import Broken, Labeled, Media, MediaFolder, Target
from labelwright.formats.parquet import Sheet, answer_type, with_class_names
from labelwright.schema import Schema
from labelwright.schema.markdown import escaped

__all__ = ["READS", "SUFFIX", "WRITES", "read", "refuses", "write"]

READS = True
WRITES = True
SUFFIX = ""
CARD = "README.md"

METADATA = {"metadata.jsonl": "jsonl", "metadata.csv": "csv", "metadata.parquet": "parquet"}
"""The lists that an image folder or audio folder may have beside its files, and their formats."""


def refuses(schema: Schema) -> str | None:
    """Return why no such folder can hold this schema: it has files of several modalities, such as pictures and clips."""
    kinds = {schema.data[field] for field in schema.stored()}
    if len(kinds) > 1:
        return f"A Hugging Face folder holds files of one modality, and the schema has {' and '.join(sorted(kinds))}."
    return None


# --- writing ------------------------------------------------------------------------------------------------------------------


def write(dataset: Iterable[Labeled], schema: Schema, target: Target, *, blobs: Media | None = None) -> None:
    """Write the folder.

    Raises:
        InvalidInput: `target` is no folder, or the schema is refused.
    """
    base.refuse(refuses(schema), "hugging_face")
    if not isinstance(target, Path) or target.is_file():
        raise InvalidInput("This format is a folder.", where=f"target {target}", hint="Name a folder, or use the format parquet.")
    target.mkdir(parents=True, exist_ok=True)
    media = schema.stored()
    with ExitStack() as stack:
        parts: dict[str, _Pictures | _Texts] = {}

        def part(split: str) -> _Pictures | _Texts:
            if split not in parts:
                if media:
                    out = stack.enter_context(base.opened(target / "data" / split / "metadata.jsonl"))
                    parts[split] = _Pictures(out, schema, MediaFolder(target / "data" / split, blobs, ""))
                else:
                    out = stack.enter_context(base.opened(target / "data" / _sheet_name(split)))
                    parts[split] = stack.enter_context(_Texts(out, schema))
            return parts[split]

        for labeled in dataset:
            part(_split_name(labeled.split)).add(labeled)
        if not parts:
            part("train")
    for gone in _splits_of(target / CARD) - parts.keys():
        (target / "data" / gone / "metadata.jsonl" if media else target / "data" / _sheet_name(gone)).unlink(missing_ok=True)
    with base.opened(target / CARD) as out:
        counts = {split: written.count for split, written in parts.items()}
        written = [
            target / "data" / split / "metadata.jsonl" if media else target / "data" / _sheet_name(split) for split in sorted(counts)
        ]
        out.write(_card(schema, counts, _content(written), folder=bool(media)).encode())


def _content(files: Iterable[Path]) -> str:
    """Return a short hash of what files hold."""
    found = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                found.update(chunk)
    return found.hexdigest()[:16]


def _sheet_name(split: str) -> str:
    return f"{split}-00000-of-00001.parquet"


def _splits_of(card: Path) -> set[str]:
    """Return the splits that the header of an earlier card of ours names."""
    header = card.read_text("utf-8", "replace").partition("\n---\n")[0] if card.is_file() else ""
    return set(re.findall(r"^  - split: (\w+)$", header, re.MULTILINE | re.ASCII)) if "\n- labelwright" in header else set()


def _split_name(split: str | None) -> str:
    """The split as Hugging Face may call it: letters, digits and underscores."""
    return re.sub(r"\W", "_", split, flags=re.ASCII) if split else "train"


def _extras(labeled: Labeled, encode: Any) -> dict[str, str | None]:
    return {
        "split": labeled.split,
        "annotator": labeled.annotator,
        "meta": encode(labeled.meta).decode() if labeled.meta else None,
        "provenance": encode(labeled.provenance).decode() if labeled.provenance else None,
    }


class _Texts:
    """The Parquet file of one split."""

    def __init__(self, out: BinaryIO, schema: Schema) -> None:
        import pyarrow as pa

        self.schema = schema
        self.columns = columns_of(schema)
        self.count = 0
        self.encode = msgspec.json.Encoder().encode
        self.numbers = {
            name: {label: number for number, label in enumerate(question.labels)}
            for name, question in schema.questions.items()
            if question.single and question.form is str
        }
        types: dict[str, Any] = {name: pa.string() for name in ("key", *self.columns.fields.values())}
        types |= {
            column: pa.int64() if name in self.numbers else answer_type(schema.questions[name].form)
            for name, column in self.columns.questions.items()
        }
        types |= {name: pa.string() for name in ("split", "annotator", "meta", "provenance")}
        features = {column: _feature(kind) for column, kind in types.items()}
        for name in self.numbers:
            features[self.columns.questions[name]] = {"names": list(schema.questions[name].labels), "_type": "ClassLabel"}
        info = msgspec.json.encode({"info": {"features": features}}).decode()
        self.sheet = Sheet(out, types, {"huggingface": info})

    def __enter__(self) -> _Texts:
        self.sheet.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.sheet.__exit__(*error)

    def add(self, labeled: Labeled) -> None:
        self.count += 1
        cells, size = self.sheet.cells, 0
        cells["key"].append(labeled.key)
        for field, column in self.columns.fields.items():
            text = plain_text(labeled, field)
            size += len(text or "")
            cells[column].append(text)
        for name, column in self.columns.questions.items():
            plain = labeled.values[name].plain() if name in labeled.values else None
            cells[column].append(self.numbers[name][plain] if name in self.numbers and plain is not None else plain)
        for column, extra in _extras(labeled, self.encode).items():
            cells[column].append(extra)
        self.sheet.row_done(size)


def _feature(kind: Any) -> Any:
    """Return an Arrow type as Hugging Face writes it down."""
    import pyarrow as pa

    if pa.types.is_list(kind):
        return [_feature(kind.value_type)]
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    return {"dtype": {"double": "float64"}.get(str(kind), str(kind)), "_type": "Value"}


class _Pictures:
    """The folder of one split: the files, and a line about each in `metadata.jsonl`."""

    def __init__(self, out: BinaryIO, schema: Schema, media: MediaFolder) -> None:
        self.out = out
        self.schema = schema
        self.stored = schema.stored()
        self.columns = columns_of(schema)
        self.media = media
        self.count = 0
        self.encode = msgspec.json.Encoder().encode

    def add(self, labeled: Labeled) -> None:
        self.count += 1
        row: dict[str, Any] = {"key": labeled.key}
        described: dict[str, Any] = {}
        for field, column in self.columns.fields.items():
            if field not in self.stored:
                row[column] = plain_text(labeled, field)
            elif about := plain_media(labeled, field, self.media):
                described[field] = about
                # The first one is what the folder is about; further ones are found by the ending of the column.
                row["file_name" if len(described) == 1 else f"{column}_file_name"] = about["file"]
        if not described:
            raise InvalidInput("The item has no picture or clip.", where=f"item {labeled.key}")
        for name, column in self.columns.questions.items():
            row[column] = labeled.values[name].plain() if name in labeled.values else None
        row |= _extras(labeled, self.encode)
        row["media"] = self.encode(described).decode()
        self.out.write(self.encode(row) + b"\n")


def _card(schema: Schema, counts: dict[str, int], content: str, *, folder: bool) -> str:
    # The cache of `datasets` knows a folder by this header alone: without the hash it would go on giving what an earlier export held.
    lines = ["---", "configs:", "- config_name: default", f'  description: "content {content}"', "  data_files:"]
    for split in counts:
        lines += [f"  - split: {split}", f"    path: data/{split}/**" if folder else f"    path: data/{split}-*.parquet"]
    lines += ["tags:", "- labelwright", "---", "", "# Dataset", "", "| split | items |", "|---|---|"]
    lines += [f"| {escaped(split)} | {count:,} |" for split, count in counts.items()]
    lines += ["", "| question | kind | about | labels |", "|---|---|---|---|"]
    for name, question in schema.questions.items():
        labels = ", ".join(escaped(label) for label in question.labels)
        lines.append(f"| {escaped(name)} | {question.kind} | {escaped(question.of)} | {labels} |")
    return "\n".join([*lines, ""])


# --- reading ------------------------------------------------------------------------------------------------------------------


def read(path: Path, schema: Schema, *, key: str | None = None, names: Mapping[str, str] = {}) -> Iterator[Labeled | Broken]:
    """Yield each row of every split; class labels become their names. Without rows, folders are classes: `train/cat/1.png`."""
    sheets = sorted(path.glob("**/*.parquet")) if path.is_dir() else [path]
    lists = sorted(file for name in METADATA for file in path.glob(f"**/{name}")) if path.is_dir() else []
    if path.name in METADATA:
        sheets, lists = [], [path]
    if not sheets and not lists and path.is_dir():
        if shows_classes(path):
            yield from _by_folders(path, schema, names)
        else:
            yield Broken(
                path.name, f"The folder has neither Parquet files, nor any of {', '.join(METADATA)}, nor folders that are classes."
            )
    for sheet in sheets:
        if sheet not in lists:
            prepare = _Rows(schema, sheet.name.partition("-")[0], with_class_names(sheet, schema, names)).text
            yield from read_rows(sheet, schema, "parquet", key=key, names=names, prepare=prepare)
    for metadata in lists:
        read = read_rows(metadata, schema, METADATA[metadata.name], key=key, names=names, prepare=_metadata_rows(metadata, schema, names))
        folder = path if path.is_dir() else path.parent
        yield from (_beside(entry, metadata.parent.relative_to(folder), folder) for entry in read)


def _by_folders(folder: Path, schema: Schema, names: Mapping[str, str]) -> Iterator[Labeled | Broken]:
    """Yield each picture or recording with its folder as the answer to the question that is about it.

    `names` may say which one that is, under the name `label`, as Hugging Face calls what the folders say.

    Raises:
        InvalidInput: another name is mapped, or to no such question.
    """
    field = next(iter(schema.stored()), None)
    asked = [name for name, question in schema.questions.items() if question.of == field and question.single and question.form is str]
    if names.keys() - {"label"} or not set(names.values()) <= set(asked):
        raise InvalidInput("Folders that are classes have only 'label' to map, to a choice about the files.", where="map")
    if field is None or not asked:
        yield Broken(folder.name, "The folders are classes, and no question asks for a choice about a picture or recording.")
        return
    for file in media_below(folder):
        named = class_of_folder(file)
        fitting = list(names.values()) or (["label"] if "label" in asked else asked)
        if named is not None and len(fitting) > 1:
            offering = {name: schema.questions[name].labels for name in fitting}
            fitting = [name for name, labels in offering.items() if base.as_offered(named, labels) in labels]
        if named is None:
            yield Broken(file, "Not one folder of its path is a class.")
        elif len(fitting) != 1:
            yield Broken(file, f"Nothing says which question '{named}' answers. Name it: --map label={asked[0]}.")
        else:
            try:
                values = base.answers(schema, {fitting[0]: named})
            except InvalidInput as error:
                yield Broken(file, str(error))
                continue
            split = next((part for part in PurePosixPath(file).parts if part.lower() in SPLITS), None)
            yield Labeled(key=None, values=values, split=split, files={field: file}, folder=folder.resolve().as_posix(), place=file)


def _metadata_rows(metadata: Path, schema: Schema, names: Mapping[str, str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    classes = with_class_names(metadata, schema, names) if metadata.suffix == ".parquet" else dict
    return _Rows(schema, metadata.parent.name, classes).picture


def _beside(entry: Labeled | Broken, below: Path, folder: Path) -> Labeled | Broken:
    """Let places, and the names in a list, which start where it lies, start from the folder that is read."""
    entry = msgspec.structs.replace(entry, place=str(below / entry.place))
    if isinstance(entry, Broken) or not entry.files:
        return entry
    files = {
        field: name if PureWindowsPath(name).anchor else (below / name.replace("\\", "/")).as_posix() for field, name in entry.files.items()
    }
    return msgspec.structs.replace(entry, files=files, folder=folder.resolve().as_posix())


class _Rows:
    """Turns the rows of one file into those of `_columns`."""

    def __init__(self, schema: Schema, split: str, named: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.split = split
        self.named = named
        columns = columns_of(schema)
        self.columns = {field: columns.fields[field] for field in schema.stored()}

    def text(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"split": self.split, **self.named(row)}

    def picture(self, row: dict[str, Any]) -> dict[str, Any]:
        found = {"split": self.split, **self.named(row)}
        # The first one is what the folder is about, and any one may have a column of its own.
        files = {column: found.pop(name) for column in self.columns.values() if (name := f"{column}_file_name") in found}
        if "file_name" in found and self.columns:
            files = {next(iter(self.columns.values())): found.pop("file_name"), **files}
        if not isinstance(found.get("media"), str):
            return {**found, **files}
        try:
            described = msgspec.json.decode(found.pop("media"), type=dict[str, dict[str, Any]])
        except msgspec.MsgspecError as error:
            raise InvalidInput(f"This is no JSON object: {error}.", where="media") from error
        return found | {self.columns[field]: about for field, about in described.items() if field in self.columns}
