"""Brings all that is derived from answers up to date, at a cost that follows what changed.

A light refresh judges the items that something happened to since the last one, by what the last fit learned. A deep one reads all
answers, fits the models anew and rewrites the reports; it comes by itself when the answers have grown by a twentieth, so that all deep
refreshes together cost about twenty times the last of them. A search for label errors comes when they have grown by a fifth. What a deep
refresh of everything rested on is kept with its result: while that stands, nobody who asks for everything again has to wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.api.reports import AgreementReport, CriteriaReport, LabelErrorsReport, QuestionAgreement, QuestionCriteria
from labelwright.quality import agreement, annotators, consensus, criteria, cross_validation, gold, label_errors
from labelwright.quality.aggregation import GatheredAnswers, QuestionFit, aggregation_of
from labelwright.quality.annotators import Measured
from labelwright.quality.answers import PAGE, Page, pages, read
from labelwright.quality.consensus import Changed
from labelwright.quality.pairs import Comparison, Guidelines
from labelwright.quality.policy import QualityPolicy
from labelwright.schema import Question, content_hash
from labelwright.schema.figure import Figure
from labelwright.store import log, tables
from labelwright.store.asked import asked_of
from labelwright.store.codec import encode
from labelwright.store.kept import library
from labelwright.store.memory import give_back_large, give_back_pages
from labelwright.store.portable import MOST
from labelwright.store.project import Project
from labelwright.store.reports import read_report, write_report

__all__ = ["Fits", "Refreshed", "refresh"]

Progress = Callable[[int, int | None, str], None]

GROWTH, SEARCH_GROWTH = 0.05, 0.2
"""By how much the answers grow until all is measured again, and until label errors are searched for again."""

EVENTS = 10_000
"""Events read at a time."""

_SILENT = ("task_skipped", "comment_added", "comment_resolved")
"""Events that change no answer."""

_ANSWERS = ("annotation_submitted", "review_given")
"""Events after which there is something new to measure."""


class Fits(Struct, frozen=True, kw_only=True):
    """Report `consensus`: what the last fit of each question learned; `answers` counts the annotations that counted then.

    `new` counts the answers and reviews that came since, and `unsearched` those since label errors were last searched for. `basis` is the
    hash of what all that is derived rested on, besides the events read so far; empty where a part of it is older than the rest.
    """

    digest: str = ""
    basis: str = ""
    answers: int = 0
    new: int = 0
    unsearched: int = 0
    questions: dict[str, QuestionFit] = {}


class Refreshed(Struct, frozen=True, kw_only=True):
    """What a refresh did: rows of the consensus that changed, and whether all was measured again (`deep`)."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    deep: bool = False


def _quiet(done: int, total: int | None, what: str) -> None:
    pass


def refresh(
    project: Project,
    policy: QualityPolicy,
    *,
    machines: Sequence[str] = (),
    full: bool = False,
    anew: bool = False,
    progress: Progress = _quiet,
) -> Refreshed:
    """Write consensus, annotator quality and the quality reports for what was answered.

    `machines` names the labelers whose suggestions count as one more annotator's answers. With `full`, every item is looked at again,
    unless that was done already and nothing that it rested on has changed. With `anew`, models and reports count every answer, however few
    came since; without, they are made again where a twentieth is new. Where nothing happened since the last time, nothing is read and
    nothing written. Running it again, or after a crash anywhere, comes to the same result.
    """
    give_back_large()
    digest = content_hash([encode(policy), list(machines), encode(project.schema)])[:16]
    cursor = f"quality {digest}"
    touched: set[int] = set()
    answered, imported, everything = 0, False, full
    with project.database.read() as connection:
        fits = read_report(connection, project.id, "consensus", Fits) or Fits()
        basis = _basis(connection, project, machines, digest)
        searched = read_report(connection, project.id, "label_errors", LabelErrorsReport)
        full = fits.digest != digest or (everything and (fits.basis != basis or label_errors.sees_more(project, searched)))
        reached = log.newest(connection, project.id)
        after = log.position(connection, project.id, cursor)
        while not full:
            events = log.follow(connection, project.id, after, EVENTS)
            if not events:
                break
            reached = after = events[-1].position
            imported = imported or any(event.kind == "labels_imported" for event in events)
            touched |= {event.item_id for event in events if event.item_id is not None and event.kind not in _SILENT}
            answered += sum(event.kind in _ANSWERS for event in events)
            if everything and (imported or touched):
                full, reached = True, log.newest(connection, project.id)
        if not (full or imported or touched or (anew and fits.new)):
            if reached != log.position(connection, project.id, cursor):
                project.database.write(lambda connection: log.remember(connection, project.id, cursor, reached))
            return Refreshed()
        names = {row.id: row.name for row in connection.execute(sa.select(tables.users.c.id, tables.users.c.name))}
        gold_report, scores = gold.examine(connection, project.id, project.schema)
    fits = msgspec.structs.replace(fits, digest=digest, basis="", new=fits.new + answered, unsearched=fits.unsearched + answered)
    deep = full or imported or fits.new > GROWTH * fits.answers or (anew and fits.new > 0)
    run = _Run(project, policy, machines, scores.of, names, progress)
    reports: dict[str, Any] = {"gold": gold_report}
    if deep:
        changed, fits, measured, found = run.deep(fits, full)
        reports.update(found)
        annotators.write(project, measured, scores.of)
        with project.database.read() as connection:
            reports["cross_validation"] = cross_validation.compare(connection, project.id, project.schema, policy.cross_validate)
    else:
        changed = run.light(fits, touched)
        annotators.write(project, None, scores.of)
    if not policy.label_errors:
        label_errors.forget(project)
        reports["label_errors"] = None
    elif full or fits.unsearched > SEARCH_GROWTH * fits.answers:
        progress(0, None, "searching for label errors")
        reports["label_errors"] = label_errors.search(project)
        fits = msgspec.structs.replace(fits, unsearched=0)
    if deep and not run.stood and (reports.get("label_errors") or not policy.label_errors):
        fits = msgspec.structs.replace(fits, basis=basis)
    reports["consensus"] = fits

    def finish(connection: Connection) -> None:
        for name, report in reports.items():
            write_report(connection, project.id, name, report)
        log.remember(connection, project.id, cursor, reached)

    project.database.write(finish)
    return Refreshed(added=changed.added, changed=changed.changed, removed=changed.removed, deep=deep)


