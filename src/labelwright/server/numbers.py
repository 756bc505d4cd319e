"""The numbers that tasks and items have outside: a shuffling of those in the store, for these tell what nobody must know.

A gold item becomes a task only when somebody is handed it, so that its number in the store is higher than its neighbors'; and gold items
often come from a file of their own, so that their numbers as items lie together. Outside, each number is encrypted to another one of as
many digits: a Feistel network over two halves of 20 bits (M. Luby and C. Rackoff, "How to construct pseudorandom permutations from
pseudorandom functions", SIAM Journal on Computing 17, 1988).
"""

from __future__ import annotations

import hashlib

__all__ = ["Numbers"]

HALF = 20
MASK: int = 2**HALF - 1
ROUNDS = 4


class Numbers:
    """Turns numbers from 0 to 2**40 - 1 into those that are used outside, and back; each `kind` of thing is shuffled in its own way.

    >>> numbers = Numbers("0123456789abcdef", "task")
    >>> numbers.inside(numbers.outside(7))
    7
    >>> numbers.outside(7) == numbers.outside(8) - 1
    False
    """

    def __init__(self, secret: str, kind: str) -> None:
        self._rounds = [hashlib.blake2b(key=secret.encode(), digest_size=4, person=f"{kind}{number}".encode()) for number in range(ROUNDS)]

    def outside(self, number: int) -> int:
        """Return the number that it has outside."""
        left, right = number >> HALF, number & MASK
        for mixed in self._rounds:
            left, right = right, left ^ self._mix(mixed, right)
        return left << HALF | right

    def inside(self, number: int) -> int:
        """Return the number that it has in the store; 0, which nothing has, for what is no number."""
        if not 0 <= number < 2 ** (2 * HALF):
            return 0
        left, right = number >> HALF, number & MASK
        for mixed in reversed(self._rounds):
            left, right = right ^ self._mix(mixed, left), left
        return left << HALF | right

    @staticmethod
    def _mix(mixed: hashlib.blake2b, half: int) -> int:
        turn = mixed.copy()
        turn.update(half.to_bytes(3, "big"))
        return int.from_bytes(turn.digest(), "big") & MASK
