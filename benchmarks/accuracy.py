"""Accuracy and macro-F1 of every aggregation method on real crowds, beside its peers': `python -m benchmarks.accuracy [SET ...]`.

The crowds are in the folder `data/crowd` of `LABELWRIGHT_SHARED`, or of `../shared` beside the checkout: a folder a set with labels.csv
(task, worker, label) and truth.csv (task, truth). Scored are the tasks that have both truth and an answer. Means are over people's
crowds; sets whose name begins with `ws_` hold the votes of labeling functions and are shown apart. Peers are crowd-kit's methods, and for
labeling functions Snorkel's, with their defaults. A second table has every method of ours at two, three and all answers a task,
on the same crowds and on simulated worlds. Some of crowd-kit's take an hour on a large set: what a peer answered is kept in a
folder beside this file and asked again only with `--fresh`; one that takes longer than `--limit` seconds is left out, and said to be.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "peers"))

from environment import HERE, python_of

from benchmarks.worlds import WORLDS, thinned
from labelwright.stats import aggregate, methods


def crowds() -> Path:
    """Return the folder of crowds, or end with the reason."""
    shared = Path(os.environ.get("LABELWRIGHT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    folder = shared / "data" / "crowd"
    if not folder.is_dir():
        raise SystemExit("There are no crowds: set LABELWRIGHT_SHARED, or put the data into ../shared.")
    return folder


def read(folder: Path):
    """Return truth, and the answers as three lists."""
    with (folder / "labels.csv").open() as lines:
        rows = [(row["task"], row["worker"], row["label"]) for row in csv.DictReader(lines)]
    answered = {row[0] for row in rows}
    with (folder / "truth.csv").open() as lines:
        truth = {row["task"]: row["truth"] for row in csv.DictReader(lines) if row["task"] in answered}
    return truth, *map(list, zip(*rows, strict=True))


def scores(labels: dict, truth: dict) -> tuple[float, float]:
    """Return accuracy and macro-F1 in percent."""
    given = np.array([labels.get(task) or "" for task in truth])
    true = np.array(list(truth.values()))
    f1 = []
    for label in np.unique(true):
        hits = np.sum((given == label) & (true == label))
        f1.append(2 * hits / max(np.sum(given == label) + np.sum(true == label), 1))
    return 100 * float(np.mean(given == true)), 100 * float(np.mean(f1))


PEERS = {
    "crowd-kit": ("statistics", ["MajorityVote", "Wawa", "ZeroBasedSkill", "DawidSkene", "OneCoinDawidSkene", "GLAD", "MMSR", "MACE"]),
    "Snorkel": ("snorkel", ["MajorityLabelVoter", "LabelModel"]),
}
"""Their package, the environment they run in, and their methods."""


def peer(package: str, method: str, path: Path, limit: float, fresh: bool) -> dict | str:
    """Return the labels that a peer gives, or why it gives none; labels are kept for the next time."""
    environment = PEERS[package][0]
    what = b"|".join(
        [method.encode(), path.read_bytes(), *((HERE / name).read_bytes() for name in (f"{environment}.txt", "accuracy_peer.py"))]
    )
    kept = HERE / ".answers" / f"{path.parent.name}-{method}-{hashlib.sha256(what).hexdigest()[:16]}.json"
    if kept.exists() and not fresh:
        return json.loads(kept.read_text())
    command = [python_of(environment), HERE / "accuracy_peer.py", package, method, path]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return f"not done after {limit:.0f} s"
    found = json.loads(done.stdout.splitlines()[-1])
    if isinstance(found, dict):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(done.stdout.splitlines()[-1])
    return found


def few_answers(names: list[str], folder: Path) -> None:
    """Print every method at two, three and all answers a task, on crowds and on simulated worlds, and `auto` less the majority vote.

    The interval is one of 95% for the paired difference over tasks. Of a large crowd 1,500 tasks with truth are taken.
    """
    ours = methods()
    print(f"\n{'accuracy, %':24s}{'answers':>8s}" + "".join(f"{name[:9]:>10s}" for name in ours) + "   auto - majority, 95%")
    rows: dict[tuple[str, int], list[list[float]]] = {}
    for name in [*names, *WORLDS]:
        if name in WORLDS:
            true, *answers = WORLDS[name](17)
            truth = dict(enumerate(true.tolist()))
        else:
            truth, *answers = read(folder / name)
            truth = {task: truth[task] for task in np.random.default_rng(0).permutation(sorted(truth))[:1500].tolist()}
        columns = [np.asarray(column) for column in answers]
        known = np.isin(columns[0], list(truth))
        columns = [column[known] for column in columns]
        for per_task in (2, 3, 0):
            kept = thinned(columns[0], per_task, 0) if per_task else np.arange(len(columns[0]))
            right = {}
            for method in ours:
                labels = aggregate(*(column[kept] for column in columns), method=method).labels
                right[method] = 100.0 * np.array([labels.get(task) == label for task, label in truth.items()])
            gain = right["auto"] - right["majority"]
            reach = 1.96 * gain.std() / np.sqrt(len(gain))
            row = [float(right[method].mean()) for method in ours]
            rows.setdefault(("worlds" if name in WORLDS else "crowds", per_task), []).append(row)
            shown = "".join(f"{value:10.1f}" for value in row)
            bounds = f"{gain.mean():+7.1f} ({gain.mean() - reach:+.1f} to {gain.mean() + reach:+.1f})"
            print(f"{name:24s}{per_task or 'all':>8}{shown}{bounds}", flush=True)
    for (kind, per_task), every in rows.items():
        mean = np.mean(every, axis=0)
        print(f"{'mean of ' + kind:24s}{per_task or 'all':>8}" + "".join(f"{value:10.2f}" for value in mean))


def main() -> None:
    """Print a table: a row a method, for each set accuracy and macro-F1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description="Accuracy of aggregation on real crowds.")
    parser.add_argument("sets", nargs="*", metavar="SET", help="names of sets; without any, all of them")
    parser.add_argument("--ours", action="store_true", help="leave out the peers")
    parser.add_argument("--fresh", action="store_true", help="ask the peers again, although their answers are kept")
    parser.add_argument("--limit", type=float, default=1800, metavar="SECONDS", help="the longest that a peer may take on a set")
    asked = parser.parse_args()
    folder = crowds()
    there = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if unknown := sorted(set(asked.sets) - set(there)):
        parser.error(f"there is no set {', '.join(unknown)}; there are {', '.join(there)}")
    names = asked.sets or there
    table: dict[str, dict[str, tuple[float, float]]] = {}
    for name in names:
        truth, *answers = read(folder / name)
        for method in methods():
            table.setdefault(method, {})[name] = scores(aggregate(*answers, method=method).labels, truth)
        for package, (_, theirs) in {} if asked.ours else PEERS.items():
            if package == "Snorkel" and not name.startswith("ws_"):
                continue
            for method in theirs:
                labels = peer(package, method, folder / name / "labels.csv", asked.limit, asked.fresh)
                if isinstance(labels, dict):
                    table.setdefault(f"{package} {method}", {})[name] = scores(labels, truth)
                else:
                    print(f"{package} {method} on {name}: {labels}", file=sys.stderr)
        print(f"{name} done", file=sys.stderr, flush=True)
    people = [name for name in names if not name.startswith("ws_")]
    for place, what in enumerate(("accuracy", "macro-F1")):
        print(f"\n{what + ', %':28s}" + "".join(f"{name[:9]:>10s}" for name in names) + f"{'mean':>8s}")
        for method, row in table.items():
            cells = "".join(f"{row[name][place]:10.1f}" if name in row else f"{'-':>10s}" for name in names)
            mean = (
                f"{np.mean([row[name][place] for name in people]):8.2f}" if people and all(name in row for name in people) else "       -"
            )
            print(f"{method:28s}{cells}{mean}")
    fixed = {
        method: np.mean([row[name][0] for name in people])
        for method, row in table.items()
        if method != "auto" and people and set(people) <= set(row)
    }
    if people:
        best = max(fixed, key=fixed.get)
        mean = np.mean([table["auto"][name][0] for name in people])
        worst = min(people, key=lambda name: table["auto"][name][0] - table["majority"][name][0])
        print(f"\nauto {mean:.2f}; best fixed method {best} {fixed[best]:.2f}; difference {mean - fixed[best]:+.2f}")
        print(f"auto against majority, worst set: {worst} {table['auto'][worst][0] - table['majority'][worst][0]:+.1f}")
    few_answers(people, folder)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
