"""Answers that are sets of labels: one set a task, and how far two sets differ."""

from labelwright.stats.multilabel.distances import jaccard_distance, masi_distance
from labelwright.stats.multilabel.labels import MultilabelAggregation, aggregate_multilabel

__all__ = ["MultilabelAggregation", "aggregate_multilabel", "jaccard_distance", "masi_distance"]
