"""When a model learns again, from what, and where what it learned is kept.

Counting the labels is quick, reading them is not: a model learns again only when so many labels and reviews have come that
it may be worth it, or when what it depends on has changed. What it learned is kept as plain arrays in a blob, its report and the blob's
name in `labeler_versions`; the version is the digest of the labels learned from and of everything else that matters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import sqlalchemy as sa
from msgspec import Struct

from labelwright import plugins
from labelwright.assist import versions
from labelwright.assist.arrays import pack, unpack
from labelwright.assist.learners.base import LabeledItem, Learned, TooLittle
from labelwright.assist.media import ItemMedia
from labelwright.errors import StoreUnavailable
from labelwright.schema import Item, Question, Text, content_hash
from labelwright.schema.kinds import Answer
from labelwright.store import tables
from labelwright.store.codec import decode, decode_fields
from labelwright.store.database import Connection
from labelwright.store.kept import keep, kept
from labelwright.store.labels import final_labels
from labelwright.store.project import Project

__all__ = ["State", "Wanted", "latest", "state_name"]


class State(Struct, frozen=True):
    """How a model stands: the evidence when it last learned, what it depends on, its version, or why there is none.

    `failed`: there is none because learning met an error, and not for want of labels.
    """

    evidence: int
    depends_on: str
    version: str | None = None
    note: str | None = None
    failed: bool = False


class Wanted(NamedTuple):
    """The model that is asked for: whose, of which question, how it learns, and when it learns again."""

    labeler: str
    question: str
    learner: ModuleType
    more: float
    fewest: int
    group: str | None


def state_name(labeler: str, question: str) -> str:
    """Return the name under which a model's state is kept."""
    return f"train {question} {labeler}"


def latest(project: Project, wanted: Wanted, media: ItemMedia) -> tuple[State, Learned | None]:
    """Return the model as it stands, after it has learned what is worth learning."""
    question = project.schema.questions[wanted.question]
    learner = wanted.learner
    depends_on = content_hash([learner.METHOD, learner.VERSION, question.of, list(question.labels), wanted.fewest, wanted.group])[:16]
    name = state_name(wanted.labeler, wanted.question)
    with project.database.read() as connection:
        state = kept(connection, project.id, name, State)
    evidence = _evidence(project, wanted.question)
    enough = state is None or evidence >= max(state.evidence + 1, math.ceil(state.evidence * (1 + wanted.more)))
    if state is None or state.depends_on != depends_on or enough:
        state = _learn(project, wanted, media, State(evidence, depends_on))
        project.database.write(partial(keep, project_id=project.id, name=name, value=state))
    stored = versions.find(project, wanted.labeler, state.version) if state.version else None
    if stored is None or stored[1] is None:
        return state, None
    return state, learner.load(question, unpack(project.blobs.get(stored[1])))


def _evidence(project: Project, question: str) -> int:
    """How many labels there may be: a count that only grows, and costs no reading of labels."""
    consensus, reviews = tables.consensus, tables.reviews
    queries = (
        sa.select(sa.func.count()).where(consensus.c.project_id == project.id, consensus.c.question == question),
        sa.select(sa.func.count()).where(reviews.c.project_id == project.id),
    )
    with project.database.read() as connection:
        return sum(int(connection.scalar(query) or 0) for query in queries)


def _learn(project: Project, wanted: Wanted, media: ItemMedia, state: State) -> State:
    examples = list(_examples(project, wanted))
    learned_from = [[example.item.revision, example.answer.plain()] for example in examples]
    version = content_hash([state.depends_on, learned_from])[:16]
    if versions.find(project, wanted.labeler, version) is not None:
        return State(state.evidence, state.depends_on, version)
    question = project.schema.questions[wanted.question]
    try:
        result = wanted.learner.learn(question, examples, media, wanted.fewest)
    except TooLittle as error:
        return State(state.evidence, state.depends_on, note=str(error))
    except (sa.exc.SQLAlchemyError, StoreUnavailable):
        raise
    except Exception as error:  # a learner that fails at one question stops neither the others nor the pipeline
        note = f"It could not learn from these labels: {plugins.caught(error)}"
        return State(state.evidence, state.depends_on, note=note, failed=True)
    report: dict[str, Any] = {"question": wanted.question, "method": wanted.learner.METHOD, **result.report}
    if result.out_of_fold is not None:
        report["out_of_fold"] = project.blobs.put(pack(result.out_of_fold))
    model = project.blobs.put(pack(result.arrays))
    versions.record(project, wanted.labeler, version, report=report, trained_on=len(examples), model=model)
    return State(state.evidence, state.depends_on, version)


def _examples(project: Project, wanted: Wanted) -> Iterator[LabeledItem]:
    """The labeled items, in their order; of more than the learner takes, a sample that stays the same. What it does not read of a long
    text is left out.
    """
    learner = wanted.learner
    field = project.schema.questions[wanted.question].of
    each = getattr(learner, "MOST_CHARACTERS", None)
    with project.database.read() as connection:
        labels: dict[int, Answer] = {
            label.item_id: label.answer
            for label in final_labels(connection, project.id, project.schema)
            if label.question == wanted.question and label.origin != "gold"
        }
        asked: Question = project.schema.questions[wanted.question]
        ids = [number for number, answer in labels.items() if asked.is_answered_by(answer)]
        if len(ids) > learner.MOST:
            ids = sorted(sorted(ids, key=lambda number: content_hash([number]))[: learner.MOST])
        if hasattr(learner, "ALL_CHARACTERS"):
            ids = _within(connection, ids, each, learner.ALL_CHARACTERS)
        items = tables.items
        for start in range(0, len(ids), 1000):
            query = sa.select(items).where(items.c.id.in_(ids[start : start + 1000])).order_by(items.c.id)
            for row in connection.execute(query):
                shown = decode_fields(row.data)
                if each and isinstance(text := shown.get(field), Text) and len(text.text) > each:
                    shown[field] = Text(text.text[:each])
                item = Item(row.id, row.key, row.revision, shown, decode(row.meta), row.raw_id, row.offset)
                group = item.meta.get(wanted.group) if wanted.group else None
                yield LabeledItem(item, labels[row.id], f"{wanted.group}={group}" if group is not None else f"raw {row.raw_id}")


def _within(connection: Connection, ids: list[int], each: int | None, most: int) -> list[int]:
    """Return the items whose texts, of which `each` has so many characters at most, come to no more than `most`: all, or a sample."""
    items = tables.items
    length: dict[int, int] = {}
    for start in range(0, len(ids), 1000):
        query = sa.select(items.c.id, sa.func.length(items.c.data)).where(items.c.id.in_(ids[start : start + 1000]))
        length |= {number: min(size, each or size) for number, size in connection.execute(query)}
    if sum(length.values()) <= most:
        return ids
    kept = []
    for number in sorted(length, key=lambda number: content_hash([number])):
        most -= length[number]
        if most < 0:
            break
        kept.append(number)
    return sorted(kept)
