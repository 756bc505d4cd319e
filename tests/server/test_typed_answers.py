"""What the routes answer with: values that have a form, so that clients and the page need not write it down again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from labelwright.server.app import ROUTES

FREE = {
    ("Draft", "body"): "what the page keeps of work that is not done",
    ("Event", "payload"): "what an event says of itself, each kind otherwise",
    ("EventRow", "payload"): "the same",
    ("ItemDetail", "meta"): "columns of the source",
    ("ItemView", "meta"): "the same",
}
"""Fields of answers without a form, and what they hold: nobody but their writer knows more of them."""


def answers() -> list[tuple[str, Any]]:
    """The function of every route, and what it says that it returns."""
    return [(handler.fn.__name__, get_type_hints(handler.fn)["return"]) for handler in ROUTES if isinstance(handler, HTTPRouteHandler)]


def formless(kind: msgspec.inspect.Type, of: tuple[str, str], seen: set[type]) -> Iterator[tuple[str, str]]:
    """The fields, at any depth, whose type says nothing."""
    if isinstance(kind, msgspec.inspect.AnyType):
        yield of
    elif isinstance(kind, msgspec.inspect.StructType):
        if kind.cls not in seen:
            seen.add(kind.cls)
            for field in kind.fields:
                yield from formless(field.type, (kind.cls.__name__, field.name), seen)
    elif isinstance(kind, msgspec.inspect.UnionType):
        for one in kind.types:
            yield from formless(one, of, seen)
    elif isinstance(kind, msgspec.inspect.DictType):
        yield from formless(kind.value_type, of, seen)
    elif isinstance(kind, msgspec.inspect.CollectionType):
        yield from formless(kind.item_type, of, seen)


@pytest.mark.parametrize(("name", "answer"), answers(), ids=[name for name, _ in answers()])
def test_a_route_answers_with_a_value_of_ours(name: str, answer: Any) -> None:
    """A route returns a struct, or a list of such; bytes only where it hands a file out. No struct has a field without a form."""
    if get_origin(answer) is Response:
        (answer,) = get_args(answer)
    if answer in (bytes, Stream):
        return
    one = get_args(answer)[0] if get_origin(answer) is list else answer
    assert isinstance(one, type), f"{name} returns {answer}"
    assert issubclass(one, msgspec.Struct), f"{name} returns {answer}"
    assert set(formless(msgspec.inspect.type_info(one), (name, ""), set())) <= FREE.keys()
