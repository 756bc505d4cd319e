"""Every format that is found, ours or a plugin's, keeps the promises of `labelwright.formats`."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelwright import plugins
from labelwright.errors import InvalidInput
from labelwright.formats import Broken, Labeled
from labelwright.schema import Text
from labelwright.store.blobs import Blobs
from tests.formats.examples import SCHEMAS, datasets

FORMATS = plugins.names("formats")
PAIRS = [
    (name, modality)
    for name in FORMATS
    for modality, schema in SCHEMAS.items()
    if (module := plugins.load("formats", name)).READS and module.WRITES and not module.refuses(schema)
]
quick = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


class Pipe(io.RawIOBase):
    """A stream that can do nothing but take bytes, as a response over HTTP."""

    def __init__(self) -> None:
        self.body = b""

    def writable(self) -> bool:
        return True

    def write(self, body: Any) -> int:
        self.body += bytes(body)
        return len(body)


def essence(dataset: Iterable[Labeled | Broken]) -> list[Any]:
    """What has to survive, in an order that does not depend on how splits lie in files."""
    found = [one if isinstance(one, Broken) else msgspec.structs.replace(one, place="", files={}) for one in dataset]
    return sorted(found, key=lambda one: str(getattr(one, "key", one)))


@pytest.mark.parametrize("name", FORMATS)
def test_it_says_what_it_is(name: str) -> None:
    """A format has a first line, and says what it can do, how its files end and what it cannot hold."""
    module = plugins.load("formats", name)
    assert plugins.summary("formats", name).rstrip(".:")
    assert isinstance(module.READS, bool)
    assert isinstance(module.WRITES, bool)
    assert module.SUFFIX == "" or module.SUFFIX.startswith(".")
    for schema in SCHEMAS.values():
        assert module.refuses(schema) is None or str(module.refuses(schema)).endswith(".")


@pytest.mark.parametrize(("name", "modality"), PAIRS)
def test_what_is_written_to_a_folder_is_read_back(name: str, modality: str) -> None:
    """Keys, data, answers, meta, splits and provenance survive a folder: unicode, emoji, newlines, quotes and empty lists included."""
    module, schema = plugins.load("formats", name), SCHEMAS[modality]

    @quick
    @given(datasets(modality))
    def check(dataset: list[Labeled]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            module.write(iter(dataset), schema, Path(folder) / "out")
            assert essence(module.read(Path(folder) / "out", schema)) == essence(dataset)

    check()


@pytest.mark.parametrize(("name", "modality"), PAIRS)
def test_a_folder_holds_the_newest_export_alone(name: str, modality: str, tmp_path: Path) -> None:
    """Once its items have moved to other splits, a folder that is written again holds none twice, and nothing of others is touched."""
    module, schema = plugins.load("formats", name), SCHEMAS[modality]
    for splits in (("train", "dev"), ("train", "test"), (None, None)):
        dataset = [msgspec.structs.replace(_item(modality, str(number)), split=split) for number, split in enumerate(splits)]
        module.write(iter(dataset), schema, tmp_path / "out")
        assert essence(module.read(tmp_path / "out", schema)) == essence(dataset)
    foreign = {tmp_path / "out" / place for place in ("annotations/instances_val2017.json", "data/dev/metadata.jsonl", "data/dev.parquet")}
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    module.write(iter(dataset), schema, tmp_path / "out")
    assert all(path.exists() for path in foreign)


def _item(modality: str, key: str) -> Labeled:
    if modality == "text":
        return Labeled(key=key, data={"body": Text(f"text {key}"), "title": Text("")})
    return _medium(modality, key * 64, key)


@pytest.mark.parametrize(("name", "modality"), [pair for pair in PAIRS if plugins.load("formats", pair[0]).SUFFIX])
def test_a_stream_takes_what_a_file_takes(name: str, modality: str) -> None:
    """A stream that can only be written to gets the same bytes as a file, and these are read back."""
    module, schema = plugins.load("formats", name), SCHEMAS[modality]

    @settings(quick, max_examples=8)
    @given(datasets(modality))
    def check(dataset: list[Labeled]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path, pipe = Path(folder) / f"one{module.SUFFIX}", Pipe()
            module.write(iter(dataset), schema, path)
            module.write(iter(dataset), schema, pipe)
            assert pipe.body == path.read_bytes()
            assert essence(module.read(path, schema)) == essence(dataset)
            assert all(entry.name.startswith(path.name) for entry in Path(folder).iterdir())

    check()


@pytest.mark.parametrize(("name", "modality"), PAIRS)
def test_broken_input_is_reported_and_never_raises(name: str, modality: str) -> None:
    """Whatever bytes a file is damaged with, reading it yields items and reports, and no exception."""
    module, schema = plugins.load("formats", name), SCHEMAS[modality]

    @quick
    @given(datasets(modality), st.data())
    def check(dataset: list[Labeled], data: st.DataObject) -> None:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            module.write(iter(dataset), schema, out)
            files = sorted(path for path in out.rglob("*") if path.is_file() and path.suffix not in (".md", ".xml"))
            victim = data.draw(st.sampled_from(files))
            body = victim.read_bytes()
            at = data.draw(st.integers(0, len(body)))
            cut = data.draw(st.integers(0, 12))
            victim.write_bytes(body[:at] + data.draw(st.binary(max_size=8)) + body[at + cut :])
            for one in module.read(out, schema):
                assert isinstance(one, Labeled) or (one.place and one.reason)

    check()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"\xff\xfe\x00{",
        b"[",
        b"{}",
        b"[]",
        b"[1, null]",
        b'{"a": [',
        b"\x89PNG\r\n",
        b"PAR1",
        b'{"key": "\\ud800"}',
        b"[" * 9000,
    ],
    ids=["empty", "blank", "utf16", "cut array", "object", "array", "scalars", "cut object", "png", "magic", "surrogate", "deep"],
)
def test_files_that_are_no_such_file_are_reported(name: str, body: bytes, tmp_path: Path) -> None:
    """Empty, cut, foreign and hostile files are reported with a place and a reason, never as items and never by a traceback."""
    module = plugins.load("formats", name)
    if not module.READS:
        pytest.skip("It does not read.")
    path = tmp_path / f"bad{module.SUFFIX or '.parquet'}"
    path.write_bytes(body)
    for modality, schema in SCHEMAS.items():
        found = list(module.read(path, schema))
        # An empty array is an export of no tasks.
        assert found or body == b"[]", modality
        for one in found:
            # An object without columns is a row without answers in the formats that are rows.
            assert (isinstance(one, Broken) and one.place and one.reason) or body == b"{}" or (one.values == {} and not one.data)


@pytest.mark.parametrize(("name", "modality"), PAIRS)
def test_an_unknown_label_is_reported_with_the_nearest(name: str, modality: str, tmp_path: Path) -> None:
    """A label that the questions do not offer, misspelt say, makes an entry broken, and the reason names the nearest label."""
    module, schema = plugins.load("formats", name), SCHEMAS[modality]
    other = msgspec.convert(_renamed(msgspec.to_builtins(schema)), type(schema))

    @settings(quick, max_examples=6)
    @given(datasets(modality).filter(lambda found: any(answer.parts() for one in found for answer in one.values.values())))
    def check(dataset: list[Labeled]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            module.write(iter(dataset), schema, Path(folder) / "out")
            found = list(module.read(Path(folder) / "out", other))
            wrong = [one for one in found if isinstance(one, Broken)]
            assert len(wrong) == sum(any(answer.parts() for answer in one.values.values()) for one in dataset)
            for one in wrong:
                assert "is unknown" in one.reason
                assert "xx" in one.reason

    check()


def _renamed(schema: dict[str, Any]) -> dict[str, Any]:
    for question in schema["questions"].values():
        question["options"] = [f"{label}xx" for label in question["options"]]
    return schema


@pytest.mark.parametrize("name", FORMATS)
def test_a_schema_that_cannot_be_held_is_refused(name: str, tmp_path: Path) -> None:
    """Writing what the format cannot hold raises before anything is written."""
    module = plugins.load("formats", name)
    for modality, schema in SCHEMAS.items():
        if module.WRITES and module.refuses(schema):
            with pytest.raises(InvalidInput):
                module.write(iter([]), schema, tmp_path / modality)
            assert not (tmp_path / modality).exists()


@pytest.mark.parametrize(("name", "modality"), PAIRS)
def test_a_failed_export_leaves_no_file(name: str, modality: str, tmp_path: Path) -> None:
    """When the items stop coming half-way, no file with the labels is left that could pass for a whole one."""
    module = plugins.load("formats", name)

    def failing() -> Iterable[Labeled]:
        yield Labeled(key="a", data={"body": Text("x")}) if modality == "text" else _medium(modality, "0" * 64, "a")
        raise RuntimeError("the store went away")

    with pytest.raises(RuntimeError):
        module.write(failing(), SCHEMAS[modality], tmp_path / "out")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and path.name != "label_config.xml"] == []


@pytest.mark.parametrize(("name", "modality"), [pair for pair in PAIRS if pair[1] != "text"])
def test_media_stay_below_the_folder_whatever_their_keys(name: str, modality: str, tmp_path: Path) -> None:
    """Keys that climb, hide, collide in case or are reserved names become safe file names, one each, with the right bytes."""
    module, blobs = plugins.load("formats", name), Blobs(tmp_path / "blobs")
    keys = [
        "../../up",
        "/etc/passwd",
        "a\\..\\b",
        ".hidden",
        "CON",
        "con.png",
        "x.png",
        "X.png",
        "x" * 300,
        "a\nb",
        "sub/a.png",
        "sub_a.png",
        "é",
    ]
    bodies = {key: key.encode() * 3 for key in keys}
    dataset = [_medium(modality, blobs.put(bodies[key]), key) for key in keys]
    module.write(iter(dataset), SCHEMAS[modality], tmp_path / "deep" / "out", blobs=blobs)
    written = [path for path in (tmp_path / "deep").rglob("*") if path.is_file() and path.read_bytes() in bodies.values()]
    assert sorted(path.read_bytes() for path in written) == sorted(bodies.values())
    assert len({path.name.lower() for path in written}) == len(keys)
    assert [path.name for path in tmp_path.iterdir()] == ["blobs", "deep"] or {path.name for path in tmp_path.iterdir()} == {
        "blobs",
        "deep",
    }
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
    assert essence(module.read(tmp_path / "deep" / "out", SCHEMAS[modality])) == essence(dataset)


def _medium(modality: str, digest: str, key: str) -> Labeled:
    from labelwright.schema import Audio, Image

    value = Image(digest, 640, 480, "image/png") if modality == "image" else Audio(digest, 2.5, 16000)
    return Labeled(key=key, data={next(iter(SCHEMAS[modality].data)): value}, split="train")
