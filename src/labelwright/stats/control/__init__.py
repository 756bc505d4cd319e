"""Annotator control: whether somebody's work has got worse, and whether a newcomer is good enough.

`watch` sums up evidence for a drop after every answer (CUSUM); `qualify` decides with as few answers as possible whether an accuracy is
reached (SPRT). Both take outcomes on gold items, or agreement with peers or a model, whose usual rates then take the place of accuracies.
"""

from labelwright.stats.control.cusum import Watch, watch
from labelwright.stats.control.sprt import Qualification, qualify

__all__ = ["Qualification", "Watch", "qualify", "watch"]
