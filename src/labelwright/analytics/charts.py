"""Small charts as inline SVG: no script, no file beside the page, and colors that the page's style sets, light or dark."""

from __future__ import annotations

import time
from collections.abc import Sequence

from markupsafe import Markup, escape

from labelwright.api.figures import Bucket
from labelwright.api.reports import Cell
from labelwright.schema.figure import Figure

__all__ = ["bars", "columns", "intervals", "matrix", "share"]

WIDTH = 720
"""Of every chart, in its own units; the page scales it."""


def share(value: float | None, digits: int = 0) -> str:
    """Return a share as people read it, and a dash where there is none; what is not all is never shown as 100%.

    >>> share(0.9996), share(1.0), share(None)
    ('>99%', '100%', '–')
    """
    if value is None:
        return "–"
    shown = f"{100 * value:.{digits}f}%"
    if shown == f"{100:.{digits}f}%" and value < 1:
        return f">{100 - 10**-digits:.{digits}f}%"
    if value > 0 and shown == f"{0:.{digits}f}%":
        return f"<{10**-digits:.{digits}f}%"
    return shown


def bars(rows: Sequence[tuple[str, int, int | None]], *, title: str = "") -> Markup:
    """Return horizontal bars, each with its count and the whole that it is of.

    A bar with a whole is as long as its share of it, and its share is said beside it. Where no whole is given, the longest of these bars
    fills its rail and the others are drawn beside it.
    """
    most = max([1, *(count for _, count, whole in rows if whole is None)])
    left, right, height = 190, 130, 30
    parts = []
    for place, (name, count, whole) in enumerate(rows):
        y = place * height
        part = count / most if whole is None else count / max(whole, 1)
        length = (WIDTH - left - right) * min(part, 1.0)
        told = f"{count:,}" if whole is None else f"{count:,} · {share(count / whole if whole else None)}"
        parts.append(
            f'<text class="name" x="{left - 12}" y="{y + 20}" text-anchor="end">{escape(_short(name, 24))}</text>'
            f'<rect class="rail" x="{left}" y="{y + 6}" width="{WIDTH - left - right}" height="18" rx="4"/>'
            f'<rect class="fill" x="{left}" y="{y + 6}" width="{max(length, 2 if count else 0):.1f}" height="18" rx="4"/>'
            f'<text class="number" x="{WIDTH - right + 12}" y="{y + 20}">{told}</text>'
        )
    return _svg(len(rows) * height, title, parts)


