"""Reads the overview: each part is a query or two that the database answers by counting, or a look at the newest or at a fair sample.

Medians and comparisons rest on the newest `MOST` answers, so that a project of a million items has its overview as soon as a small one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.analytics.advice import why_nobody_audits
from labelwright.analytics.answered import DAY, HOUR, Answered, read_answered, read_states
from labelwright.analytics.assistance import read_assistance
from labelwright.analytics.audits import Audits
from labelwright.analytics.counts import read_counts
from labelwright.analytics.figures import median
from labelwright.analytics.forecast import read_forecast
from labelwright.analytics.labeled import Labels, QuestionLabels, read_labels
from labelwright.analytics.labelers import read_labelers
from labelwright.analytics.newest import IDLE, MOST, NewAnswer, newest_answers
from labelwright.analytics.people import read_people, unmeasured
from labelwright.api.figures import (
    AnnotatorFigures,
    Bucket,
    CertificateFigures,
    Counts,
    Effort,
    FindingFigures,
    LabelCount,
    Overview,
    QuestionFigures,
    ReviewFigures,
)
from labelwright.api.reports import AgreementReport
from labelwright.schema.figure import Figure
from labelwright.store import tables
from labelwright.store.portable import whole_number
from labelwright.store.project import Project
from labelwright.store.reports import read_reports

__all__ = ["overview"]

HOURS, DAYS = 48, 60
"""Buckets shown."""

_reviews = tables.reviews


def overview(
    connection: Connection,
    project: Project,
    labels: Labels | None = None,
    counts: Counts | None = None,
    answered: Answered | None = None,
    audits: Audits | None = None,
) -> Overview:
    """Return where the project stands; `at` says when that was read.

    This looks at the whole project. What the page shows is kept (`analytics.keep`) and not read anew for each request. The others are
    those of the same moment, where they were read already.
    """
    labels = labels or read_labels(connection, project.id, project.schema)
    if answered is None:
        answered, _ = read_answered(connection, project.id)
    audits = audits or Audits(connection, project)
    counts = counts or read_counts(connection, project, labels)
    now = counts.at
    answers = newest_answers(connection, project.id)
    timed = _seconds(answers)
    seconds = median([value for values in timed.values() for value in values], "No answer was timed yet.")
    spent = answered.spent(IDLE * (seconds.value or 0.0))
    agreement = read_reports(connection, project.id, "agreement").agreement
    reviews, review_hours, review_seconds = _read_reviews(connection, project.id, counts)
    return Overview(
        project=project.name,
        at=now,
        funnel=counts.funnel,
        days=_buckets(answered.hours, review_hours, now, DAY, DAYS),
        hours=_buckets(answered.hours, review_hours, now, HOUR, HOURS),
        effort=_effort(spent, seconds, review_seconds, sum(count for count, _ in review_hours.values()), counts.funnel.labeled),
        assistance=read_assistance(connection, project),
        labelers=read_labelers(connection, project),
        questions=_questions(connection, project, labels.questions, agreement),
        annotators=_annotators(connection, project, answered, timed),
        reviews=reviews,
        forecast=read_forecast(counts.remaining, now, answers),
        certificates=_certificates(connection, project, audits),
        findings=_findings(connection, project.id),
    )


def _count(connection: Connection, table: sa.Table, *where: Any) -> int:
    return int(connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0)


def _seconds(answers: list[NewAnswer]) -> dict[int, list[float]]:
    """The active seconds of the newest answers by people, by their author."""
    timed: dict[int, list[float]] = defaultdict(list)
    for one in answers:
        if one.seconds > 0:
            timed[one.user_id].append(one.seconds)
    return timed


def _read_reviews(connection: Connection, project_id: int, counts: Counts) -> tuple[ReviewFigures, dict[int, tuple[int, float]], Figure]:
    """The reviews by verdict, how many in each hour and how long they took, and the median of one."""
    picks = tables.review_picks
    hour = whole_number(_reviews.c.created_at / HOUR)
    verdicts: dict[str, int] = defaultdict(int)
    hours: dict[int, tuple[int, float]] = {}
    query = (
        sa.select(_reviews.c.verdict, hour, sa.func.count(), sa.func.sum(_reviews.c.seconds_active))
        .where(_reviews.c.project_id == project_id)
        .group_by(_reviews.c.verdict, hour)
    )
    for verdict, when, count, seconds in connection.execute(query):
        verdicts[verdict] += count
        before = hours.get(when, (0, 0.0))
        hours[when] = (before[0] + count, before[1] + seconds)
    picked: dict[int, int] = dict(
        connection.execute(
            sa.select(picks.c.random, sa.func.count()).where(picks.c.project_id == project_id).group_by(picks.c.random)
        ).all()
    )
    timed = connection.scalars(
        sa.select(_reviews.c.seconds_active)
        .where(_reviews.c.project_id == project_id, _reviews.c.seconds_active > 0)
        .order_by(_reviews.c.id.desc())
        .limit(MOST)
    )
    figures = ReviewFigures(
        picked=sum(picked.values()),
        picked_random=picked.get(1, 0),
        given=counts.reviews_given,
        waiting=counts.reviews_waiting,
        accepted=verdicts["accept"],
        fixed=verdicts["fix"],
        rejected=verdicts["reject"],
    )
    return figures, hours, median(list(timed), "No review was timed yet.")


def _buckets(hours: Mapping[int, int], reviews: Mapping[int, tuple[int, float]], now: float, size: int, most: int) -> list[Bucket]:
    """Answers and reviews in each of the last hours or days, the empty ones too, from the first that is not."""
    answers: dict[int, int] = defaultdict(int)
    given: dict[int, int] = defaultdict(int)
    for hour, count in hours.items():
        answers[hour * HOUR // size] += count
    for hour, (count, _) in reviews.items():
        given[hour * HOUR // size] += count
    last = int(now // size)
    seen = [place for place in (*answers, *given) if last - most < place <= last]
    if not seen:
        return []
    return [Bucket(float(place * size), answers[place], given[place]) for place in range(min(seen), last + 1)]


def _effort(spent: float, seconds: Figure, review_seconds: Figure, reviews: int, labeled: int) -> Effort:
    spent += reviews * (review_seconds.value or 0.0)
    return Effort(
        seconds_per_answer=seconds,
        seconds_per_review=review_seconds,
        hours=round(spent / HOUR, 6),
        hours_per_label=round(spent / HOUR / labeled, 6) if labeled > 0 else None,
    )


def _questions(
    connection: Connection, project: Project, labeled: Mapping[str, QuestionLabels], agreement: AgreementReport | None
) -> list[QuestionFigures]:
    errors = tables.label_errors
    suspects: dict[str, int] = dict(
        connection.execute(
            sa.select(errors.c.question, sa.func.count()).where(errors.c.project_id == project.id).group_by(errors.c.question)
        ).all()
    )
    agreed = {one.question: one for one in agreement.questions} if agreement else {}
    unknown = Figure.missing("Agreement has not been measured yet.")
    found = []
    for name, question in project.schema.questions.items():
        one = labeled[name]
        found.append(
            QuestionFigures(
                question=name,
                kind=question.kind,
                asked=one.asked,
                labeled=one.labeled,
                gold=one.gold,
                labels=[LabelCount(label, one.places[label]) for label in question.labels],
                alpha=agreed[name].alpha if name in agreed else unknown,
                agreement=agreed[name].agreement if name in agreed else unknown,
                confidence=one.confidence,
                methods=one.methods,
                suspects=suspects.get(name, 0),
            )
        )
    return found


def _annotators(connection: Connection, project: Project, answered: Answered, timed: Mapping[int, list[float]]) -> list[AnnotatorFigures]:
    """Everybody who answered, the most answers first."""
    replaced, rejected = (defaultdict(int, read_states(connection, project.id, state)) for state in ("replaced", "rejected"))
    answers = {user_id: person.answers - replaced[user_id] for user_id, person in answered.people.items()}
    users, known = tables.users, read_people(connection, project.id, project.schema.questions)
    names: dict[int, str] = {}
    ids = sorted(answers)
    measured = {user_id: known.get(user_id) or unmeasured(user_id) for user_id in ids}
    for start in range(0, len(ids), 500):
        query = sa.select(users.c.id, users.c.name).where(users.c.id.in_(ids[start : start + 500]))
        names.update(connection.execute(query).all())
    found = [
        AnnotatorFigures(
            user_id=user_id,
            name=names.get(user_id, str(user_id)),
            answers=answers[user_id],
            rejected=rejected[user_id],
            rejected_share=round(rejected[user_id] / answers[user_id], 6) if answers[user_id] else None,
            seconds=median(timed.get(user_id, []), "None of the newest answers was timed."),
            gold_answers=measured[user_id].gold_answers,
            gold_accuracy=measured[user_id].gold_accuracy,
            agreement=measured[user_id].agreement,
            skill=measured[user_id].skill,
            last_answer_at=answered.people[user_id].newest,
            questions=measured[user_id].questions,
        )
        for user_id in ids
    ]
    return sorted(found, key=lambda one: (-one.answers, one.name))


def _certificates(connection: Connection, project: Project, audits: Audits) -> list[CertificateFigures]:
    picks = tables.review_picks
    if not _count(connection, picks, picks.c.project_id == project.id, picks.c.random == 1):
        reason = "No item was picked for the random audit yet."
        return [
            CertificateFigures(question=name, audits=0, errors=0, population=0, rate=None, bound=None, reason=reason)
            for name in project.schema.questions
        ]
    nobody = why_nobody_audits(connection, project.id)
    return [
        CertificateFigures(
            question=name,
            audits=found.audited,
            errors=found.errors,
            population=found.population,
            rate=found.errors / found.audited if found.audited and found.errors is not None else None,
            bound=found.bound if found.enough else None,
            remaining=found.remaining if found.enough else None,
            confidence=found.confidence,
            reason=f"{found.statement} {nobody}".rstrip() if found.pending else found.statement,
            left=found.left,
            gone=found.gone,
        )
        for name, found in audits.at(0.95).items()
    ]


def _findings(connection: Connection, project_id: int) -> list[FindingFigures]:
    findings = tables.findings
    items = sa.func.count(sa.distinct(findings.c.item_id))
    # A pipeline has many expressions, each known by what it says; of any other rule there is one, known by its name.
    said = sa.case((findings.c.rule == "expression", findings.c.message), else_="").label("said")
    query = (
        sa.select(findings.c.rule, findings.c.severity, sa.func.count(), items, said)
        .where(findings.c.project_id == project_id)
        .group_by(findings.c.rule, findings.c.severity, said)
        .order_by(sa.func.count().desc(), findings.c.rule, said)
    )
    return [FindingFigures(*row) for row in connection.execute(query)]
