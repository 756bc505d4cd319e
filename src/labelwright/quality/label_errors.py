"""Report `label_errors`: labels that a model, trained on the others, finds doubtful; and the table of them that reviews are picked from.

A label is doubtful only where the question's yardstick makes the model's another one: of ratings that count as the same, none is wrong.

C. Northcutt, L. Jiang and I. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70 (2021). Every item is judged
by a model that has seen neither it nor anything cut from the same raw item.
"""

from __future__ import annotations

import time
import warnings
from collections import Counter, defaultdict
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright import stats
from labelwright.api.reports import LabelErrorsReport, QuestionLabelErrors, Suspect
from labelwright.errors import LabelwrightError
from labelwright.quality.answers import PAGE
from labelwright.quality.features import LabeledPlace, features_of, seen_of
from labelwright.quality.gold import clustered
from labelwright.quality.likeness import same_labels
from labelwright.schema import Question
from labelwright.schema.figure import Figure
from labelwright.schema.modalities import Stored
from labelwright.store import tables
from labelwright.store.codec import decode_fields, encode
from labelwright.store.labels import FinalLabel, final_labels
from labelwright.store.memory import give_back_pages
from labelwright.store.project import Project

__all__ = ["forget", "search", "sees_more"]

FOLDS = 5
FEWEST = 20
"""Labels below which a model says nothing."""

MOST = 50_000
"""Labels looked at; of more, a part that is as good as random."""

MOST_MEDIA = 4000
"""The same for pictures and recordings, which have to be decoded."""

WORST = 100
"""Suspects named in the report."""

_label_errors = tables.label_errors


class _Found(NamedTuple):
    item_id: int
    key: str
    given: str
    proposed: str
    score: float
    answers: tuple[str, str]


def search(project: Project) -> LabelErrorsReport:
    """Search the labels of every question, write the table, and return the report."""
    questions = []
    labels, groups, keys = _labels(project)
    for name, question in project.schema.questions.items():
        report, suspects = _question(project, name, question, labels.get(name, []), groups, keys)
        _write(project, name, suspects)
        questions.append(report)
    names = list(project.schema.questions)
    project.database.write(lambda connection: _forget_others(connection, project.id, names))
    return LabelErrorsReport(questions=questions)


def sees_more(project: Project, last: LabelErrorsReport | None) -> bool:
    """Tell whether a blob that the last search lacked is back, so that a search would find what that one could not."""
    return any(question.missing and project.blobs.holds(question.missing) for question in (last.questions if last else ()))


def forget(project: Project) -> None:
    """Remove all suspects, where the policy does not search for any."""
    project.database.write(lambda connection: _forget_others(connection, project.id, []))


def _forget_others(connection: Connection, project_id: int, names: list[str]) -> None:
    connection.execute(sa.delete(_label_errors).where(_label_errors.c.project_id == project_id, _label_errors.c.question.not_in(names)))


def _labels(project: Project) -> tuple[dict[str, list[FinalLabel]], dict[int, int], dict[int, str]]:
    """The labels of every question, and each item's raw item and key."""
    labels: dict[str, list[FinalLabel]] = defaultdict(list)
    items = tables.items
    with project.database.read() as connection:
        total = connection.scalar(
            sa.select(sa.func.count()).select_from(items).where(items.c.project_id == project.id, items.c.state == "active")
        )
        for label in final_labels(connection, project.id, project.schema):
            # A number that scatters items as if by chance decides who is looked at where there are too many.
            if not total or total <= MOST or label.item_id * 2654435761 % 2**32 < MOST / total * 2**32:
                labels[label.question].append(label)
        wanted = sorted({label.item_id for of_question in labels.values() for label in of_question})
        groups, keys = {}, {}
        for start in range(0, len(wanted), PAGE):
            part = items.c.id.in_(wanted[start : start + PAGE])
            for item_id, raw_id, key in connection.execute(sa.select(items.c.id, items.c.raw_id, items.c.key).where(part)):
                groups[item_id], keys[item_id] = raw_id, key
        give_back_pages(connection)
    return labels, groups, keys


def _question(
    project: Project, name: str, question: Question, labels: list[FinalLabel], groups: dict[int, int], keys: dict[int, str]
) -> tuple[QuestionLabelErrors, list[_Found]]:
    examples = _examples(project, question, labels)
    frequent = {label for label, count in Counter(example.label for example in examples).items() if count >= 2}
    examples = [example for example in examples if example.label in frequent]
    if len(examples) < FEWEST:
        return _silent(name, question, len(labels), f"There are {len(examples)} labels, and a model needs {FEWEST} to learn from."), []
    if len(frequent) < 2:
        return _silent(name, question, len(labels), "Only one label occurs, so there is nothing to tell apart."), []
    raw = [groups[example.item_id] for example in examples]
    folds = min(FOLDS, len(set(raw)))
    if folds < 2:
        return _silent(name, question, len(labels), "All items come from one raw item, so no model can be tested on another."), []
    try:
        matrix, what, model = features_of(project, question, examples)
    except LabelwrightError as error:
        reason = f"An item cannot be looked at: {error}"
        return _silent(name, question, len(labels), reason, missing=_missing(project, examples)), []
    given = [example.label for example in examples]
    with warnings.catch_warnings():
        # A model that has not converged to the last digit serves as well here.
        warnings.simplefilter("ignore")
        foretold = stats.out_of_fold(matrix, given, groups=raw, folds=folds, model=model)
    errors = stats.find_label_errors(given, foretold.probabilities, classes=foretold.classes)
    same = same_labels(question, errors.classes)
    code = {label: place for place, label in enumerate(errors.classes)}
    right = [bool(same[code[one], code[other]]) for one, other in zip(given, errors.suggested, strict=True)]
    suspects = _suspects(question, examples, errors, [place for place in errors.suspects if not right[place]], keys)
    report = QuestionLabelErrors(
        question=name,
        kind=question.kind,
        items=len({example.item_id for example in examples}),
        suspects=len(suspects),
        features=what,
        expected_errors=round(float(errors.joint[~same].sum()), 6),
        accuracy=clustered(right, raw),
        worst=[
            Suspect(item_id=one.item_id, key=one.key, given=one.given, proposed=one.proposed, score=one.score) for one in suspects[:WORST]
        ],
    )
    return report, suspects


