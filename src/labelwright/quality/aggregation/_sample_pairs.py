"""Compares answers in pairs of annotators of one item, in a sample of items: matching marks or texts costs more than comparing votes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

from labelwright.quality.pairs import EXAMPLES, Comparison, Guidelines, Tally, shared
from labelwright.quality.sample import Sample
from labelwright.schema import Answer

__all__ = ["compare_answers", "compare_marks"]

SKILL_SAMPLE = 400
"""Items from which the skill of annotators is estimated: the others' answers are brought together for each, several times over."""

FEWEST_COMPARED = 10
"""Whoever was compared on fewer items has no weight yet, and counts for as much as the others on average."""


def compare_marks(sample: Sample, guidelines: Mapping[int, Guidelines]) -> Comparison:
    """Compare the places that annotators marked."""
    question, found = sample.question, Comparison(Tally(), {}, {})

    def alike(first: Answer, second: Answer, item_id: int, tallies: Sequence[Tally]) -> float:
        equal, loose = question.match(first, second), question.match(first, second, same_label=False)
        found.overlaps += equal.ious
        for tally in tallies:
            _count_places(tally, item_id, first.parts(), second.parts(), loose)
        return equal.f1

    _compare(sample, guidelines, found, alike)
    return found


def compare_answers(sample: Sample, guidelines: Mapping[int, Guidelines]) -> Comparison:
    """Compare answers about the whole field: how far they are alike is all that there is to say."""
    found = Comparison(Tally(), {}, {})
    _compare(sample, guidelines, found, lambda first, second, item_id, tallies: sample.question.similarity(first, second))
    return found


def _compare(
    sample: Sample,
    guidelines: Mapping[int, Guidelines],
    found: Comparison,
    alike: Callable[[Answer, Answer, int, Sequence[Tally]], float],
) -> None:
    """Compare answers in pairs of annotators of one item; `alike` says how far two agree, and adds to the tallies what else there is."""
    people: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for item_id, given in sample.items:
        totals: dict[str | None, list[float]] = defaultdict(list)
        for first, second in combinations(sorted(given, key=lambda one: one.user_id), 2):
            places = {None, shared(guidelines, first.version, second.version)}
            tallies = [found.overall if place is None else found.guidelines.setdefault(place, Tally()) for place in places]
            agreed = alike(first.values[sample.name], second.values[sample.name], item_id, tallies)
            key = (first.user_id, second.user_id)
            people[key][0] += 1
            people[key][1] += agreed
            found.alike.append((item_id, *key, agreed))
            for tally in tallies:
                tally.pairs += 1
            for place in places:
                totals[place].append(agreed)
        for place, values in totals.items():
            tally = found.overall if place is None else found.guidelines[place]
            tally.items += 1
            tally.by_item.append(sum(values) / len(values))
    found.people = {key: (int(count), total) for key, (count, total) in people.items()}
    told = [{one.user_id: one.values[sample.name] for one in given} for _, given in _spread(sample.items, SKILL_SAMPLE)]
    if told:
        judged = sample.question.skills(told)
        found.skill = {user_id: round(value, 6) for user_id, value in sorted(judged.skill.items())}
        found.weight = {user_id: value for user_id, value in sorted(judged.weight.items()) if judged.items[user_id] >= FEWEST_COMPARED}


def _spread(items: Sequence[Any], most: int) -> Sequence[Any]:
    """Return at most so many, spread evenly over all."""
    return items[:: -(-len(items) // most)] if items else items


def _count_places(tally: Tally, item_id: int, first: Any, second: Any, matching: Any) -> None:
    for i, j in matching.pairs:
        one, other = sorted((first[i].label, second[j].label))
        tally.met[one] += 1
        tally.compared[one] += 1
        if one != other:
            tally.met[other] += 1
            tally.compared[other] += 1
            tally.confusions[one, other] += 1
            _example(tally, (one, other), item_id)
    for units, unmatched in ((first, matching.first_unmatched), (second, matching.second_unmatched)):
        for place in unmatched:
            label = units[place].label
            tally.compared[label] += 1
            tally.missed[label] += 1
            _example(tally, (label, None), item_id)


def _example(tally: Tally, key: tuple[str, str | None], item_id: int) -> None:
    examples = tally.examples[key]
    if len(examples) < EXAMPLES and item_id not in examples:
        examples.append(item_id)
