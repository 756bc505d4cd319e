"""Step six, analytics: where the project stands, what the help of machines is worth, and whether the requirements hold."""

from labelwright.analytics.overview import Overview
from labelwright.analytics.requirements import Outcome

__all__ = ["Outcome", "Overview"]
