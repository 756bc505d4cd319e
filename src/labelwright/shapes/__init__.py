"""The shapes of what is marked in an item: a stretch of a text or a clip, a box in a picture. One file each.

A shape knows all that only depends on where a mark lies: what is valid, how far two marks overlap, what several come to, and what a check
can say of one. Statistics, kinds of answers, checks and formats ask it, and so each of these is written once.
"""

from labelwright.shapes.base import Geometry, RowShape, Shape
from labelwright.shapes.box import BOX
from labelwright.shapes.interval import INTERVAL

__all__ = ["BOX", "INTERVAL", "Geometry", "RowShape", "Shape"]
