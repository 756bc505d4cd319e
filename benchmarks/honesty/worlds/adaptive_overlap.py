"""More people are asked where the answers leave doubt, and labels change as answers come in, while the audit goes on."""

from __future__ import annotations

import numpy as np

from benchmarks.honesty.auditing import Claims, World, declaration, draw_sample, proof
from benchmarks.honesty.coverage import Coverage
from benchmarks.honesty.whole import open_whole

WORLD = __name__.rpartition(".")[2]


def draws(count: int, seed: int) -> list[Coverage]:
    """Labels of one to three answers: an item gets another where the answers so far differ. What comes of it is audited."""
    rng = np.random.default_rng(seed)
    claims = Claims(WORLD)
    for _ in range(count):
        right = rng.random((400, 3)) < rng.choice([0.75, 0.9])
        settled = right[:, 0] == right[:, 1]
        wrong = np.where(settled, ~right[:, 0], right.sum(axis=1) < 2)
        claims.begin()
        claims.follow(draw_sample(rng, wrong, rng.random(400) < 0.3, looks=4), wrong)
    return claims.coverages()


def projects(count: int, seed: int) -> list[Coverage]:
    """Whole projects, answered and audited by turns."""
    claims = Claims(WORLD)
    for number in range(count):
        world = World(np.random.default_rng([seed, number]), wrong=0.18)
        overlap = {"start": 1, "grow_to": 3, "until": "90%"}
        with open_whole(declaration(sample="35%", overlap=overlap), world.files(world.add(200)), seed=seed + number) as whole:
            annotators, auditors = whole.add_people(4), whole.add_people(1, role="reviewer")
            claims.begin()
            while whole.label(annotators, world.answer, most=120) + whole.audit(auditors, world.blind, world.judge, most=25):
                whole.settle()
                claims.look(proof(whole), world.error(whole))
    return claims.coverages()
