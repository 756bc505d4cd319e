"""A text that would be a formula in a spreadsheet is shielded in an exported CSV file, and read back as it was."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec
import pytest

from labelwright.formats import Labeled
from labelwright.formats import csv as csv_format
from labelwright.schema import Schema, Text
from labelwright.schema.kinds.choice import Choice

SCHEMA = msgspec.convert(
    {"data": {"body": "text"}, "questions": {"intent": {"kind": "choice", "of": "body", "options": ["=cmd", "bug"]}}}, Schema
)
DANGEROUS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''@x", "=", "-"]
HARMLESS = ["-5", "+3.25", "-1e-5", "plain", "a=b", "'quoted'", "", "it's"]


@pytest.mark.parametrize("formulas", [False, True])
def test_formulas_are_shielded_unless_they_are_wanted(tmp_path: Path, formulas: bool) -> None:
    """No cell begins like a formula, numbers and other texts are left alone; with `formulas` every cell is as it was."""
    texts = DANGEROUS + HARMLESS
    dataset = [Labeled(key=f"@{number}", data={"body": Text(text)}, values={"intent": Choice("=cmd")}) for number, text in enumerate(texts)]
    path = tmp_path / "labels.csv"
    csv_format.write(dataset, SCHEMA, path, formulas=formulas)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    bodies = [row["body"] for row in rows]
    assert bodies[len(DANGEROUS) :] == HARMLESS
    assert bodies[: len(DANGEROUS)] == (DANGEROUS if formulas else [f"'{text}" for text in DANGEROUS])
    assert rows[0]["key"] == ("@0" if formulas else "'@0")
    assert rows[0]["intent"] == ("=cmd" if formulas else "'=cmd")


def test_what_was_shielded_is_read_back_exactly(tmp_path: Path) -> None:
    """Keys, texts and labels come back without the apostrophe that was put in front, and with those of their own."""
    texts = DANGEROUS + HARMLESS
    dataset = [Labeled(key=f"@{number}", data={"body": Text(text)}, values={"intent": Choice("=cmd")}) for number, text in enumerate(texts)]
    path = tmp_path / "labels.csv"
    csv_format.write(dataset, SCHEMA, path)
    read = list(csv_format.read(path, SCHEMA))
    assert [one.data["body"].text for one in read] == texts  # type: ignore[union-attr]
    assert [one.key for one in read] == [f"@{number}" for number in range(len(texts))]  # type: ignore[union-attr]
    assert {one.values["intent"].label for one in read} == {"=cmd"}  # type: ignore[union-attr]
