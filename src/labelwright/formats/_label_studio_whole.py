"""Label Studio's results about a whole field: choices, ratings, numbers, dates and texts, each with its tag, written and read."""

from __future__ import annotations

import math
from typing import Any
from xml.sax.saxutils import quoteattr

from labelwright.errors import InvalidInput
from labelwright.formats import base
from labelwright.schema import Answer, Question
from labelwright.schema.kinds.date import IsoDate

__all__ = ["CHOICES", "RATING", "WHOLE", "asks_for", "number_in", "plain_of", "tags_of", "type_of", "value_of"]

CHOICES, RATING, NUMBER, WRITTEN, MOMENT = "choices", "rating", "number", "textarea", "datetime"

WHOLE = frozenset({CHOICES, RATING, NUMBER, WRITTEN, MOMENT})
"""The types of results that are about the whole."""

_BY_FORM: dict[Any, str] = {tuple[str, ...]: CHOICES, float: NUMBER, str: WRITTEN, IsoDate: MOMENT}
"""The type by the plain form of answers that are not one label of a list."""


def type_of(question: Question) -> str | None:
    """Return the type of results that answers to a question about the whole field are written as; None where there is none."""
    if _is_counted(question):
        return RATING
    return CHOICES if question.single else _BY_FORM.get(question.form)


def asks_for(question: Question, kind: str) -> bool:
    """Tell whether results of a type can answer a question."""
    if question.shape is not None:
        return False
    return question.ordered if kind == RATING else type_of(question) == kind or (question.single and kind == CHOICES)


def _is_counted(question: Question) -> bool:
    """Tell whether the labels are the numbers from 1 on, as those of a rating in Label Studio."""
    return question.ordered and list(question.labels) == [str(number) for number in range(1, len(question.labels) + 1)]


def tags_of(name: str, question: Question) -> list[str]:
    """Return the lines of the labeling interface that ask the question."""
    names = f"name={quoteattr(name)} toName={quoteattr(question.of)}"
    kind = type_of(question)
    if kind == RATING:
        return [f'<Rating {names} maxRating="{len(question.labels)}"/>']
    if kind == CHOICES:
        how = "single-radio" if question.single else "multiple"
        return [f'<Choices {names} choice="{how}">', *(f"  <Choice value={quoteattr(label)}/>" for label in question.labels), "</Choices>"]
    if kind == NUMBER:
        bounds = {one: getattr(question, one, None) for one in ("min", "max", "step")}
        said = "".join(f' {one}="{bound:g}"' for one, bound in bounds.items() if bound is not None)
        return [f"<Number {names}{said}/>"]
    if kind == MOMENT:
        more, clock = (",time", "T%H:%M") if getattr(question, "time", False) else ("", "")
        return [f'<DateTime {names} only="date{more}" format="%Y-%m-%d{clock}"/>']
    return [f'<TextArea {names} maxSubmissions="1" editable="true"/>']


def value_of(question: Question, answer: Answer) -> dict[str, Any]:
    """Return the `value` of the result that an answer is."""
    kind, plain = type_of(question), answer.plain()
    if kind == RATING:
        return {RATING: int(question.vote(answer) or 0)}
    if kind == CHOICES:
        return {CHOICES: [question.vote(answer)] if question.single else plain}
    return {"text": [plain]} if kind == WRITTEN else {kind or "": plain}


def plain_of(kind: str, value: dict[str, Any], name: str, question: Question) -> Any:
    """Return the plain answer that the `value` of a result is.

    Raises:
        InvalidInput: it is no such value; a label that there is not is left to be said where all of them are.
    """
    if kind == RATING:
        return _point(value, name, question)
    if kind == NUMBER:
        return number_in(value, NUMBER)
    if kind == MOMENT:
        return value.get(MOMENT)
    if kind == WRITTEN:
        text = value.get("text")
        lines = [text] if isinstance(text, str) else text
        if not isinstance(lines, list) or not lines or not all(isinstance(line, str) for line in lines):
            raise InvalidInput("A text is a list of strings named 'text'.", where=name)
        # Each submission to a text area is one of them.
        return "\n".join(lines)
    labels = value.get(CHOICES)
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise InvalidInput("Choices are a list of labels.", where=name)
    offered = [base.as_offered(label, question.labels) for label in labels]
    if not question.single:
        return offered
    if len(offered) != 1:
        raise InvalidInput(f"It has {len(offered)} choices for a question that takes one.", where=name)
    return question.elected(offered[0]).plain() if offered[0] in question.labels else offered[0]


def _point(value: dict[str, Any], name: str, question: Question) -> Any:
    """Return the point of a scale that a rating is: the one called by its number, or else the one in its place, from 1."""
    number = number_in(value, RATING)
    if str(int(number)) in question.labels and number == int(number):
        return question.elected(str(int(number))).plain()
    if number not in range(1, len(question.labels) + 1):
        raise InvalidInput(f"A rating of {number:g} is none of the {len(question.labels)} points of the scale.", where=name)
    return question.elected(question.labels[int(number) - 1]).plain()


def number_in(value: Any, name: str) -> float:
    """Return the number of that name.

    Raises:
        InvalidInput: there is none.
    """
    number = value.get(name) if isinstance(value, dict) else None
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise InvalidInput(f"A number is expected as '{name}'.")
    return number
