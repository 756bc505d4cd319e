"""Find, list and load plugins: the modules of a folder plus the entry points of the same name.

A plugin is a file. `labelwright/formats/coco.py` is the format `coco`; another distribution adds a format by an entry point in the group
`labelwright.formats`. Listing reads names and first lines only and imports nothing.
"""

from __future__ import annotations

import ast
import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

from labelwright.errors import InvalidInput, nearest

__all__ = ["FOLDERS", "load", "names", "summary"]

PACKAGE = Path(__file__).parent

FOLDERS = {
    "kinds": "schema/kinds",
    "media": "media",
    "formats": "formats",
    "readers": "sources/readers",
    "steps": "prepare/steps",
    "labelers": "assist/labelers",
    "rules": "checks/rules",
    "aggregate": "stats/aggregate",
    "verbs": "cli",
}
"""Each group of plugins and the folder, relative to the package, whose files belong to it."""


def names(group: str) -> list[str]:
    """Return the names of all plugins of `group`, sorted, without importing one of them.

    >>> "choice" in names("kinds")
    True
    """
    return sorted({*_bundled(group), *_entry_points(group)})


def load(group: str, name: str) -> ModuleType:
    """Import the plugin `name` of `group` and return its module.

    Raises:
        InvalidInput: no plugin has that name; the hint names the nearest.
    """
    if name in _bundled(group):
        return importlib.import_module(f"labelwright.{FOLDERS[group].replace('/', '.')}.{name}")
    points = _entry_points(group)
    if name not in points:
        kind = group.removesuffix("s")
        raise InvalidInput(f"There is no {kind} named '{name}'.", hint=nearest(name, names(group)))
    return importlib.import_module(points[name])


def summary(group: str, name: str) -> str:
    """Return the first line of a plugin's docstring; a bundled one is read as text, not imported."""
    path = _bundled(group).get(name)
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) if path else load(group, name).__doc__
    return (text or "").strip().partition("\n")[0]


@cache
def _bundled(group: str) -> dict[str, Path]:
    folder = PACKAGE / FOLDERS[group]
    # A file with an underscore in front, and base.py, serve the plugins and are none.
    return {path.stem: path for path in folder.glob("*.py") if not path.stem.startswith("_") and path.stem != "base"}


@cache
def _entry_points(group: str) -> dict[str, str]:
    # importlib.metadata costs about a sixth of a second cold, so it is imported late.
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=f"labelwright.{group}")}
