"""Finds palettes that got all stars and have hardly any colors.

Why that is bad: one color alone is no palette, and who gives it all stars has hit the wrong key more often than not.

Example: five stars for a palette of one color.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from labelwright_palettes.palette import Palette
from labelwright_palettes.stars import Stars, StarsQuestion

from labelwright.checks import case
from labelwright.checks.case import Case, Found, Run
from labelwright.errors import InvalidPipeline
from labelwright.schema import Schema, Severity

SEVERITY: Severity = "warning"
ALWAYS = False
SHORT = "fewest"


class Options(case.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`fewest`: a palette of fewer colors is meant."""

    fewest: int = 2


def compile(options: Options, schema: Schema, folder: Path) -> Run:
    """Return what looks at the answers about stars."""
    if options.fewest < 1:
        raise InvalidPipeline("A palette has one color at least.", where="dull_favourite.fewest")
    asked = {name: question for name, question in schema.questions.items() if isinstance(question, StarsQuestion)}

    def run(case: Case) -> Iterator[Found]:
        for name, question in asked.items():
            shown, answer = case.item.data.get(question.of), case.values.get(name)
            few = isinstance(shown, Palette) and shown.count < options.fewest
            if few and isinstance(answer, Stars) and answer.stars == question.most:
                yield Found(f"All {question.most} stars for a palette with fewer than {options.fewest} colors.", name)

    return run
