"""The mathematics: arrays in, arrays out, no database."""
from labelwright.stats.aggregate import Aggregation, aggregate, methods
