"""What the encoding of ids and labels promises to every method."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labelwright.stats import aggregate
from labelwright.stats.answers import encode

WHOLE = [np.dtype(f"{kind}{size}") for kind in "iu" for size in (1, 2, 4, 8)]


@settings(deadline=None)
@given(st.sampled_from(WHOLE).flatmap(lambda kind: arrays(kind, st.integers(0, 60))))
def test_whole_numbers_of_any_width_are_coded_in_ascending_order(values):
    """Codes lead back to the very values, the distinct ones ascend, and none is lost, whatever the width and the sign."""
    codes, distinct = encode(values)
    assert [int(distinct[code]) for code in codes] == [int(value) for value in values]
    assert [int(value) for value in distinct] == sorted({int(value) for value in values})


@pytest.mark.parametrize("kind", WHOLE, ids=str)
def test_the_ends_of_a_type_do_not_run_into_each_other(kind):
    """The least and the greatest number of a type, and all between where they are few, keep their own codes."""
    ends = np.iinfo(kind)
    several = (
        np.arange(ends.min, ends.max + 1, dtype=kind) if kind.itemsize == 1 else np.array([ends.min, ends.max, ends.max - 1, 0], dtype=kind)
    )
    codes, distinct = encode(np.tile(several, 3))
    assert np.array_equal(distinct, np.unique(several))
    assert np.array_equal(distinct[codes], np.tile(several, 3))
    # Near the top alone, where a range is small and the numbers are not.
    high = np.array([ends.max, ends.max - 3, ends.max - 1], dtype=kind)
    codes, distinct = encode(high)
    assert codes.tolist() == [2, 0, 1]
    assert distinct.tolist() == sorted(high.tolist())


def test_narrow_ids_are_aggregated_as_wide_ones_are():
    """Tasks -100 and 100 in one byte each stay the two tasks that they are."""
    tasks = np.array([-100, 100] * 200, dtype=np.int8)
    people, labels = np.arange(400, dtype=np.int16) // 2, np.where(tasks > 0, 100, -100).astype(np.int8)
    assert aggregate(tasks, people, labels, method="majority").labels == {-100: -100, 100: 100}
