"""Comparisons of two by annotators of unequal skill: the model of Bradley and Terry with a reliability for each annotator.

X. Chen, P. N. Bennett, K. Collins-Thompson and E. Horvitz, "Pairwise Ranking Aggregation in a Crowdsourced Setting", WSDM (2013).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.errors import InvalidInput
from labelwright.stats.answers import Floats, encode
from labelwright.stats.rankings._choices import Orders, climb, symmetric
from labelwright.stats.rankings.base import Ranking, checked, refuse_disconnected, refuse_infinite, standard_errors
from labelwright.stats.rankings.bradley_terry import encode_pairs, prior_information

__all__ = ["crowd_bradley_terry"]

RIGHT, WRONG = 7.0, 1.0
"""Comparisons that every annotator is taken to have got right and wrong before the first one."""
UNSURE = 0.2
"""By how much crowds differ in the reliability that their annotators are taken for beforehand (standard deviation); for the intervals."""
STEPS = 5
"""Steps of the climb for each update of the reliabilities."""


def crowd_bradley_terry(
    annotators: Any,
    winners: Any,
    losers: Any,
    *,
    tied: Any = None,
    prior: float = 1.0,
    confidence: float = 0.95,
    iterations: int = 500,
    tolerance: float = 1e-5,
) -> Ranking:
    """Score items by comparisons of two, and learn how reliable each annotator is.

    An annotator of reliability r prefers the item that Bradley and Terry's model prefers with probability r, and the other one
    otherwise: with 1/2 the comparisons say nothing, and below that they count the other way round.

    Args:
        annotators: n annotator ids, one for each comparison.
        winners: n items that were preferred. None is an abstention.
        losers: n items that the winners were preferred to. None is an abstention.
        tied: n times true where neither was preferred: half a win for each. By default none.
        prior: drawn games, at least 0, of every item against one of average score, as in `bradley_terry`.
        confidence: of the intervals, above 0 and below 1. They account for the reliabilities being estimated, and for crowds that are
            better or worse than the usual one, whose annotators are right in seven cases of eight. Simulated coverage of 95%: 94 to 98%
            where they are right in 60 to 100% of the cases, 92 to 93% where in 50 to 100%.
        iterations: the most updates of scores and reliabilities, at least 1.
        tolerance: stop when no score moved by more than this.

    Returns:
        A `Ranking` with `skill`. Neither the names nor the order of annotators, items and comparisons change it.

    Raises:
        InvalidInput: as `bradley_terry`. With a prior of 0 scores are infinite, too, where all that speaks against an order can be taken
            for slips of annotators.

    >>> winners, losers = ["a", "a", "b"] * 6 + ["c", "b", "c"] * 3, ["b", "c", "c"] * 6 + ["a", "a", "b"] * 3
    >>> result = crowd_bradley_terry(["ann"] * 9 + ["bob"] * 9 + ["cyd"] * 9, winners, losers)
    >>> result.order, result.skill["ann"] > 0.8 > 0.5 > result.skill["cyd"]
    (['a', 'b', 'c'], True)
    """
    checked(prior, confidence, iterations)
    if len(annotators) != len(winners):
        raise InvalidInput("Annotators and winners have to be equally long.")
    items, better, worse, weight, row = encode_pairs(winners, losers, tied)
    who, people = encode(annotators, what="annotator")
    if prior == 0:
        refuse_disconnected(better, worse, items)
    better, worse, person, weight = _merged(better, worse, who[row], weight, len(items), len(people))
    scores, right, done = _fit(better, worse, person, weight, (len(items), len(people)), prior, iterations, tolerance)
    if prior == 0:
        refuse_infinite(better, worse, scores, items)
    errors, note = _errors(better, worse, person, weight, scores, right, prior)
    if done == iterations:
        note = " ".join(filter(None, [note, f"The fit stopped after {iterations} updates."]))
    names = people.tolist() if isinstance(people, np.ndarray) else list(people)
    skill = dict(zip(names, right.tolist(), strict=True))
    return Ranking(items, scores - scores.mean(), errors, confidence, done, skill, note)


def _merged(better: Any, worse: Any, person: Any, weight: Floats, n_items: int, n_people: int) -> tuple[Any, Any, Any, Floats]:
    """Return one entry, with the summed weight, for each annotator and ordered pair."""
    cell, place = np.unique((person.astype(np.int64) * n_items + better) * n_items + worse, return_inverse=True)
    rest, second = np.divmod(cell, n_items)
    who, first = np.divmod(rest, n_items)
    return first, second, who, np.bincount(place, weights=weight).astype(np.float64)


def _fit(
    better: Any, worse: Any, person: Any, weight: Floats, size: tuple[int, int], prior: float, iterations: int, tolerance: float
) -> tuple[Floats, Floats, int]:
    from scipy.special import expit

    n_items, n_people = size
    right = np.full(n_people, RIGHT / (RIGHT + WRONG))
    given = np.bincount(person, weights=weight, minlength=n_people)
    # Where the annotators' words may be turned around, every pair of items occurs both ways.
    pair, place = np.unique(better * n_items + worse, return_inverse=True)
    first, second = np.divmod(pair, n_items)
    places = np.concatenate([np.column_stack([first, second]), np.column_stack([second, first])])
    told = Orders(places[: len(pair)], np.bincount(place, weights=weight).astype(np.float64))
    scores, _ = climb([told], max(prior, 0.1), np.zeros(n_items), iterations=20, tolerance=1e-3)
    done = 0
    while done < iterations:
        done += 1
        likely = expit(scores[better] - scores[worse])
        sound = right[person] * likely
        belief = weight * sound / np.maximum(sound + (1 - right[person]) * (1 - likely), 1e-300)
        right = (np.bincount(person, weights=belief, minlength=n_people) + RIGHT) / (given + RIGHT + WRONG)
        upright, turned = np.bincount(place, weights=belief), np.bincount(place, weights=weight - belief)
        group = Orders(places, np.append(upright, np.maximum(turned, 0.0)))
        after, _ = climb([group], prior, scores, iterations=STEPS, tolerance=0.0)
        moved = float(np.abs(after - scores).max())
        scores = after
        if moved <= tolerance:
            break
    return scores, right, done


def _errors(better: Any, worse: Any, person: Any, weight: Floats, scores: Floats, right: Floats, prior: float) -> tuple[Floats, str | None]:
    """Return standard errors from the expected information on scores and reliabilities together, the latter taken out."""
    from scipy.sparse import coo_array, diags_array, hstack
    from scipy.special import expit

    likely, bent = expit(scores[better] - scores[worse]), 2 * right[person] - 1
    said = right[person] * likely + (1 - right[person]) * (1 - likely)
    scale = weight / np.maximum(said * (1 - said), 1e-12)
    slope = bent * likely * (1 - likely)
    links = symmetric(better, worse, scale * slope**2, len(scores))
    told = np.bincount(person, weights=scale * (2 * likely - 1) ** 2, minlength=len(right))
    before = RIGHT / right**2 + WRONG / (1 - right) ** 2
    about = told + before
    cross = scale * slope * (2 * likely - 1)
    both = (np.append(better, worse), np.append(person, person))
    mixed: Any = coo_array((np.append(cross, -cross), both), shape=(len(scores), len(right))).tocsr()
    # The crowd's usual reliability is one more parameter, taken out after the annotators' own.
    common: Any = mixed @ (before / about)[:, None]
    mixed = hstack([mixed, coo_array(common)]).tocsr()
    known = np.append(about, UNSURE**-2 + float((before * told / about).sum()))
    return standard_errors(links, prior_information(scores, prior), mixed @ diags_array(1 / known) @ mixed.T)
