"""Label errors: out-of-fold predictions, confident learning, and a quality score for every label."""

from labelwright.stats.label_errors.confident import LabelErrors, find_label_errors
from labelwright.stats.label_errors.folds import OutOfFold, out_of_fold
from labelwright.stats.label_errors.quality import label_quality

__all__ = ["LabelErrors", "OutOfFold", "find_label_errors", "label_quality", "out_of_fold"]
