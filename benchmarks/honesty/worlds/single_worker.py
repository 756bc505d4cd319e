"""Somebody works alone, errs in 10% of the answers, reviews all of them and finds everything right.

Nothing can be proved of labels that nobody else has seen: no bound below 1 is called a proof, and no requirement holds.
"""

from __future__ import annotations

import numpy as np

from benchmarks.honesty.auditing import Claims, World, declaration, proof
from benchmarks.honesty.coverage import Coverage
from benchmarks.honesty.whole import open_whole
from labelwright.schema import Verdict

WORLD = __name__.rpartition(".")[2]


def draws(count: int, seed: int) -> list[Coverage]:
    """There is nothing to draw: without another person no audit is counted."""
    return []


def projects(count: int, seed: int) -> list[Coverage]:
    """200 texts, half of them drawn; the author reviews every one that the rules pick, and accepts it."""
    claims = Claims(WORLD)
    for number in range(count):
        world = World(np.random.default_rng([seed, number]), wrong=0.1)
        pipeline = declaration(sample="50%", review={"own": True, "always": [{"low_confidence": 1.0}, {"new_annotator": 1000}]})
        with open_whole(pipeline, world.files(world.add(200)), seed=seed + number) as whole:
            (alone,) = whole.add_people(1, role="owner")
            whole.label([alone], world.answer)
            whole.settle()
            given = whole.review([alone], lambda _user, _task: Verdict(verdict="accept"))
            assert given, "the author has nothing to review"
            claims.begin()
            found = proof(whole)
            claims.look(found, world.error(whole))
            claims.headlines[-1] &= not found.enough
            claims.requirements[-1] &= not found.enough
    return claims.coverages()
