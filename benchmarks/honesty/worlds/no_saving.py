"""A labeler speaks on the easy half of the items, and suggestions change nothing: nobody is faster or slower for them.

Compared with all other answers, those with a suggestion look fast, for they are about easy items. People have their own pace, items their
own difficulty, and times have heavy tails.
"""

from __future__ import annotations

import numpy as np

from benchmarks.honesty.coverage import Coverage
from benchmarks.honesty.whole import open_whole, rows
from labelwright.analytics import overview
from labelwright.api.figures import Assistance
from labelwright.schema.kinds.choice import Choice
from labelwright.stats import clustered_difference

WORLD = __name__.rpartition(".")[2]
ITEMS, PEOPLE, OVERLAP = 240, 6, 2
OVERLAPS, CROWDS = (1, 2, 3, 5), (4, 6, 10, 20)

RULES = """\
from labelwright import labeling_function

@labeling_function(question="mood")
def speaks_on_the_easy_half(item):
    return "good" if item.data["body"].text.startswith("easy") else None
"""


def crowd(rng: np.random.Generator, people: int, items: int, overlap: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the item and the person of each answer; some people answer more than others."""
    share = np.log(rng.dirichlet(np.full(people, 2.0)))
    chosen = np.argsort(-(share + rng.gumbel(size=(items, people))), axis=1)[:, : min(overlap, people)]
    return np.repeat(np.arange(items), chosen.shape[1]), chosen.ravel()


def draws(count: int, seed: int) -> list[Coverage]:
    """Times in which the arms differ by nothing, at overlaps from 1 to 5, with crowds of 4 to 20, a tenth to a half hidden."""
    rng = np.random.default_rng(seed)
    held, tried = dict.fromkeys(OVERLAPS, 0), dict.fromkeys(OVERLAPS, 0)
    unclaimed = 0
    for index in range(count):
        overlap, people = OVERLAPS[index % len(OVERLAPS)], int(rng.choice(CROWDS))
        item, person = crowd(rng, people, 600 // overlap, overlap)
        pace, hard, rest = rng.normal(0, 0.4, people), rng.normal(0, 0.5, item.max() + 1), rng.normal(0, rng.choice([0.6, 1.0]), len(item))
        seconds = 10 * np.exp(pace[person] + hard[item] + rest)
        shown = rng.random(len(item)) >= rng.choice([0.1, 0.3, 0.5])
        found = clustered_difference(np.minimum(seconds, 10 * np.median(seconds)), shown, item, person)
        unclaimed += not found.high < 0
        if not np.isnan(found.low):
            tried[overlap] += 1
            held[overlap] += found.low <= 0 <= found.high
    return [
        *(Coverage(WORLD, f"time saved, overlap {overlap}", 0.95, "interval", held[overlap], tried[overlap]) for overlap in OVERLAPS),
        Coverage(WORLD, "hours saved claimed", 0.95, "headline", unclaimed, count),
    ]


def project(seed: int) -> Assistance:
    """Return what a whole project says of its suggestions."""
    rng = np.random.default_rng(seed)
    declaration = {
        "sources": [{"uri": "rows.jsonl", "id": "id"}],
        "schema": {"data": {"body": "text"}, "questions": {"mood": {"kind": "choice", "of": "body", "options": ["good", "bad"]}}},
        "assist": {"labelers": [{"functions": "rules.py"}]},
        "tasks": {"overlap": OVERLAP, "gold": "0%", "unassisted": "20%"},
        "review": {"sample": "0%", "always": []},
        "quality": {"label_errors": False},
    }
    texts = [{"id": f"r{number}", "body": f"{'easy' if number % 2 else 'hard'} text {number}"} for number in range(ITEMS)]
    hardness, pace = rng.normal(0, 0.4, ITEMS), rng.normal(0, 0.3, PEOPLE)
    with open_whole(declaration, {"rows.jsonl": rows(texts), "rules.py": RULES}, seed=seed) as whole:
        people = whole.add_people(PEOPLE)
        pace_of = dict(zip(people, pace, strict=True))

        def answer(user: int, task: object) -> tuple[dict[str, Choice], float]:
            number = int(task.item.key[1:])
            usual = 6.0 if number % 2 else 20.0
            seconds = usual * float(np.exp(hardness[number] + pace_of[user] + rng.normal(0, 0.6)))
            return {"mood": Choice("good" if rng.random() < 0.9 else "bad")}, seconds

        whole.label(people, answer)
        whole.settle()
        with whole.workspace.database.read() as connection:
            return overview(connection, whole.opened.project).assistance


def projects(count: int, seed: int) -> list[Coverage]:
    """Whole projects: the interval of the time saved, and whether hours are claimed."""
    found = [project(seed * 1000 + number) for number in range(count)]
    known = [one.seconds_saved for one in found if one.seconds_saved.low is not None and one.seconds_saved.high is not None]
    return [
        Coverage(WORLD, "time saved", 0.95, "interval", sum(one.low <= 0 <= one.high for one in known), len(known)),
        Coverage(WORLD, "hours saved claimed", 0.95, "headline", sum(not (one.hours_saved.low or 0) > 0 for one in found), len(found)),
    ]
