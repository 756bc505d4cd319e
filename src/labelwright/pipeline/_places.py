"""From the place of a mistake in a declaration, such as `tasks.lease`, to its line in the pipeline file.

Whoever finds a mistake names its place by the keys that lead to it, and knows no file. Here alone the file is read again, and the place
becomes `labelwright.yaml line 18, tasks.lease`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from labelwright.errors import InvalidInput, InvalidPipeline, nearest
from labelwright.pipeline import _yaml
from labelwright.pipeline.keys import renewed, reserved

__all__ = ["explain", "located"]

_SOURCE = re.compile(r"sources \((?P<uri>.*?)\)(?P<rest>(?:\.\w+)?)(?:, .*)?$", re.DOTALL)


@contextmanager
def located(path: Path, form: type[Any]) -> Iterator[None]:
    """Add file and line to what is found wrong, within the block, with a declaration of the type `form` in the file `path`.

    Raises:
        InvalidPipeline: instead of an `InvalidInput` whose `where` begins with a key of the declaration.
    """
    try:
        yield
    except InvalidInput as error:
        where = error.where or ""
        first = re.match(r"\w+", where)
        if not first or first[0] not in form.__struct_fields__:
            raise
        try:
            data, lines = _yaml.load(path)
        except InvalidPipeline:
            # It was declared in Python, or the file has gone since.
            raise error from error.__cause__
        with suppress(InvalidPipeline):
            data = renewed(data, lines)
        raise InvalidPipeline(error.message, where=_where(path.name, where, data, lines), hint=error.hint) from error


def explain(error: msgspec.ValidationError, data: dict[str, Any], lines: dict[str, int], form: type[Any], file: str) -> InvalidPipeline:
    """Say in our words what msgspec finds wrong with the file's data: the place, its line, and what may stand there."""
    message, _, place = str(error).partition(" - at `")
    place = _exact(place.rstrip("`") or "$", str(error), data, form)
    line = _line(place, lines)
    hint = None
    unknown = re.search(r"unknown field `(.+?)`", message)
    value = re.fullmatch(r"Invalid (?:enum )?value '?(.*?)'?", message, re.DOTALL)
    if unknown:
        key = f"{place}.{unknown[1]}"
        line = lines.get(key, line)
        later = reserved(key.removeprefix("$").removeprefix("."))
        message = f"The key '{unknown[1]}' is {'reserved: ' + later if later else 'unknown here.'}"
        hint = None if later else nearest(unknown[1], _keys_at(place, form))
    elif value:
        known = sorted(str(one) for one in _values_at(place, form))
        message = f"'{value[1]}' is not known here."
        close = nearest(value[1], known) or ""
        hint = close if close.startswith("Known") else f"{close} Known are: {', '.join(known)}."
    elif re.match(r"Expected `str\b.*`, got `(?:int|float|bool)`", message):
        hint = f'Texts that look otherwise stand in quotes: "{str(_at(place, data)).lower()}".'
    message = message if message.endswith(".") else f"{message}."
    return InvalidPipeline(message, where=_shown(file, line, place.removeprefix("$").removeprefix(".")), hint=hint)


def _where(file: str, where: str, data: dict[str, Any], lines: dict[str, int]) -> str:
    source = _SOURCE.fullmatch(where)
    if source:
        for index, entry in enumerate(data.get("sources") or ()):
            if entry == source["uri"] or (isinstance(entry, dict) and entry.get("uri") == source["uri"]):
                return _shown(file, _line(f"$.sources[{index}]{source['rest'] or '.uri'}", lines), where)
    return _shown(file, _line(f"$.{where.partition(',')[0]}", lines), where)


def _shown(file: str, line: int | None, place: str) -> str:
    return f"{file}{f' line {line}' if line else ''}{', ' if place else ''}{place}"


def _line(place: str, lines: dict[str, int]) -> int | None:
    """The line of a place, or of the nearest place around it."""
    while place and place not in lines:
        place = re.sub(r"(\.[^.\[]*|\[[^\]]*\])$", "", place) if re.search(r"[.\[]", place) else ""
    return lines.get(place)


def _exact(place: str, message: str, data: dict[str, Any], form: type[Any]) -> str:
    """Name the key that an error is about, which msgspec writes as `[...]`: the one with which alone the error is the same."""
    while "[...]" in place:
        around, _, within = place.partition("[...]")
        for name in _at(around, data) if isinstance(_at(around, data), dict) else ():
            try:
                msgspec.convert(_only(around, name, data), form)
            except msgspec.ValidationError as error:
                if str(error) == message:
                    place = f"{around}.{name}{within}"
                    break
        else:
            return place
    return place


def _steps(place: str) -> list[str | int]:
    return [key or int(index) for key, index in re.findall(r"\.([^.\[]+)|\[(\d+)\]", place.removeprefix("$"))]


def _at(place: str, data: Any) -> Any:
    for step in _steps(place):
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _only(place: str, name: str, data: Any) -> Any:
    """The data with nothing but `name` in the mapping at `place`."""

    def copied(node: Any, steps: list[str | int]) -> Any:
        if not steps:
            return {name: node[name]}
        if isinstance(node, dict):
            return {**node, steps[0]: copied(node[steps[0]], steps[1:])}
        return [copied(one, steps[1:]) if index == steps[0] else one for index, one in enumerate(node)]

    return copied(data, _steps(place))


def _keys_at(place: str, form: type[Any]) -> list[str]:
    """The keys that the object at `place` may have, found by walking the declared types."""
    return sorted(
        {
            field.encode_name
            for kind in _flat(_kinds_at(place, form))
            if isinstance(kind, msgspec.inspect.StructType)
            for field in kind.fields
        }
    )


def _values_at(place: str, form: type[Any]) -> set[Any]:
    """The values that may stand at `place`: those of a choice of words, or the tags of the objects around it."""
    words = {value for kind in _flat(_kinds_at(place, form)) if isinstance(kind, msgspec.inspect.LiteralType) for value in kind.values}
    around = _flat(_kinds_at(place.rpartition(".")[0], form))
    return words or {kind.tag for kind in around if isinstance(kind, msgspec.inspect.StructType) and kind.tag is not None}


def _kinds_at(place: str, form: type[Any]) -> list[Any]:
    candidates: list[Any] = [msgspec.inspect.type_info(form)]
    for part in re.findall(r"\.([^.\[]+)|(\[)", place.removeprefix("$")):
        candidates = [inner for kind in candidates for inner in _inside(kind, part[0])]
    return candidates


def _inside(kind: Any, key: str) -> list[Any]:
    found: list[Any] = []
    for one in _flat([kind]):
        if isinstance(one, msgspec.inspect.StructType) and key:
            found += [field.type for field in one.fields if field.encode_name == key]
        elif isinstance(one, msgspec.inspect.DictType):
            found.append(one.value_type)
        elif isinstance(one, msgspec.inspect.VarTupleType | msgspec.inspect.ListType) and not key:
            found.append(one.item_type)
    return found


def _flat(kinds: list[Any]) -> list[Any]:
    return [one for kind in kinds for one in (kind.types if isinstance(kind, msgspec.inspect.UnionType) else [kind])]
