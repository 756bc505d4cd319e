"""What the machines' help is worth: how it changes people's pace and answers, and how far machines agree with the final labels."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.analytics.figures import difference, mean, median, ratio
from labelwright.analytics.newest import NewAnswer
from labelwright.analytics.values import Assistance, AssistanceGroup, LabelerFigures
from labelwright.schema import Answer, quantities
from labelwright.schema.figure import Figure
from labelwright.store import tables
from labelwright.store.codec import decode, decode_answer, decode_values
from labelwright.store.labels import final_labels
from labelwright.store.project import Project

__all__ = ["read_assistance", "read_labelers"]

SAMPLE = 1000
"""So many labeled items, evenly spread, are looked at for each labeler."""

_annotations, _items = tables.annotations, tables.items


def read_assistance(connection: Connection, project: Project, answers: list[NewAnswer]) -> Assistance:
    """Compare answers with suggestions in view and without.

    Where the pipeline hides the suggestions of a share of the items (`tasks.unassisted`), which items these are is as good as random,
    and the two groups are answers to those and to the others since suggestions were first shown: their difference is an effect.
    Otherwise all answers are compared, and the difference may come from what changed between them.
    """
    answers = [one for one in answers if one.purpose in ("label", "gold")]
    groups = {flag: [one for one in answers if one.assisted == flag] for flag in (1, 0)}
    hidden = _hidden_share(connection, project)
    randomised = False
    if hidden and groups[1] and groups[0]:
        since = min(one.at for one in groups[1])
        keys = _keys(connection, {one.item_id for one in answers})
        apart = {
            1: [one for one in groups[1] if _chance(project.name, keys[one.item_id]) >= hidden],
            0: [one for one in groups[0] if one.at >= since and _chance(project.name, keys[one.item_id]) < hidden],
        }
        randomised = bool(apart[1] and apart[0])
        groups = apart if randomised else groups
    assisted, unassisted = (_group(connection, project, groups[flag]) for flag in (1, 0))
    missing = "No answer was given with a suggestion in view." if not groups[1] else "Every answer was given with a suggestion in view."
    speedup = ratio(unassisted.seconds, assisted.seconds, missing)
    total = _assisted_answers(connection, project.id)
    return Assistance(
        assisted=assisted,
        unassisted=unassisted,
        speedup=speedup,
        agreement_difference=difference(assisted.agreement, unassisted.agreement, missing),
        hours_saved=_hours_saved(assisted.seconds, unassisted.seconds, total, randomised, missing),
        randomised=randomised,
    )


def _hours_saved(assisted: Figure, unassisted: Figure, answers: int, randomised: bool, missing: str) -> Figure:
    if assisted.value is None or unassisted.value is None:
        return Figure.missing(missing)
    if not randomised:
        return Figure.missing(
            "The two groups were not told apart at random; with tasks.unassisted, a share of the items is shown without suggestions."
        )
    saved = difference(unassisted, assisted, missing)
    hours = answers / 3600
    return Figure.of(
        (saved.value or 0.0) * hours,
        None if saved.low is None else saved.low * hours,
        None if saved.high is None else saved.high * hours,
        count=answers,
        reason=saved.reason,
    )


def _assisted_answers(connection: Connection, project_id: int) -> int:
    query = sa.select(sa.func.sum(_annotations.c.assisted)).where(
        _annotations.c.project_id == project_id, _annotations.c.origin == "person"
    )
    return int(connection.scalar(query) or 0)


def _keys(connection: Connection, item_ids: set[int]) -> dict[int, str]:
    wanted = sorted(item_ids)
    keys: dict[int, str] = {}
    for start in range(0, len(wanted), 500):
        keys.update(connection.execute(sa.select(_items.c.id, _items.c.key).where(_items.c.id.in_(wanted[start : start + 500]))).all())
    return keys


def _hidden_share(connection: Connection, project: Project) -> float:
    """The share of items that the pipeline shows without suggestions."""
    versions = tables.pipeline_versions
    body = connection.scalar(sa.select(versions.c.declaration).where(versions.c.id == project.pipeline_version))
    declared = decode(body or "{}").get("tasks") or {}
    return quantities.share(str(declared.get("unassisted", "0%")))


def _chance(project: str, key: str) -> float:
    """The number, as good as random, by which `pipeline.views.assisted` hides an item's suggestions."""
    digest = hashlib.blake2b(f"unassisted\0{project}\0{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _group(connection: Connection, project: Project, answers: list[NewAnswer]) -> AssistanceGroup:
    labels = _labels(connection, project, {one.item_id for one in answers if one.purpose == "label"}, with_others=True)
    gold = _gold(connection, {one.item_id for one in answers if one.purpose == "gold"})
    agreed = [alike for one in answers if one.purpose == "label" for alike in _alike(one.values, labels.get(one.item_id, {}))]
    right = [alike for one in answers if one.purpose == "gold" for alike in _alike(one.values, gold.get(one.item_id, {}))]
    return AssistanceGroup(
        answers=len(answers),
        seconds=median([one.seconds for one in answers if one.seconds > 0], "No answer was timed."),
        agreement=mean(agreed, "No answer is about an item that somebody else answered or reviewed."),
        gold_accuracy=mean(right, "No gold item was answered."),
    )


def _alike(values: str, labels: dict[str, Answer]) -> list[float]:
    """How much each answer has in common with the label, 0 to 1."""
    return [
        round(1 - answer.distance(labels[name]), 9)
        for name, answer in decode_values(values).items()
        if name in labels and type(labels[name]) is type(answer)
    ]


def _labels(connection: Connection, project: Project, item_ids: set[int], *, with_others: bool) -> dict[int, dict[str, Answer]]:
    """The labels of these items; with `with_others`, only those that rest on two people's answers or on a review."""
    found: dict[int, dict[str, Answer]] = defaultdict(dict)
    for label in final_labels(connection, project.id, project.schema, item_ids=sorted(item_ids)):
        if not with_others or label.origin != "consensus" or len(label.annotation_ids) >= 2:
            found[label.item_id][label.question] = label.answer
    return found


def _gold(connection: Connection, item_ids: set[int]) -> dict[int, dict[str, Answer]]:
    known = tables.known_answers
    wanted = sorted(item_ids)
    found: dict[int, dict[str, Answer]] = defaultdict(dict)
    for start in range(0, len(wanted), 500):
        part = known.c.item_id.in_(wanted[start : start + 500])
        query = sa.select(known.c.item_id, known.c["values"]).where(part, known.c.use == "gold").order_by(known.c.id)
        for item_id, values in connection.execute(query):
            found[item_id].update(decode_values(values))
    return found


def read_labelers(connection: Connection, project: Project) -> list[LabelerFigures]:
    """Compare each labeler's suggestions with the labels as they stand, on evenly spread labeled items."""
    suggestions = tables.suggestions
    counts = connection.execute(
        sa.select(suggestions.c.labeler, suggestions.c.question, sa.func.count(), sa.func.max(suggestions.c.version))
        .where(suggestions.c.project_id == project.id, suggestions.c.question.in_(list(project.schema.questions)))
        .group_by(suggestions.c.labeler, suggestions.c.question)
        .order_by(suggestions.c.labeler, suggestions.c.question)
    ).all()
    if not counts:
        return []
    items = _spread(connection, project.id)
    labels = _labels(connection, project, set(items), with_others=False)
    unseen = _independent(connection, items)
    everywhere: dict[tuple[str, str], list[float]] = defaultdict(list)
    independent: dict[tuple[str, str], list[float]] = defaultdict(list)
    for start in range(0, len(items), 500):
        part = suggestions.c.item_id.in_(items[start : start + 500])
        query = sa.select(suggestions.c.item_id, suggestions.c.labeler, suggestions.c.question, suggestions.c.answer).where(part)
        for item_id, labeler, question, body in connection.execute(query):
            label, answer = labels.get(item_id, {}).get(question), decode_answer(body)
            if label is not None and type(label) is type(answer):
                alike = round(1 - answer.distance(label), 9)
                everywhere[labeler, question].append(alike)
                if item_id in unseen:
                    independent[labeler, question].append(alike)
    nothing = "No item with its suggestion has a label."
    return [
        LabelerFigures(
            labeler=labeler,
            question=question,
            suggestions=count,
            version=version,
            agreement=mean(everywhere[labeler, question], nothing),
            independent=mean(independent[labeler, question], "No such item was answered without suggestions in view."),
        )
        for labeler, question, count, version in counts
    ]


def _spread(connection: Connection, project_id: int) -> list[int]:
    """At most about `SAMPLE` labeled items, evenly spread over all."""
    consensus = tables.consensus
    total = int(connection.scalar(sa.select(sa.func.count()).select_from(consensus).where(consensus.c.project_id == project_id)) or 0)
    step = max(1, total // SAMPLE)
    query = sa.select(consensus.c.item_id).distinct().where(consensus.c.project_id == project_id, consensus.c.item_id % step == 0)
    return sorted(connection.scalars(query))


def _independent(connection: Connection, items: list[int]) -> set[int]:
    """Those items that nobody answered with a suggestion in view."""
    found = set(items)
    for start in range(0, len(items), 500):
        part = _annotations.c.item_id.in_(items[start : start + 500])
        found.difference_update(connection.scalars(sa.select(_annotations.c.item_id).where(part, _annotations.c.assisted == 1)))
    return found
