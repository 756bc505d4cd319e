"""Every modality that is found, ours or a plugin's, keeps the promises of `schema/modalities`, and nothing else asks for one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import labelwright
from labelwright import plugins
from labelwright.errors import InvalidInput
from labelwright.formats.parquet import field_type
from labelwright.media import measured
from labelwright.media.text import NormalText
from labelwright.schema import Field, FieldUnion, Stored, media_of
from labelwright.schema.modalities import MODALITIES
from labelwright.store.blobs import Blobs
from tests.conformance.test_every_medium import whole


def example(name: str, folder: Path) -> Field:
    """A field of a modality, made of a file as its step makes it."""
    media, blobs = plugins.load("media", name), Blobs(folder)
    if not issubclass(MODALITIES[name], Stored):
        made = media.prepare(media.read(whole(name)), media.Options(), column="seen")
        return MODALITIES[name].prepared(made.text if isinstance(made, NormalText) else made, "seen")
    digest = blobs.put(whole(name))
    found: Field = media.prepare(blobs.path(digest), media.Options(), blobs, digest=digest, where="file")
    return found


@pytest.mark.parametrize("name", MODALITIES)
def test_a_modality_is_two_files_of_one_name(name: str) -> None:
    """What it is and what its files are stand under one name, with a first line each; its value has that name as its tag."""
    assert MODALITIES[name].__struct_config__.tag == name
    assert plugins.summary("modalities", name).endswith(".")
    assert name in plugins.names("media")
    assert set(plugins.names("media")) == set(MODALITIES)
    assert set(plugins.names("features")) <= set(MODALITIES)
    assert MODALITIES[name].starter.kind in plugins.names("kinds")
    assert set(MODALITIES[name].says) <= set(MODALITIES[name].__struct_fields__)


@pytest.mark.parametrize("name", MODALITIES)
def test_a_field_survives_the_store_and_its_exports(name: str, tmp_path: Path) -> None:
    """A field is read back from JSON as itself, and from what exports say about it without what was derived for the page."""
    field = example(name, tmp_path)
    assert msgspec.json.decode(msgspec.json.encode(field), type=FieldUnion) == field
    assert field.modality == name
    assert type(field).prepared(field.plain() if field.is_text else field, "column") == field
    about = field.described() if isinstance(field, Stored) else field.plain()
    assert type(field).from_plain(about) == field.lasting()
    assert str(field_type(type(field))) == "string" or set(about) < {one.name for one in field_type(type(field))}
    assert field.lasting().shown() == field.shown()
    assert field.small(4).modality == name
    with pytest.raises(InvalidInput):
        type(field).prepared(3.5, "column")


@pytest.mark.parametrize("name", MODALITIES)
def test_every_blob_is_named(name: str, tmp_path: Path) -> None:
    """What an item's fields name is kept and served: the bytes, and what was derived from them."""
    field = example(name, tmp_path)
    expected = {part for part in msgspec.to_builtins(field).values() if isinstance(part, str) and re.fullmatch("[0-9a-f]{64}", part)}
    assert media_of({"seen": field}) == field.blobs() == expected
    assert bool(expected) == isinstance(field, Stored)


@pytest.mark.parametrize("name", [name for name, modality in MODALITIES.items() if issubclass(modality, Stored)])
def test_a_header_tells_how_large_a_file_is(name: str, tmp_path: Path) -> None:
    """What is measured of a file has all that a question needs to know where marks may lie."""
    found = measured(name, whole(name))
    assert isinstance(found, MODALITIES[name])
    assert found.shown()[1:] == example(name, tmp_path).shown()[1:]
    assert found.ending != ".bin"


def test_values_need_no_arrays() -> None:
    """Reading the values of all modalities loads neither NumPy nor what decodes pictures and recordings."""
    ours = {**os.environ, "PYTHONPATH": str(Path(labelwright.__file__).parents[1])}
    code = "import sys, labelwright.schema.modalities; print(*sorted({'numpy', 'PIL', 'soundfile', 'sqlalchemy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], env=ours, capture_output=True, text=True, check=True).stdout.strip() == ""


NAMES = "|".join(MODALITIES)
CLASSES = "|".join(modality.__name__ for modality in MODALITIES.values())
LADDERS = re.compile(
    rf"""isinstance\([^)]*\b(?:{CLASSES})\b                                   # asks which one it is by the class
    | \btype\(\w+\)\ is\ (?:{CLASSES})\b
    | \b(?:{CLASSES})\ \|\ (?:{CLASSES})\b                                  # lists them
    | (?:==|!=|\bin\b|<=)\ *[(\{{\[]?["'](?:{NAMES})["']                     # asks by the name
    | ["'](?:{NAMES})["']\}}?\ *(?:==|!=|<=|in\b|not\ in\b)
    | ["'](?:{NAMES})["']:[^=]*["'](?:{NAMES})["']:                          # keeps something by the name
    | Literal\[[^\]]*["'](?:{NAMES})["']""",
    re.VERBOSE,
)
NO_MODALITY = re.compile(r"sa\.Text|comment\[1\] ==")
"""A type of the database's columns, and a word of a file's own."""


def ladders(root: Path) -> list[str]:
    """Every place below a folder that asks for a modality. Modalities and their files know themselves, and kinds what they are about."""
    own = [root / "schema" / "modalities", root / "schema" / "kinds", root / "media"]
    found = []
    for path in sorted(root.rglob("*.py")):
        if not any(path.is_relative_to(folder) for folder in own):
            lines = enumerate(path.read_text("utf-8").splitlines(), 1)
            wrong = [(number, line) for number, line in lines if LADDERS.search(line) and not NO_MODALITY.search(line)]
            found += [f"{path.relative_to(root)}:{number}: {line.strip()}" for number, line in wrong]
    return found


def test_nothing_else_asks_for_a_modality(tmp_path: Path) -> None:
    """Outside of those folders no code compares a modality with a name or class, or keeps something by its name: file and line are told."""
    asked = [
        "if isinstance(field, Text):",
        "if isinstance(field, Image | Audio):",
        "if type(field) is Text:",
        "def lasting(value: Image | Audio) -> Field:",
        'media = schema.data[name] != "text"',
        'if "text" in modalities:',
        'if modality in ("image", "audio"):',
        'if {"image", "audio"} <= set(schema.data.values()):',
        'CLOSE = {"text": 0.02, "image": 0.2}',
        'Modality = Literal["text", "image"]',
    ]
    (tmp_path / "some.py").write_text("\n".join([*asked, "if isinstance(field, Stored):", 'row["text"] = field.text']), "utf-8")
    assert [line.split(": ")[0] for line in ladders(tmp_path)] == [f"some.py:{n + 1}" for n in range(len(asked))]
    assert ladders(Path(labelwright.__file__).parent) == []