def columns(buckets: Sequence[Bucket], *, title: str = "") -> Markup:
    """Return a column a bucket: answers, and reviews on top of them."""
    if not buckets:
        return Markup("")
    height, top, foot = 190, 22, 26
    most = max(max(bucket.answers + bucket.reviews for bucket in buckets), 1)
    step = min(WIDTH / len(buckets), 60.0)
    wide = max(step - 3, 1.5)
    scale = (height - top - foot) / most
    base = height - foot
    parts = [f'<line class="axis" x1="0" y1="{base}" x2="{WIDTH}" y2="{base}"/>']
    for place, bucket in enumerate(buckets):
        x, answers, reviews = place * step, bucket.answers * scale, bucket.reviews * scale
        told = f"{_date(bucket.start)}: {bucket.answers:,} answers, {bucket.reviews:,} reviews"
        parts.append(
            f"<g><title>{told}</title>"
            f'<rect class="fill" x="{x:.1f}" y="{base - answers:.1f}" width="{wide:.1f}" height="{answers:.1f}" rx="2"/>'
            f'<rect class="second" x="{x:.1f}" y="{base - answers - reviews:.1f}" width="{wide:.1f}" height="{reviews:.1f}" rx="2"/></g>'
        )
    highest = max(range(len(buckets)), key=lambda place: buckets[place].answers + buckets[place].reviews)
    middle = min(max(highest * step + wide / 2, 20), WIDTH - 20)
    parts.append(f'<text class="number small" x="{middle:.1f}" y="{top - 7}" text-anchor="middle">{most:,}</text>')
    every = max(1, len(buckets) // 6)
    for place in range(0, len(buckets), every):
        anchor = "start" if place == 0 else "middle"
        x = place * step + (0 if place == 0 else wide / 2)
        parts.append(f'<text class="tick" x="{x:.1f}" y="{height - 8}" text-anchor="{anchor}">{_date(buckets[place].start)}</text>')
    return _svg(height, title, parts)


def intervals(rows: Sequence[tuple[str, Figure]], *, low: float = 0.0, high: float = 1.0, digits: int = 2, title: str = "") -> Markup:
    """Return a dot with its interval for each figure; one that is missing tells its reason instead."""
    left, right, height, foot = 190, 130, 30, 24
    span = WIDTH - left - right
    lowest = min([low, *(figure.low for _, figure in rows if figure.low is not None)])
    if lowest < low:
        low = -0.5 if lowest >= -0.5 else -1.0
    ticks = 4 if low in (0.0, -1.0) else 3

    def at(value: float) -> float:
        return left + span * (min(max(value, low), high) - low) / (high - low)

    parts = []
    floor = len(rows) * height
    for tick in range(ticks + 1):
        value = low + (high - low) * tick / ticks
        parts.append(
            f'<line class="grid" x1="{at(value):.1f}" y1="4" x2="{at(value):.1f}" y2="{floor}"/>'
            f'<text class="tick" x="{at(value):.1f}" y="{floor + 17}" text-anchor="middle">{value:.2f}</text>'
        )
    for place, (name, figure) in enumerate(rows):
        y = place * height + 15
        parts.append(f'<text class="name" x="{left - 12}" y="{y + 5}" text-anchor="end">{escape(_short(name, 24))}</text>')
        if figure.value is None:
            parts.append(
                f'<rect class="paper" x="{left}" y="{y - 12}" width="{span}" height="24"/>'
                f'<text class="tick" x="{left + 4}" y="{y + 4}">{escape(_short(figure.reason, 66))}</text>'
            )
            continue
        if figure.low is not None and figure.high is not None:
            parts.append(f'<line class="range" x1="{at(figure.low):.1f}" y1="{y}" x2="{at(figure.high):.1f}" y2="{y}"/>')
        parts.append(
            f'<circle class="dot" cx="{at(figure.value):.1f}" cy="{y}" r="6"/>'
            f'<text class="number" x="{WIDTH - right + 12}" y="{y + 5}">{figure.value:.{digits}f}</text>'
        )
        if figure.low is not None and figure.high is not None:
            told = f"{figure.low:.{digits}f}–{figure.high:.{digits}f}"
            parts.append(f'<text class="tick" x="{WIDTH}" y="{y + 4}" text-anchor="end">{told}</text>')
    return _svg(floor + foot, title, parts)


def matrix(labels: Sequence[str], cells: Sequence[Cell], *, truth: str, given: str, title: str = "") -> Markup:
    """Return a confusion matrix: a row a right label, a column a given one, darker where a row's answers mostly fall."""
    if not labels or len(labels) > 16:
        return Markup("")
    count = {(cell.truth, cell.given): cell.count for cell in cells}
    left, top = 150, 64
    side = min(60.0, (WIDTH - left) / len(labels))
    tall = min(side, 40.0)
    parts = [
        f'<text class="tick" x="{left}" y="14">{escape(given)} →</text>',
        f'<text class="tick" x="{left - 12}" y="{top - 10}" text-anchor="end">{escape(truth)} ↓</text>',
    ]
    for column, name in enumerate(labels):
        x = left + column * side + side / 2
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{top - 10}" text-anchor="middle">{escape(_short(name, max(int(side / 7), 3)))}</text>'
        )
    for row, right in enumerate(labels):
        total = sum(count.get((right, other), 0) for other in labels)
        y = top + row * tall
        parts.append(f'<text class="name" x="{left - 12}" y="{y + tall / 2 + 5:.1f}" text-anchor="end">{escape(_short(right, 18))}</text>')
        for column, other in enumerate(labels):
            number = count.get((right, other), 0)
            x = left + column * side
            strength = number / total if total else 0.0
            kind = "fill" if right == other else "wrong"
            parts.append(f'<rect class="rail" x="{x + 1:.1f}" y="{y + 1:.1f}" width="{side - 2:.1f}" height="{tall - 2:.1f}" rx="4"/>')
            if number:
                ink = " on" if strength > 0.55 else ""
                middle, line = x + side / 2, y + tall / 2 + 5
                parts.append(
                    f'<rect class="{kind}" x="{x + 1:.1f}" y="{y + 1:.1f}" width="{side - 2:.1f}" height="{tall - 2:.1f}" rx="4" '
                    f'opacity="{0.12 + 0.88 * strength:.2f}"/>'
                    f'<text class="number small{ink}" x="{middle:.1f}" y="{line:.1f}" text-anchor="middle">{number:,}</text>'
                )
    return _svg(top + len(labels) * tall + 2, title, parts)


def _svg(height: float, title: str, parts: Sequence[str]) -> Markup:
    name = escape(title)
    return Markup(  # every part is made of numbers and escaped names
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{name}">{"".join(parts)}</svg>'
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _date(when: float) -> str:
    moment = time.gmtime(when)
    return f"{moment.tm_mday} {(['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'])[moment.tm_mon - 1]}"
