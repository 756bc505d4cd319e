"""Label errors: out-of-fold predictions, confident learning, and a quality score for every label.

- Choices: `find_label_errors`, `label_quality`; with several models `ensemble_quality`, with a calibrated one `recalibrated`.
- Sets of labels: `find_multilabel_errors`. Tagged text: `find_token_errors`. Spans, boxes and other marks: `find_shape_errors`.
  Segmented pictures: `find_mask_errors`.
- Several annotators and a model: `crowd_label_quality`.
"""

from labelwright.stats.label_errors.calibration import recalibrated
from labelwright.stats.label_errors.confident import LabelErrors, find_label_errors
from labelwright.stats.label_errors.crowd import CrowdQuality, crowd_label_quality
from labelwright.stats.label_errors.ensemble import ensemble_probabilities, ensemble_quality
from labelwright.stats.label_errors.folds import OutOfFold, out_of_fold
from labelwright.stats.label_errors.masks import MaskErrors, find_mask_errors
from labelwright.stats.label_errors.multilabel import MultilabelErrors, find_multilabel_errors
from labelwright.stats.label_errors.quality import label_quality
from labelwright.stats.label_errors.shapes import ShapeErrors, ShapeSuspect, find_shape_errors
from labelwright.stats.label_errors.tokens import TokenErrors, find_token_errors

__all__ = [
    "CrowdQuality",
    "LabelErrors",
    "MaskErrors",
    "MultilabelErrors",
    "OutOfFold",
    "ShapeErrors",
    "ShapeSuspect",
    "TokenErrors",
    "crowd_label_quality",
    "ensemble_probabilities",
    "ensemble_quality",
    "find_label_errors",
    "find_mask_errors",
    "find_multilabel_errors",
    "find_shape_errors",
    "find_token_errors",
    "label_quality",
    "out_of_fold",
    "recalibrated",
]
