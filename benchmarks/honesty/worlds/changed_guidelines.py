"""The guidelines change after the audit: what was right by the old ones is wrong by the new ones in every tenth text.

Audits by the old guidelines say nothing about the new ones. The audit is given anew, and people look in between.
"""

from __future__ import annotations

import numpy as np

from benchmarks.honesty.auditing import COLORS, Claims, World, declaration, draw_sample, proof
from benchmarks.honesty.coverage import Coverage
from benchmarks.honesty.whole import open_whole

WORLD = __name__.rpartition(".")[2]


def draws(count: int, seed: int) -> list[Coverage]:
    """Two audits of one sample: by the old guidelines, and anew by the new ones, when everything drawn waits at first, then less."""
    rng = np.random.default_rng(seed)
    claims = Claims(WORLD)
    for _ in range(count):
        wrong, drawn = rng.random(300) < 0.05, rng.random(300) < 0.4
        claims.begin()
        for by_guidelines in (wrong, wrong | (rng.random(300) < 0.1)):
            claims.follow(draw_sample(rng, by_guidelines, drawn, looks=5), by_guidelines)
    return claims.coverages()


def projects(count: int, seed: int) -> list[Coverage]:
    """Whole projects, with a clause that is added between two audits."""
    claims = Claims(WORLD)
    for number in range(count):
        world = World(np.random.default_rng([seed, number]), wrong=0.05)
        with open_whole(declaration(sample="40%"), world.files(world.add(200)), seed=seed + number) as whole:
            annotators, auditors = whole.add_people(2), whole.add_people(1, role="reviewer")
            whole.label(annotators, world.answer)
            whole.settle()
            whole.audit(auditors, world.blind, world.judge)
            whole.settle()
            claims.begin()
            claims.look(proof(whole), world.error(whole))
            for key in list(world.truth):
                if world.rng.random() < 0.1:
                    world.truth[key] = str(world.rng.choice([one for one in COLORS if one != world.truth[key]]))
            whole.write({"guidelines.md": "# Colours\nSay the colour by daylight.\n"})
            whole.workspace.reload(whole.name)
            claims.look(proof(whole), world.error(whole))
            whole.settle()
            while whole.audit(auditors, world.blind, world.judge, most=20):
                claims.look(proof(whole), world.error(whole))
    return claims.coverages()
