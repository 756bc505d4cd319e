"""Somebody removes from the sources what the audit found wrong, or what an auditor has just been shown, and looks again.

The labels that stay get a little better by it. A bound that forgot the errors would fall far below what is wrong among them.
"""

from __future__ import annotations

import numpy as np

from benchmarks.honesty.auditing import CONFIDENCE, Claims, World, declaration, proof
from benchmarks.honesty.coverage import Coverage
from benchmarks.honesty.whole import Whole, open_whole, rows
from labelwright.api.tasks import TaskView
from labelwright.schema import Verdict
from labelwright.store.audit import bound_of

WORLD = __name__.rpartition(".")[2]
ITEMS, SHARE, WRONG = 250, 0.4, 0.12


def draws(count: int, seed: int) -> list[Coverage]:
    """Ten looks; before each the errors found so far are removed."""
    rng = np.random.default_rng(seed)
    claims = Claims(WORLD)
    for _ in range(count):
        wrong, drawn = rng.random(ITEMS) < WRONG, rng.random(ITEMS) < SHARE
        sample = wrong[drawn]
        claims.begin()
        for look in range(1, 11):
            done = len(sample) * look // 10
            left = int(sample[:done].sum())
            truth = (wrong.sum() - left) / (ITEMS - left)
            errors = left + len(sample) - done
            claims.say(bound_of(errors, len(sample), ITEMS, CONFIDENCE), float(truth), enough=done == len(sample))
    return claims.coverages()


def projects(count: int, seed: int) -> list[Coverage]:
    """Whole projects: rows that were found wrong are removed after every twenty audits, and some that were only shown."""
    claims = Claims(WORLD)
    for number in range(count):
        world = World(np.random.default_rng([seed, number]), wrong=WRONG)
        records = world.add(ITEMS)
        with open_whole(declaration(sample="40%"), world.files(records), seed=seed + number) as whole:
            annotators, (auditor,) = whole.add_people(2), whole.add_people(1, role="reviewer")
            whole.label(annotators, world.answer)
            whole.settle()
            claims.begin()
            found: set[str] = set()

            def judge(user: int, task: TaskView, world: World = world, found: set[str] = found) -> Verdict:
                verdict = world.judge(user, task)
                if verdict.verdict == "fix":
                    found.add(task.item.key)
                return verdict

            while whole.audit([auditor], world.blind, judge, most=20):
                found |= shaken_off(whole, world, auditor)
                records = [row for row in records if row["id"] not in found]
                whole.write({"rows.jsonl": rows(records)})
                whole.run()
                claims.look(proof(whole), world.error(whole))
    return claims.coverages()


def shaken_off(whole: Whole, world: World, auditor: int) -> set[str]:
    """The next item where its label is wrong, as somebody sees who looks at it and gives no verdict."""
    task = whole.next(auditor, "review")
    if task is None or task.purpose != "audit":
        return set()
    label = whole.labels("color").get(task.item.key)
    return {task.item.key} if label is not None and label.label != world.truth[task.item.key] else set()
