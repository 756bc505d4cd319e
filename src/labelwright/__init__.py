"""Labelwright: raw data in, certified training data out.

The story, package by package: `sources` collect, `prepare` makes ready, `assist` suggests, `tasks` decide who is asked what, people
`annotate`, `checks` and `review` validate, `quality` assures, `analytics` tell how it goes, `datasets` freeze and export. `pipeline` runs
it all.

The few public names here are enough for most programs; `labelwright.stats` is a library of its own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelwright.assist import labeling_function
    from labelwright.checks import check
    from labelwright.pipeline.declare import Pipeline
    from labelwright.pipeline.workspace import Workspace
    from labelwright.prepare import step

__all__ = ["Pipeline", "Workspace", "check", "labeling_function", "open", "step"]

_HOMES = {
    "Pipeline": "labelwright.pipeline.declare",
    "Workspace": "labelwright.pipeline.workspace",
    "check": "labelwright.checks",
    "labeling_function": "labelwright.assist",
    "step": "labelwright.prepare",
}
"""Where each public name lives: it is imported at its first use, so that `import labelwright` costs nothing."""


def open(folder: str) -> Workspace:  # the contract calls it labelwright.open, as `open` opens a file
    """Open the workspace in `folder`: its store and its projects.

    Raises:
        InvalidPipeline: the folder has no pipeline file, or it is wrong.
    """
    from labelwright.pipeline.workspace import Workspace

    return Workspace.open(folder)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'labelwright' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)