class _Run:
    """One refresh: the project, its policy, and what gold says about people."""

    def __init__(
        self,
        project: Project,
        policy: QualityPolicy,
        machines: Sequence[str],
        scores: Mapping[str, Mapping[int, tuple[float, int]]],
        names: dict[int, str],
        progress: Progress,
    ) -> None:
        self.project, self.policy, self.machines, self.scores = project, policy, machines, scores
        self.names, self.progress = names, progress
        self.questions: dict[str, Question] = dict(project.schema.questions)
        self.total: int | None = None
        """How many items there are, once they were counted."""
        self.stood = False
        """Whether something that an earlier refresh learned was left standing."""

    def light(self, fits: Fits, touched: set[int]) -> Changed:
        """Judge the items that something happened to by what the last fit learned."""
        changed = Changed()
        listed = sorted(touched)
        for start in range(0, len(listed), PAGE):
            part = listed[start : start + PAGE]
            with self.project.database.read() as connection:
                answered = read(connection, self.project.id, self.project.schema, part, machines=self.machines)
                for name, question in self.questions.items():
                    way = aggregation_of(question)
                    fit = fits.questions.get(name) or way.unfitted()
                    standing = partial(consensus.standing, connection, name)
                    rows, kept = way.judge(name, question, answered, fit, self.scores.get(name, {}), standing)
                    changed += self._write(name, rows, gone=set(part).difference(kept, (row.item_id for row in rows)))
        return changed

    def deep(self, fits: Fits, full: bool) -> tuple[Changed, Fits, dict[str, dict[int, Measured]], dict[str, Any]]:
        """Read all answers, fit the models, and measure agreement, criteria and annotators anew."""
        with self.project.database.read() as connection:
            guidelines = _guidelines(connection, self.project.id)
            reviewed = annotators.reviewed_answers(connection, self.project.id, self.project.schema)
            gathered = {name: aggregation_of(one).ANSWERS(name, one, guidelines) for name, one in self.questions.items()}
            answers = self._gather(connection, list(gathered.values()))
        changed = Changed()
        learned: dict[str, QuestionFit] = {}
        measured: dict[str, dict[int, Measured]] = {}
        agreements: list[QuestionAgreement] = []
        tested: list[QuestionCriteria] = []
        for name, question in self.questions.items():
            self.progress(0, None, f"consensus on {name}")
            comparison: Comparison | None = None
            of_question = gathered.pop(name)
            if of_question.answered:
                gold = self.scores.get(name, {})
                learned[name] = of_question.fit(fits.questions.get(name), self.policy.method(name), gold, full=full)
                self.stood |= of_question.stood
                changed += self._write_all(name, of_question, learned[name], gold)
                comparison = of_question.compare()
                measured[name] = of_question.measured(learned[name], reviewed)
                agreements.append(of_question.agreement(comparison, self.names))
            else:
                changed += self._write(name, [], between=(0, MOST))
                agreements.append(agreement.unanswered(name, question))
            shares: dict[str | None, Figure] = {None: agreements[-1].agreement}
            shares.update((one.digest, one.agreement) for one in agreements[-1].guidelines)
            tested.append(criteria.of_question(name, question, comparison, shares, guidelines))
        with self.project.database.read() as connection:
            tested = criteria.with_keys(connection, tested)
        names = list(self.questions)
        self.project.database.write(lambda connection: consensus.forget_questions(connection, self.project.id, names))
        reports = {"agreement": AgreementReport(questions=agreements), "criteria": CriteriaReport(questions=tested)}
        kept = msgspec.structs.replace(fits, answers=answers, new=0, questions=learned)
        return changed, kept, measured, reports

    def _gather(self, connection: Connection, gathered: Sequence[GatheredAnswers]) -> int:
        """Read all answers, and return how many there are of people."""
        answers, read = 0, 0
        self.total = _active(connection, self.project.id)
        for page in self._pages(connection):
            for one in gathered:
                one.add(page.items)
            answers += sum(one.annotation_id is not None for given in page.items.values() for one in given)
            read += page.size
            self.progress(read, self.total, "reading answers")
        give_back_pages(connection)
        return answers

    def _pages(self, connection: Connection) -> Iterator[Page]:
        return pages(connection, self.project.id, self.project.schema, machines=self.machines)

    def _write_all(self, name: str, of_question: GatheredAnswers, fit: QuestionFit, gold: Mapping[int, tuple[float, int]]) -> Changed:
        """Write all rows of a question in ascending order of the item, and remove those in between."""
        changed, after, looked_at = Changed(), 0, 0
        with self.project.database.read() as connection:
            standing = partial(consensus.standing, connection, name)
            for written in of_question.rows(fit, gold, self._pages(connection), standing):
                changed += self._write(name, written.rows, between=(after, written.upto), kept=written.kept)
                after, looked_at = written.upto, looked_at + written.size
                self.progress(looked_at, self.total, f"consensus on {name}")
        changed += self._write(name, [], between=(after, MOST))
        self.project.database.write(give_back_pages)
        return changed

    def _write(
        self,
        name: str,
        rows: list[consensus.ConsensusRow],
        *,
        gone: Iterable[int] = (),
        between: tuple[int, int] | None = None,
        kept: Iterable[int] = (),
    ) -> Changed:
        schema, kept, gone = self.project.schema, set(kept), set(gone)
        if name in schema.conditions:
            unasked = self._unasked(name, kept.union(row.item_id for row in rows))
            rows = [row for row in rows if row.item_id not in unasked]
            kept, gone = kept - unasked, gone | unasked
        return consensus.write(self.project.database, self.project.id, name, schema, rows, gone=gone, between=between, kept=kept)

    def _unasked(self, name: str, item_ids: set[int]) -> set[int]:
        """Return those of the items about which a question is not asked, by the consensus on the questions before it, which stands."""
        schema, listed = self.project.schema, sorted(item_ids)
        before = list(self.questions)[: list(self.questions).index(name)]
        with self.project.database.read() as connection:
            agreed = consensus.agreed(connection, before, listed)
            return {item_id for item_id, asked in asked_of(connection, schema, agreed) if name not in asked}


