"""Which suggestions a person sees. Some are hidden by lot, so that what suggestions change can be measured.

The lot is drawn for each item and person, and stays what it is; without the project's secret nobody can tell it in advance. An item for
which no machine proposes anything is in neither arm. What a labeler says whose role is to annotate is shown to reviewers alone, and is no
suggestion here, unless it is declared to be shown. Gold items take part like all others, so that nothing tells them apart. Where
the overlap grows, whoever is asked beyond its start sees no suggestion, whatever the lot says: such answers are not compared, for their
items are the doubtful ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.assist import Roles
from labelwright.schema import Help, Schema, StandingSuggestion, Suggestion
from labelwright.schema.kinds import AnswerUnion
from labelwright.store import tables
from labelwright.store.asked import asked_of
from labelwright.store.codec import decode_answer
from labelwright.store.statement import Statement

if TYPE_CHECKING:
    from labelwright.pipeline.workspace import OpenProject
    from labelwright.tasks import Leased

__all__ = ["NO_HELP", "help_given", "in_view"]


NO_HELP = Help(arm="none")
"""What somebody had about an item for which no labeler has a suggestion."""

_suggestions = tables.suggestions
_suggested = Statement(
    sa.select(
        _suggestions.c.question,
        _suggestions.c.labeler,
        _suggestions.c.version,
        _suggestions.c.answer,
        _suggestions.c.score,
        _suggestions.c.created_at,
    ).where(_suggestions.c.item_id == sa.bindparam("item"))
)


def in_view(connection: Connection, opened: OpenProject, task: Leased, key: str, user_id: int) -> list[Suggestion]:
    """Return what is shown to a person who labels or reviews an item; who reviews sees all that there is, and who audits nothing."""
    if task.purpose == "audit" or (task.purpose != "review" and (_in_doubt(opened, task) or _hides(opened, key, user_id))):
        return []
    return [one for one, _ in _best(connection, task.item_id, None if task.purpose == "review" else opened.roles)]


def help_given(
    connection: Connection,
    opened: OpenProject,
    task: Leased,
    key: str,
    user_id: int,
    values: Mapping[str, AnswerUnion],
    *,
    since: float | None,
) -> Help:
    """Return which suggestions stand as a person gives these answers, and whether that person has seen them.

    A suggestion for a question that is not asked, by these answers, was none to take or to leave.

    `since` is when the person got the task: what was suggested or declared later was in view for a part of the time only, or not at all.
    """
    best = _best(connection, task.item_id, opened.roles)
    schema = opened.project.schema
    if best and schema.conditions:
        asked = dict(asked_of(connection, schema, {task.item_id: values}))[task.item_id]
        best = [(one, written) for one, written in best if one.question in asked or one.question not in schema.questions]
    if not best:
        return NO_HELP
    in_doubt = _in_doubt(opened, task)
    hidden = in_doubt or _hides(opened, key, user_id)
    share = 0.0 if in_doubt else opened.pipeline.assist.unassisted_share
    # Under another pipeline version another share may have been hidden.
    clear = since is None or (opened.declared_at <= since and all(written <= since for _, written in best))
    return Help(
        arm=("hidden" if hidden else "shown") if clear else "unclear",
        chance=share if clear and 0 < share < 1 else None,
        in_view=not hidden,
        suggestions=[
            StandingSuggestion(
                question=one.question,
                labeler=one.labeler,
                version=one.version,
                score=one.score,
                taken=_same(schema, one.question, values.get(one.question), one.answer),
            )
            for one, _ in best
        ],
    )


def _in_doubt(opened: OpenProject, task: Leased) -> bool:
    """Tell whether one more person is asked because the answers so far leave doubt: what settles it comes from nobody's suggestion."""
    return task.purpose == "label" and task.lane > opened.pipeline.tasks.start


def _hides(opened: OpenProject, key: str, user_id: int) -> bool:
    """Tell whether the lot hides the suggestions for an item from a person."""
    digest = hashlib.blake2b(f"{key}\0{user_id}".encode(), key=opened.seed.encode()[:64], person=b"suggestions", digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < opened.pipeline.assist.unassisted_share


def _same(schema: Schema, question: str, given: AnswerUnion | None, suggested: AnswerUnion) -> bool:
    """Tell whether an answer is the suggested one: whether the two count as the same."""
    return given is not None and schema.alike(question, given, suggested)


def _best(connection: Connection, item_id: int, roles: Roles | None) -> list[tuple[Suggestion, float]]:
    """The most confident suggestion for each question, and when it was written, of all labelers or of those whose `roles` show them."""
    best: dict[str, tuple[float, Any]] = {}
    for row in _suggested.all(connection, item=item_id):
        if roles is not None and not roles.of(row[1]).shown:
            continue
        score = row[4] if row[4] is not None else 0.0
        if row[0] not in best or score > best[row[0]][0]:
            best[row[0]] = (score, row)
    return [
        (Suggestion(question, labeler, version, decode_answer(answer), score), written)
        for _, (question, labeler, version, answer, score, written) in best.values()
    ]
