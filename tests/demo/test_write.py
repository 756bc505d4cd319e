"""The demo workspace: the same every time, exact, and complete."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from labelwright import checks, demo
from labelwright.demo import read_truth
from labelwright.demo.makers import clips, tickets
from labelwright.demo.makers.tickets import read_marked
from labelwright.pipeline.declare import Pipeline
from labelwright.schema import Audio, Field, Image, Item, Text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo workspace, to be looked at only."""
    folder = tmp_path_factory.mktemp("demo")
    demo.write(folder)
    return folder


def fields(folder: Path, name: str, modality: str, key: str) -> dict[str, Field]:
    """What an item shows, read from the files as anybody would."""
    if modality == "text":
        return {name: Text(rows(folder)[key]["message"])}
    if modality == "image":
        from PIL import Image as Pictures

        with Pictures.open(folder / "data" / key) as picture:
            return {name: Image("", *picture.size)}
    import soundfile

    found = soundfile.info(folder / "data" / key)
    return {name: Audio("", found.duration, found.samplerate)}


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for line in (folder / "data" / "tickets.jsonl").read_bytes().splitlines():
        try:
            row = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        found[row["id"]] = row
    return found


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("name", demo.PROJECTS)
def test_each_project_is_declared_in_full(folder: Path, name: str) -> None:
    """Every pipeline file loads, and has guidelines, labelers, gold, a dataset to compare with, requirements, splits and exports."""
    pipeline = Pipeline.load(folder / name)
    assert pipeline.name == name
    assert pipeline.schema.guidelines
    assert len((folder / name / pipeline.schema.guidelines).read_text("utf-8")) > 500
    assert [next(iter(labeler)) for labeler in pipeline.assist.labelers if not isinstance(labeler, str)] == ["functions", "model"]
    assert pipeline.quality.gold
    assert pipeline.quality.cross_validate
    assert pipeline.checks
    assert pipeline.requirements
    assert pipeline.dataset.shares
    assert pipeline.dataset.export


@pytest.mark.parametrize("name", demo.PROJECTS)
def test_the_truth_is_valid_and_passes_the_checks(folder: Path, name: str) -> None:
    """Every true answer fits its item to the last letter and pixel, and no check finds an error in it."""
    pipeline = Pipeline.load(folder / name)
    rules = checks.compile_rules(pipeline.schema, pipeline.checks, folder / name)
    ((field, modality),) = pipeline.schema.data.items()
    truth = read_truth(folder / name / "truth.jsonl", pipeline.schema)
    assert len(truth) >= 40
    for number, (key, values) in enumerate(truth.items()):
        assert set(values) == set(pipeline.schema.questions)
        item = Item(number, key, "", fields(folder / name, field, modality, key), {})
        findings = checks.inspect(pipeline.schema, values, item, rules=rules)
        assert [finding for finding in findings if finding.severity == "error"] == [], key


@pytest.mark.parametrize("name", demo.PROJECTS)
def test_the_pipeline_sees_a_small_part_of_the_truth(folder: Path, name: str) -> None:
    """Gold is a part of the truth, the older dataset is about other items and has errors, and no source reads the truth."""
    schema = Pipeline.load(folder / name).schema
    truth, gold, old = (read_truth(folder / name / f"{file}.jsonl", schema) for file in ("truth", "gold", "old_labels"))
    assert all(truth[key] == values for key, values in gold.items())
    assert len(gold) <= 0.12 * len(truth)
    assert not set(gold) & set(old)
    right = sum(truth[key] == values for key, values in old.items())
    assert right < len(old)
    assert all(source.uri.startswith("data") for source in Pipeline.load(folder / name).all_sources)


def test_messages_are_marked_exactly(folder: Path) -> None:
    """300 messages are all different, use every label, and their marked places are the words that were marked."""
    truth = read_truth(folder / "tickets" / "truth.jsonl", Pipeline.load(folder / "tickets").schema)
    texts = {key: row["message"] for key, row in rows(folder / "tickets").items() if (row.get("message") or "").strip()}
    assert set(texts) == set(truth)
    assert len(set(texts.values())) == 300
    assert not any("{" in text.replace("{undefined}", "") or "|" in text for text in texts.values())
    words: dict[str, set[str]] = {}
    for key, values in truth.items():
        for unit in values["entities"].parts():
            start, end = unit.geometry
            words.setdefault(unit.label, set()).add(texts[key][int(start) : int(end)])
    assert len(words["PRODUCT"]) == 10
    assert all(any(character.isdigit() for character in amount) for amount in words["AMOUNT"])
    assert len(words["DATE"]) >= 90


def test_marks_count_code_points() -> None:
    """An emoji before a place counts as one code point, as everywhere in the site."""
    assert read_marked("🪴🪴 {DATE|today}") == ("🪴🪴 today", [{"start": 3, "end": 8, "label": "DATE"}])


def test_boxes_and_calls_stand_where_something_is(folder: Path) -> None:
    """Within a box the picture differs from the hill behind it, and a call is louder than what is between the calls."""
    import numpy as np
    import soundfile

    truth = read_truth(folder / "clips" / "truth.jsonl", Pipeline.load(folder / "clips").schema)
    for key, values in truth.items():
        samples, rate = soundfile.read(folder / "clips" / "data" / key)
        inside = np.zeros(len(samples), bool)
        for unit in values["calls"].parts():
            start, end = (round(edge * rate) for edge in unit.geometry)
            assert not inside[start:end].any(), "calls do not overlap"
            inside[start:end] = True
        assert (samples[inside] ** 2).mean() > 1.5 * (samples[~inside] ** 2).mean(), key


def test_a_seed_makes_the_same_data_each_time(tmp_path: Path) -> None:
    """Messages and recordings are the same bytes for one seed, and others for another."""
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        tickets.make(tmp_path / name / "tickets", seed)
        clips.make(tmp_path / name / "clips", seed)
    one, two, three = (digests(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert all(one[name] != three[name] for name in ("tickets/data/tickets.jsonl", "clips/data/clip-01.wav"))


def test_writing_again_keeps_what_was_edited(folder: Path) -> None:
    """A second call changes no file, not even one that somebody has edited since."""
    edited = folder / "tickets" / "guidelines.md"
    edited.write_text(edited.read_text("utf-8") + "\nOne more rule.\n", "utf-8")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert demo.write(folder) == [folder / name for name in demo.PROJECTS]
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
