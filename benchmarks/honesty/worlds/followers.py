"""People follow suggestions that are worse than they are: answers are wrong more often where suggestions are shown.

Alone, people are right in 88% of the answers, and suggestions in 75%. Shown one, people take it over unread in 60% on average, some more
and some less, so that 80% are right. Labels made of such answers agree with them, and would call them better.
"""

from __future__ import annotations

import numpy as np

from benchmarks.honesty.coverage import Coverage
from benchmarks.honesty.whole import open_whole, rows
from benchmarks.honesty.worlds.no_saving import crowd
from labelwright.analytics import overview
from labelwright.api.figures import Assistance
from labelwright.schema.kinds.choice import Choice
from labelwright.stats import clustered_difference

WORLD = __name__.rpartition(".")[2]
OPTIONS = ("red", "green", "blue")
ALONE, MACHINE, FOLLOWS = 0.88, 0.75, 0.6
SAME_ALONE = MACHINE * ALONE + (1 - MACHINE) * (1 - ALONE) / 2
INFLUENCE = FOLLOWS * (1 - SAME_ALONE)
"""How much oftener people give the suggested answer where it is shown."""

QUALITY = FOLLOWS * (MACHINE - ALONE)
"""How much oftener they are right: less often."""

ITEMS, GOLD, PEOPLE, OVERLAP = 200, 100, 6, 2

RULES = """\
from labelwright import labeling_function

@labeling_function(question="color")
def hint(item):
    return item.data["body"].text.split()[0]
"""


def habits(rng: np.random.Generator, people: int) -> np.ndarray:
    """Return how often each person takes a suggestion over unread: 60% on average."""
    return rng.beta(6.0, 4.0, people)


def draws(count: int, seed: int) -> list[Coverage]:
    """Answers of crowds of 4 to 20 at overlaps from 1 to 3, a tenth to a half of the suggestions hidden."""
    rng = np.random.default_rng(seed)
    held, tried, unclaimed = {"influence": 0, "quality": 0}, {"influence": 0, "quality": 0}, 0
    for _ in range(count):
        overlap, people = int(rng.choice([1, 2, 3])), int(rng.choice([4, 6, 10, 20]))
        item, person = crowd(rng, people, 300, overlap)
        machine_right = (rng.random(item.max() + 1) < MACHINE)[item]
        shown = rng.random(len(item)) >= rng.choice([0.1, 0.3, 0.5])
        follows = shown & (rng.random(len(item)) < habits(rng, people)[person])
        own_right = rng.random(len(item)) < ALONE
        own_same = np.where(machine_right, own_right, ~own_right & (rng.random(len(item)) < 0.5))
        figures = {
            "influence": (follows | own_same, INFLUENCE),
            "quality": (np.where(follows, machine_right, own_right), QUALITY),
        }
        for name, (values, true) in figures.items():
            found = clustered_difference(values, shown, item, person, shares=True)
            if not np.isnan(found.low):
                tried[name] += 1
                held[name] += found.low <= true <= found.high
            if name == "quality":
                unclaimed += not found.low > 0
    return [
        *(Coverage(WORLD, name, 0.95, "interval", held[name], tried[name]) for name in held),
        Coverage(WORLD, "better quality claimed", 0.95, "headline", unclaimed, count),
    ]


def project(seed: int) -> Assistance:
    """Return what a whole project says of its suggestions."""
    rng = np.random.default_rng(seed)
    total = ITEMS + GOLD
    truth = [str(one) for one in rng.choice(OPTIONS, total)]
    said = [one if rng.random() < MACHINE else _other(rng, one) for one in truth]
    declaration = {
        "sources": [{"uri": "rows.jsonl", "id": "id"}],
        "schema": {"data": {"body": "text"}, "questions": {"color": {"kind": "choice", "of": "body", "options": list(OPTIONS)}}},
        "assist": {"labelers": [{"functions": "rules.py"}]},
        "tasks": {"overlap": OVERLAP, "gold": "50%", "unassisted": "30%"},
        "review": {"sample": "0%", "always": []},
        "quality": {"label_errors": False, "gold": "gold.jsonl"},
    }
    files = {
        "rows.jsonl": rows([{"id": f"r{number}", "body": f"{said[number]} is what text {number} seems to be"} for number in range(total)]),
        "gold.jsonl": rows([{"id": f"r{number}", "color": truth[number]} for number in range(ITEMS, total)]),
        "rules.py": RULES,
    }
    with open_whole(declaration, files, seed=seed) as whole:
        people = whole.add_people(PEOPLE)
        follows = dict(zip(people, habits(rng, PEOPLE), strict=True))

        def answer(user: int, task: object) -> tuple[dict[str, Choice], float]:
            right = truth[int(task.item.key[1:])]
            given = Choice(right if rng.random() < ALONE else _other(rng, right))
            if task.suggestions and rng.random() < follows[user]:
                given = task.suggestions[0].answer
            return {"color": given}, float(rng.lognormal(2, 0.6))

        whole.label(people, answer)
        whole.settle()
        with whole.workspace.database.read() as connection:
            return overview(connection, whole.opened.project).assistance


def _other(rng: np.random.Generator, label: str) -> str:
    return str(rng.choice([one for one in OPTIONS if one != label]))


def projects(count: int, seed: int) -> list[Coverage]:
    """Whole projects: the intervals of influence and quality, and whether better answers are claimed."""
    found = [project(seed * 1000 + number) for number in range(count)]
    coverages = []
    for name, true in (("influence", INFLUENCE), ("quality", QUALITY)):
        known = [one for one in (getattr(one, name) for one in found) if one.low is not None]
        coverages.append(Coverage(WORLD, name, 0.95, "interval", sum(one.low <= true <= one.high for one in known), len(known)))
    claimed = sum((one.quality.low or 0) > 0 for one in found)
    return [*coverages, Coverage(WORLD, "better quality claimed", 0.95, "headline", len(found) - claimed, len(found))]
