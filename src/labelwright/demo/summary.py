"""What came of the work, measured by the truth: single answers, consensus, reviewed labels, and what the certificate says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright import analytics, datasets
from labelwright.api.datasets import Certificate
from labelwright.api.figures import Outcome
from labelwright.demo.truth import Known, truth_of
from labelwright.pipeline.status import read_status
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.schema import Answer, Question
from labelwright.store import tables
from labelwright.store.codec import decode_answer, decode_values
from labelwright.store.labels import final_labels
from labelwright.store.reports import read_reports

__all__ = ["ProjectSummary", "QuestionSummary", "Summary", "summarise"]


class QuestionSummary(Struct, frozen=True, kw_only=True):
    """One question beside the truth, gold items left out.

    `answers`, `consensus` and `labels` are the accuracy of single answers as they first came, of what they say together, and of the
    labels after review: for choices the share that is right, for spans, boxes and segments the F1 of the places found (half of their
    union in common with a true place, and its label). `compared` counts the labels. `wrong_at_most` is the certificate's bound on the
    share of wrong labels before any review, at 95% confidence; it is None without enough evidence.
    """

    question: str
    kind: str
    compared: int
    answers: float | None
    consensus: float | None
    labels: float | None
    agreement: float | None
    alpha: float | None
    wrong_at_most: float | None
    certificate: str


class ProjectSummary(Struct, frozen=True, kw_only=True):
    """One project: how much went in, what people did, and what came out. `dataset` lists the files and folders of the newest version."""

    project: str
    items: int
    duplicates: int
    quarantined: int
    answers: int
    reviews: int
    tasks_open: int
    questions: list[QuestionSummary]
    requirements: list[Outcome]
    version: int | None
    version_items: int | None
    dataset: list[str]


class Summary(Struct, frozen=True, kw_only=True):
    """All projects of a workspace."""

    folder: str
    projects: list[ProjectSummary]

    def text(self) -> str:
        """Return the summary as people read it."""
        header = ["project", "question", "labels", "one answer", "consensus", "reviewed", "alpha", "wrong at most*"]
        rows = [
            [
                project.project if number == 0 else "",
                one.question,
                f"{one.compared:,}",
                _percent(one.answers),
                _percent(one.consensus),
                _percent(one.labels),
                "–" if one.alpha is None else f"{one.alpha:.2f}",
                "not enough evidence" if one.wrong_at_most is None else _percent(one.wrong_at_most),
            ]
            for project in self.projects
            for number, one in enumerate(project.questions)
        ]
        parts = [
            "Accuracy by the truth: the right label, or the F1 of the places found",
            _table(header, rows, right=range(2, 8)),
            "* the certificate: the share of labels with any error before review, at 95% confidence, from the random audit",
        ]
        for project in self.projects:
            collected = f"{project.items:,} items ({project.duplicates:,} duplicates, {project.quarantined:,} in quarantine)"
            lines = [f"{project.project}: {collected}, {project.answers:,} answers, {project.reviews:,} reviews"]
            for outcome in project.requirements:
                sign = {True: "holds", False: "does NOT hold", None: "not enough evidence"}[outcome.holds]
                lines.append(f"  required  {outcome.requirement}: {sign}")
            if project.version is not None:
                lines.append(f"  dataset   version {project.version}, {project.version_items:,} items")
            lines += [f"            {path}" for path in project.dataset]
            parts.append("\n".join(lines))
        return "\n\n".join(parts)


def summarise(workspace: Workspace) -> Summary:
    """Compare each project of a workspace with its truth.

    Raises:
        InvalidInput: the truth about a project is not known.
    """
    found = [_project(opened, truth_of(opened)) for opened in workspace.projects.values()]
    return Summary(folder=str(workspace.folder), projects=found)


def _project(opened: OpenProject, truth: Known) -> ProjectSummary:
    project = opened.project
    with project.database.read() as connection:
        status = read_status(connection, project)
        requirements = analytics.check_requirements(connection, project, opened.pipeline.requirements)
        versions = datasets.versions(connection, project.id)
        certificate = datasets.certificate(connection, project)
        questions = _questions(connection, opened, truth, certificate)
    newest = max(versions, key=lambda version: version.number, default=None)
    targets = [(project.folder / target.to).resolve() for target in opened.pipeline.dataset.export]
    return ProjectSummary(
        project=project.name,
        items=status.prepared,
        duplicates=status.duplicates,
        quarantined=status.quarantined,
        answers=status.annotations,
        reviews=status.reviews_given,
        tasks_open=status.remaining,
        questions=questions,
        requirements=requirements,
        version=newest.number if newest else None,
        version_items=newest.items if newest else None,
        dataset=[_shown(path) for path in targets if path.exists()],
    )


def _questions(connection: Connection, opened: OpenProject, truth: Known, certificate: Certificate) -> list[QuestionSummary]:
    project = opened.project
    items, annotations, consensus = tables.items, tables.annotations, tables.consensus
    query = sa.select(items.c.id, items.c.key).where(items.c.project_id == project.id, items.c.state == "active")
    right = {item_id: truth[key] for item_id, key in connection.execute(query) if key in truth}
    given: dict[str, list[tuple[int, Answer]]] = {name: [] for name in project.schema.questions}
    first = sa.select(annotations.c.item_id, annotations.c["values"]).where(
        annotations.c.project_id == project.id,
        annotations.c.origin == "person",
        annotations.c.purpose == "label",
        annotations.c.replaces.is_(None),
    )
    for item_id, values in connection.execute(first):
        for name, answer in decode_values(values).items():
            given[name].append((item_id, answer))
    agreed: dict[str, list[tuple[int, Answer]]] = {name: [] for name in project.schema.questions}
    for row in connection.execute(
        sa.select(consensus.c.item_id, consensus.c.question, consensus.c.answer).where(consensus.c.project_id == project.id)
    ):
        agreed.setdefault(row.question, []).append((row.item_id, decode_answer(row.answer)))
    final: dict[str, list[tuple[int, Answer]]] = {name: [] for name in project.schema.questions}
    for label in final_labels(connection, project.id, project.schema):
        if label.origin != "gold":
            final[label.question].append((label.item_id, label.answer))
    report = read_reports(connection, project.id, "agreement").agreement
    agreement = {one.question: one for one in report.questions} if report else {}
    found = []
    for name, question in project.schema.questions.items():
        known = {item_id: values[name] for item_id, values in right.items() if name in values}
        figures, proof = agreement.get(name), certificate.questions[name]
        found.append(
            QuestionSummary(
                question=name,
                kind=question.kind,
                compared=sum(item_id in known for item_id, _ in final[name]),
                answers=_accuracy(question, known, given[name]),
                consensus=_accuracy(question, known, agreed[name]),
                labels=_accuracy(question, known, final[name]),
                agreement=figures.agreement.value if figures else None,
                alpha=figures.alpha.value if figures else None,
                wrong_at_most=proof.bound if proof.enough else None,
                certificate=proof.statement,
            )
        )
    return found


def _accuracy(question: Question, truth: dict[int, Answer], answers: Iterable[tuple[int, Answer]]) -> float | None:
    """The share of right choices, or the F1 over all places together."""
    hits = whole = 0.0
    for item_id, answer in answers:
        right = truth.get(item_id)
        if right is None:
            continue
        if question.shape is None:
            hits, whole = hits + 2 * question.similarity(answer, right), whole + 2
        else:
            hits += 2 * len(question.match(right, answer).pairs)
            whole += len(right.parts()) + len(answer.parts())
    return hits / whole if whole else None


def _shown(path: Path) -> str:
    """The path as one would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: range) -> str:
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        sized = zip(row, widths, strict=True)
        return "  ".join(cell.rjust(width) if column in right else cell.ljust(width) for column, (cell, width) in enumerate(sized)).rstrip()

    return "\n".join([line(header), "  ".join("─" * width for width in widths), *map(line, rows)])
