"""Compares votes in pairs of annotators of one item, all of them, as arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from labelwright.quality.likeness import likeness
from labelwright.quality.pairs import EXAMPLES, Comparison, Guidelines, Tally, only_rows, placed, shared_items
from labelwright.schema import Question

__all__ = ["compare_votes"]

MOST_PEOPLE = 500
"""Pairs of annotators are counted among so many who answered most."""


def compare_votes(question: Question, data: Mapping[str, Any], guidelines: Mapping[int, Guidelines]) -> Comparison:
    """Compare the choices that people made alone, in pairs of annotators of one item."""
    kept = (data["annotation"] > 0) & data["alone"]
    rows = only_rows({name: data[name] for name in ("item", "user", "label", "version")}, kept)
    item, user, label, version = rows.values()
    digests = sorted({one.digest for one in guidelines.values()})
    place = {number: digests.index(one.digest) for number, one in guidelines.items()}
    numbers, row = placed(version)
    under = np.array([place.get(number, -1) for number in numbers.tolist()], dtype=np.int32)[row]
    size = len(question.labels)
    alike = likeness(question) if question.graded else np.eye(size)
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
        together = alike[low, high]
        same = together == 1
        both = seated[first] & seated[second]
        a, b = np.minimum(seat[first], seat[second])[both], np.maximum(seat[first], seat[second])[both]
        np.add.at(met, (a, b), 1.0)
        np.add.at(equal, (a, b), together[both])
        shared = np.where(under[first] == under[second], under[first], -1)
        for group in range(-1, len(digests)):
            mine = np.ones(len(first), dtype=bool) if group < 0 else shared == group
            np.add.at(tables[group + 1], (low[mine], high[mine]), 1)
            _choice_examples(examples[group + 1], item[first[mine & ~same]], low[mine & ~same], high[mine & ~same])
        lag += 1
    overall = _choice_tally(question, alike, tables[0], examples[0])
    overall.items = shared_items(item)
    found = Comparison(overall, {}, {})
    for group, digest in enumerate(digests):
        if tables[group + 1].any():
            tally = _choice_tally(question, alike, tables[group + 1], examples[group + 1])
            tally.items = shared_items(item[under == group])
            found.guidelines[digest] = tally
    for a, b in zip(*np.nonzero(met), strict=True):
        found.people[int(active[a]), int(active[b])] = (int(met[a, b]), float(equal[a, b]))
    return found


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


def _choice_tally(question: Question, alike: Any, table: Any, examples: Mapping[tuple[int, int], list[int]]) -> Tally:
    """Return the pairs by how alike they are. Labels that count as the same are not confused with each other."""
    labels = question.labels
    tally = Tally(pairs=float(table.sum()))
    for low, high in zip(*np.nonzero(table), strict=True):
        count = int(table[low, high])
        tally.met[labels[low]] += count
        if low != high:
            tally.met[labels[high]] += count
        if alike[low, high] < 1:
            tally.confusions[labels[low], labels[high]] = count
            tally.examples[labels[low], labels[high]] = sorted(examples.get((int(low), int(high)), []))
    return tally
