"""Opens the tasks that items still need, and puts those away whose item is gone."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.schema import Item
from labelwright.store import tables
from labelwright.store.beside import beside
from labelwright.store.bulk import BATCH, among
from labelwright.store.codec import decode, decode_fields, decode_values
from labelwright.store.paging import next_page
from labelwright.store.portable import random_below
from labelwright.store.project import Project
from labelwright.store.standing import STANDING
from labelwright.store.statistics import renew
from labelwright.tasks.leases import fresh_rank
from labelwright.tasks.policy import TaskPolicy

__all__ = ["Outdated", "open_tasks", "read_outdated"]

PAGE = 10_000
"""Answers looked at, or items in doubt asked about, at a time."""

SHUFFLED = 2**40
"""Ranks in random order begin here: above the numbers of items, below the ranks of what comes back."""

Progress = Callable[[int, int | None, str], None]

_REASONS = {"missing_answer": "answer_missing", "not_asked": "not_asked"}
"""What is the matter with an answer, by the rule of the problem; anything else is `unfit`."""

_SURPLUS = frozenset({"question_gone", "not_asked"})
"""Says more than is asked now: that counts no more, and the rest of the answer is as good as before."""


class Outdated(Struct, frozen=True):
    """How many answers do not fit the questions any longer: `question_gone`, `label_gone`, `answer_missing`, `not_asked` or
    `unfit`."""

    reason: str
    question: str
    label: str | None
    answers: int

    @property
    def anew(self) -> bool:
        """Whether they are asked anew: what merely says too much is not."""
        return self.reason not in _SURPLUS

    def __str__(self) -> str:
        many = "1 answer" if self.answers == 1 else f"{self.answers:,} answers"
        has, lacks, fits = ("holds", "lacks", "does") if self.answers == 1 else ("hold", "lack", "do")
        if self.reason == "label_gone":
            return f"{many} {has} the label '{self.label}' of '{self.question}', which is gone"
        if self.reason == "question_gone":
            return f"{many} {has} an answer to '{self.question}', which is asked no longer"
        if self.reason == "not_asked":
            return f"{many} {has} one to '{self.question}', which is not asked any more"
        if self.reason == "answer_missing":
            return f"{many} {lacks} one to '{self.question}', which is required now"
        return f"{many} {fits} not fit '{self.question}' as it is now"


def open_tasks(project: Project, policy: TaskPolicy, *, anew: bool = False, progress: Progress = lambda done, total, what: None) -> int:
    """Open a task for each answer that an active item still needs, and return how many were opened.

    An item gets `start` tasks, in lanes 1, 2, … so that every item is answered once before any is answered twice. Where the overlap
    grows, an item whose answers are all in and whose consensus is less sure than `until` gets one more. Gold items are handed out in
    between and need no tasks of their own. Where the overlap was lowered, what is open beyond it is cancelled. Running it again opens
    nothing twice: `items.tasks_opened` counts, in the same transaction.

    Where there may be gold items, the others are handed out in random order: gold ones come at random, and would be known by being out of
    turn. Without gold, items come in the order in which they were collected.

    With `anew`, answers to questions that have changed since (another one is required, a label is gone) go back to their authors, and
    those that a review had settled go to review again.
    """
    _in_pieces(project, _of_gone(project.id), partial(_close, state="away"))
    _in_pieces(project, _of_gold(project.id), partial(_close, state="cancelled"))
    _in_pieces(project, _beyond(project.id, policy.most), partial(_cancel_beyond, most=policy.most))
    with project.database.read() as connection:
        newest = connection.scalar(sa.select(sa.func.max(tables.items.c.id)).where(tables.items.c.project_id == project.id)) or 0
        behind = tables.items.c.tasks_opened < policy.start
        first = connection.scalar(sa.select(sa.func.min(tables.items.c.id)).where(_waiting(project.id), behind))
    opened = 0
    step = max(BATCH // policy.start, 1)
    for after in range(first - 1, newest, step) if first is not None else ():
        opened += project.database.write(partial(_open_page, project_id=project.id, policy=policy, after=after, upto=after + step))
        progress(min(after + step, newest), newest, "opening tasks")
    if anew:
        opened += _ask_anew(project)
    if policy.until is not None:
        opened += _in_pieces(project, _doubtful(project.id, policy).limit(PAGE), partial(_grow, project_id=project.id, policy=policy))
    if policy.gold_share > 0:
        # Nothing is found here, by an index, unless gold has just been turned on.
        for lane in range(1, policy.most + 1):
            _in_pieces(project, _in_order(project.id, lane), _shuffle)
    if opened:
        renew(project.database)
    return opened


def _in_order(project_id: int, lane: int) -> sa.Select[tuple[int]]:
    """What waits in a lane in the order of collection: tasks that were opened before there was any gold."""
    tasks = tables.tasks
    waiting = sa.and_(tasks.c.project_id == project_id, tasks.c.purpose == "label", tasks.c.lane == lane, tasks.c.rank < SHUFFLED)
    return sa.select(tasks.c.id).where(waiting, tasks.c.state == sa.literal_column("'open'"))


def _shuffle(connection: Connection, part: list[int]) -> int:
    """Bring open tasks into a random order."""
    tasks = tables.tasks
    still = sa.and_(among(connection, tasks.c.id, part), tasks.c.state == "open")
    connection.execute(sa.update(tasks).where(still).values(rank=_drawn()))
    return 0


def _in_pieces(project: Project, query: sa.Select[Any], work: Callable[[Connection, list[int]], int]) -> int:
    """Look for rows by `query`, whose first column is their number, do `work` about them in short transactions, and add up its results.

    Looking takes the longer the more items there are, so nobody's write waits for it.
    """
    with project.database.read() as connection:
        found = list(connection.scalars(query))

    def piece(first: int) -> int:
        return project.database.write(lambda connection: work(connection, found[first : first + BATCH]))

    return sum(map(piece, range(0, len(found), BATCH)))


def _waiting(project_id: int) -> sa.ColumnElement[bool]:
    """Active items that are not gold."""
    items, known = tables.items, tables.known_answers
    gold = sa.select(known.c.id).where(known.c.item_id == items.c.id, known.c.use == "gold")
    return sa.and_(items.c.project_id == project_id, items.c.state == "active", ~sa.exists(gold))


def _drawn() -> sa.ColumnElement[int]:
    """A rank at random, another one for each row."""
    return sa.literal(SHUFFLED) + random_below(SHUFFLED)


def _open_page(connection: Connection, project_id: int, policy: TaskPolicy, after: int, upto: int) -> int:
    items, overlap = tables.items, policy.start
    rank = _drawn() if policy.gold_share > 0 else items.c.id
    opened = 0
    page = sa.and_(_waiting(project_id), items.c.id > after, items.c.id <= upto)
    for lane in range(1, overlap + 1):
        needed = sa.and_(page, items.c.tasks_opened < lane)
        rows = sa.select(items.c.project_id, items.c.id, sa.literal("label"), sa.literal("open"), sa.literal(lane), rank).where(needed)
        columns = ["project_id", "item_id", "purpose", "state", "lane", "rank"]
        insert = sa.insert(tables.tasks).inline().from_select(columns, rows).execution_options(preserve_rowcount=True)
        opened += connection.execute(insert).rowcount
    connection.execute(sa.update(items).where(page, items.c.tasks_opened < overlap).values(tasks_opened=overlap))
    return opened


def _doubtful(project_id: int, policy: TaskPolicy) -> sa.Select[Any]:
    """Items that have all their answers and are still in doubt, or have only answers with a suggestion in view; and how many were asked."""
    items, tasks, consensus, reviews, answers = tables.items, tables.tasks, tables.consensus, tables.reviews, tables.annotations
    pending = sa.select(tasks.c.id).where(
        tasks.c.item_id == items.c.id, tasks.c.purpose.in_(("label", "redo")), tasks.c.state.in_(("open", "leased"))
    )
    doubtful = sa.select(consensus.c.item_id).where(
        consensus.c.item_id == items.c.id, consensus.c.confidence < policy.until, consensus.c.answers >= items.c.tasks_opened
    )
    standing = sa.select(answers.c.id).where(answers.c.item_id == items.c.id, answers.c.state.in_(STANDING), answers.c.purpose != "gold")
    # People who took one suggestion agree whatever is true: an item is settled by nobody who had none in view.
    only_assisted = sa.and_(sa.exists(standing.where(answers.c.assisted == 1)), ~sa.exists(standing.where(answers.c.assisted == 0)))
    reviewed = sa.select(reviews.c.id).where(reviews.c.item_id == items.c.id)
    return sa.select(items.c.id, items.c.tasks_opened).where(
        _waiting(project_id),
        items.c.tasks_opened >= policy.start,
        items.c.tasks_opened < policy.most,
        ~sa.exists(pending),
        sa.or_(sa.exists(doubtful), only_assisted),
        ~sa.exists(reviewed),
    )


def _grow(connection: Connection, part: list[int], project_id: int, policy: TaskPolicy) -> int:
    """Ask one more person about each item that is in doubt, and return how many were asked."""
    items, tasks = tables.items, tables.tasks
    # Somebody may have reviewed one since.
    chosen = list(connection.execute(_doubtful(project_id, policy).where(among(connection, items.c.id, part))))
    if chosen:

        def rank(item: int) -> int:
            return SHUFFLED + secrets.randbelow(SHUFFLED) if policy.gold_share > 0 else item

        rows = [
            {"project_id": project_id, "item_id": item, "purpose": "label", "state": "open", "lane": opened + 1, "rank": rank(item)}
            for item, opened in chosen
        ]
        connection.execute(sa.insert(tasks), rows)
        asked = among(connection, items.c.id, [item for item, _ in chosen])
        connection.execute(sa.update(items).where(asked).values(tasks_opened=items.c.tasks_opened + 1))
    return len(chosen)


def _of_gone(project_id: int) -> sa.Select[Any]:
    """Open tasks about items that are not asked about now: replaced, or duplicates. They open again should the item return."""
    items, tasks = tables.items, tables.tasks
    gone = sa.select(items.c.id).where(items.c.project_id == project_id, items.c.state != "active")
    return sa.select(tasks.c.id).where(tasks.c.project_id == project_id, tasks.c.state == "open", tasks.c.item_id.in_(gone))


def _of_gold(project_id: int) -> sa.Select[Any]:
    """Open tasks for labels of items that became gold."""
    tasks, known = tables.tasks, tables.known_answers
    gold = sa.select(known.c.item_id).where(known.c.project_id == project_id, known.c.use == "gold")
    waiting = sa.and_(tasks.c.project_id == project_id, tasks.c.state == "open", tasks.c.purpose == "label")
    return sa.select(tasks.c.id).where(waiting, tasks.c.item_id.in_(gold))


def _close(connection: Connection, part: list[int], state: str) -> int:
    """Take back those of the tasks that nobody has taken yet."""
    tasks = tables.tasks
    waiting = sa.and_(among(connection, tasks.c.id, part), tasks.c.state == "open")
    return connection.execute(sa.update(tasks).where(waiting).values(state=state)).rowcount


def _beyond(project_id: int, most: int) -> sa.Select[Any]:
    """Items that were asked about more often than the overlap now allows, and still wait for an answer."""
    items, tasks = tables.items, tables.tasks
    waiting = sa.select(tasks.c.id).where(tasks.c.item_id == items.c.id, tasks.c.purpose == "label", tasks.c.state == "open")
    beyond = sa.and_(items.c.project_id == project_id, items.c.state == "active", items.c.tasks_opened > most)
    return sa.select(items.c.id).where(beyond, sa.exists(waiting))


def _cancel_beyond(connection: Connection, part: list[int], most: int) -> int:
    """Cancel what is open of items that would then have more answers than the overlap, and count them as asked that much less."""
    items, tasks = tables.items, tables.tasks
    beyond = among(connection, tasks.c.item_id, part)
    counting = sa.and_(beyond, tasks.c.purpose == "label", tasks.c.state.in_(("open", "leased", "done")))
    place = sa.func.row_number().over(
        partition_by=tasks.c.item_id, order_by=(sa.case((tasks.c.state == "open", 1), else_=0), tasks.c.lane, tasks.c.id)
    )
    numbered = sa.select(tasks.c.id, tasks.c.state, place.label("place")).where(counting).subquery()
    surplus = list(connection.scalars(sa.select(numbered.c.id).where(numbered.c.state == "open", numbered.c.place > most)))
    if surplus:
        _close(connection, surplus, "cancelled")
        asked = sa.select(sa.func.count()).where(tasks.c.item_id == items.c.id, tasks.c.purpose == "label", tasks.c.state != "cancelled")
        connection.execute(sa.update(items).where(among(connection, items.c.id, part)).values(tasks_opened=asked.scalar_subquery()))
    return len(surplus)


def read_outdated(project: Project) -> list[Outdated]:
    """Count the answers that stand and do not fit the questions as they are now, by what is the matter with them, most frequent first.

    Those that are `anew` are what `open_tasks` asks anew; each is counted until somebody has answered again.
    """
    found: Counter[tuple[str, str, str | None]] = Counter()
    for page in _older(project):
        for row in page:
            found.update(_reasons(project, row))
    return [Outdated(*reason, answers) for reason, answers in found.most_common()]


def _ask_anew(project: Project) -> int:
    """Ask again about answers that were right when they were given and do not fit the questions as they are now."""
    opened = 0
    for page in _older(project):
        stale = [row for row in page if any(reason not in _SURPLUS for reason, _, _ in _reasons(project, row))]
        if stale:
            opened += project.database.write(partial(_send_back, project_id=project.id, stale=stale))
    return opened


def _older(project: Project) -> Iterator[list[Any]]:
    """Yield, page by page, the answers that stand and were given to other questions than those that are asked now."""
    versions, annotations, items = tables.pipeline_versions, tables.annotations, tables.items
    with project.database.read() as connection:
        declared = dict(
            connection.execute(sa.select(versions.c.id, versions.c.declaration).where(versions.c.project_id == project.id)).all()
        )
    asked = {number: decode(declaration).get("schema") for number, declaration in declared.items()}
    older = [number for number, schema in asked.items() if schema != asked.get(project.pipeline_version)]
    if not older:
        return
    query = (
        sa.select(annotations.c.id, annotations.c.item_id, annotations.c.user_id, annotations.c.origin, annotations.c.state)
        .add_columns(annotations.c["values"], items.c.data, items.c.meta, items.c.key, items.c.revision)
        .join(items, items.c.id == annotations.c.item_id)
        .where(beside(annotations.c.project_id) == project.id, annotations.c.pipeline_version.in_(older))
        .where(beside(annotations.c.state).in_(STANDING), annotations.c.purpose.in_(("label", "redo", "review")))
        .where(beside(items.c.state) == "active")
        .order_by(annotations.c.id)
    )
    after = 0
    while True:
        with project.database.read() as connection:
            numbers = next_page(connection, annotations, project.id, STANDING, after=after, size=PAGE)
            if not numbers:
                return
            rows = connection.execute(query.where(annotations.c.id > after, annotations.c.id <= numbers[-1])).all()
        after = numbers[-1]
        yield list(rows)


def _item(row: Any) -> Item:
    return Item(row.item_id, row.key, row.revision, decode_fields(row.data), decode(row.meta))


def _reasons(project: Project, row: Any) -> set[tuple[str, str, str | None]]:
    """What is the matter with one answer: each reason once, with its question and label."""
    questions, values = project.schema.questions, decode_values(row.values)
    found: set[tuple[str, str, str | None]] = {("question_gone", name, None) for name in values.keys() - questions.keys()}
    known = {name: answer for name, answer in values.items() if name in questions}
    for name, problems in project.schema.problems(known, _item(row)).items():
        for problem in problems:
            if problem.rule == "unknown_label":
                gone = {unit.label for unit in known[name].parts()} - set(questions[name].labels)
                found |= {("label_gone", name, label) for label in gone}
            else:
                found.add((_REASONS.get(problem.rule, "unfit"), name, None))
    return found


def _send_back(connection: Connection, project_id: int, stale: Sequence[Any]) -> int:
    """Open a task about each answer, to its author where that is possible, unless one waits already."""
    tasks, users, memberships = tables.tasks, tables.users, tables.memberships
    taking_part = set(
        connection.scalars(
            sa.select(users.c.id)
            .join(memberships, memberships.c.user_id == users.c.id)
            .where(users.c.active == 1, memberships.c.project_id == project_id)
        )
    )
    waiting: set[tuple[str, int | None]] = set()
    for first in range(0, len(stale), 500):
        page = [row.item_id for row in stale[first : first + 500]]
        query = sa.select(tasks.c.purpose, tasks.c.item_id, tasks.c.annotation_id).where(
            tasks.c.item_id.in_(page), tasks.c.state.in_(("open", "leased"))
        )
        waiting |= {(purpose, annotation if purpose == "redo" else item) for purpose, item, annotation in connection.execute(query)}
    rows = []
    for row in stale:
        again = row.state == "submitted" and row.origin == "person" and row.user_id in taking_part
        purpose = "redo" if again else "review" if row.state == "accepted" else "label"
        place = (purpose, row.id if again else row.item_id)
        if place in waiting:
            continue
        waiting.add(place)
        rows.append(
            {
                "project_id": project_id,
                "item_id": row.item_id,
                "purpose": purpose,
                "state": "open",
                "lane": 2 if purpose == "review" else 0,
                "rank": fresh_rank(),
                "for_user_id": row.user_id if again else None,
                "annotation_id": row.id if again else None,
            }
        )
    if rows:
        connection.execute(sa.insert(tasks), rows)
    return len(rows)
