"""Certificates: what random audits prove about the share of wrong labels, at a stated confidence.

- One final look: `binomial_upper_bound`, or `hypergeometric_upper_bound` for a finite population.
- Looks at any time: `sequential_upper_bound`; a few looks: the exact bounds with `confidence_of_look`.
- Several strata, unequal chances, help from a model: `stratified_upper_bound`, `weighted_upper_bound`, `prediction_powered_upper_bound`
  and `prediction_powered_estimate`.
- Many slices: `slice_upper_bounds`, `certified_slices`, with any of these bounds.
- Auditors who err: `upper_bound_with_known_reviewers`, `corrected_error_rate`, `upper_bound_with_missed_errors`.
"""

from labelwright.stats.certificates.betting import (
    betting_upper_bound,
    prediction_powered_estimate,
    prediction_powered_upper_bound,
    weighted_upper_bound,
)
from labelwright.stats.certificates.binomial import audits_needed, binomial_interval, binomial_upper_bound
from labelwright.stats.certificates.hypergeometric import hypergeometric_upper_bound
from labelwright.stats.certificates.reviewers import corrected_error_rate, upper_bound_with_known_reviewers, upper_bound_with_missed_errors
from labelwright.stats.certificates.sequential import confidence_of_look, sequential_upper_bound
from labelwright.stats.certificates.slices import certified_slices, slice_upper_bounds
from labelwright.stats.certificates.stratified import stratified_upper_bound

__all__ = [
    "audits_needed",
    "betting_upper_bound",
    "binomial_interval",
    "binomial_upper_bound",
    "certified_slices",
    "confidence_of_look",
    "corrected_error_rate",
    "hypergeometric_upper_bound",
    "prediction_powered_estimate",
    "prediction_powered_upper_bound",
    "sequential_upper_bound",
    "slice_upper_bounds",
    "stratified_upper_bound",
    "upper_bound_with_known_reviewers",
    "upper_bound_with_missed_errors",
    "weighted_upper_bound",
]
