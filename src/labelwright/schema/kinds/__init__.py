"""The kinds of answers, one file each; this module gathers them into the two tagged unions that are read from files and requests."""

from __future__ import annotations

from typing import Any, Union

from labelwright import plugins
from labelwright.schema.kinds.base import ANSWERED_BY, ASKED_BY, Answer, LabelQuestion, Option, Part, Problem, Question

__all__ = ["Answer", "AnswerUnion", "LabelQuestion", "Option", "Part", "Problem", "Question", "QuestionUnion"]

_questions = [plugins.load_class("kinds", name, "QUESTION", Question, ASKED_BY) for name in plugins.names("kinds")]
_answers = [plugins.load_class("kinds", name, "ANSWER", Answer, ANSWERED_BY) for name in plugins.names("kinds")]

QuestionUnion: Any = Union[tuple(_questions)]  # noqa: UP007 - made at run time from the files found
"""Any question, told apart by its `kind`."""

AnswerUnion: Any = Union[tuple(_answers)]  # noqa: UP007
"""Any answer, told apart by its `kind`."""