def _silent(name: str, question: Question, items: int, reason: str, *, missing: str = "") -> QuestionLabelErrors:
    unknown = Figure.missing(reason)
    return QuestionLabelErrors(question=name, kind=question.kind, items=items, suspects=0, accuracy=unknown, reason=reason, missing=missing)


def _missing(project: Project, examples: list[LabeledPlace]) -> str:
    """Return the first blob that is lost or damaged; none where an item cannot be looked at for what it is."""
    blobs = (example.field.blob for example in examples if isinstance(example.field, Stored))
    return next((blob for blob in blobs if not project.blobs.holds(blob)), "")


def _examples(project: Project, question: Question, labels: list[FinalLabel]) -> list[LabeledPlace]:
    """One example for each label: of an answer about the whole field the item, of marks each place."""
    found = []
    of_item = {label.item_id: label for label in labels}
    wanted = sorted(of_item)
    items = tables.items
    with project.database.read() as connection:
        for start in range(0, len(wanted), PAGE):
            part = items.c.id.in_(wanted[start : start + PAGE])
            for item_id, data in connection.execute(sa.select(items.c.id, items.c.data).where(part).order_by(items.c.id)):
                field = decode_fields(data).get(question.of)
                if field is None:
                    continue
                label = of_item[item_id]
                whole = seen_of(field, (), len(wanted))
                for place, unit in enumerate(label.answer.parts()):
                    shape = question.shape if unit.geometry else None
                    seen = whole if shape is None else seen_of(field, shape.bounds(unit.geometry), len(wanted))
                    found.append(LabeledPlace(item_id, unit.label, *seen, place, label))
        give_back_pages(connection)
    most = MOST if project.schema.modality(question.of).is_text else MOST_MEDIA
    if len(found) > most:
        kept = most / len(found) * 2**32
        found = [example for example in found if example.item_id * 2654435761 % 2**32 < kept]
    return found


def _suspects(
    question: Question, examples: list[LabeledPlace], errors: stats.LabelErrors, places: list[int], keys: dict[int, str]
) -> list[_Found]:
    """The suspects by item, the most doubtful first; what people reviewed is settled and none."""
    by_item: dict[int, list[int]] = defaultdict(list)
    for place in places:
        if examples[place].source.origin == "consensus":
            by_item[examples[place].item_id].append(place)
    found = []
    for item_id, doubtful in by_item.items():
        worst = examples[doubtful[0]]
        units = worst.source.answer.parts()
        for place in doubtful:
            units[examples[place].place] = units[examples[place].place]._replace(label=errors.suggested[place])
        answers = (encode(worst.source.answer), encode(question.with_parts(units)))
        score = round(float(errors.score[doubtful[0]]), 6)
        found.append(_Found(item_id, keys[item_id], worst.label, str(errors.suggested[doubtful[0]]), score, answers))
    return sorted(found, key=lambda one: (one.score, one.item_id))


def _write(project: Project, name: str, suspects: list[_Found]) -> None:
    """Bring the table to what was found, in small transactions, and leave alone what is there already.

    An item's old row goes in the transaction in which its new one comes: whatever the order of either, none meets the other.
    """
    found = {one.item_id: one for one in suspects}
    columns = (_label_errors.c.item_id, _label_errors.c.score, _label_errors.c.given, _label_errors.c.proposed)
    mine = sa.and_(_label_errors.c.project_id == project.id, _label_errors.c.question == name)
    with project.database.read() as connection:
        standing = {row[0]: tuple(row[1:]) for row in connection.execute(sa.select(*columns).where(mine))}
    wanted = {item_id: (one.score, *one.answers) for item_id, one in found.items()}
    changed = sorted(item_id for item_id in standing.keys() | wanted.keys() if standing.get(item_id) != wanted.get(item_id))
    for start in range(0, len(changed), PAGE):
        page = changed[start : start + PAGE]
        old = [item_id for item_id in page if item_id in standing]
        new = [_row(project.id, name, found[item_id]) for item_id in page if item_id in found]
        project.database.write(partial(_replace, name, old, new))


def _replace(name: str, old: list[int], new: list[dict[str, Any]], connection: Connection) -> None:
    if old:
        connection.execute(sa.delete(_label_errors).where(_label_errors.c.item_id.in_(old), _label_errors.c.question == name))
    if new:
        connection.execute(sa.insert(_label_errors), new)


def _row(project_id: int, name: str, one: _Found) -> dict[str, Any]:
    return {
        "item_id": one.item_id,
        "question": name,
        "project_id": project_id,
        "score": one.score,
        "given": one.answers[0],
        "proposed": one.answers[1],
        "updated_at": time.time(),
    }
