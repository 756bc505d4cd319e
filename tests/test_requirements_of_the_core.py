"""The core asks for no package that it does not use."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
UNUSED = {"faker", "polyfactory", "rich-click", "pyyaml"}

OF_LITESTAR = {"polyfactory", "rich-click", "pyyaml"}
"""Litestar requires these itself, whichever of its extras is asked for; polyfactory in turn requires faker."""


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def _needed(package: str, extras: frozenset[str] = frozenset()) -> list[Requirement]:
    found = [Requirement(text) for text in importlib.metadata.requires(package) or []]
    environments = [{"extra": extra} for extra in extras or {""}]
    return [one for one in found if one.marker is None or any(one.marker.evaluate(environment) for environment in environments)]


def test_nothing_unused_is_required_but_what_litestar_insists_on() -> None:
    """In the closure of all requirements, unused packages come in by Litestar's own, unconditional ones and in no other way."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    waiting = [("labelwright", Requirement(text)) for text in declared]
    asked_by: dict[str, set[str]] = {}
    done: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        asker, one = waiting.pop()
        name = _name(one.name)
        asked_by.setdefault(name, set()).add(asker)
        if (name, frozenset(one.extras)) not in done:
            done.add((name, frozenset(one.extras)))
            waiting += [(name, more) for more in _needed(name, frozenset(one.extras))]
    unused = {name: asked_by[name] for name in UNUSED & asked_by.keys()}
    assert unused == {**{name: {"litestar"} for name in OF_LITESTAR}, "faker": {"polyfactory"}}


def test_the_server_loads_nothing_that_it_does_not_use() -> None:
    """What is installed along costs no time and no memory: the application is made without it."""
    code = "import sys, labelwright.server.app; print(sorted({'faker', 'polyfactory', 'rich_click'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
