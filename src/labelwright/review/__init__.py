"""4b Review: what people look at again, and what they decide."""

from labelwright.review.picks import pick, request
from labelwright.review.policy import REASONS, ReviewPolicy
from labelwright.review.verdicts import record, reviewed_annotation, shown

__all__ = ["REASONS", "ReviewPolicy", "pick", "record", "request", "reviewed_annotation", "shown"]
