"""Which models `auto` averages, chosen without the set or world it is then asked on: `python -m benchmarks.accuracy_choice [NAME ...]`.

A design is a set of models and how much of their weight goes by what they foretell (`auto.shared_out`). Each real crowd (of large ones
1,500 tasks) and each simulated world is left out in turn: the design that is best on all the others is asked on it. So what the table
says of the chosen designs is not made better by choosing. Three more rows stand beside it: the design that `auto` has, the fixed method
that is best on the very sets that are shown, and `auto` between two refits, when its models know only the tasks of the other four
fifths. A gain is over the majority vote, in points of accuracy, with an interval of 95% over tasks; `worst` is the set with the least.

What was fitted is kept in the folder `--kept`, if one is named, for the next time.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.accuracy import crowds, read
from benchmarks.worlds import WORLDS, thinned
from labelwright.stats.aggregate import auto, dawid_skene, difficulty, layered, mace, majority, one_coin, pooled, shared_coin
from labelwright.stats.aggregate._copies import find_copies, share_votes
from labelwright.stats.aggregate._evidence import foretold, weights_of
from labelwright.stats.answers import encode_answers

MODELS: dict[str, Callable] = {
    "layered": layered.fit,
    "layered without tables": partial(layered.fit, own=np.inf),
    "one_coin": one_coin.fit,
    "mace": partial(mace.fit, belief=layered.BELIEF),
    "mace as published": mace.fit,
    "shared_coin": shared_coin.fit,
    "difficulty": difficulty.fit,
    "dawid_skene": dawid_skene.fit,
    "pooled": pooled.fit,
}
"""All that may be averaged; `shared_coin` always is."""

CHOSEN = ("layered", "layered without tables", "one_coin", "mace", "shared_coin", "difficulty"), auto.TRUST
"""The design that `auto` has."""

OVERLAPS = 2, 3, 0
"""Answers a task; 0 means all."""

FOLDS = 5


@dataclass(frozen=True)
class Asked:
    """A crowd or world as the models see it: arrays over the tasks with truth, and what each model foretold.

    `posteriors` and `later`, where the models know other tasks only, are arrays by model; `difficulty` has none of the latter. `beside`
    is how many answers an answer has on its task on average, itself included; `single` says that `auto` averages nothing here.
    """

    truth: np.ndarray
    posteriors: dict[str, np.ndarray]
    later: dict[str, np.ndarray]
    logs: dict[str, np.ndarray]
    beside: float
    single: bool


def ask(name: str, per_task: int, seed: int) -> Asked:
    """Fit every model."""
    if name in WORLDS:
        true, *answers = WORLDS[name](seed)
        truth = dict(enumerate(true.tolist()))
    else:
        truth, *answers = read(crowds() / name)
        truth = {task: truth[task] for task in np.random.default_rng(0).permutation(sorted(truth))[:1500].tolist()}
    columns = [np.asarray(column) for column in answers]
    columns = [column[np.isin(columns[0], list(truth))] for column in columns]
    columns = [column[thinned(columns[0], per_task or len(column), seed)] for column in columns]
    encoded = encode_answers(*columns)
    code = {value: place for place, value in enumerate(encoded.classes)}
    tasks = [task.item() if hasattr(task, "item") else task for task in encoded.tasks]
    scored = np.array([code.get(truth.get(task), -1) for task in tasks])
    posteriors = {"majority": majority.fit(encoded).posteriors}
    single = auto.fit(encoded).method != "average"
    if copies := find_copies(encoded):
        encoded = share_votes(encoded, copies)
    posteriors |= {model: fit(encoded).posteriors for model, fit in MODELS.items()}
    asked = {model: partial(auto.by_confusion, partial(fit, **auto.ROUGHLY)) for model, fit in MODELS.items()}
    logs = foretold(encoded, asked | {"difficulty": auto.by_kinds})
    later = {model: np.zeros_like(posteriors["majority"]) for model in MODELS if model != "difficulty"}
    # Not the numbers by which the world drew its truth: parts would then differ in their classes.
    part_of = np.random.default_rng([seed, 1]).integers(FOLDS, size=len(tasks))
    for fold in range(FOLDS):
        known, rest = encoded.take(part_of[encoded.task] != fold), encoded.take(part_of[encoded.task] == fold)
        for model, found in later.items():
            part = MODELS[model](known).part(1.0)
            scores = np.log(np.maximum(part.shares, 1e-9))[None].repeat(len(tasks), axis=0)
            np.add.at(scores, rest.task, np.log(np.maximum(part.tables, 1e-9))[rest.annotator, :, rest.label] * rest.weights[:, None])
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            found[part_of == fold] = (scores / scores.sum(axis=1, keepdims=True))[part_of == fold]
    kept = scored >= 0
    posteriors, later = ({model: found[kept] for model, found in both.items()} for both in (posteriors, later))
    return Asked(scored[kept], posteriors, later, logs, float(np.diff(encoded.start)[encoded.task].mean()), single)


def designs() -> list[tuple[tuple[str, ...], float]]:
    """Return all sets of models with `shared_coin`, each with several parts of trust."""
    others = [model for model in MODELS if model != "shared_coin"]
    sets = [(*chosen, "shared_coin") for size in range(1, len(others) + 1) for chosen in combinations(others, size)]
    return [(models, trust) for models in sets for trust in (0.0, 0.5, 1.0)]


def answer(asked: Asked, models: tuple[str, ...], trust: float, *, later: bool = False) -> np.ndarray:
    """Return the posteriors that a design comes to."""
    if asked.single:
        return asked.posteriors["majority"]
    found = asked.later if later else asked.posteriors
    models = tuple(model for model in models if model in found and (model != "difficulty" or asked.beside >= auto.ENOUGH))
    weights = auto.shared_out(weights_of({model: asked.logs[model] for model in models}), trust)
    return sum(weight * found[model] for model, weight in weights.items())


def gain(asked: Asked, posteriors: np.ndarray) -> np.ndarray:
    """Return for each task the points that it gains over the majority vote."""
    right = posteriors.argmax(axis=1) == asked.truth
    return 100.0 * right - 100.0 * (asked.posteriors["majority"].argmax(axis=1) == asked.truth)


def row(what: str, gains: dict[str, np.ndarray]) -> str:
    """Return a line of the table: mean and median of the sets' gains, the worst, and which are certainly worse than the vote by a point."""
    mean = {name: float(found.mean()) for name, found in gains.items()}
    reach = {name: 1.96 * float(found.std()) / np.sqrt(len(found)) for name, found in gains.items()}
    worst = min(mean, key=mean.get)
    bad = [name for name in mean if mean[name] + reach[name] < -1]
    figures = f"{np.mean(list(mean.values())):+7.2f}{np.median(list(mean.values())):+8.2f}"
    bounds = f"{mean[worst]:+6.1f} ({mean[worst] - reach[worst]:+.1f} to {mean[worst] + reach[worst]:+.1f}) {worst}"
    return f"{what:42s}{figures}   {bounds:52s} {', '.join(bad) or 'none'}"