def _basis(connection: Connection, project: Project, machines: Sequence[str], digest: str) -> str:
    """Hash what a deep refresh rests on that no event tells of: the declaration, this version, which items there are, what is known."""
    items, known, suggestions = tables.items, tables.known_answers, tables.suggestions
    # The second sum tells other items of the same number and the same sum apart.
    mixed = items.c.id * items.c.id % 1_000_003
    active = sa.select(sa.func.count(), sa.func.sum(items.c.id), sa.func.sum(mixed)).where(
        items.c.project_id == project.id, items.c.state == "active"
    )
    answers = sa.select(sa.func.count(), sa.func.max(known.c.id), sa.func.max(known.c.created_at)).where(known.c.project_id == project.id)
    proposed = sa.select(sa.func.count(), sa.func.max(suggestions.c.id), sa.func.max(suggestions.c.created_at)).where(
        suggestions.c.project_id == project.id, suggestions.c.labeler.in_(machines)
    )
    found = [connection.execute(query).one() for query in (active, answers, *([proposed] if machines else []))]
    # PostgreSQL sums whole numbers to decimal ones.
    return content_hash([digest, library(), str(project.pipeline_version), *(str(value) for row in found for value in row)])[:32]


def _active(connection: Connection, project_id: int) -> int:
    items = tables.items
    query = sa.select(sa.func.count()).select_from(items).where(items.c.project_id == project_id, items.c.state == "active")
    return int(connection.scalar(query) or 0)


def _guidelines(connection: Connection, project_id: int) -> dict[int, Guidelines]:
    versions = tables.pipeline_versions
    rows = connection.execute(
        sa.select(versions.c.id, versions.c.number, versions.c.guidelines_digest)
        .where(versions.c.project_id == project_id)
        .order_by(versions.c.number)
    ).all()
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row.guidelines_digest, row.number)
    return {row.id: Guidelines(row.guidelines_digest, first[row.guidelines_digest]) for row in rows}
