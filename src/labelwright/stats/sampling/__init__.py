"""Sampling: which items to look at next, one file a strategy. Every function returns places in the given arrays, the best first."""

from labelwright.stats.sampling.chance import random_sample, stratified_sample
from labelwright.stats.sampling.disagreement import disagreement, disagreement_sample
from labelwright.stats.sampling.diversity import gradient_sample, k_center_sample
from labelwright.stats.sampling.error_reduction import error_reduction_sample, expected_error_reduction
from labelwright.stats.sampling.uncertainty import uncertainty, uncertainty_sample

__all__ = [
    "disagreement",
    "disagreement_sample",
    "error_reduction_sample",
    "expected_error_reduction",
    "gradient_sample",
    "k_center_sample",
    "random_sample",
    "stratified_sample",
    "uncertainty",
    "uncertainty_sample",
]
