"""Answers that prefer one item to others: a score an item, with intervals."""

from labelwright.stats.rankings.base import Ranking
from labelwright.stats.rankings.bradley_terry import bradley_terry
from labelwright.stats.rankings.crowd import crowd_bradley_terry
from labelwright.stats.rankings.plackett_luce import plackett_luce

__all__ = ["Ranking", "bradley_terry", "crowd_bradley_terry", "plackett_luce"]
