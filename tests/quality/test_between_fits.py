"""What stands for the items that are answered between two fits: they are judged by the models that were fitted before."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from benchmarks.worlds import WORLDS, thinned

from labelwright.quality.aggregation._vote_model import Suggested, judge, settle
from labelwright.schema import Schema

NOTHING = Suggested(*(np.zeros(0, dtype=kind) for kind in (np.int64, np.int32, np.bool_, np.float64)))


def asked(n_labels: int) -> Any:
    options = [f"label {number:02d}" for number in range(n_labels)]
    given = {"data": {"body": "text"}, "questions": {"kind": {"kind": "choice", "of": "body", "options": options}}}
    return msgspec.convert(given, Schema).questions["kind"]


def columns(item: Any, user: Any, label: Any) -> dict[str, Any]:
    order = np.argsort(item, kind="stable")
    return {
        "item": item[order].astype(np.int64),
        "user": user[order].astype(np.int64),
        "label": label[order].astype(np.int32),
        "annotation": np.arange(1, len(item) + 1),
    }


def halves(world: str, per_task: int, seed: int) -> tuple[Any, Any, dict[str, Any], dict[str, Any]]:
    """Return the question, the truth, four fifths of the items, and the rest of them."""
    truth, item, user, label = WORLDS[world](seed)
    kept = thinned(item, per_task or len(item), seed)
    item, user, label = item[kept], user[kept], label[kept]
    before = item % 5 != 0
    return (
        asked(int(truth.max()) + 1),
        truth,
        columns(item[before], user[before], label[before]),
        columns(*(x[~before] for x in (item, user, label))),
    )


@pytest.mark.parametrize("per_task", [2, 3])
@pytest.mark.parametrize(
    "worlds", [("barely_above_chance", "twenty_classes", "equals", "many_annotators"), ("lazy", "rare_class", "copiers", "good_few")]
)
def test_items_answered_between_two_fits_are_judged_as_well_as_by_a_fit(worlds, per_task):
    """On items that no fit has seen the labels are no worse than the vote, and within two points of those of a fit to everything."""
    gains, losses = [], []
    for world in worlds:
        question, truth, before, after = halves(world, per_task, 7017)
        _, learned = settle(question, before, NOTHING, "auto", {})
        judged = judge(question, after, NOTHING, learned, {})
        everything, _ = settle(
            question, columns(*(np.r_[before[name], after[name]] for name in ("item", "user", "label"))), NOTHING, "auto", {}
        )
        vote, _ = settle(question, after, NOTHING, "majority", {})
        right = 100 * np.mean(judged.labels == truth[judged.items])
        full = np.isin(everything.items, judged.items)
        gains.append(right - 100 * np.mean(vote.labels == truth[vote.items]))
        losses.append(100 * np.mean(everything.labels[full] == truth[judged.items]) - right)
    assert np.mean(gains) >= 0
    assert np.mean(losses) <= 2


def test_every_model_judges_by_its_weight():
    """The belief in a label between two fits is the mean of what the averaged models believe, each by its own tables and shares."""
    question, _, before, after = halves("lazy", 3, 17)
    _, learned = settle(question, before, NOTHING, "auto", {})
    assert len(learned.models) == 5
    assert sum(model.weight for model in learned.models) == pytest.approx(1)
    together = judge(question, after, NOTHING, learned, {})
    alone = [judge(question, after, NOTHING, msgspec.structs.replace(learned, models=[model]), {}) for model in learned.models]
    agreed = np.all([one.labels == together.labels for one in alone], axis=0)
    assert agreed.any()
    mean = sum(model.weight * one.confidence for model, one in zip(learned.models, alone, strict=True))
    np.testing.assert_allclose(together.confidence[agreed], mean[agreed], atol=1e-5)


def test_copies_share_a_vote_between_two_fits():
    """Two copies and one other on an item count as one against one."""
    question, _, before, _ = halves("copiers", 0, 17)
    _, learned = settle(question, before, NOTHING, "auto", {})
    assert learned.copies == [[0, 6, 7]]
    both = columns(np.array([1, 1, 1]), np.array([0, 6, 2]), np.array([0, 0, 1]))
    one = columns(np.array([1, 1]), np.array([0, 2]), np.array([0, 1]))
    for model in learned.models:
        fit = msgspec.structs.replace(learned, models=[model])
        assert judge(question, both, NOTHING, fit, {}).labels == judge(question, one, NOTHING, fit, {}).labels


def test_a_fit_of_too_many_numbers_keeps_the_small_models():
    """Where the tables of all annotators are too many numbers, the models with a few numbers each still judge."""
    rng = np.random.default_rng(0)
    truth, user = rng.integers(30, size=6000), rng.integers(300, size=(6000, 2))
    label = np.where(rng.random((6000, 2)) < 0.7, truth[:, None], rng.integers(30, size=(6000, 2)))
    data = columns(np.repeat(np.arange(6000), 2), user.ravel(), label.ravel())
    _, learned = settle(asked(30), data, NOTHING, "layered", {})
    assert [(model.tables, model.coins) for model in learned.models] == [({}, {})]
    _, learned = settle(asked(30), data, NOTHING, "mace", {})
    assert len(learned.models[0].coins) == 300
