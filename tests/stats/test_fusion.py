"""Matching and fusion of boxes and intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.errors import InvalidInput
from labelwright.stats import box_iou, fuse_boxes, fuse_intervals, interval_iou, match_boxes, match_intervals

number = st.integers(0, 30)
box = st.tuples(st.sampled_from("ab"), number, number, st.integers(1, 20), st.integers(1, 20))
boxes = st.lists(box, max_size=6).map(lambda rows: ([row[0] for row in rows], [row[1:] for row in rows]))
span = st.tuples(st.sampled_from("ab"), number, st.integers(1, 20)).map(lambda row: (row[0], row[1], row[1] + row[2]))
spans = st.lists(span, max_size=6).map(lambda rows: ([row[0] for row in rows], [row[1:] for row in rows]))


@given(boxes, boxes)
def test_overlap_is_symmetric_and_one_only_with_itself(first, second):
    overlap = box_iou(first[1], second[1])
    np.testing.assert_allclose(overlap, box_iou(second[1], first[1]).T)
    assert ((overlap >= 0) & (overlap <= 1)).all()
    assert all((overlap[i, j] == 1) == (a == b) for i, a in enumerate(first[1]) for j, b in enumerate(second[1]))


@given(spans, spans)
def test_matching_pairs_each_unit_once_and_forgets_none(first, second):
    found = match_intervals(first, second)
    assert sorted([i for i, _ in found.pairs] + found.first_unmatched) == list(range(len(first[0])))
    assert sorted([j for _, j in found.pairs] + found.second_unmatched) == list(range(len(second[0])))
    for (i, j), iou in zip(found.pairs, found.ious, strict=True):
        assert first[0][i] == second[0][j]
        assert iou == interval_iou([first[1][i]], [second[1][j]])[0, 0] >= 0.5


def test_matching_finds_the_best_pairs_and_not_the_first():
    first = ["x", "x"], [[0, 10], [3, 13]]
    second = ["x", "x"], [[2, 12], [6, 16]]
    # Greedily, the second of the one takes the first of the other, and the rest is too far apart.
    assert match_intervals(first, second).pairs == [(0, 0), (1, 1)]


def test_labels_may_be_left_out_of_the_matching():
    first, second = (["cat"], [[0, 0, 2, 2]]), (["dog"], [[0, 0, 2, 2]])
    assert match_boxes(first, second).pairs == []
    assert match_boxes(first, second, same_label=False).pairs == [(0, 0)]


def test_empty_against_empty_agrees():
    assert match_boxes(([], []), ([], [])).f1 == 1.0
    assert match_boxes(([], []), (["cat"], [[0, 0, 1, 1]])).f1 == 0.0


@settings(deadline=None)
@given(boxes)
def test_copies_fuse_to_themselves(units):
    # One annotator's own duplicates have nobody to fuse with, so they are left out here.
    distinct = sorted(set(zip(units[0], units[1], strict=True)))
    units = [label for label, _ in distinct], [shape for _, shape in distinct]
    fused = fuse_boxes([units, units, units])
    assert sorted((one.label, *np.round([one.x, one.y, one.width, one.height], 9)) for one in fused) == [
        (label, *shape) for label, shape in distinct
    ]
    assert all(one.confidence == 1 for one in fused)


@settings(deadline=None)
@given(st.tuples(spans, spans, spans))
def test_fused_spans_are_whole_ordered_and_within_what_was_marked(annotators):
    for one in fuse_intervals(annotators, quorum=0):
        marked = [annotators[who][1][place] for who, place in one.members]
        assert isinstance(one.start, int)
        assert isinstance(one.end, int)
        assert one.start in [start for start, _ in marked]
        assert one.end in [end for _, end in marked]
        assert one.start < one.end
        assert len({who for who, _ in one.members}) == len(one.members)
        assert 0 < one.confidence <= 1


@settings(deadline=None)
@given(st.tuples(spans, spans, spans))
def test_every_unit_is_in_exactly_one_group(annotators):
    members = [member for one in fuse_intervals(annotators, quorum=0) for member in one.members]
    assert sorted(members) == [(who, place) for who, units in enumerate(annotators) for place in range(len(units[0]))]


def test_segments_are_averaged_by_weight():
    (fused,) = fuse_intervals([(["speech"], [[1.0, 2.0]]), (["speech"], [[1.2, 2.4]])], weights=[3, 1])
    assert (fused.start, fused.end) == pytest.approx((1.05, 2.1))


def test_whoever_marked_nothing_votes_against():
    seen, nothing = (["cat"], [[0, 0, 4, 4]]), ([], [])
    assert fuse_boxes([seen, nothing, nothing]) == []
    assert fuse_boxes([seen, seen, nothing])[0].confidence == pytest.approx(2 / 3)
    assert fuse_boxes([seen, nothing, nothing], weights=[3, 1, 1])[0].confidence == pytest.approx(0.6)


def test_the_label_goes_by_weight():
    annotators = [([label], [[0, 0, 4, 4]]) for label in ("cat", "dog", "dog")]
    assert fuse_boxes(annotators)[0].label == "dog"
    assert fuse_boxes(annotators, weights=[5, 1, 1])[0].label == "cat"


def test_overlapping_things_of_two_labels_stay_two():
    annotators = [(["cat", "dog"], [[0, 0, 10, 10], [1, 0, 10, 10]]), (["dog", "cat"], [[1, 0, 10, 10], [0, 0, 10, 10]])]
    assert sorted((one.label, one.x) for one in fuse_boxes(annotators)) == [("cat", 0.0), ("dog", 1.0)]


def test_wrong_geometry_is_explained():
    with pytest.raises(InvalidInput, match="4 finite numbers"):
        box_iou([[0, 0, 1]], [])
    with pytest.raises(InvalidInput, match="negative width"):
        box_iou([[0, 0, -1, 1]], [])
    with pytest.raises(InvalidInput, match="ends before"):
        interval_iou([[3, 1]], [])
    with pytest.raises(InvalidInput, match="1 labels and 2 units"):
        match_boxes((["a"], [[0, 0, 1, 1], [0, 0, 1, 1]]), ([], []))
    with pytest.raises(InvalidInput, match="no annotator"):
        fuse_boxes([])
    with pytest.raises(InvalidInput, match="2 weights"):
        fuse_boxes([([], []), ([], [])], weights=[1])
    with pytest.raises(InvalidInput, match="at most 1"):
        fuse_boxes([([], [])], iou=2)
