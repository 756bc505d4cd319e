"""Answers that are numbers or ordered levels: one value a task, with its uncertainty."""

from labelwright.stats.ratings.continuous import RatingAggregation, aggregate_ratings
from labelwright.stats.ratings.ordinal import OrdinalAggregation, aggregate_ordinal

__all__ = ["OrdinalAggregation", "RatingAggregation", "aggregate_ordinal", "aggregate_ratings"]
