"""Step six, analytics: where the project stands, what the help of machines is worth, and whether the requirements hold."""

from labelwright.analytics.advice import advise
from labelwright.analytics.counts import count_remaining, count_waiting, read_counts
from labelwright.analytics.items import read_items
from labelwright.analytics.keeping import Kept, keep, kept_at, kept_counts, kept_overview, kept_requirements
from labelwright.analytics.people import read_people
from labelwright.analytics.quality import read_quality
from labelwright.analytics.reading import overview
from labelwright.analytics.report import kept_report, render_report, write_report
from labelwright.analytics.requirements import check_requirements

__all__ = [
    "Kept",
    "advise",
    "check_requirements",
    "count_remaining",
    "count_waiting",
    "keep",
    "kept_at",
    "kept_counts",
    "kept_overview",
    "kept_report",
    "kept_requirements",
    "overview",
    "read_counts",
    "read_items",
    "read_people",
    "read_quality",
    "render_report",
    "write_report",
]
