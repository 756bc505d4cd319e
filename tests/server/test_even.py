"""What a request took does not tell what it found."""

from __future__ import annotations

import asyncio
import selectors

import pytest

from labelwright.server.even import STEP_SECONDS, at_even_times


class _Selector(selectors.SelectSelector):
    """Waits for nothing: the loop's clock is put forward by what it would have waited."""

    waited = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.waited += timeout or 0.0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._sleeps = _Selector()
        super().__init__(self._sleeps)

    def time(self) -> float:
        return self._sleeps.waited


async def _lasts(work: float) -> float:
    clock = asyncio.get_running_loop().time
    begun = clock()
    async with at_even_times():
        await asyncio.sleep(work)
    return clock() - begun


@pytest.mark.parametrize(("work", "steps"), [(0.0049, 1), (0.0050, 1), (0.0099, 1), (0.0101, 2), (0.0349, 4)])
def test_a_little_more_work_is_not_told_by_the_time(work: float, steps: int) -> None:
    """Whatever it takes within a step, the answer leaves at the step's end."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        assert runner.run(_lasts(work)) == pytest.approx(steps * STEP_SECONDS)


def test_an_error_is_not_held_back() -> None:
    """What fails has found nothing that could be told."""

    async def fails() -> float:
        clock = asyncio.get_running_loop().time
        begun = clock()
        with pytest.raises(ValueError, match="no"):
            async with at_even_times():
                raise ValueError("no")
        return clock() - begun

    with asyncio.Runner(loop_factory=_Loop) as runner:
        assert runner.run(fails()) == 0
