"""Auditors overlook errors, one in ten or one in five; how many is measured by 60 planted ones.

Planted errors are people's own wrong answers to gold items. In the product the audit's blind answer sometimes is the wrong label itself,
and sometimes an auditor who sees the wrong label lets it pass.
"""

from __future__ import annotations

import numpy as np

from benchmarks.honesty.auditing import Claims, World, declaration, draw_sample, proof
from benchmarks.honesty.coverage import Coverage
from benchmarks.honesty.whole import open_whole, rows

WORLD = __name__.rpartition(".")[2]
PLANTED = 60


def draws(count: int, seed: int) -> list[Coverage]:
    """800 labels of which 10% are wrong, 40% drawn, and looks in between."""
    rng = np.random.default_rng(seed)
    claims = Claims(WORLD)
    for _ in range(count):
        finds = rng.choice([0.8, 0.9, 1.0])
        wrong = rng.random(800) < 0.1
        found = int(rng.binomial(PLANTED, finds))
        claims.begin()
        drawn = rng.random(800) < 0.4
        claims.follow(draw_sample(rng, wrong, drawn, looks=4, planted=PLANTED, found=found, finds=finds), wrong)
    return claims.coverages()


def projects(count: int, seed: int) -> list[Coverage]:
    """300 texts and 150 gold ones, of which people get a third wrong: those are what is planted."""
    claims = Claims(WORLD)
    for number in range(count):
        world = World(np.random.default_rng([seed, number]), wrong=0.12, hard_wrong=0.35, slips=0.1, yields=0.08)
        records, gold = world.add(300), world.add(150, hard=True)
        pipeline = declaration(sample="40%", review={"planted": PLANTED}, quality={"gold": "gold.jsonl"})
        pipeline["tasks"] = {"overlap": 1, "gold": "60%"}
        known = rows([{"id": row["id"], "color": world.truth[row["id"]]} for row in gold])
        with open_whole(pipeline, {**world.files(records + gold), "gold.jsonl": known}, seed=seed + number) as whole:
            annotators, auditors = whole.add_people(3), whole.add_people(2, role="reviewer")
            whole.label(annotators, world.answer)
            whole.settle()
            claims.begin()
            while whole.audit(auditors, world.blind, world.judge, most=40):
                found = proof(whole)
                claims.look(found, world.error(whole))
            assert found.planted, "nothing was planted"
    return claims.coverages()
