"""The kinds of answers, one file each; this module gathers them into the two tagged unions that are read from files and requests."""

from __future__ import annotations

from typing import Any, Union

from labelwright import plugins
from labelwright.schema.kinds.base import (
    ANSWERED_BY,
    ASKED_BY,
    BROUGHT_TOGETHER_BY,
    SHAPED_BY,
    Answer,
    LabelQuestion,
    Option,
    Part,
    Problem,
    Question,
)

__all__ = ["Answer", "AnswerUnion", "LabelQuestion", "Option", "Part", "Problem", "Question", "QuestionUnion"]


def _question(name: str) -> type[Question]:
    """Return the question of a kind, which defines all that it will be asked for."""
    found = plugins.load_class("kinds", name, "QUESTION", Question, ASKED_BY)
    ways = plugins.names("aggregation")
    if found.aggregation not in ways:
        why = f"cannot be used: its aggregation is '{found.aggregation}', and there are {', '.join(ways)}."
        raise plugins.useless("kinds", name, why)
    found = plugins.load_class("kinds", name, "QUESTION", Question, BROUGHT_TOGETHER_BY.get(found.aggregation, ()))
    missing = [one for one in SHAPED_BY if found.shape is not None and not hasattr(found.shape, one)]
    if missing:
        raise plugins.useless("kinds", name, f"cannot be used: its shape does not define {', '.join(missing)}.")
    return found


_questions = [_question(name) for name in plugins.names("kinds")]
_answers = [plugins.load_class("kinds", name, "ANSWER", Answer, ANSWERED_BY) for name in plugins.names("kinds")]

QuestionUnion: Any = Union[tuple(_questions)]  # noqa: UP007 - made at run time from the files found
"""Any question, told apart by its `kind`."""

AnswerUnion: Any = Union[tuple(_answers)]  # noqa: UP007
"""Any answer, told apart by its `kind`."""
