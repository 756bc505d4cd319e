"""Simulated crowds with known truth, one function a world: what real crowds do wrong, each alone, so that no design is tuned to a few sets.

A world gives `(truth, tasks, annotators, labels)`: the true class of each task, and the answers as three arrays. The same seed gives the
same answers. `thinned` keeps a few answers of each task, as a project with a small overlap has.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["WORLDS", "thinned"]


def thinned(task, per_task: int, seed: int):
    """Return which answers to keep so that each task has `per_task` at most, drawn by lot."""
    rng = np.random.default_rng(seed)
    lot = rng.permutation(len(task))
    order = np.lexsort((lot, task))
    sorted_task = np.asarray(task)[order]
    first = np.flatnonzero(np.r_[True, sorted_task[1:] != sorted_task[:-1]])
    turn = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
    return np.sort(order[turn < per_task])


def _who(rng, n_tasks: int, n_people: int, per_task: int, *, tail: float = 0.0):
    """Return who answers each task, an array (tasks, answers); with a long tail a few answer most."""
    weight = np.arange(1, n_people + 1) ** -tail
    keys = np.log(rng.random((n_tasks, n_people))) / weight
    return np.argsort(-keys, axis=1)[:, :per_task]


def _answers(rng, truth, who, tables):
    """Draw answers from confusion tables (annotators, truth, answer), or (tasks, annotators, truth, answer) where tasks differ."""
    task = np.repeat(np.arange(len(truth)), who.shape[1])
    person = who.ravel()
    rows = tables[person, truth[task]] if tables.ndim == 3 else tables[task, person, truth[task]]
    label = (rows.cumsum(axis=1) < rng.random(len(task))[:, None] * rows.sum(axis=1)[:, None]).sum(axis=1)
    return truth, task, person, label


def _coins(skill, n_classes: int):
    """Return confusion tables of annotators who are right with the chance `skill` and err evenly."""
    skill = np.asarray(skill, dtype=float)
    table = np.repeat(((1 - skill) / (n_classes - 1))[..., None, None], n_classes, axis=-2).repeat(n_classes, axis=-1)
    every = np.arange(n_classes)
    table[..., every, every] = skill[..., None]
    return table


def _coin_world(seed, *, n_tasks=500, n_people=40, per_task=5, n_classes=3, skill=(0.55, 0.95), shares=None, tail=0.0):
    rng = np.random.default_rng(seed)
    truth = rng.choice(n_classes, size=n_tasks, p=shares)
    tables = _coins(rng.uniform(*skill, size=n_people), n_classes)
    return _answers(rng, truth, _who(rng, n_tasks, n_people, per_task, tail=tail), tables)


def many_annotators(seed):
    """Forty annotators of differing skill, three classes."""
    return _coin_world(seed)


def few_who_answer_all(seed):
    """Five annotators who all answer every task, four classes."""
    return _coin_world(seed, n_people=5, n_classes=4)


def equals(seed):
    """Everybody is equally good: there is nothing to learn about annotators."""
    return _coin_world(seed, skill=(0.75, 0.75), n_classes=2)


def small(seed):
    """Sixty tasks."""
    return _coin_world(seed, n_tasks=60, n_people=8)


def twenty_classes(seed):
    """Twenty classes, unevenly frequent."""
    shares = 1 / np.arange(1, 21)
    return _coin_world(seed, n_tasks=800, n_people=60, n_classes=20, shares=shares / shares.sum(), skill=(0.4, 0.9))


def rare_class(seed):
    """One task in twenty is positive."""
    return _coin_world(seed, n_tasks=800, n_classes=2, shares=[0.95, 0.05], skill=(0.65, 0.95))


def long_tail(seed):
    """A few annotators give most of the answers."""
    return _coin_world(seed, n_people=120, n_classes=2, tail=1.0, skill=(0.5, 0.95))


def barely_above_chance(seed):
    """Four classes, skill .3 to .6."""
    return _coin_world(seed, n_classes=4, skill=(0.3, 0.6), per_task=7)


def spammers(seed):
    """Four in ten answer by lot."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, size=500)
    skill = np.where(rng.random(40) < 0.4, 1 / 3, rng.uniform(0.7, 0.95, size=40))
    return _answers(rng, truth, _who(rng, 500, 40, 5), _coins(skill, 3))


