"""The small models, one file a way of learning, told apart by what a question asks and about which modality.

A learner's module has `METHOD`, its name; `VERSION`, which changes with its code; `ANSWERS`, what it is for: pairs of the shape of the
marks, or None for one label of the whole field, and of the modality; `MOST`, the examples that it takes, and for texts perhaps
`MOST_CHARACTERS`, what it reads of each, and `ALL_CHARACTERS`, of all together: of more examples it gets a random sample that stays the
same; `AT_LEAST`, the score below which it abstains unless told otherwise; `learn`, which returns what it learned as arrays, or raises
`TooLittle`; and `load`, which makes a `Learned` of the arrays again.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

from labelwright.schema import Schema
from labelwright.schema.kinds import Question

__all__ = ["learner_for", "learners", "methods"]


@cache
def learners() -> tuple[ModuleType, ...]:
    """Return all learners: the files of this folder without those that serve them."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_") and path.stem != "base")
    return tuple(importlib.import_module(f"{__name__}.{name}") for name in names)


def methods() -> list[str]:
    """Return the names of the models."""
    return [learner.METHOD for learner in learners()]


def learner_for(question: Question, schema: Schema) -> ModuleType | None:
    """Return the learner for a question, whichever kind it is of, or None where there is none."""
    if not question.labels or (question.shape is None and not question.single):
        return None
    wanted = (question.shape, schema.data[question.of])
    return next((learner for learner in learners() if wanted in learner.ANSWERS), None)
