"""The language says the same on the server and on the page: both are held to `vectors.json`, here and in `ui/src/expressions`."""

from __future__ import annotations

import json
import re
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from labelwright.errors import InvalidPipeline
from labelwright.expressions import CannotTell, Names, Subject, Terms, compile_expression

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))


def _field(name: str) -> Any:
    return lambda field: None if field is None else field[name]


def _terms(labels: list[str], parts: list[str] | None = None) -> Terms:
    if parts is None:
        return Terms(lambda answer, fields: answer, tuple(labels))
    numbers = frozenset(parts) - {"label", "text"}
    return Terms(lambda answer, fields: answer or [], tuple(labels), {part: itemgetter(part) for part in parts}, numbers)


NAMES = Names(
    {name: _terms(**one) for name, one in VECTORS["names"]["answers"].items()},
    {name: {value: _field(value) for value in known} for name, known in VECTORS["names"]["fields"].items()},
)


def subject(name: str) -> Subject:
    """What a vector looks at; in `long` numbers stand for many places and letters."""
    given = VECTORS["subjects"][name]
    answers = {one: [VECTORS["place"]] * value if isinstance(value, int) else value for one, value in given["answers"].items()}
    fields = {
        one: {key: "x" * value if key == "text" and isinstance(value, int) else value for key, value in field.items()}
        for one, field in given["fields"].items()
    }
    return Subject(answers, fields, given["meta"], given["key"])


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["text"][:60])
def test_expressions_come_to_what_the_vectors_say(vector: dict[str, Any]) -> None:
    """Each text has the value of its vector, cannot be told, or is refused at its place."""
    if "refused" in vector:
        with pytest.raises(InvalidPipeline) as refused:
            compile_expression(vector["text"], NAMES)
        found = re.match(r"column (\d+),", refused.value.where or "")
        assert (int(found[1]) if found else None) == vector["refused"]
        return
    expression = compile_expression(vector["text"], NAMES)
    if "cannot" in vector:
        with pytest.raises(CannotTell):
            expression.value(subject(vector["on"]))
        return
    value = expression.value(subject(vector["on"]))
    assert value == vector["value"]
    # A truth value is no number here, though they compare as such within the language.
    assert isinstance(value, bool) == isinstance(vector["value"], bool)
