"""An easy part of an audited project is replaced: its clean audits must not vouch for the hard part that stays.

250 easy rows of which 2% are wrong and 120 hard rows of which 30% are; 35% are audited. Then every easy row changes. In some projects
the new rows are labeled and audited as well.
"""

from __future__ import annotations

import numpy as np

from benchmarks.honesty.auditing import CONFIDENCE, Claims, World, declaration, proof
from benchmarks.honesty.coverage import Coverage
from benchmarks.honesty.whole import open_whole, rows
from labelwright.store.audit import bound_of

WORLD = __name__.rpartition(".")[2]
EASY, HARD, SHARE = 250, 120, 0.35


def draws(count: int, seed: int) -> list[Coverage]:
    """The counting of the product: successes of what left go, errors stay; new rows are labeled and audited in half of the draws."""
    rng = np.random.default_rng(seed)
    claims = Claims(WORLD)
    for _ in range(count):
        easy, hard = rng.random(EASY) < 0.02, rng.random(HARD) < 0.3
        drawn_easy, drawn_hard = rng.random(EASY) < SHARE, rng.random(HARD) < SHARE
        left = int((easy & drawn_easy).sum())
        errors, sample = int((hard & drawn_hard).sum()) + left, int(drawn_hard.sum()) + left
        wrong, population = int(hard.sum()), HARD
        if rng.random() < 0.5:
            new, drawn = rng.random(EASY) < 0.02, rng.random(EASY) < SHARE
            errors, sample = errors + int((new & drawn).sum()), sample + int(drawn.sum())
            wrong, population = wrong + int(new.sum()), population + EASY
        claims.begin()
        claims.say(bound_of(errors, sample, max(population + left, sample), CONFIDENCE), wrong / population)
    return claims.coverages()


def projects(count: int, seed: int) -> list[Coverage]:
    """Whole projects, looked at before the change, after it, and when the new rows are labeled and audited."""
    claims = Claims(WORLD)
    for number in range(count):
        world = World(np.random.default_rng([seed, number]), wrong=0.02, hard_wrong=0.3)
        easy, hard = world.add(EASY), world.add(HARD, hard=True)
        with open_whole(declaration(sample="35%"), world.files(easy + hard), seed=seed + number) as whole:
            annotators, auditors = whole.add_people(2), whole.add_people(1, role="reviewer")
            claims.begin()
            for step in ("before", "changed", "labeled anew"):
                if step == "changed":
                    easy = [{**row, "body": row["body"] + ", edited"} for row in easy]
                    whole.write({"rows.jsonl": rows(easy + hard)})
                    whole.run()
                    claims.look(proof(whole), world.error(whole))
                    continue
                whole.label(annotators, world.answer)
                whole.settle()
                whole.audit(auditors, world.blind, world.judge)
                whole.settle()
                claims.look(proof(whole), world.error(whole))
    return claims.coverages()
