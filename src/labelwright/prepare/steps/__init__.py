"""One file a step, and one step a modality.

A step has `Options`, a frozen Struct whose fields all have defaults or are required by name, and
`apply(draft, options, context) -> Iterable[Draft]`: no draft drops the row, several are its pieces. It raises `InvalidInput` or
`TooLarge` for a row that cannot become an item, and changes nothing but what it returns. A step may have `check(options, schema, folder)`,
called once before any row, and `digest(options, folder)`, for what decides about its results besides its options.

An expensive step has `REMEMBERS = True`: its results are kept and asked for before it runs again (`prepare.results`), under what
`sees(draft, options, context)` returns, the part of a draft that it looks at; without that, the whole. Its `VERSION` rises when it comes to
make other results.

The step of a modality is made of its file in `media`, and is called like it. In front of it another one says what of a file is not shown,
where its file in `media` has `left_out`.
"""

from __future__ import annotations

from functools import cache

from labelwright import plugins
from labelwright.media._group import GroupWithModalities
from labelwright.prepare.steps._left_out import LeftOutStep
from labelwright.prepare.steps._modality import ModalityStep
from labelwright.schema.modalities import MODALITIES

__all__ = ["left_out", "load", "names"]

_steps = GroupWithModalities("steps", ModalityStep)
names, load = _steps.names, _steps.load


@cache
def left_out(name: str) -> LeftOutStep | None:
    """Return the step that says what of a modality's files is not shown, or None where a step is no such modality's."""
    return LeftOutStep(name) if name in MODALITIES and hasattr(plugins.load("media", name), "left_out") else None
