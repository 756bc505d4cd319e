"""People audit a little, look, and audit on until the bound pleases them: twenty looks at an audit that grows."""

from __future__ import annotations

import numpy as np

from benchmarks.honesty.auditing import CONFIDENCE, Claims, World, declaration, proof
from benchmarks.honesty.coverage import Coverage
from benchmarks.honesty.whole import open_whole
from labelwright.store.audit import bound_of

WORLD = __name__.rpartition(".")[2]


def draws(count: int, seed: int) -> list[Coverage]:
    """The share of the audit is raised twenty times, and everything drawn is audited before each look."""
    rng = np.random.default_rng(seed)
    claims = Claims(WORLD)
    for _ in range(count):
        wrong = rng.random(1000) < rng.choice([0.02, 0.05, 0.1])
        order = rng.permutation(wrong)
        claims.begin()
        claims.follow(((bound_of(int(order[:size].sum()), size, len(wrong), CONFIDENCE), True) for size in range(30, 630, 30)), wrong)
    return claims.coverages()


def projects(count: int, seed: int) -> list[Coverage]:
    """Whole projects in which `review.sample` is raised by 5% after each look, from 15% to 60%."""
    claims = Claims(WORLD)
    for number in range(count):
        world = World(np.random.default_rng([seed, number]), wrong=0.08)
        with open_whole(declaration(sample="15%"), world.files(world.add(250)), seed=seed + number) as whole:
            annotators, auditors = whole.add_people(2), whole.add_people(1, role="reviewer")
            whole.label(annotators, world.answer)
            claims.begin()
            for share in range(15, 65, 5):
                whole.declare(declaration(sample=f"{share}%"))
                whole.run()
                whole.audit(auditors, world.blind, world.judge)
                claims.look(proof(whole), world.error(whole))
    return claims.coverages()
