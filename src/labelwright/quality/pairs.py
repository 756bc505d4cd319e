"""Compares answers pair by pair: how far people agree, and which labels they confuse, overall and under each version of the guidelines.

Choices are compared all, as arrays. Places are compared in a sample of at most `SAMPLE` items, for matching them costs more; which items
is as good as random, and always the same.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from msgspec import Struct

from labelwright.quality.answers import Given
from labelwright.quality.places import match, skill
from labelwright.schema import Question

__all__ = ["EXAMPLES", "Comparison", "Guidelines", "Sample", "compare_choices", "compare_places"]

SAMPLE = 2000
"""Items whose places are compared."""

SKILL_SAMPLE = 400
"""Items from which the skill of annotators of places is estimated: each annotator's places are fused without, several times over."""

FEWEST_COMPARED = 10
"""Whoever was compared on fewer items has no weight yet, and counts for as much as the others on average."""

EXAMPLES = 5
"""Items named as examples."""

MOST_PEOPLE = 500
"""Pairs of annotators are counted among so many who answered most."""


class Guidelines(Struct, frozen=True):
    """One version of the guidelines: its digest, and the numbers of pipeline versions that had it."""

    digest: str
    first: int


@dataclass
class Tally:
    """Pairs of answers under one version of the guidelines, or under any."""

    items: int = 0
    pairs: float = 0.0
    apart: float = 0.0
    by_item: list[float] = field(default_factory=list)
    confusions: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    met: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    compared: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    missed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    examples: dict[tuple[str, str | None], list[int]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Comparison:
    """All that comes from comparing answers in pairs.

    `people` has, for each pair of annotators, how many items both answered, and the sum of their agreement there. `overlaps` are the
    intersections over union of places that match. Where places were compared, `skill` is how far each annotator agrees with what the
    others' are fused to, 0 to 1, and `weight` what those count for who were compared often enough.
    """

    overall: Tally
    guidelines: dict[str, Tally]
    people: dict[tuple[int, int], tuple[int, float]]
    overlaps: list[float] = field(default_factory=list)
    skill: dict[int, float] = field(default_factory=dict)
    weight: dict[int, float] = field(default_factory=dict)


@dataclass
class Sample:
    """At most `SAMPLE` items with two answers or more to one question whose answers are places."""

    name: str
    question: Question
    seen: int = 0
    people: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    _heap: list[tuple[int, int, list[Given]]] = field(default_factory=list)

    def add(self, items: Mapping[int, Sequence[Given]]) -> None:
        """Take up a page of answers."""
        for item_id, given in items.items():
            answered = [one for one in given if self.name in one.values and one.annotation_id is not None]
            for one in answered:
                self.people[one.user_id] += 1
            independent = [one for one in answered if one.independent]
            if len(independent) < 2:
                continue
            self.seen += 1
            # A number that scatters items as if by chance; the greatest leave when there are too many.
            entry = (-(item_id * 2654435761 % 2**32), -item_id, independent)
            if len(self._heap) < SAMPLE:
                heapq.heappush(self._heap, entry)
            else:
                heapq.heappushpop(self._heap, entry)

    @property
    def items(self) -> list[tuple[int, list[Given]]]:
        """The items, in order, with their answers."""
        return sorted(((-negative, given) for _, negative, given in self._heap), key=lambda one: one[0])


def compare_places(sample: Sample, guidelines: Mapping[int, Guidelines]) -> Comparison:
    """Compare the places that annotators marked, in pairs of annotators of one item."""
    found = Comparison(Tally(), {}, {})
    people: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for item_id, given in sample.items:
        totals: dict[str | None, list[float]] = defaultdict(list)
        for first, second in combinations(sorted(given, key=lambda one: one.user_id), 2):
            one, other = first.values[sample.name], second.values[sample.name]
            equal = match(sample.question, one, other)
            found.overlaps += equal.ious
            key = (first.user_id, second.user_id)
            people[key][0] += 1
            people[key][1] += equal.f1
            digest = _shared(guidelines, first.version, second.version)
            loose = match(sample.question, one, other, same_label=False)
            for place in {None, digest}:
                tally = found.overall if place is None else found.guidelines.setdefault(place, Tally())
                totals[place].append(equal.f1)
                tally.pairs += 1
                tally.apart += 1 - equal.f1
                _count_places(tally, item_id, one.units(), other.units(), loose)
        for place, values in totals.items():
            tally = found.overall if place is None else found.guidelines[place]
            tally.items += 1
            tally.by_item.append(sum(values) / len(values))
    found.people = {key: (int(count), total) for key, (count, total) in people.items()}
    told = [{one.user_id: one.values[sample.name] for one in given} for _, given in _spread(sample.items, SKILL_SAMPLE)]
    if told:
        judged = skill(sample.question, told)
        found.skill = {user_id: round(value, 6) for user_id, value in sorted(judged.skill.items())}
        found.weight = {user_id: value for user_id, value in sorted(judged.weight.items()) if judged.items[user_id] >= FEWEST_COMPARED}
    return found


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


def compare_choices(question: Question, data: Mapping[str, Any], guidelines: Mapping[int, Guidelines]) -> Comparison:
    """Compare people's independent choices, in pairs of annotators of one item."""
    kept = (data["annotation"] > 0) & data["independent"]
    item, user, label, version = (data[name][kept] for name in ("item", "user", "label", "version"))
    digests = sorted({one.digest for one in guidelines.values()})
    place = {number: digests.index(one.digest) for number, one in guidelines.items()}
    under = np.array([place.get(number, -1) for number in version.tolist()], dtype=np.int64)
    size = len(question.labels)
    active, answers = np.unique(user, return_counts=True)
    active = np.sort(active[np.argsort(-answers, kind="stable")[:MOST_PEOPLE]])
    seat = np.searchsorted(active, user).clip(max=max(len(active) - 1, 0))
    seated = active[seat] == user if len(active) else np.zeros(0, dtype=bool)
    met = np.zeros((len(active), len(active)))
    equal = np.zeros((len(active), len(active)))
    tables = np.zeros((len(digests) + 1, size, size), dtype=np.int64)
    examples: list[dict[tuple[int, int], list[int]]] = [defaultdict(list) for _ in range(len(digests) + 1)]
    lag = 1
    # Answers are sorted by item: partners of a pair lie one, two, … places apart.
    while lag < len(item):
        first = np.flatnonzero(item[lag:] == item[:-lag])
        if not len(first):
            break
        second = first + lag
        low, high = np.minimum(label[first], label[second]), np.maximum(label[first], label[second])
        same = low == high
        both = seated[first] & seated[second]
        a, b = np.minimum(seat[first], seat[second])[both], np.maximum(seat[first], seat[second])[both]
        np.add.at(met, (a, b), 1.0)
        np.add.at(equal, (a, b), same[both].astype(np.float64))
        together = np.where(under[first] == under[second], under[first], -1)
        for group in range(-1, len(digests)):
            mine = np.ones(len(first), dtype=bool) if group < 0 else together == group
            np.add.at(tables[group + 1], (low[mine], high[mine]), 1)
            _choice_examples(examples[group + 1], item[first[mine & ~same]], low[mine & ~same], high[mine & ~same])
        lag += 1
    overall = _choice_tally(question, tables[0], examples[0])
    overall.items = _shared_items(item)
    found = Comparison(overall, {}, {})
    for group, digest in enumerate(digests):
        if tables[group + 1].any():
            tally = _choice_tally(question, tables[group + 1], examples[group + 1])
            tally.items = _shared_items(item[under == group])
            found.guidelines[digest] = tally
    for a, b in zip(*np.nonzero(met), strict=True):
        found.people[int(active[a]), int(active[b])] = (int(met[a, b]), float(equal[a, b]))
    return found


def _shared_items(item: Any) -> int:
    return int((np.unique(item, return_counts=True)[1] >= 2).sum())


def _choice_examples(examples: dict[tuple[int, int], list[int]], item: Any, low: Any, high: Any) -> None:
    """Note the first items of each pair of labels that differ."""
    if not len(item):
        return
    order = np.lexsort((item, high, low))
    item, low, high = item[order], low[order], high[order]
    fresh = np.flatnonzero(np.r_[True, (np.diff(low) != 0) | (np.diff(high) != 0)])
    for begin, end in zip(fresh.tolist(), [*fresh[1:].tolist(), len(item)], strict=True):
        known = examples[int(low[begin]), int(high[begin])]
        for number in dict.fromkeys(item[begin : min(begin + 50, end)].tolist()):
            if len(known) < EXAMPLES and number not in known:
                known.append(int(number))


def _choice_tally(question: Question, table: Any, examples: Mapping[tuple[int, int], list[int]]) -> Tally:
    labels = question.labels
    tally = Tally(pairs=float(table.sum()), apart=float(table.sum() - np.trace(table)))
    for low, high in zip(*np.nonzero(table), strict=True):
        count = int(table[low, high])
        tally.met[labels[low]] += count
        if low != high:
            tally.met[labels[high]] += count
            tally.confusions[labels[low], labels[high]] = count
            tally.examples[labels[low], labels[high]] = sorted(examples.get((int(low), int(high)), []))
    return tally


def _shared(guidelines: Mapping[int, Guidelines], first: int, second: int) -> str | None:
    """The guidelines under which both answers were given, if they are the same."""
    one, other = guidelines.get(first), guidelines.get(second)
    return one.digest if one is not None and other is not None and one.digest == other.digest else None
