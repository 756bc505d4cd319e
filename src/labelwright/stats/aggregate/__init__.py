"""Many annotators' answers become one label a task, with a posterior: `aggregate`, and one file a method.

Annotators may be people, models and labeling functions alike. The methods are the files of this folder and whatever other distributions
add by an entry point in the group `labelwright.aggregate`; none is registered by hand.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from inspect import signature
from typing import Any

from labelwright import plugins
from labelwright.errors import InvalidInput, nearest
from labelwright.stats.aggregate._online import OnlineAggregation, TaskUpdate
from labelwright.stats.aggregate.base import Aggregation, Fit
from labelwright.stats.answers import Duplicates, encode_answers

__all__ = ["Aggregation", "Fit", "OnlineAggregation", "TaskUpdate", "aggregate", "methods"]


def methods() -> list[str]:
    """Return the names of all aggregation methods.

    >>> {"auto", "majority", "dawid_skene"} <= set(methods())
    True
    """
    return plugins.names("aggregate")


def aggregate(
    tasks: Any,
    annotators: Any,
    labels: Any,
    *,
    method: str = "auto",
    abstain: Hashable = None,
    duplicates: Duplicates = "share",
    classes: Sequence[Any] | None = None,
    scores: Any = None,
    **options: Any,
) -> Aggregation:
    """Find the most credible label of every task from the answers of several annotators.

    Args:
        tasks: n task ids, one for each answer: any hashable values, or an array of one dimension.
        annotators: n annotator ids.
        labels: n labels. One that equals `abstain`, or is None or NaN, says that the annotator saw the task and abstained.
        method: one of `methods()`; `auto` chooses by what the answers show and gives its reason.
        abstain: the label that means an abstention.
        duplicates: what happens when an annotator answers a task k > 1 times: `share` gives each answer the weight 1/k, so that every
            annotator has one vote a task and the order of the answers does not matter; `all` counts each answer in full; `last` keeps
            the last; `error` refuses.
        classes: all classes, if some may not occur among the labels. By default the labels that occur, sorted.
        scores: n numbers, 0 to 1, or None: how sure each annotator, say a model, is of the answer; NaN where that is not known. The less
            sure, the less an answer weighs; at the chance of a guess it is an abstention.
        options: options of the method, described in its file.

    Returns:
        An `Aggregation`. Neither the names nor the order of tasks, annotators and answers change it.

    Raises:
        InvalidInput: lengths differ, nobody answered anything, an id is missing, a label is not among `classes`, the method is unknown,
            or it does not know an option.

    >>> result = aggregate([1, 1, 1, 2, 2, 2], ["ann", "bob", "cyd"] * 2, ["cat", "cat", "dog", "dog", "dog", "dog"])
    >>> result.labels
    {1: 'cat', 2: 'dog'}
    >>> result.posteriors.shape
    (2, 2)
    """
    answers = encode_answers(tasks, annotators, labels, abstain=abstain, duplicates=duplicates, classes=classes, scores=scores)
    module = plugins.load("aggregate", method)
    known = [name for name, option in signature(module.fit).parameters.items() if option.kind is option.KEYWORD_ONLY]
    for name in options:
        if name not in known:
            raise InvalidInput(f"The method '{method}' has no option '{name}'.", hint=nearest(name, known))
    fit: Fit = module.fit(answers, **options)
    return Aggregation(answers, fit.posteriors, fit.method or method, fit.reason, fit)
