"""Plays a kind of answer through the whole product: collected, answered, brought together, reviewed, frozen, written and read again.

It is also a program, `python -m tests.conformance.kinds STORE FOLDER KIND…`, so that kinds of other packages can be played in a process
that has those on its path.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from labelwright import datasets, plugins, stats
from labelwright.api.reports import LabelErrorsReport
from labelwright.api.tasks import BlindAnswer, Submission
from labelwright.demo.persona import Persona
from labelwright.formats import Broken
from labelwright.pipeline import events
from labelwright.pipeline.run import advance, catch_up, freeze
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.schema import Answer, Question, Verdict
from labelwright.schema.kinds import LabelQuestion
from labelwright.schema.kinds._marks import labeled
from labelwright.schema.modalities import MODALITIES, Stored
from labelwright.store import people, tables
from labelwright.store.codec import decode_answer, decode_fields
from labelwright.store.labels import final_labels
from labelwright.store.reports import read_report

__all__ = ["ITEMS", "play", "question_of"]

ITEMS = 16
PEOPLE = 3

PIPELINE = """
name: {name}
sources: [{{uri: {uri}{more}}}]
schema: {{data: {{seen: {modality}}}, questions: {{asked: {question}}}}}
tasks: {{overlap: {people}, gold: 0%}}
review: {{sample: 100%}}
run: {{store: "{store}"}}
"""


def question_of(kind: str) -> dict[str, Any]:
    """The declaration of a question of a kind, as short as it can be."""
    needs_options = issubclass(plugins.load("kinds", kind).QUESTION, LabelQuestion)
    return {"kind": kind, "of": "seen", **({"options": ["a", "b", "c"]} if needs_options else {})}


def play(kind: str, store: str, folder: Path) -> None:
    """Play one kind through a project of its own; anything that does not hold is an AssertionError."""
    modality = sorted(plugins.load("kinds", kind).QUESTION.modalities)[-1]
    workspace = _project(kind, modality, store, folder)
    try:
        opened = workspace.projects[kind]
        question: Question = opened.project.schema.questions["asked"]
        truth = _truth(opened, question)
        assert len(truth) == ITEMS
        _answer(opened, truth)
        catch_up(opened)
        _better_than_one(opened, question, truth)
        _doubted(opened, question, truth)
        _review(opened, truth)
        frozen = freeze(opened)
        assert frozen.version.items == ITEMS
        _formats(opened, truth, folder)
    finally:
        workspace.close()


def _project(kind: str, modality: str, store: str, folder: Path) -> Workspace:
    root = folder / kind
    data = root / "data"
    data.mkdir(parents=True)
    media, luck = plugins.load("media", modality), random.Random(kind)
    bodies = [media.sample(luck) for _ in range(ITEMS)]
    uri, more = "data", ""
    if issubclass(MODALITIES[modality], Stored):
        for number, body in enumerate(bodies):
            (data / f"i{number}{sorted(media.SUFFIXES)[0]}").write_bytes(body)
    else:
        lines = [f"i{number},{media.read(body)}" for number, body in enumerate(bodies)]
        (data / "rows.csv").write_text("\n".join(["id,seen", *lines, ""]), "utf-8")
        uri, more = "data/rows.csv", ", id: id"
    written = PIPELINE.format(
        name=kind, uri=uri, more=more, modality=modality, question=_flow(question_of(kind)), people=PEOPLE, store=store
    )
    (root / "labelwright.yaml").write_text(written, "utf-8")
    workspace = Workspace.open(root)
    advance(workspace.projects[kind])
    return workspace


def _flow(declared: dict[str, Any]) -> str:
    import json

    return json.dumps(declared)


def _truth(opened: OpenProject, question: Question) -> dict[int, Answer]:
    """An answer to each item that is valid."""
    items = tables.items
    with opened.project.database.read() as connection:
        rows = connection.execute(sa.select(items.c.id, items.c.data).where(items.c.state == "active").order_by(items.c.id)).all()
    found = {}
    for number, data in rows:
        fields = decode_fields(data)
        found[number] = question.sample(fields, random.Random(number))
        assert question.problems(found[number], fields) == []
    return found


def _people(opened: OpenProject, *names: str, role: str) -> list[int]:
    def work(connection: sa.Connection) -> list[int]:
        made = [people.create_user(connection, name) for name in names]
        for user_id in made:
            people.set_role(connection, opened.project.id, user_id, role)  # type: ignore[arg-type]  # a role by its name
        return made

    return opened.project.database.write(work)


def _answer(opened: OpenProject, truth: dict[int, Answer]) -> None:
    """Let simulated annotators answer everything, each through the events that the page uses."""
    names = [f"ann {number}" for number in range(PEOPLE)]
    for name, user_id in zip(names, _people(opened, *names, role="annotator"), strict=True):
        persona = Persona(name, 0.8)
        for number in range(ITEMS):
            (task,) = opened.project.database.write(lambda connection, who=user_id: events.next_tasks(connection, opened, who))
            values: dict[str, Any] = {}
            for question, asked in opened.project.schema.questions.items():
                given, _ = persona.answer(question, asked, truth[task.item.id], task.item.data, key=task.item.key)
                values[question] = given
            submission = Submission(values=values, seconds_active=9.0, confirmed=True)
            inspected = events.inspect(opened, task.id, values, seconds_active=9.0)
            opened.project.database.write(
                lambda connection, who=user_id, task=task, given=(submission, inspected), number=number: events.submit(
                    connection, opened, who, task.id, *given, key=f"{who} {number}", next=False
                )
            )


def _better_than_one(opened: OpenProject, question: Question, truth: dict[int, Answer]) -> None:
    """What several say together is no worse than what one says on average."""
    consensus, annotations = tables.consensus, tables.annotations
    with opened.project.database.read() as connection:
        agreed = {row.item_id: decode_answer(row.answer) for row in connection.execute(sa.select(consensus))}
        given = [(row.item_id, row.values) for row in connection.execute(sa.select(annotations.c.item_id, annotations.c["values"]))]
    assert agreed.keys() == truth.keys()
    together = [question.similarity(answer, truth[item_id]) for item_id, answer in agreed.items()]
    alone = [question.similarity(_one(opened, values), truth[item_id]) for item_id, values in given]
    assert sum(together) / len(together) >= sum(alone) / len(alone) - 1e-9


def _doubted(opened: OpenProject, question: Question, truth: dict[int, Answer]) -> None:
    """Labels are searched for errors, or it is said why not; of marks those are found that a model sees and nobody marked."""
    with opened.project.database.read() as connection:
        report: LabelErrorsReport = read_report(connection, opened.project.id, "label_errors", LabelErrorsReport)
    (found,) = report.questions
    assert found.accuracy.value is not None or found.reason.endswith(".")
    if opened.project.schema.data["seen"] in plugins.names("features"):
        assert "cannot be looked at" not in found.reason
    if question.shape is None:
        return
    seen = [labeled(answer) for answer in truth.values()]
    sure = [(labels, marks, [0.9] * len(labels)) for labels, marks in seen]
    assert stats.find_shape_errors(question.shape, seen, sure, iou=question.least).suspects == []
    nothing = stats.find_shape_errors(question.shape, [([], [])] * len(seen), sure, iou=question.least)
    assert [one.reason for one in nothing.suspects] == ["overlooked"] * sum(len(labels) for labels, _ in seen)


def _one(opened: OpenProject, values: str) -> Answer:
    import msgspec

    return opened.project.schema.read_values(msgspec.json.decode(values))["asked"]


def _review(opened: OpenProject, truth: dict[int, Answer]) -> None:
    """Let a reviewer audit everything: blind, and where that differs from the label with a correction."""
    (reviewer,) = _people(opened, "rev", role="reviewer")
    write = opened.project.database.write
    for number in range(ITEMS):
        (task,) = write(lambda connection: events.next_tasks(connection, opened, reviewer, purpose="review"))
        right = {"asked": truth[task.item.id]}
        audited = write(
            lambda connection, task=task, right=right, number=number: events.answer_blind(
                connection, opened, reviewer, task.id, BlindAnswer(values=right), key=f"blind {number}"
            )
        )
        if not audited.done:
            assert audited.task is not None
            assert audited.task.audit is not None
            verdict = Verdict(verdict="fix", values=right, seen=audited.task.audit.seen)
            inspected = events.inspect(opened, task.id, right)
            write(
                lambda connection, task=task, verdict=verdict, inspected=inspected, number=number: events.give_review(
                    connection, opened, reviewer, task.id, verdict, inspected, key=f"verdict {number}"
                )
            )


def _formats(opened: OpenProject, truth: dict[int, Answer], folder: Path) -> None:
    """Every format either says why it cannot hold the kind, or gives back what it was given."""
    project, held = opened.project, 0
    items = tables.items
    question = project.schema.questions["asked"]
    with project.database.read() as connection:
        keys = dict(connection.execute(sa.select(items.c.key, items.c.id).where(items.c.state == "active")).all())
        labels = {one.item_id: one.answer for one in final_labels(connection, project.id, project.schema)}
    # An audit lets a label stand that counts as the same as the auditor's answer.
    assert all(question.alike(labels[item_id], answer) for item_id, answer in truth.items())
    for name in plugins.names("formats"):
        module = plugins.load("formats", name)
        if not module.WRITES or module.refuses(project.schema):
            continue
        target = folder / f"{opened.name} as {name}"
        datasets.export(project, name, target, policy=opened.pipeline.dataset)
        if not module.READS:
            continue
        read = list(module.read(target, project.schema))
        assert not any(isinstance(one, Broken) for one in read), (name, read)
        assert {keys[one.key]: one.values.get("asked") for one in read} == labels, name
        held += 1
    assert held


if __name__ == "__main__":
    for kind in sys.argv[3:]:
        play(kind, sys.argv[1], Path(sys.argv[2]))
    print("played", *sys.argv[3:])
