"""Fused masks, keypoints and polygons, and the weights of annotators for fusion."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labelwright.errors import InvalidInput
from labelwright.stats import (
    fuse_boxes,
    fuse_instances,
    fuse_intervals,
    fuse_keypoints,
    fuse_masks,
    fuse_polygons,
    fusion_skill,
    match_masks,
    match_polygons,
)
from labelwright.stats.fusion.keypoints import geometric_median
from labelwright.stats.fusion.polygons import polygon_mask


def disc(size=40, x=20.0, y=20.0, radius=12.0):
    rows, columns = np.mgrid[:size, :size]
    return np.hypot(columns - x, rows - y) < radius


def test_staple_beats_the_vote_where_annotators_differ_in_care():
    """Two careful annotators outweigh three who mark at random near the edge; sensitivities tell them apart."""
    rng = np.random.default_rng(0)
    truth = disc()
    near = np.hypot(*np.mgrid[-20:20, -20:20]) < 17
    careful = [truth ^ (near & (rng.random(truth.shape) < 0.05)) for _ in range(2)]
    sloppy = [truth ^ (near & (rng.random(truth.shape) < 0.42)) for _ in range(3)]
    masks = np.array([*careful, *sloppy])
    staple, vote = fuse_masks(masks), fuse_masks(masks, method="vote")
    assert (staple.mask != truth).sum() < 0.6 * (vote.mask != truth).sum()
    assert min(staple.sensitivity[:2]) > max(staple.sensitivity[2:])
    assert min(staple.specificity[:2]) > max(staple.specificity[2:])
    assert ((staple.probability >= 0) & (staple.probability <= 1)).all()
    assert 0.5 <= staple.confidence <= 1


def test_masks_in_any_order_and_copies():
    """The order of annotators changes nothing, copies are kept as they are, and a large empty ground changes no probability."""
    rng = np.random.default_rng(1)
    masks = np.array([disc() ^ (rng.random((40, 40)) < 0.1) for _ in range(4)])
    plain, turned = fuse_masks(masks), fuse_masks(masks[::-1])
    np.testing.assert_allclose(plain.probability, turned.probability, atol=1e-6)
    np.testing.assert_allclose(plain.sensitivity, turned.sensitivity[::-1], atol=1e-6)
    wide = fuse_masks(np.pad(masks, ((0, 0), (0, 200), (0, 200))))
    np.testing.assert_allclose(wide.probability[:40, :40], plain.probability, atol=1e-6)
    copies = fuse_masks([disc()] * 3)
    assert (copies.mask == disc()).all()
    assert copies.confidence == 1.0
    assert not fuse_masks(np.zeros((2, 3, 3))).mask.any()
    for wrong in (np.zeros((3, 3)), np.zeros((0, 3, 3))):
        with pytest.raises(InvalidInput, match="shape"):
            fuse_masks(wrong)
    with pytest.raises(InvalidInput, match="weights"):
        fuse_masks(masks, weights=[1, 1])


def test_a_stray_point_pulls_nobody_away():
    """The geometric median stays with the majority, where a mean would move; weights and missing points count."""
    rng = np.random.default_rng(2)
    points = [{"eye": tuple(rng.normal((50, 60), 1.0)), "ear": (5, 5) if place < 2 else None} for place in range(5)]
    points.append({"eye": (400, 400)})
    eye, ear = fuse_keypoints(points)
    assert math.hypot(eye.x - 50, eye.y - 60) < 2
    assert eye.visible == 1.0
    assert math.isnan(ear.x)
    assert ear.visible == pytest.approx(0.4)
    assert fuse_keypoints([{"a": (0, 0)}, {"a": (9, 0)}], weights=[5, 1])[0].x == 0
    assert math.isnan(fuse_keypoints([{"a": (0, 0)}])[0].error)
    with pytest.raises(InvalidInput, match="finite"):
        fuse_keypoints([{"a": (math.nan, 0)}])


def test_the_error_of_a_point_is_honest():
    """Over 400 things the root mean square distance to the truth is what the estimates say, to a fifth."""
    rng = np.random.default_rng(3)
    real, said = [], []
    for _ in range(400):
        found = fuse_keypoints([{"a": tuple(rng.normal((10, 20), 3.0))} for _ in range(5)])[0]
        real.append((found.x - 10) ** 2 + (found.y - 20) ** 2)
        said.append(found.error**2)
    assert math.sqrt(np.mean(said)) == pytest.approx(math.sqrt(np.mean(real)), rel=0.2)


def test_the_median_minimises_the_distances():
    """No point of a fine grid around it has a smaller sum of distances."""
    rng = np.random.default_rng(4)
    for _ in range(20):
        points, weights = rng.normal(size=(6, 2)), rng.uniform(0.2, 2, 6)
        x, y = geometric_median(points, weights)
        least = (weights * np.hypot(*(points - (x, y)).T)).sum()
        for dx, dy in rng.normal(scale=0.05, size=(50, 2)):
            assert (weights * np.hypot(*(points - (x + dx, y + dy)).T)).sum() >= least - 1e-6


def ring(x, y, radius, n=24):
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])


def test_polygons_are_voted_on_by_area():
    """Outlines with other corners fuse to nearly the true shape; strays are dropped, labels voted on, single ones kept as they are."""
    one, two, three = ring(50, 50, 20), ring(51, 50, 21, 17), ring(50, 49, 19, 40)
    fused = fuse_polygons([(["cell", "dirt"], [one, ring(200, 200, 5)]), (["cell"], [two]), (["dirt"], [three])])
    assert [one.label for one in fused] == ["cell"]
    assert fused[0].confidence == pytest.approx(2 / 3)
    drawn, truth = polygon_mask(fused[0].points, 100, 100), polygon_mask(ring(50, 50, 20, 200), 100, 100)
    assert (drawn & truth).sum() / (drawn | truth).sum() > 0.95
    alone = fuse_polygons([(["cell"], [one])])
    np.testing.assert_array_equal(alone[0].points, one)
    assert fuse_polygons([([], []), ([], [])]) == []
    with pytest.raises(InvalidInput, match="three corners"):
        fuse_polygons([(["a"], [[[0, 0], [1, 1]]])])


@pytest.mark.parametrize("seed", range(8))
def test_an_outline_encloses_what_was_voted_for(seed):
    """Traced around again, any connected shape covers exactly its own cells, holes aside."""
    from scipy.ndimage import binary_fill_holes, gaussian_filter, label

    from labelwright.stats.fusion.polygons import _outline

    mask = gaussian_filter(np.random.default_rng(seed).random((30, 40)), 2) > 0.5
    pieces, _ = label(mask)
    largest = binary_fill_holes(pieces == 1 + np.bincount(pieces.ravel())[1:].argmax(), np.ones((3, 3)))
    assert (polygon_mask(_outline(mask), 40, 30) == largest).all()


@pytest.mark.parametrize("geometry", ["polygons", "masks", "keypoints"])
def test_careful_annotators_of_any_geometry_weigh_more(geometry):
    """Two careful ones of five weigh more than any careless one, and fused with these weights the units lie nearer to the truth."""
    rng = np.random.default_rng(6)
    noise = {"a": 0.5, "b": 0.5, "c": 4.0, "d": 4.0, "e": 4.0}

    def drawn(shift):
        x, y = 20 + shift[0], 20 + shift[1]
        if geometry == "keypoints":
            return {"nose": (x, y), "tail": None}
        outline = ring(x, y, 9, 16)
        return (["cell"], [outline]) if geometry == "polygons" else (["cell"], [polygon_mask(outline, 40, 40)])

    items = [{name: drawn(rng.normal(0, amount, 2)) for name, amount in noise.items()} for _ in range(15)]
    found = fusion_skill(items, geometry, iou=0.2, rounds=2)
    assert min(found.skill["a"], found.skill["b"]) > max(found.skill[name] for name in "cde")
    assert min(found.weight["a"], found.weight["b"]) > max(found.weight[name] for name in "cde")
    assert set(found.items.values()) == {15}

    def off(weights):
        total = 0.0
        for item in items:
            marked = list(item.values())
            if geometry == "keypoints":
                nose = fuse_keypoints(marked, weights=weights)[0]
                place = np.array([nose.x, nose.y])
            elif geometry == "polygons":
                place = fuse_polygons(marked, weights=weights, iou=0.2)[0].points.mean(axis=0)
            else:
                place = np.argwhere(fuse_instances(marked, weights=weights, iou=0.2)[0].mask).mean(axis=0) + 0.5
            total += float(np.hypot(*(place - 20)))
        return total

    assert off([found.weight[name] for name in noise]) < 0.8 * off(None)


def test_points_that_nobody_else_sees_cost_skill():
    """Who sets a point that the others see as hidden, or hides one that they see, agrees less; copies agree perfectly."""
    good, bad = {"nose": (1.0, 2.0), "tail": None}, {"nose": None, "tail": (5.0, 5.0)}
    found = fusion_skill([{"ann": good, "bob": good, "cyd": good, "dan": bad}] * 10, "keypoints")
    assert found.skill["ann"] == found.skill["bob"] > 0.9 > 0.3 > found.skill["dan"]


def test_several_things_in_one_picture_are_matched_before_their_masks_are_fused():
    """Two discs that touch stay two, in whichever order each annotator drew them; a stray is dropped; sizes are checked."""
    left, right, stray = disc(x=12.0, radius=7.0), disc(x=27.0, radius=7.0), disc(x=35.0, y=5.0, radius=3.0)
    shifted = np.roll(left, 1, axis=0)
    fused = fuse_instances([(["cell", "cell"], [left, right]), (["cell", "cell"], [right, left]), (["cell", "dirt"], [shifted, stray])])
    assert [one.confidence for one in fused] == pytest.approx([1.0, 2 / 3])
    assert (fused[0].mask == left).mean() > 0.98
    assert (fused[1].mask == right).all()
    assert fused[0].members == ((0, 0), (1, 1), (2, 0))
    assert fuse_instances([([], []), (["cell"], [left]), ([], [])]) == []
    assert match_masks((["cell"], [left]), (["cell"], [shifted])).pairs == [(0, 0)]
    with pytest.raises(InvalidInput, match="one size"):
        fuse_instances([(["cell"], [left]), (["cell"], [left[:9]])])


def test_polygons_are_matched_by_their_area():
    """The nearest outline with the label is found; nothing matches nothing."""
    found = match_polygons((["cell"], [ring(10, 10, 5)]), (["cell", "cell"], [ring(12, 10, 5), ring(10, 10, 5.5, 9)]))
    assert (found.pairs, found.second_unmatched) == ([(0, 1)], [0])
    assert match_polygons(([], []), ([], [])).f1 == 1
    assert match_polygons((["cell"], [ring(10, 10, 5)]), ([], [])).f1 == 0


@pytest.mark.parametrize("geometry", ["boxes", "intervals"])
def test_weights_by_skill_make_better_units(geometry):
    """Careful annotators get more weight than careless ones, and fused with these weights units lie nearer to the truth."""
    rng = np.random.default_rng(5)
    width = 4 if geometry == "boxes" else 2
    fuse = fuse_boxes if geometry == "boxes" else fuse_intervals
    noise = {"a": 0.3, "b": 0.3, "c": 5.0, "d": 5.0, "e": 5.0}
    items, truths = [], []
    for _ in range(60):
        truth = np.array([[10.0, 10.0, 30.0, 30.0]]) if width == 4 else np.array([[10.0, 40.0]])
        truths.append(truth)
        items.append({name: (["x"], truth + rng.normal(0, amount, truth.shape)) for name, amount in noise.items()})
    found = fusion_skill(items, geometry, iou=0.3)
    assert min(found.skill["a"], found.skill["b"]) > max(found.skill[name] for name in "cde")
    assert min(found.weight["a"], found.weight["b"]) > max(found.weight[name] for name in "cde")

    def off(weights):
        total = 0.0
        for item, truth in zip(items, truths, strict=True):
            (unit,) = fuse(list(item.values()), weights=weights, iou=0.3)
            place = (unit.x, unit.y, unit.width, unit.height) if width == 4 else (unit.start, unit.end)
            total += float(np.abs(np.array(place) - truth[0]).mean())
        return total

    assert off([found.weight[name] for name in noise]) < 0.8 * off(None)
    with pytest.raises(InvalidInput, match="geometry"):
        fusion_skill(items, "spheres")
    with pytest.raises(InvalidInput, match="no annotator"):
        fusion_skill([], geometry)


def test_the_overlap_of_small_polygons_does_not_depend_on_what_else_is_in_the_picture():
    """Squares of 10 in a picture of 4,000 overlap as their areas say, to within half a percent, and two lines far apart not at all."""
    rng = np.random.default_rng(0)
    picture = [[0, 0], [4000, 0], [4000, 3000], [0, 3000]]
    for moved, x, y in zip(rng.uniform(0, 5, 20), rng.uniform(0, 3900, 20), rng.uniform(0, 2900, 20), strict=True):
        one, other = ([[left, y], [left + 10, y], [left + 10, y + 10], [left, y + 10]] for left in (x, x + moved))
        matching = match_polygons((["cell", "all"], [one, picture]), (["cell", "all"], [other, picture]), iou=0.1)
        assert dict(zip(matching.pairs, matching.ious, strict=True))[0, 0] == pytest.approx((10 - moved) / (10 + moved), abs=0.005)
    lines = [[[100, y], [900, y], [900, y + 1], [100, y + 1]] for y in (501, 2001)]
    assert match_polygons((["line", "all"], [lines[0], picture]), (["line", "all"], [lines[1], picture])).pairs == [(1, 1)]
    assert [one.confidence for one in fuse_polygons([(["line"], [line]) for line in lines], quorum=0)] == [0.5, 0.5]


def test_the_outline_of_fused_lines_is_as_narrow_as_they_are():
    """Of lines a thousand times as long as wide the fused one is as wide as most, and not as a cell of a square grid."""
    lines = [[[0, y], [2000, y], [2000, y + 2], [0, y + 2]] for y in (0, 0, 0.5)]
    (fused,) = fuse_polygons([(["line"], [line]) for line in lines])
    assert fused.points[:, 1].min() == pytest.approx(0, abs=0.01)
    assert fused.points[:, 1].max() == pytest.approx(2, abs=0.01)


def test_who_has_no_weight_adds_nothing_to_what_is_known_of_a_point():
    """A point that one annotator with weight set has no error, however many without weight set it, too."""
    assert math.isnan(fuse_keypoints([{"nose": (1, 1)}, {"nose": (2, 3)}], weights=[1, 0])[0].error)
    two, three = [{"nose": (1, 1)}, {"nose": (3, 1)}], [{"nose": (1, 1)}, {"nose": (3, 1)}, {"nose": (9, 9)}]
    assert fuse_keypoints(three, weights=[1, 1, 0])[0].error == fuse_keypoints(two)[0].error


def test_the_geometric_median_is_found_where_it_lies_near_a_point():
    """Of points that nearly share a line, where Weiszfeld's steps alone are slow, the median is as good as any place beside it."""
    points, weights = np.array([[5.0, 1.0], [5.0, 2.0], [2.0, 2.0]]), np.array([1.0, 1.0, 0.1])
    x, y = geometric_median(points, weights)

    def cost(place):
        return float(weights @ np.hypot(*(points - place).T))

    assert min(cost((x + dx, y + dy)) for dx in (-1e-3, 0, 1e-3) for dy in (-1e-3, 0, 1e-3)) >= cost((x, y)) - 1e-12


def test_masks_of_different_sizes_are_refused_clearly():
    """Masks of one thing that differ in size are wrong input with a sentence."""
    with pytest.raises(InvalidInput, match="one size"):
        fuse_masks([[[1, 0]], [[1, 0, 1]]])
