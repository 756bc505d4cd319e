"""Find, list and load plugins: the modules of a folder plus the entry points of the same name.

A plugin is a file. `labelwright/formats/coco.py` is the format `coco`; another distribution adds a format by an entry point in the group
`labelwright.formats`. Listing reads names and first lines only and imports nothing.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import linecache
import sys
import traceback
from functools import cache
from pathlib import Path
from types import ModuleType

from labelwright.errors import InvalidInput, InvalidPipeline, LabelwrightError, nearest

__all__ = ["FOLDERS", "caught", "line_within", "load", "load_file", "names", "page_module", "summary"]

PACKAGE = Path(__file__).parent

MOST_CHARACTERS = 500
"""Of what an error of other code says, so many characters are told."""

FOLDERS = {
    "kinds": "schema/kinds",
    "modalities": "schema/modalities",
    "media": "media",
    "features": "media/features",
    "formats": "formats",
    "readers": "sources/readers",
    "steps": "prepare/steps",
    "labelers": "assist/labelers",
    "rules": "checks/rules",
    "aggregate": "stats/aggregate",
    "aggregation": "quality/aggregation",
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
        InvalidInput: no plugin has that name, and the hint names the nearest; or the package that brings it cannot be imported.
    """
    if name in _bundled(group):
        return importlib.import_module(f"labelwright.{FOLDERS[group].replace('/', '.')}.{name}")
    points, kind = _entry_points(group), group.removesuffix("s")
    if name not in points:
        raise InvalidInput(f"There is no {kind} named '{name}'.", hint=nearest(name, names(group)))
    try:
        return importlib.import_module(points[name])
    except LabelwrightError:
        raise
    except Exception as error:
        # It is another package's code, so whatever it raises is told as what it is: not ours.
        message = f"The {kind} '{name}' cannot be loaded from '{points[name]}': {type(error).__name__}: {error}"
        raise InvalidInput(message, hint="Mend or uninstall the package that brings it.") from error


def page_module(group: str, name: str) -> Path | None:
    """Return the JavaScript module that another package's plugin has for the page; None where it has none, and for our own.

    It lies beside the plugin's file, has the same name and ends in `.js`.
    """
    point = _entry_points(group).get(name)
    if point is None or name in _bundled(group):
        return None
    found = importlib.util.find_spec(point)
    path = Path(found.origin).with_suffix(".js") if found and found.origin else None
    return path if path and path.is_file() else None


def load_file(folder: Path, name: str) -> tuple[ModuleType, str]:
    """Run the Python file `name` of a project's folder and return it as a module, with the digest of its source.

    The file is the project's own code: it runs with all rights of whoever runs the pipeline. It is run anew each time, so that a changed
    file counts at once.

    Raises:
        InvalidPipeline: there is no such file within the folder, or running it fails; the hint names the line.
    """
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise InvalidPipeline(f"There is no file '{name}' in the project's folder.", hint="Name a Python file beside the pipeline file.")
    source = path.read_bytes()
    digest = hashlib.sha256(source).hexdigest()
    module = ModuleType(f"labelwright_project_{digest[:16]}")
    module.__file__ = str(path)
    # Tracebacks and `inspect.getsource` find the text under this name; dataclasses and pickles look the module up.
    linecache.checkcache(str(path))
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except BaseException as error:  # whatever a project's own code raises
        reason = caught(error)
        del sys.modules[module.__name__]
        line = error.lineno if isinstance(error, SyntaxError) else line_within(error, path)
        raise InvalidPipeline(reason, where=f"{name} line {line}" if line else name) from error
    return module, digest


def caught(error: BaseException) -> str:
    """Return what code that is not ours raised, as a sentence that can be stored; only Ctrl+C is raised again.

    `sys.exit()` is an exception too, as is whatever a library derives from `BaseException`, and telling an error may raise another one.

    >>> caught(KeyError("t0"))
    "KeyError: 't0'"
    """
    if isinstance(error, KeyboardInterrupt):
        raise error
    if isinstance(error, LabelwrightError):
        return str(error)[:MOST_CHARACTERS]
    try:
        message = str(error)
    except Exception:
        message = ""
    told = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return told[:MOST_CHARACTERS].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def line_within(error: BaseException, path: Path) -> int | None:
    """Return the line of a project's own file at which an error arose, or None where it arose elsewhere."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path.resolve())]
    return lines[-1] if lines else None


def summary(group: str, name: str) -> str:
    """Return the first line of a plugin's docstring, or why it cannot be loaded; a bundled one is read as text, not imported."""
    path = _bundled(group).get(name)
    try:
        text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) if path else load(group, name).__doc__
    except LabelwrightError as error:
        text = error.message
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
