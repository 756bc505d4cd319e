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
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, TypeVar

from labelwright.errors import InvalidInput, InvalidPipeline, LabelwrightError, nearest

__all__ = [
    "GROUPS",
    "PluginGroup",
    "caught",
    "line_within",
    "load",
    "load_class",
    "load_file",
    "names",
    "page_module",
    "summary",
    "useless",
]

PACKAGE = Path(__file__).parent

MOST_CHARACTERS = 500
"""Of what an error of other code says, so many characters are told."""

T = TypeVar("T")


class PluginGroup(NamedTuple):
    """A group of plugins.

    `folder`, relative to the package, is where our own are; `one` is what a sentence calls one of them; `defines` names what the module of
    each of them has to have.
    """

    folder: str
    one: str
    defines: tuple[str, ...]


GROUPS = {
    "kinds": PluginGroup("schema/kinds", "kind", ("QUESTION", "ANSWER")),
    "modalities": PluginGroup("schema/modalities", "modality", ("FIELD",)),
    "media": PluginGroup("media", "modality", ("SUFFIXES", "Options", "probe", "verify", "prepare")),
    "features": PluginGroup("media/features", "module of features", ("VERSION",)),
    "formats": PluginGroup("formats", "format", ("READS", "WRITES", "SUFFIX", "refuses")),
    "readers": PluginGroup("sources/readers", "reader", ("SUFFIXES", "MODALITY", "read")),
    "steps": PluginGroup("prepare/steps", "step", ("Options", "apply")),
    "labelers": PluginGroup("assist/labelers", "labeler", ("Options", "SHORT", "open_labelers")),
    "rules": PluginGroup("checks/rules", "rule", ("Options", "ALWAYS", "SEVERITY", "compile")),
    "aggregate": PluginGroup("stats/aggregate", "method", ("fit",)),
    "aggregation": PluginGroup("quality/aggregation", "way of aggregation", ("ANSWERS", "unfitted", "judge")),
    "verbs": PluginGroup("cli", "verb", ("arguments", "run")),
}
"""Each group of plugins by its name."""


def names(group: str) -> list[str]:
    """Return the names of all plugins of `group`, sorted, without importing one of them.

    >>> "choice" in names("kinds")
    True
    """
    return sorted({*_bundled(group), *_entry_points(group)})


def load(group: str, name: str) -> ModuleType:
    """Import the plugin `name` of `group` and return its module.

    Raises:
        InvalidInput: no plugin has that name, and the hint names the nearest; or another package brings it and it cannot be imported; or it
            lacks something that each plugin of the group defines.
    """
    points = _entry_points(group)
    if name in _bundled(group):
        module = importlib.import_module(f"labelwright.{GROUPS[group].folder.replace('/', '.')}.{name}")
    elif name in points:
        try:
            # This gathers kinds and modalities. Were it the plugin that imports it first, it would meet that plugin half done.
            with suppress(LabelwrightError):
                importlib.import_module("labelwright.schema")
            module = importlib.import_module(points[name])
        except LabelwrightError:
            raise
        except Exception as error:
            # It is another package's code, so whatever it raises is told as what it is: not ours.
            why = f"cannot be loaded from '{points[name]}': {type(error).__name__}: {error}"
            raise useless(group, name, why) from error
    else:
        raise InvalidInput(f"There is no {GROUPS[group].one} named '{name}'.", hint=nearest(name, names(group)))
    missing = [one for one in GROUPS[group].defines if not hasattr(module, one)]
    if missing and getattr(module.__spec__, "_initializing", False):
        raise useless(group, name, "was imported first.", hint=f"Import labelwright.schema before {module.__name__}.")
    _demand(group, name, module, missing)
    return module


def load_class(group: str, name: str, attribute: str, base: type[T], defines: Iterable[str] = ()) -> type[T]:
    """Return the tagged Struct that a plugin has under `attribute`: a subclass of `base`, tagged with the plugin's name.

    Args:
        group, name: of the plugin.
        attribute: where its module has the class.
        base: what the class has to be derived from.
        defines: what it has to define itself, for `base` only says what that is for.

    Raises:
        InvalidInput: as `load` does, or the class is another one.
    """
    found = getattr(load(group, name), attribute)
    if not isinstance(found, type) or not issubclass(found, base):
        raise useless(group, name, f"cannot be used: its {attribute} is not derived from {base.__module__}.{base.__name__}.")
    tag = found.__struct_config__.tag  # type: ignore[attr-defined]  # every base is a Struct
    if tag != name:
        raise useless(group, name, f"cannot be used: its {attribute} has the tag '{tag}', which is another name.")
    _demand(group, name, found, [one for one in defines if getattr(found, one, None) is getattr(base, one, None)])
    return found


def _demand(group: str, name: str, found: ModuleType | type, missing: list[str]) -> None:
    if missing:
        raise useless(group, name, f"cannot be used: {found.__name__} does not define {', '.join(missing)}.")


def useless(group: str, name: str, why: str, *, hint: str = "Mend or uninstall the package that brings it.") -> InvalidInput:
    """Return the error that says why a plugin does not work, and which file or entry point leads to it."""
    message = f"The {GROUPS[group].one} '{name}' {why}"
    if name in _bundled(group):
        return InvalidInput(message, where=f"{GROUPS[group].folder}/{name}.py")
    return InvalidInput(message, where=f"entry point '{name}' of labelwright.{group}", hint=hint)


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
    except KeyboardInterrupt:
        raise
    except BaseException:  # telling an error is other people's code as well
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
    folder = PACKAGE / GROUPS[group].folder
    # A file with an underscore in front, and base.py, serve the plugins and are none.
    return {path.stem: path for path in folder.glob("*.py") if not path.stem.startswith("_") and path.stem != "base"}


@cache
def _entry_points(group: str) -> dict[str, str]:
    # importlib.metadata costs about a sixth of a second cold, so it is imported late.
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=f"labelwright.{group}")}
