"""Step five, quality: many answers become one label with a confidence, and everybody's work is measured, people and guidelines alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from labelwright.quality.policy import CrossValidate, QualityPolicy
from labelwright.quality.resting import rests_on

if TYPE_CHECKING:
    from labelwright.quality.refreshing import Refreshed
    from labelwright.store.project import Project

__all__ = ["CrossValidate", "QualityPolicy", "refresh", "rests_on"]


def refresh(
    project: Project,
    policy: QualityPolicy,
    *,
    machines: Sequence[str] = (),
    full: bool = False,
    anew: bool = False,
    progress: Callable[[int, int | None, str], None] = lambda done, total, what: None,
) -> Refreshed:
    """Write consensus, annotator quality and the quality reports for what was answered since the last time.

    `machines` names the labelers whose suggestions count as one more annotator's answers, about items that a person answered too. With
    `full`, every item is looked at again. With `anew`, models and reports count every answer; without, they are made again where a
    twentieth is new. Where nothing happened, nothing is read and nothing written. Running it again, or after a crash anywhere, comes to
    the same result.
    """
    # The statistics behind it are imported where they are needed, so that reading a policy stays quick.
    from labelwright.quality.refreshing import refresh as work

    return work(project, policy, machines=machines, full=full, anew=anew, progress=progress)
