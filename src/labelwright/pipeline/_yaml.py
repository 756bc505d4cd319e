"""Reads YAML by the 1.2 core rules, so that `no` and `12:30` stay texts, and remembers on which line each value stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labelwright.errors import InvalidPipeline

__all__ = ["load"]

MOST_BYTES = 1_000_000
MOST_VALUES = 100_000
MOST_DEPTH = 40


def load(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the file's data as plain values, and the line of each place such as `$.schema.questions.intent`.

    Raises:
        InvalidPipeline: the file is missing, too large, no YAML, or no mapping.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        body = path.read_bytes()
        text = body.decode("utf-8-sig")
    except OSError as error:
        raise InvalidPipeline(f"The file cannot be read: {error.strerror}.", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise InvalidPipeline("The file is not UTF-8.", where=str(path)) from error
    if len(body) > MOST_BYTES:
        raise InvalidPipeline(f"A pipeline file may have {MOST_BYTES:,} bytes.", where=str(path))
    reader = YAML(typ="rt", pure=True)
    reader.version = (1, 2)
    try:
        tree = reader.load(text)
    except MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InvalidPipeline(f"This is no YAML: {error.problem or error.context}.", where=f"{path.name}{line}") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise InvalidPipeline(f"This is no YAML: {error}.", where=path.name) from error
    lines: dict[str, int] = {}
    plain = _plain(tree, "$", 1, lines, path.name)
    if not isinstance(plain, dict):
        raise InvalidPipeline("The file has to be a mapping with keys such as 'name' and 'schema'.", where=path.name)
    return plain, lines


def _plain(node: Any, place: str, line: int, lines: dict[str, int], name: str) -> Any:
    lines[place] = line
    # Aliases repeat what they name; counting places stops a small file from becoming a huge one.
    if len(lines) > MOST_VALUES or place.count(".") + place.count("[") > MOST_DEPTH:
        raise InvalidPipeline("The file is nested too deeply or holds too many values.", where=f"{name} line {line}")
    place_of: Any = node  # ruamel's mappings and sequences know their lines, which its types do not tell
    if isinstance(node, dict):
        return {
            _whole(str(key), line, name): _plain(
                value, f"{place}.{key}", place_of.lc.key(key)[0] + 1 if key in (place_of.lc.data or {}) else line, lines, name
            )
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_plain(value, f"{place}[{index}]", place_of.lc.item(index)[0] + 1, lines, name) for index, value in enumerate(node)]
    if isinstance(node, str):
        return _whole(node, line, name)
    for kind in (bool, int, float):
        if isinstance(node, kind):
            return kind(node)
    return None if node is None else str(node)


def _whole(text: str, line: int, name: str) -> str:
    """Put characters together that JSON escapes in two halves, such as an emoji."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return str(text)
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise InvalidPipeline(
            "A text holds half of a character.", where=f"{name} line {line}", hint="Write the character itself."
        ) from error
