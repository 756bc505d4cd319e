"""Frozen versions: immutable, idempotent, complete, and written out again."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec
import pytest
import sqlalchemy as sa

from labelwright import plugins
from labelwright.api.figures import Outcome
from labelwright.datasets import DatasetPolicy, ExportTarget, export, export_all, find_version, freeze, versions
from labelwright.errors import InvalidInput, NotFound
from labelwright.review import record, shown
from labelwright.schema import Verdict
from labelwright.schema.kinds.choice import Choice
from labelwright.store import tables
from labelwright.store.project import Project
from tests.datasets.labeling import agree, annotate, pick, review
from tests.rows import add_known, add_texts, add_users, count

HALVES = DatasetPolicy(split={"train": "50%", "test": "50%"})


@pytest.fixture
def finished(make_project: Callable[..., Project]) -> tuple[Project, list[int]]:
    """50 items: 46 labeled by consensus, of which two were reviewed; one gold; three without a label."""
    project = make_project(guidelines="Be kind.")
    ids = add_texts(project, [f"text 🙂 {number}" for number in range(50)])
    anna, bert, rita = add_users(project, "anna", "bert", "rita")
    given = {item_id: [annotate(project, item_id, user, {"intent": Choice("bug")}) for user in (anna, bert)] for item_id in ids[:2]}
    agree(project, dict.fromkeys(ids[:46], "bug"), annotations=given)
    pick(project, ids[:2])
    review(project, ids[0], rita, {"intent": Choice("bug")})
    review(project, ids[1], rita, {"intent": Choice("bug")}, {"intent": Choice("refund")})
    add_known(project, ids[46], {"intent": Choice("other")})
    return project, ids


def lines(project: Project, version: int | None = None, policy: DatasetPolicy | None = None) -> list[dict[str, object]]:
    out = io.BytesIO()
    export(project, "jsonl", out, version=version, policy=policy)
    return [msgspec.json.decode(line) for line in out.getvalue().splitlines()]


def test_a_version_says_how_every_label_came_to_be(finished: tuple[Project, list[int]]) -> None:
    """Consensus with its annotators, method and confidence; reviews with their reviewer; gold: each label carries its provenance."""
    project, _ = finished
    version = freeze(project, HALVES, requirements=[Outcome(requirement="count(intent) >= 1", holds=True)])
    assert (version.number, version.items, version.unfinished, version.new) == (1, 47, 3, True)
    assert version.labels == {"intent": {"bug": 45, "refund": 1, "other": 1}}
    assert version.origins == {"intent": {"consensus": 44, "review": 2, "gold": 1}}
    assert sum(version.splits.values()) == 47
    rows = {row["key"]: row for row in lines(project, 1)}
    assert rows["t1"]["intent"] == "refund"
    fixed = {"origin": "review", "annotators": ["rita"], "reviewer": "rita", "confidence": 1.0, "pipeline_versions": [1]}
    assert rows["t1"]["provenance"] == {"intent": fixed}
    assert rows["t2"]["provenance"] == {"intent": {"origin": "consensus", "method": "dawid_skene", "confidence": 0.9}}
    assert rows["t46"]["provenance"] == {"intent": {"origin": "gold", "confidence": 1.0, "file": "test"}}
    manifest = msgspec.json.decode(project.blobs.get(version.manifest))
    assert manifest["pipeline"]["number"] == 1
    assert manifest["pipeline_versions"]["1"]["guidelines_digest"] == manifest["guidelines_digest"]
    assert "## Certificate" in manifest["card"]
    assert "Be kind." in manifest["card"]
    assert msgspec.convert(manifest["requirements"], list[Outcome]) == [Outcome(requirement="count(intent) >= 1", holds=True)]


def test_labels_are_counted_as_their_question_says(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> None:
    """A version counts the labels of a kind that has classes beside its parts as the dashboard does."""
    from labelwright.analytics.labeled import read_labels
    from labelwright.schema.kinds.choice import ChoiceQuestion

    project = make_project()
    ids = add_texts(project, ["one", "two"])
    agree(project, {ids[0]: "bug", ids[1]: "refund"})
    monkeypatch.setattr(ChoiceQuestion, "classes", lambda self, answer: ["any", answer.label])
    counted = freeze(project).labels["intent"]
    with project.database.read() as connection:
        assert counted == read_labels(connection, project.id, project.schema).questions["intent"].places
    assert counted == {"any": 2, "bug": 1, "refund": 1}


def test_annotators_of_a_consensus_are_named(finished: tuple[Project, list[int]]) -> None:
    """A label that rests on annotations names their authors."""
    project, ids = finished
    given = annotate(project, ids[47], add_users(project, "carl")[0], {"intent": Choice("bug")})
    agree(project, {ids[47]: "bug"}, annotations={ids[47]: [given]})
    rows = {row["key"]: row for row in lines(project)}
    assert rows["t47"]["provenance"]["intent"]["annotators"] == ["carl"]  # type: ignore[index]


def test_an_accepted_consensus_keeps_what_it_rested_on(finished: tuple[Project, list[int]]) -> None:
    """A label that a reviewer accepted names the annotators and the method of the consensus, whatever the consensus says later."""
    project, ids = finished
    given = annotate(project, ids[47], add_users(project, "carl")[0], {"intent": Choice("bug")})
    agree(project, {ids[47]: "bug"}, annotations={ids[47]: [given]})
    rita = project.database.write(lambda connection: connection.scalar(sa.select(tables.users.c.id).where(tables.users.c.name == "rita")))

    def accept(connection: sa.Connection) -> None:
        task = sa.insert(tables.tasks).values(project_id=project.id, item_id=ids[47], purpose="review", state="leased", lane=1, rank=0)
        number = connection.execute(task).inserted_primary_key[0]
        verdict = Verdict(verdict="accept", seen=shown(connection, ids[47]))
        record(
            connection,
            project,
            item_id=ids[47],
            task_id=number,
            reviewer_id=rita,
            verdict=verdict,
            annotation=None,
            fixed_annotation_id=None,
        )

    project.database.write(accept)
    project.database.write(lambda connection: connection.execute(sa.delete(tables.consensus)))
    (row,) = [row for row in lines(project) if row["key"] == "t47"]
    assert row["provenance"]["intent"] == {  # type: ignore[index]
        "origin": "review",
        "annotators": ["carl"],
        "reviewer": "rita",
        "method": "dawid_skene",
        "confidence": 1.0,
        "pipeline_versions": [1],
    }


def test_the_same_content_is_the_same_version(finished: tuple[Project, list[int]]) -> None:
    """Freezing again changes nothing; another label makes version 2; going back to the first labels is version 1 again."""
    project, ids = finished
    first = freeze(project, HALVES)
    again = freeze(project, HALVES)
    assert (again.number, again.digest, again.new) == (1, first.digest, False)
    assert count(project, tables.dataset_versions) == 1
    change = sa.update(tables.consensus).where(tables.consensus.c.item_id == ids[5])
    before = '{"kind":"choice","label":"bug"}'
    project.database.write(lambda connection: connection.execute(change.values(answer='{"kind":"choice","label":"other"}')))
    second = freeze(project, HALVES)
    assert (second.number, second.new) == (2, True)
    project.database.write(lambda connection: connection.execute(change.values(answer=before)))
    assert freeze(project, HALVES).number == 1
    with project.database.read() as connection:
        assert [version.number for version in versions(connection, project.id)] == [2, 1]
        assert find_version(connection, project.id, 1).digest == first.digest
        with pytest.raises(NotFound, match="newest is 2"):
            find_version(connection, project.id, 3)


def test_a_version_stays_when_the_project_moves_on(finished: tuple[Project, list[int]]) -> None:
    """Labels and items that change or go later leave a frozen version as it was."""
    project, _ = finished
    freeze(project, HALVES)
    before = lines(project, 1)

    def work(connection: sa.Connection) -> None:
        connection.execute(sa.update(tables.items).values(state="replaced"))
        connection.execute(sa.delete(tables.consensus))

    project.database.write(work)
    assert lines(project, 1) == before
    assert lines(project) == []
    with pytest.raises(InvalidInput, match="nothing to freeze"):
        freeze(project, HALVES)


def test_a_version_equals_what_was_exported_when_it_was_frozen(finished: tuple[Project, list[int]]) -> None:
    """The labels as they stand and a version frozen from them are written alike, splits included."""
    project, _ = finished
    freeze(project, HALVES)
    assert lines(project, 1) == lines(project, policy=HALVES)


@pytest.mark.parametrize("format", ["jsonl", "csv", "label_studio", "parquet"])
def test_an_export_of_large_texts_needs_no_more_memory_than_a_few_of_them(format: str, make_project: Callable[..., Project]) -> None:
    """Memory follows how large the items are and not how many there are."""
    project = make_project()
    agree(project, dict.fromkeys(add_texts(project, ["word " * 40_000] * 1000), "bug"))  # 200 million characters

    class Nothing(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, body: Any) -> int:
            return len(body)

    tracemalloc.start()
    try:
        assert export(project, format, cast("BinaryIO", Nothing())) == 1000
        assert tracemalloc.get_traced_memory()[1] < 120_000_000
    finally:
        tracemalloc.stop()


def test_a_folder_gets_card_certificate_and_manifest(finished: tuple[Project, list[int]], tmp_path: Path) -> None:
    """Every place that the policy names gets the labels; folders also what is proved about them, the Hub's header kept."""
    project, _ = finished
    policy = DatasetPolicy(
        split=HALVES.split,
        export=(
            ExportTarget(to="out/hf/", format="hugging_face"),
            ExportTarget(to="out/all", format="label_studio"),
            ExportTarget(to="out/labels.csv", format="csv"),
        ),
    )
    policy.check()
    version = freeze(project, policy)
    written = export_all(project, policy, version.number)
    assert [path.relative_to(project.folder).as_posix() for path in written] == ["out/hf", "out/all", "out/labels.csv"]
    card = (written[0] / "README.md").read_text("utf-8")
    assert card.startswith("---\nconfigs:")
    assert "## Certificate" in card
    assert msgspec.json.decode((written[1] / "certificate.json").read_bytes())["questions"]["intent"]["enough"] is False
    assert (written[1] / "manifest.json").read_bytes() == project.blobs.get(version.manifest)
    assert written[2].is_file()
    module = plugins.load("formats", "hugging_face")
    assert sum(1 for _ in module.read(written[0], project.schema)) == 47
    with pytest.raises(InvalidInput, match="no local path"):
        export_all(project, DatasetPolicy(export=(ExportTarget(to="s3://acme/train/"),)), version.number)


def test_a_format_that_cannot_hold_the_answers_says_so(finished: tuple[Project, list[int]], tmp_path: Path) -> None:
    """Asking for boxes from a project of choices is explained, and an unknown format named with the nearest."""
    project, _ = finished
    with pytest.raises(InvalidInput, match="no question asks for them"):
        export(project, "coco", tmp_path / "coco")
    with pytest.raises(InvalidInput, match="parquet"):
        export(project, "parket", tmp_path / "x")
    assert not (tmp_path / "coco").exists()


def test_items_without_a_required_label_are_left_out(make_project: Callable[..., Project]) -> None:
    """An item with only one of two required labels is unfinished; a missing optional one is no reason to leave it out."""
    question = {"kind": "choice", "of": "body", "options": ["a", "b"]}
    schema = {"data": {"body": "text"}, "questions": {"one": question, "two": question, "maybe": {**question, "required": False}}}
    project = make_project(schema)
    ids = add_texts(project, ["x", "y"])
    agree(project, dict.fromkeys(ids, "a"), question="one")
    agree(project, {ids[0]: "b"}, question="two")
    version = freeze(project)
    assert (version.items, version.unfinished, version.splits) == (1, 1, {})
    assert [row["key"] for row in lines(project, 1)] == ["t0"]
