"""Agreement between annotators, one file a coefficient, each with an interval."""

from labelwright.stats.agreement.base import Agreement
from labelwright.stats.agreement.cohen import cohen_kappa
from labelwright.stats.agreement.confusable import Confusable, confusable_labels
from labelwright.stats.agreement.distance import alpha_by_distance
from labelwright.stats.agreement.krippendorff import krippendorff_alpha
from labelwright.stats.agreement.percent import percent_agreement
from labelwright.stats.agreement.units import box_agreement, interval_agreement

__all__ = [
    "Agreement",
    "Confusable",
    "alpha_by_distance",
    "box_agreement",
    "cohen_kappa",
    "confusable_labels",
    "interval_agreement",
    "krippendorff_alpha",
    "percent_agreement",
]
