"""Certificates: what a random audit proves about the share of wrong labels, at a stated confidence."""

from labelwright.stats.certificates.binomial import audits_needed, binomial_interval, binomial_upper_bound
from labelwright.stats.certificates.hypergeometric import hypergeometric_upper_bound

__all__ = ["audits_needed", "binomial_interval", "binomial_upper_bound", "hypergeometric_upper_bound"]
