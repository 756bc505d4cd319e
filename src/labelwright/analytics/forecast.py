"""When the last answer will be given, if people go on as lately."""

from __future__ import annotations

from labelwright.analytics.newest import NewAnswer
from labelwright.api.figures import Forecast
from labelwright.schema.figure import Figure

__all__ = ["read_forecast"]

WINDOW = 24 * 3600.0
"""How far back people's pace is looked at."""

FEWEST = 5
"""Answers below which there is no pace."""

BLOCKS = 8
"""Parts of the window whose difference shows how steady the pace is."""

SHORTEST = 60.0
"""Seconds below which the window says nothing."""


def read_forecast(remaining: int, now: float, answers: list[NewAnswer]) -> Forecast:
    """Return when the `remaining` answers will be given, at the pace of the last day, its pauses included.

    Where the newest `answers` do not reach back a day, the pace is that since the first of them.

    The interval follows from how much the pace varied from one eighth of the window to the next; it knows nothing of weekends to come.
    """
    times = [one.at for one in answers if one.purpose in ("label", "redo") and now - WINDOW < one.at <= now]
    if len(times) < FEWEST:
        reason = f"Too few answers in the last 24 hours to tell a pace: {len(times)}." if times else "No answer in the last 24 hours."
        return Forecast(
            remaining=remaining, window=WINDOW, per_hour=Figure.missing(reason, count=len(times)), finish=_finish(remaining, reason)
        )
    first = min(times)
    window = now - first
    if window < SHORTEST:
        reason = "The first answers are less than a minute old."
        return Forecast(
            remaining=remaining, window=window, per_hour=Figure.missing(reason, count=len(times)), finish=_finish(remaining, reason)
        )
    per_hour = _pace(times, first, window)
    if not remaining:
        return Forecast(remaining=0, window=window, per_hour=per_hour, finish=_finish(0, ""))
    assert per_hour.value is not None
    finish = Figure.of(
        now + remaining / per_hour.value * 3600,
        now + remaining / per_hour.high * 3600 if per_hour.high else None,
        now + remaining / per_hour.low * 3600 if per_hour.low else None,
        count=len(times),
        reason="" if per_hour.low else "The pace varies too much to name a latest time.",
    )
    return Forecast(remaining=remaining, window=window, per_hour=per_hour, finish=finish)


def _finish(remaining: int, reason: str) -> Figure:
    return Figure.missing(reason if remaining else "No task is open: every answer that was asked for is in.")


def _pace(times: list[float], first: float, window: float) -> Figure:
    """Answers an hour, with an interval from the counts in equal blocks of time, which is never narrower than chance allows."""
    from scipy.special import stdtrit

    counts = [0] * BLOCKS
    for when in times:
        counts[min(int((when - first) / window * BLOCKS), BLOCKS - 1)] += 1
    mean = len(times) / BLOCKS
    variance = max(sum((count - mean) ** 2 for count in counts) / (BLOCKS - 1), mean)
    reach = float(stdtrit(BLOCKS - 1, 0.975)) * (variance / BLOCKS) ** 0.5
    hours = window / BLOCKS / 3600
    return Figure.of(mean / hours, max(mean - reach, 0.0) / hours, (mean + reach) / hours, count=len(times))
