"""Step six, analytics: where the project stands, what the help of machines is worth, and whether the requirements hold."""

from labelwright.analytics.advice import advise
from labelwright.analytics.reading import overview
from labelwright.analytics.report import write_report
from labelwright.analytics.requirements import Outcome, check_requirements
from labelwright.analytics.values import Overview

__all__ = ["Outcome", "Overview", "advise", "check_requirements", "overview", "write_report"]
