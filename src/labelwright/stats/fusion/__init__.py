"""Fusion of structured answers: matching by overlap, voting on existence and label, and a skill-weighted geometry."""

from labelwright.stats.fusion.boxes import FusedBox, fuse_boxes
from labelwright.stats.fusion.intervals import FusedInterval, fuse_intervals
from labelwright.stats.fusion.matching import (
    Matching,
    box_iou,
    interval_iou,
    match_boxes,
    match_intervals,
)

__all__ = [
    "FusedBox",
    "FusedInterval",
    "Matching",
    "box_iou",
    "fuse_boxes",
    "fuse_intervals",
    "interval_iou",
    "match_boxes",
    "match_intervals",
]
