"""The mathematics: arrays in, arrays out, no database and no web, useful to anyone who only wants the statistics.

- `aggregate`: many annotators' answers become one label a task.
- `OnlineAggregation`: the same, one answer at a time.
- `aggregate_multilabel`, `aggregate_ratings`, `aggregate_ordinal`: the same for sets of labels, numbers and ordered levels.
- `bradley_terry`, `crowd_bradley_terry`, `plackett_luce`: preferences and rankings become a score an item.
- `fuse_boxes`, `fuse_intervals`, `match_boxes`, `match_intervals`: the same for structured answers.
- `krippendorff_alpha` and its kin: how far annotators agree, with an interval.
- `out_of_fold`, `find_label_errors`, `label_quality` and their kin for sets, tokens, spans, boxes and masks: which labels are doubtful.
- `binomial_upper_bound` and its kin: what a random audit proves.

Everything that is wrong with an input is an `labelwright.errors.InvalidInput`.
"""

from labelwright.stats.aggregate import Aggregation, OnlineAggregation, TaskUpdate, aggregate, methods
from labelwright.stats.agreement import (
    Agreement,
    Confusable,
    alpha_by_distance,
    box_agreement,
    cohen_kappa,
    confusable_labels,
    interval_agreement,
    krippendorff_alpha,
    percent_agreement,
)
from labelwright.stats.certificates import (
    audits_needed,
    binomial_interval,
    binomial_upper_bound,
    hypergeometric_upper_bound,
)
from labelwright.stats.fusion import (
    FusedBox,
    FusedInterval,
    Matching,
    box_iou,
    fuse_boxes,
    fuse_intervals,
    interval_iou,
    match_boxes,
    match_intervals,
)
from labelwright.stats.label_errors import (
    CrowdQuality,
    LabelErrors,
    MaskErrors,
    MultilabelErrors,
    OutOfFold,
    TokenErrors,
    UnitErrors,
    UnitSuspect,
    crowd_label_quality,
    ensemble_probabilities,
    ensemble_quality,
    find_box_errors,
    find_interval_errors,
    find_label_errors,
    find_mask_errors,
    find_multilabel_errors,
    find_token_errors,
    label_quality,
    out_of_fold,
    recalibrated,
)
from labelwright.stats.multilabel import MultilabelAggregation, aggregate_multilabel, jaccard_distance, masi_distance
from labelwright.stats.rankings import Ranking, bradley_terry, crowd_bradley_terry, plackett_luce
from labelwright.stats.ratings import OrdinalAggregation, RatingAggregation, aggregate_ordinal, aggregate_ratings

__all__ = [
    "Aggregation",
    "Agreement",
    "Confusable",
    "CrowdQuality",
    "FusedBox",
    "FusedInterval",
    "LabelErrors",
    "MaskErrors",
    "Matching",
    "MultilabelAggregation",
    "MultilabelErrors",
    "OnlineAggregation",
    "OrdinalAggregation",
    "OutOfFold",
    "Ranking",
    "RatingAggregation",
    "TaskUpdate",
    "TokenErrors",
    "UnitErrors",
    "UnitSuspect",
    "aggregate",
    "aggregate_multilabel",
    "aggregate_ordinal",
    "aggregate_ratings",
    "alpha_by_distance",
    "audits_needed",
    "binomial_interval",
    "binomial_upper_bound",
    "box_agreement",
    "box_iou",
    "bradley_terry",
    "cohen_kappa",
    "confusable_labels",
    "crowd_bradley_terry",
    "crowd_label_quality",
    "ensemble_probabilities",
    "ensemble_quality",
    "find_box_errors",
    "find_interval_errors",
    "find_label_errors",
    "find_mask_errors",
    "find_multilabel_errors",
    "find_token_errors",
    "fuse_boxes",
    "fuse_intervals",
    "hypergeometric_upper_bound",
    "interval_agreement",
    "interval_iou",
    "jaccard_distance",
    "krippendorff_alpha",
    "label_quality",
    "masi_distance",
    "match_boxes",
    "match_intervals",
    "methods",
    "out_of_fold",
    "percent_agreement",
    "plackett_luce",
    "recalibrated",
]
