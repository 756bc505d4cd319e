"""Fusion of structured answers: matching by overlap, voting on existence and label, and a skill-weighted geometry.

`fusion_skill` estimates the annotators' weights for any of them; `fuse_masks`, for one thing, also estimates them itself, pixel by pixel.
"""

from labelwright.stats.fusion.boxes import FusedBox, fuse_boxes
from labelwright.stats.fusion.intervals import FusedInterval, fuse_intervals
from labelwright.stats.fusion.keypoints import FusedKeypoint, fuse_keypoints
from labelwright.stats.fusion.masks import FusedInstance, FusedMask, fuse_instances, fuse_masks
from labelwright.stats.fusion.matching import (
    Matching,
    box_iou,
    interval_iou,
    mask_iou,
    match_boxes,
    match_intervals,
    match_masks,
    match_shapes,
)
from labelwright.stats.fusion.polygons import FusedPolygon, fuse_polygons, match_polygons
from labelwright.stats.fusion.shapes import FusedShape, fuse_shapes
from labelwright.stats.fusion.skill import FusionSkill, fusion_skill, skill_by_likeness

__all__ = [
    "FusedBox",
    "FusedInstance",
    "FusedInterval",
    "FusedKeypoint",
    "FusedMask",
    "FusedPolygon",
    "FusedShape",
    "FusionSkill",
    "Matching",
    "box_iou",
    "fuse_boxes",
    "fuse_instances",
    "fuse_intervals",
    "fuse_keypoints",
    "fuse_masks",
    "fuse_polygons",
    "fuse_shapes",
    "fusion_skill",
    "interval_iou",
    "mask_iou",
    "match_boxes",
    "match_intervals",
    "match_masks",
    "match_polygons",
    "match_shapes",
    "skill_by_likeness",
]
