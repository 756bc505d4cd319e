"""Harder rows are added to an audited project, twice, and people look while the audit goes on."""

from __future__ import annotations

import numpy as np

from benchmarks.honesty.auditing import CONFIDENCE, Claims, World, declaration, proof
from benchmarks.honesty.coverage import Coverage
from benchmarks.honesty.whole import open_whole, rows
from labelwright.store.audit import bound_of

WORLD = __name__.rpartition(".")[2]
SHARE = 0.3
PARTS = ((150, 0.04), (150, 0.12), (150, 0.2))
"""How many rows come at a time, and how many of their labels are wrong."""


def draws(count: int, seed: int) -> list[Coverage]:
    """Five looks while the audit of each part goes on; what waits counts as wrong."""
    rng = np.random.default_rng(seed)
    claims = Claims(WORLD)
    for _ in range(count):
        wrong, drawn = np.zeros(0, bool), np.zeros(0, bool)
        claims.begin()
        for size, rate in PARTS:
            before = int(drawn.sum())
            wrong, drawn = np.append(wrong, rng.random(size) < rate), np.append(drawn, rng.random(size) < SHARE)
            sample = wrong[drawn]
            for look in range(1, 6):
                done = before + (len(sample) - before) * look // 5
                errors = int(sample[:done].sum()) + len(sample) - done
                claims.say(bound_of(errors, len(sample), len(wrong), CONFIDENCE), float(wrong.mean()), enough=done == len(sample))
    return claims.coverages()


def projects(count: int, seed: int) -> list[Coverage]:
    """Whole projects, looked at after every fifteen audits."""
    claims = Claims(WORLD)
    for number in range(count):
        world = World(np.random.default_rng([seed, number]), wrong=0.04, hard_wrong=0.16)
        records = world.add(PARTS[0][0])
        with open_whole(declaration(sample="30%"), world.files(records), seed=seed + number) as whole:
            annotators, auditors = whole.add_people(2), whole.add_people(1, role="reviewer")
            claims.begin()
            for part in range(len(PARTS)):
                if part:
                    records = records + world.add(PARTS[part][0], hard=True)
                    whole.write({"rows.jsonl": rows(records)})
                    whole.run()
                whole.label(annotators, world.answer)
                whole.settle()
                claims.look(proof(whole), world.error(whole))
                while whole.audit(auditors, world.blind, world.judge, most=15):
                    claims.look(proof(whole), world.error(whole))
                whole.settle()
    return claims.coverages()
