"""What the machines' help is worth: the time that it saves, how far people follow it, and what it does to the answers.

Only answers count whose suggestions were shown or hidden by lot (`pipeline.lot`), and of each person and item the first one, corrected
later or not. The newest `MOST` of them are looked at, and as many about gold items, so that the cost does not grow with the project.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.analytics.figures import median
from labelwright.analytics.newest import IDLE, MOST
from labelwright.api.figures import Assistance, AssistanceArm
from labelwright.schema import Answer, StandingSuggestion
from labelwright.schema.figure import Figure
from labelwright.store import tables
from labelwright.store.codec import decode, decode_values
from labelwright.store.project import Project

__all__ = ["TRUTHS", "read_assistance"]

Truth = dict[int, dict[str, Answer]]
"""What is right about items, by their numbers and the names of the questions."""

_annotations = tables.annotations

NO_LOT = "Not known: no answer yet to an item whose suggestions were shown or hidden by lot (assist.unassisted)."
NO_TIME = "Not known: no answer whose suggestions were shown or hidden by lot was timed."
NO_TRUTH = (
    "Not known: no item whose answer is known from elsewhere (gold, or an auditor's blind answer) was answered with suggestions shown or "
    "hidden by lot."
)


class _Drawn(NamedTuple):
    """An answer whose suggestions were shown or hidden by lot; `chance` is the one with which they were to be hidden."""

    item_id: int
    user_id: int
    shown: bool
    chance: float
    seconds: float
    values: str
    suggested: str


class _Pair(NamedTuple):
    """A number to be compared between the arms, and the answer that it comes from."""

    value: float
    answer: _Drawn


def read_assistance(connection: Connection, project: Project) -> Assistance:
    """Compare the answers given with suggestions in view with those given without, where the lot told them apart."""
    answers = [one for purpose in ("label", "gold") for one in _drawn(connection, project.id, purpose)]
    seconds = _seconds(answers)
    same = [_Pair(float(one.taken), answer) for answer in answers for one in decode(answer.suggested, list[StandingSuggestion])]
    right = _right(connection, project, answers)
    saved = _difference(seconds, NO_TIME if answers else NO_LOT, hidden_first=True)
    hours = _times(saved, sum(one.answer.shown for one in seconds) / 3600)
    influence = _difference(same, NO_LOT, shares=True)
    quality = _difference(right, NO_TRUTH, shares=True)
    return Assistance(
        shown=_arm(answers, seconds, same, right, shown=True),
        hidden=_arm(answers, seconds, same, right, shown=False),
        seconds_saved=saved,
        hours_saved=hours,
        influence=influence,
        quality=quality,
        said=[
            _say(hours, _hours, "Time saved", "Suggestions saved {}", "No saving shown: {}", "Suggestions cost time: {} were saved"),
            _say(
                influence,
                _points,
                "Influence",
                "Shown a suggestion, people give it as their answer oftener, by {}",
                "No influence on the answers shown: {}",
                "Shown a suggestion, people give it as their answer less often: {}",
            ),
            _say(
                quality,
                _points,
                "Quality",
                "Answers are better with suggestions, by {}",
                "No difference in quality shown: {}",
                "Answers are worse with suggestions: {}",
            ),
        ],
    )


def _drawn(connection: Connection, project_id: int, purpose: str) -> list[_Drawn]:
    """The newest first answers of a purpose that the lot put into an arm; a partial index has them in order."""
    query = (
        sa.select(
            _annotations.c.item_id,
            _annotations.c.user_id,
            _annotations.c.arm,
            _annotations.c.hide_chance,
            _annotations.c.seconds_active,
            _annotations.c["values"],
            _annotations.c.suggested,
        )
        .where(
            _annotations.c.project_id == project_id,
            _annotations.c.purpose == purpose,
            _annotations.c.hide_chance.is_not(None),
            _annotations.c.replaces.is_(None),
        )
        .order_by(_annotations.c.id.desc())
        .limit(MOST)
    )
    return [_Drawn(row[0], row[1], row[2] == "shown", *row[3:]) for row in connection.execute(query)]


def _seconds(answers: list[_Drawn]) -> list[_Pair]:
    """The active seconds of the answers that were timed; of one that was left open in a pause only so many medians count."""
    timed = [one for one in answers if one.seconds > 0]
    most = IDLE * (median([one.seconds for one in timed]).value or 0.0)
    return [_Pair(min(one.seconds, most), one) for one in timed]


def _gold(connection: Connection, items: Sequence[int]) -> Truth:
    """The answers to gold items, which came from elsewhere before anybody was asked."""
    known = tables.known_answers
    found: Truth = defaultdict(dict)
    for start in range(0, len(items), 500):
        part = known.c.item_id.in_(items[start : start + 500])
        query = sa.select(known.c.item_id, known.c["values"]).where(part, known.c.use == "gold").order_by(known.c.id)
        for item_id, values in connection.execute(query):
            found[item_id].update(decode_values(values))
    return found


def _blind(connection: Connection, items: Sequence[int]) -> Truth:
    """What auditors answered before they saw the label, and without any suggestion: the newest such answer about each item.

    Whoever had answered or reviewed the item before, also through a file, has seen its suggestion or its label, and only repeats what came
    of it.
    """
    blind, tasks, reviews, author = tables.blind_answers, tables.tasks, tables.reviews, tables.users
    answered = sa.exists(
        sa.select(_annotations.c.id)
        .join(author, author.c.id == _annotations.c.user_id)
        .where(
            _annotations.c.item_id == tasks.c.item_id,
            sa.or_(author.c.id == blind.c.user_id, author.c.namesake_of == blind.c.user_id),
            _annotations.c.created_at < blind.c.created_at,
        )
    )
    reviewed = sa.exists(
        sa.select(reviews.c.id).where(
            reviews.c.item_id == tasks.c.item_id,
            reviews.c.reviewer_id == blind.c.user_id,
            reviews.c.created_at < blind.c.created_at,
        )
    )

    found: Truth = {}
    for start in range(0, len(items), 500):
        query = sa.select(tasks.c.item_id, blind.c["values"]).join(tasks, tasks.c.id == blind.c.task_id)
        query = query.where(tasks.c.item_id.in_(items[start : start + 500]), ~answered, ~reviewed).order_by(blind.c.created_at)
        found.update((item_id, decode_values(values)) for item_id, values in connection.execute(query))
    return found


TRUTHS: list[Callable[[Connection, Sequence[int]], Truth]] = [_gold, _blind]
"""Where truth comes from that no suggestion can have touched, the best first: each is asked about items, and answers for those it knows."""


def _right(connection: Connection, project: Project, answers: list[_Drawn]) -> list[_Pair]:
    """How far each answer is right, 0 to 1, where the truth is known: by the yardstick of the kind."""
    items = sorted({one.item_id for one in answers})
    found: Truth = defaultdict(dict)
    for truth in reversed(TRUTHS):
        for item_id, values in truth(connection, items).items():
            found[item_id].update(values)
    return [
        _Pair(round(project.schema.similarity(name, answer, known[name]), 9), one)
        for one in answers
        if (known := found.get(one.item_id))
        for name, answer in decode_values(one.values).items()
        if name in known and type(known[name]) is type(answer)
    ]


def _arm(answers: list[_Drawn], seconds: list[_Pair], same: list[_Pair], right: list[_Pair], *, shown: bool) -> AssistanceArm:
    return AssistanceArm(
        answers=sum(one.shown == shown for one in answers),
        seconds=_mean(seconds, shown),
        same=_mean(same, shown),
        right=_mean(right, shown),
    )


def _mean(pairs: list[_Pair], shown: bool) -> Figure:
    values = [one.value for one in pairs if one.answer.shown == shown]
    if not values:
        return Figure.missing("There is no such answer.")
    return Figure.of(math.fsum(values) / len(values), count=len(values), reason="The interval is that of the difference.")


def _difference(pairs: list[_Pair], reason: str, *, hidden_first: bool = False, shares: bool = False) -> Figure:
    """The mean of the shown arm minus that of the hidden one, or the other way round; there is none without an interval."""
    if not pairs:
        return Figure.missing(reason)
    from labelwright import stats

    found = stats.clustered_difference(
        [one.value for one in pairs],
        [one.answer.shown != hidden_first for one in pairs],
        [one.answer.item_id for one in pairs],
        [one.answer.user_id for one in pairs],
        chances=[one.answer.chance if hidden_first else 1 - one.answer.chance for one in pairs],
        shares=shares,
    )
    if math.isnan(found.low):
        return Figure.missing(f"Not known: {found.note[0].lower()}{found.note[1:]}", count=len(pairs))
    return Figure.of(found.value, found.low, found.high, count=len(pairs), confidence=found.confidence, reason=found.note)


def _times(figure: Figure, factor: float) -> Figure:
    value, low, high = (None if one is None else one * factor for one in (figure.value, figure.low, figure.high))
    return Figure.of(value, low, high, count=figure.count, confidence=figure.confidence, reason=figure.reason)


def _say(figure: Figure, write: Callable[[float], str], what: str, more: str, neither: str, less: str) -> str:
    """What may be claimed of a difference: that it is there only where the interval does not include none."""
    if figure.low is None or figure.high is None:
        return f"{what}: {figure.reason[:1].lower()}{figure.reason[1:]}"
    claim = more if figure.low > 0 else less if figure.high < 0 else neither
    interval = f"{write(figure.low)} to {write(figure.high)} ({figure.confidence:.0%} interval)"
    return f"{claim.format(interval)}.{f' {figure.reason}' if figure.reason else ''}"


def _hours(value: float) -> str:
    size = abs(value)
    text = f"{size:,.1f} h" if size >= 0.95 else f"{60 * size:.0f} min" if size >= 0.95 / 60 else f"{3600 * size:.0f} s"
    return ("−" if value < 0 else "") + text


def _points(value: float) -> str:
    return f"{'−' if value < 0 else '+'}{100 * abs(value):.1f} points"
