"""No fusion knows who came first: shuffled annotators give the same result to the last digit, ties and all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.stats import (
    fuse_boxes,
    fuse_instances,
    fuse_intervals,
    fuse_keypoints,
    fuse_masks,
    fuse_polygons,
    medoid_text,
    vote_words,
)
from labelwright.stats.fusion.keypoints import geometric_median

# Few places and few sizes, so that overlaps are equal more often than not.
near = st.integers(0, 3).map(lambda x: 3 * x)
box = st.tuples(st.sampled_from("ab"), near, near, st.sampled_from([10, 12]))
weight = st.sampled_from([0.1, 0.2, 0.3, 1.0])


def crowd_of(one, most=4):
    """Between two and five annotators with a weight each, and an order in which they might have come instead."""
    many = st.lists(st.tuples(st.lists(one, max_size=most), weight), min_size=2, max_size=5)
    return many.flatmap(lambda people: st.tuples(st.just(people), st.permutations(range(len(people)))))


def square(x, y, side):
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]


def picture(x, y, side):
    mask = np.zeros((24, 24), dtype=bool)
    mask[y : y + side, x : x + side] = True
    return mask


def as_boxes(rows):
    return [label for label, *_ in rows], [[x, y, side, side] for _, x, y, side in rows]


def as_spans(rows):
    return [label for label, *_ in rows], [[x, x + side] for _, x, _, side in rows]


def as_polygons(rows):
    return [label for label, *_ in rows], [square(x, y, side) for _, x, y, side in rows]


def as_masks(rows):
    return [label for label, *_ in rows], [picture(x, y, side) for _, x, y, side in rows]


def told(unit):
    """All that a fused unit says except who its members are."""
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(unit).items() if name != "members"}


@pytest.mark.parametrize(
    ("fuse", "shape"),
    [(fuse_boxes, as_boxes), (fuse_intervals, as_spans), (fuse_polygons, as_polygons), (fuse_instances, as_masks)],
    ids=["boxes", "spans", "polygons", "masks"],
)
@settings(deadline=None, max_examples=30)
@given(crowd_of(box), st.sampled_from([0.3, 0.5]))
def test_units_do_not_depend_on_the_order_of_annotators(fuse, shape, crowd, iou):
    """Boxes, spans, polygons and masks fuse to the same units in the same order, whoever comes first, with any weights."""
    people, order = crowd
    marked, weights = [shape(rows) for rows, _ in people], [weight for _, weight in people]
    plain = fuse(marked, weights=weights, iou=iou)
    other = fuse([marked[who] for who in order], weights=[weights[who] for who in order], iou=iou)
    assert [told(one) for one in other] == [told(one) for one in plain]
    # The same units are their members, where no two annotators are copies of each other.
    if len({repr(one) for one in people}) == len(people):
        found = [sorted((order[who], place) for who, place in one.members) for one in other]
        assert [[(repr(people[who]), shape(people[who][0])[0][place]) for who, place in one] for one in found] == [
            [(repr(people[who]), shape(people[who][0])[0][place]) for who, place in one.members] for one in plain
        ]


@pytest.mark.parametrize("method", ["staple", "vote"])
@settings(deadline=None, max_examples=60)
@given(crowd_of(st.booleans(), most=6))
def test_one_mask_does_not_depend_on_the_order_of_annotators(method, crowd):
    """The mask, every probability and each annotator's sensitivity are the same, whoever comes first."""
    people, order = crowd
    masks = np.array([np.pad(np.array(bits, dtype=bool), (0, 6 - len(bits))).reshape(2, 3) for bits, _ in people])
    weights = np.array([weight for _, weight in people])
    plain = fuse_masks(masks, method=method, weights=weights)
    other = fuse_masks(masks[list(order)], method=method, weights=weights[list(order)])
    assert np.array_equal(other.mask, plain.mask)
    assert np.array_equal(other.probability, plain.probability)
    assert np.array_equal(other.sensitivity, plain.sensitivity[list(order)])
    assert other.confidence == plain.confidence


point = st.tuples(st.integers(0, 4), st.integers(0, 2))


@settings(deadline=None, max_examples=150)
@given(crowd_of(st.tuples(st.sampled_from(["nose", "eye", "ear"]), st.one_of(st.none(), point)), most=3))
def test_keypoints_do_not_depend_on_the_order_of_annotators(crowd):
    """Points, their visibility, their errors and the order of their names are the same, whoever comes first."""
    people, order = crowd
    marked, weights = [dict(rows) for rows, _ in people], [weight for _, weight in people]
    plain = fuse_keypoints(marked, weights=weights)
    other = fuse_keypoints([marked[who] for who in order], weights=[weights[who] for who in order])
    # NaN is not equal to itself, but written out it is.
    assert repr([told(one) for one in other]) == repr([told(one) for one in plain])


def test_two_points_meet_in_the_middle():
    """Where many points have the least sum of distances, it is the middle of them; a heavier point keeps what is its own."""
    assert geometric_median([[0, 0], [4, 2]]) == (2.0, 1.0)
    assert geometric_median([[0, 0], [4, 4], [1, 1], [9, 9]]) == (2.5, 2.5)
    assert geometric_median([[0, 0], [4, 2]], [2.0, 1.0]) == (0.0, 0.0)
    assert geometric_median([[0, 0], [4, 2], [8, 4]]) == (4.0, 2.0)
    fused = fuse_keypoints([{"nose": (0, 0)}, {"nose": (3, 4)}])[0]
    assert (fused.x, fused.y) == (1.5, 2.0)
    assert fused.error == pytest.approx(2.5)


words = st.lists(st.sampled_from(["the", "cat", "sat"]), max_size=4).map(" ".join)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(words, weight), min_size=1, max_size=5).flatmap(lambda x: st.tuples(st.just(x), st.permutations(x))))
def test_texts_do_not_depend_on_the_order_of_annotators(texts):
    """The text voted for, its shares and the medoid are the same, whoever comes first."""
    plain, other = ([list(column) for column in zip(*rows, strict=True)] for rows in texts)
    assert vote_words(other[0], weights=other[1]) == vote_words(plain[0], weights=plain[1])
    first, second = medoid_text(plain[0], weights=plain[1]), medoid_text(other[0], weights=other[1])
    assert (second.text, second.confidence) == (first.text, first.confidence)
