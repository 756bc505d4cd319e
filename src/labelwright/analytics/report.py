"""The report: one HTML file that tells how good the labels are, to be read, printed and sent, without a script or anything beside it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.analytics import charts
from labelwright.analytics.keeping import kept_overview, kept_requirements
from labelwright.analytics.labeled import read_labels
from labelwright.analytics.reading import overview
from labelwright.analytics.requirements import check_requirements
from labelwright.api.figures import Outcome, Overview
from labelwright.schema.figure import Figure
from labelwright.store import tables
from labelwright.store.project import Project
from labelwright.store.reports import read_reports

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["kept_report", "render_report", "write_report"]


def write_report(project: Project, path: Path, *, requirements: Sequence[str] = ()) -> None:
    """Write the report of a project as it stands now.

    Raises:
        InvalidPipeline: a requirement cannot be read.
    """
    with project.database.read() as connection:
        labels = read_labels(connection, project.id, project.schema)
        found = overview(connection, project, labels)
        outcomes = check_requirements(connection, project, requirements, labels)
        page = render_report(connection, project, found, outcomes)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, "utf-8")


def kept_report(connection: Connection, project: Project) -> str:
    """Return the report as an HTML page with the figures that are kept.

    Raises:
        BeingComputed: nothing is kept yet.
    """
    return render_report(connection, project, kept_overview(connection, project), kept_requirements(connection, project))


def render_report(connection: Connection, project: Project, found: Overview, outcomes: Sequence[Outcome]) -> str:
    """Return the report as an HTML page that shows these figures."""
    reports = read_reports(connection, project.id)
    number = connection.scalar(
        sa.select(tables.pipeline_versions.c.number).where(tables.pipeline_versions.c.id == project.pipeline_version)
    )
    return _template().render(
        project=project,
        number=number,
        it=found,
        outcomes=outcomes,
        tiles=_tiles(found),
        charts=charts,
        steps=_steps(found),
        criteria=reports.criteria.questions if reports.criteria else [],
        gold=reports.gold.questions if reports.gold else [],
        errors=reports.label_errors.questions if reports.label_errors else [],
        cross=reports.cross_validation,
        Figure=Figure,
    )


@cache
def _template() -> Template:
    """The page's template. Compiling it costs more than filling it in."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("labelwright.analytics", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        share=charts.share,
        count=_count,
        duration=_duration,
        moment=_moment,
        figure=_figure,
        percent=_percent_figure,
        hours=_hours,
        method=_method,
    )
    return environment.get_template("report.html.j2")


def _steps(found: Overview) -> list[tuple[str, int, int | None]]:
    """The funnel in the order of the story: name, count, and the whole that its share is of. Steps that are not used are left out."""
    funnel = found.funnel
    steps: list[tuple[str, int, int | None]] = [("Collected rows", funnel.raw, None), ("Prepared", funnel.prepared, None)]
    if funnel.suggested:
        steps.append(("Suggested by machines", funnel.suggested, funnel.prepared))
    steps += [(name, count, funnel.asked) for name, count in (("Answered by people", funnel.answered), ("Reviewed", funnel.reviewed))]
    return [*steps, ("Labeled", funnel.labeled, funnel.asked)]


def _tiles(found: Overview) -> list[tuple[str, str, str]]:
    """The four numbers at the top: what, how much, and on what it rests."""
    funnel = found.funnel
    done = funnel.labeled / funnel.asked if funnel.asked else None
    gold = f", {funnel.gold:,} gold besides" if funnel.gold else ""
    tiles = [("Labeled", charts.share(done), f"{funnel.labeled:,} of {funnel.asked:,} items{gold}")]
    proofs = [one for one in found.certificates if one.bound is not None]
    if proofs and len(proofs) == len(found.certificates):
        worst = max(proofs, key=lambda one: one.bound or 0.0)
        audited = f"{worst.errors:,} wrong of {worst.audits:,} audited, {worst.confidence:.0%} confidence"
        tiles.append(("Wrong at most", charts.share(worst.bound, 1), audited))
    else:
        audits = max((one.audits for one in found.certificates), default=0)
        tiles.append(("Wrong at most", "–", f"{audits:,} labels audited: not enough evidence yet"))
    agreed = [one for one in found.questions if one.alpha.value is not None]
    if agreed:
        lowest = min(agreed, key=lambda one: one.alpha.value or 0.0)
        tiles.append(
            ("Agreement (α)", f"{lowest.alpha.value:.2f}", f"{lowest.question}, {lowest.alpha.count:,} items with several answers")
        )
    else:
        tiles.append(("Agreement (α)", "–", "no item has answers of two people"))
    each = found.effort.hours_per_label
    tiles.append(
        ("People's time", _hours(found.effort.hours), f"{_duration(each * 3600)} a labeled item" if each else "no label rests on it yet")
    )
    return tiles


def _method(name: str) -> str:
    """A consensus method in words; fused places carry a digest of the weights, which says nothing to a reader."""
    known = {"average": "averaged models", "fused": "fusion", "single": "single answers"}
    return known.get(name.partition(",")[0], name.replace("_", "-"))


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _hours(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.1f} h" if value >= 0.95 else f"{60 * value:.0f} min"


def _duration(seconds: float | None) -> str:
    """Seconds as people say them.

    >>> _duration(4.26), _duration(75), _duration(7300)
    ('4.3 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def _moment(when: float | None) -> str:
    return "–" if when is None else time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(when))


def _figure(figure: Figure, digits: int = 2) -> str:
    value, low, high = figure.value, figure.low, figure.high
    if value is None:
        return "–"
    return f"{value:.{digits}f}" if low is None or high is None else f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _percent_figure(figure: Figure) -> str:
    value, low, high = figure.value, figure.low, figure.high
    if value is None:
        return "–"
    return charts.share(value, 1) if low is None or high is None else f"{charts.share(value, 1)} ({100 * low:.1f} to {100 * high:.1f})"


def _parts(figure: Any) -> tuple[float | None, float | None, float | None]:
    if isinstance(figure, Figure):
        return figure.value, figure.low, figure.high
    return figure["value"], figure["low"], figure["high"]
