"""Agreement between annotators, one file a coefficient, each with an interval.

- Beyond chance: `krippendorff_alpha`, `cohen_kappa`, `scott_pi`, `fleiss_kappa`, `gwet_ac1`, `gwet_ac2`; without: `percent_agreement`.
- Units: `interval_agreement`, `gamma_agreement`, `box_agreement`, `mask_agreement`, `mean_likeness`, and by any distance
  `alpha_by_distance`.
- Any of them with an interval over items, `bootstrap_interval`, or over annotators, `jackknife_interval`.
- Where it is weak: `agreement_by_class`, `agreement_by_pair`, `agreement_over_time`, `confusable_labels`.
"""

from labelwright.stats.agreement.base import Agreement
from labelwright.stats.agreement.bootstrap import bootstrap_interval
from labelwright.stats.agreement.cohen import cohen_kappa
from labelwright.stats.agreement.confusable import Confusable, confusable_labels
from labelwright.stats.agreement.distance import alpha_by_distance
from labelwright.stats.agreement.fleiss import fleiss_kappa
from labelwright.stats.agreement.gamma import gamma_agreement
from labelwright.stats.agreement.gwet import gwet_ac1, gwet_ac2
from labelwright.stats.agreement.jackknife import jackknife_interval
from labelwright.stats.agreement.krippendorff import krippendorff_alpha
from labelwright.stats.agreement.likeness import mean_likeness
from labelwright.stats.agreement.masks import mask_agreement
from labelwright.stats.agreement.nominal import NominalAgreement, nominal_agreement
from labelwright.stats.agreement.parts import PairAgreement, Window, agreement_by_class, agreement_by_pair, agreement_over_time
from labelwright.stats.agreement.percent import percent_agreement
from labelwright.stats.agreement.scott import scott_pi
from labelwright.stats.agreement.units import box_agreement, interval_agreement

__all__ = [
    "Agreement",
    "Confusable",
    "NominalAgreement",
    "PairAgreement",
    "Window",
    "agreement_by_class",
    "agreement_by_pair",
    "agreement_over_time",
    "alpha_by_distance",
    "bootstrap_interval",
    "box_agreement",
    "cohen_kappa",
    "confusable_labels",
    "fleiss_kappa",
    "gamma_agreement",
    "gwet_ac1",
    "gwet_ac2",
    "interval_agreement",
    "jackknife_interval",
    "krippendorff_alpha",
    "mask_agreement",
    "mean_likeness",
    "nominal_agreement",
    "percent_agreement",
    "scott_pi",
]