def table(every: dict[tuple[str, int], list[Asked]]) -> Iterator[str]:
    """Yield the table's lines."""
    names = sorted({name for name, _ in every})
    listed = designs()
    # What counts is the mean over a set's overlaps, and a loss to the vote twice.
    worth = np.zeros((len(names), len(listed)))
    for place, name in enumerate(names):
        for number, design in enumerate(listed):
            means = []
            for (one, _), found in every.items():
                if one == name:
                    means += [
                        np.mean([gain(asked, answer(asked, *design, later=later)).mean() for asked in found]) for later in (False, True)
                    ]
            worth[place, number] = np.mean([min(mean, 2 * mean) for mean in means])
        print(f"{name} done", file=sys.stderr, flush=True)
    without = {name: listed[int((worth.sum(axis=0) - worth[place]).argmax())] for place, name in enumerate(names)}
    for design in sorted(set(without.values())):
        yield f"chosen without {', '.join(name for name in names if without[name] == design)}: {', '.join(design[0])}; trust {design[1]}"
    for crowd in (True, False):
        for per_task in OVERLAPS:
            here = {name: every[name, per_task] for name in names if (name in WORLDS) != crowd and (name, per_task) in every}
            if not here:
                continue
            yield f"\n{'crowds' if crowd else 'worlds'}, {per_task or 'all'} answers a task"
            yield f"{'':42s}{'mean':>7s}{'median':>8s}   {'worst':52s} worse than the vote by a point or more"

            def gained(found: Callable[[str, Asked], np.ndarray], here=here) -> dict[str, np.ndarray]:
                return {name: np.concatenate([gain(asked, found(name, asked)) for asked in sets]) for name, sets in here.items()}

            yield row("chosen without the set", gained(lambda name, asked: answer(asked, *without[name])))
            yield row("auto", gained(lambda name, asked: answer(asked, *CHOSEN)))
            yield row("chosen without the set, between refits", gained(lambda name, asked: answer(asked, *without[name], later=True)))
            yield row("auto, between refits", gained(lambda name, asked: answer(asked, *CHOSEN, later=True)))
            fixed = {model: gained(lambda name, asked, model=model: asked.posteriors[model]) for model in MODELS}
            best = max(fixed, key=lambda model: np.mean([found.mean() for found in fixed[model].values()]))
            yield row(f"best fixed method, {best}", fixed[best])


def main() -> None:
    """Print which designs were chosen, and the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy_choice", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="crowds and worlds; without any, all but labeling functions")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="how often each world is made anew")
    parser.add_argument("--kept", type=Path, metavar="FOLDER", help="keep what was fitted there, and take it from there")
    chosen = parser.parse_args()
    there = sorted(path.name for path in crowds().iterdir() if path.is_dir() and not path.name.startswith("ws_"))
    if unknown := sorted(set(chosen.names) - {*there, *WORLDS}):
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join([*there, *WORLDS])}")
    every: dict[tuple[str, int], list[Asked]] = {}
    for name in chosen.names or [*there, *WORLDS]:
        for per_task in OVERLAPS:
            for seed in [17 + 1000 * number for number in range(chosen.seeds)] if name in WORLDS else [0]:
                path = chosen.kept / f"{name}-{per_task}-{seed}.pickle" if chosen.kept else None
                if path is not None and path.exists():
                    asked = Asked(**pickle.loads(path.read_bytes()))
                else:
                    asked = ask(name, per_task, seed)
                    if path is not None:
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(pickle.dumps(vars(asked)))
                every.setdefault((name, per_task), []).append(asked)
        print(f"{name} fitted", file=sys.stderr, flush=True)
    for line in table(every):
        print(line, flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