def lazy(seed):
    """A third always gives the first class."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, size=500, p=[0.5, 0.3, 0.2])
    tables = _coins(rng.uniform(0.65, 0.95, size=30), 3)
    tables[:10] = [0.96, 0.02, 0.02]
    return _answers(rng, truth, _who(rng, 500, 30, 5), tables)


def adversaries(seed):
    """A fifth answers the opposite, two classes."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(2, size=500)
    skill = np.where(np.arange(40) < 8, 0.15, rng.uniform(0.65, 0.95, size=40))
    return _answers(rng, truth, _who(rng, 500, 40, 5), _coins(skill, 2))


def expert_among_guessers(seed):
    """Two experts and eight who hardly know; everybody answers everything."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, size=400)
    skill = np.r_[0.95, 0.92, np.full(8, 0.45)]
    return _answers(rng, truth, _who(rng, 400, 10, 10), _coins(skill, 3))


def copiers(seed):
    """Three copies of a poor annotator, and five others; everybody answers everything."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, size=500)
    skill = np.r_[0.6, rng.uniform(0.65, 0.85, size=5)]
    truth, task, person, label = _answers(rng, truth, _who(rng, 500, 6, 6), _coins(skill, 3))
    source = np.empty(500, dtype=int)
    source[task[person == 0]] = label[person == 0]
    for copy in (6, 7):
        own = np.where(rng.random(500) < 0.97, source, rng.choice(3, size=500))
        task, person, label = np.r_[task, np.arange(500)], np.r_[person, np.full(500, copy)], np.r_[label, own]
    return truth, task, person, label


def good_few(seed):
    """Three good annotators and two poor ones, all of whom answer everything: the good agree because they know."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(4, size=400)
    return _answers(rng, truth, _who(rng, 400, 5, 5), _coins([0.93, 0.92, 0.9, 0.62, 0.55], 4))


def difficulty(seed):
    """Tasks differ in difficulty, and the rare class has no more hard ones than the frequent class."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(2, size=700, p=[0.8, 0.2])
    ability, ease = rng.normal(1.6, 0.7, size=40), np.where(rng.random(700) < 0.3, 0.15, 1.5)
    skill = 1 / (1 + np.exp(-ability[None, :] * ease[:, None]))
    return _answers(rng, truth, _who(rng, 700, 40, 6), _coins(skill, 2))


def correlated_errors(seed):
    """A quarter of the tasks looks like another class, and everybody falls for it alike."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, size=500)
    skill = rng.uniform(0.7, 0.95, size=25)
    truth, task, person, label = _answers(rng, truth, _who(rng, 500, 25, 5), _coins(skill, 3))
    looks = (truth + 1) % 3
    fall = (rng.random(500) < 0.25)[task] & (rng.random(len(task)) < 0.5)
    return truth, task, person, np.where(fall, looks[task], label)


def confused_pair(seed):
    """Most take the third class for the second."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(4, size=600)
    tables = _coins(rng.uniform(0.7, 0.95, size=30), 4)
    tables[:20, 2] = [0.05, 0.55, 0.35, 0.05]
    return _answers(rng, truth, _who(rng, 600, 30, 5), tables)


def skills_by_class(seed):
    """Annotators know some classes and guess others."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(4, size=600)
    tables = np.stack([_coins(rng.choice([0.4, 0.95], size=30), 4)[:, k, :] for k in range(4)], axis=1)
    return _answers(rng, truth, _who(rng, 600, 30, 5), tables)


def skewed_and_strict(seed):
    """A frequent class, two answers a task wanted, and annotators who differ in how easily they say yes."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(2, size=700, p=[0.85, 0.15])
    yes_if_no, yes_if_yes = rng.uniform(0.02, 0.3, size=25), rng.uniform(0.5, 0.95, size=25)
    tables = np.stack([np.column_stack([1 - yes_if_no, yes_if_no]), np.column_stack([1 - yes_if_yes, yes_if_yes])], axis=1)
    return _answers(rng, truth, _who(rng, 700, 25, 6, tail=0.5), tables)


WORLDS: dict[str, Callable] = {
    world.__name__: world
    for world in (
        many_annotators, few_who_answer_all, equals, small, twenty_classes, rare_class, long_tail, barely_above_chance, spammers, lazy,
        adversaries, expert_among_guessers, copiers, good_few, difficulty, correlated_errors, confused_pair, skills_by_class,
        skewed_and_strict,
    )
}  # fmt: skip
"""All worlds by name."""
