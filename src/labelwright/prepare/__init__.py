"""2 Preparation: raw rows become items, by steps that are the files of `steps/`; only what a change touches is done again."""

from labelwright.prepare.decorator import step
from labelwright.prepare.prepare import PrepareReport, prepare

__all__ = ["PrepareReport", "prepare", "step"]
