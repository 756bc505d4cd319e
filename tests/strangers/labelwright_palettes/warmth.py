"""Rates palettes by how warm they are: the more red and the less blue, the more stars.

Example: `{warmth: liking}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from labelwright_palettes.palette import Palette
from labelwright_palettes.stars import Stars, StarsQuestion
from msgspec import Struct

from labelwright.assist.labelers.base import Declined, Labeler, Progress, Proposal
from labelwright.assist.versions import record
from labelwright.errors import InvalidPipeline, nearest
from labelwright.schema import Item
from labelwright.store.project import Project

SHORT = "question"


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`question`: the question that it answers; without one, all that ask for stars."""

    question: str | None = None


def open_labelers(options: Options, project: Project, place: str, progress: Progress) -> list[Labeler | Declined]:
    """Return a labeler for each question."""
    asked = {name: question for name, question in project.schema.questions.items() if isinstance(question, StarsQuestion)}
    if options.question is not None and options.question not in asked:
        hint = nearest(options.question, asked)
        raise InvalidPipeline(f"There is no question about stars named '{options.question}'.", where=place, hint=hint)
    if not asked:
        return [Declined("warmth", next(iter(project.schema.questions)), "No question asks for stars.")]
    return [Warmth(project, name, question) for name, question in asked.items() if options.question in (None, name)]


class Warmth(NamedTuple):
    """The labeler of one question."""

    project: Project
    question: str
    asked: StarsQuestion

    @property
    def name(self) -> str:
        """What it is called beside its suggestions."""
        return "warmth"

    @property
    def version(self) -> str:
        """Changes with the number of stars, on which its proposals depend besides the palette."""
        return f"1 {self.asked.most}"

    def propose(self, items: Sequence[Item]) -> list[Proposal | None]:
        """Rate each palette; other fields get nothing."""
        return [self._one(item.data.get(self.asked.of)) for item in items]

    def close(self) -> None:
        """Write down that there is this version."""
        record(self.project, self.name, self.version, report={"question": self.question})

    def _one(self, shown: object) -> Proposal | None:
        if not isinstance(shown, Palette):
            return None
        warm = [0.5 + (int(color[1:3], 16) - int(color[5:7], 16)) / 510 for color in shown.colors]
        share = sum(warm) / len(warm)
        return Proposal(Stars(1 + round(share * (self.asked.most - 1))), round(abs(2 * share - 1), 3))
