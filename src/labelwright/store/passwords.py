"""Passwords: which are refused, and how the others are kept, as hashes by argon2id."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from labelwright.errors import InvalidInput

__all__ = ["LEAST_CHARACTERS", "check_password", "ensure_password", "hash_password"]

LEAST_CHARACTERS = 8
MOST_CHARACTERS = 1000

_COMMON = Path(__file__).parent / "common_passwords.txt"
_ROWS = ("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "yxcvbnm", "zxcvbnm", "qazwsxedcrfv", "1234567890", string.ascii_lowercase)
_INSTEAD = str.maketrans("013457$@!|8", "oieastsaiib")
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def ensure_password(password: str, *, names: Iterable[str] = ()) -> None:
    """Refuse a password that whoever guesses tries first: too short, common, a sequence, a repetition, or a name.

    Args:
        password: what somebody wants to sign in with.
        names: the person's own, and those of projects, which may not be most of it.

    Raises:
        InvalidInput: it is one of these; the message says which.
    """
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise InvalidInput(f"A password has at least {LEAST_CHARACTERS} characters, and at most {MOST_CHARACTERS:,}.", where="password")
    plain = password.casefold()
    reason = None
    if _is_repeated(plain):
        reason = "This password repeats the same few characters."
    elif _is_sequence(plain):
        reason = "This password is a row of the keyboard, of the alphabet or of numbers."
    elif any(_is_mostly(plain, name.casefold()) for name in names):
        reason = "This password is hardly more than a name that others know."
    elif not _common().isdisjoint(_forms(plain)):
        reason = "This password is one of the most common, or one of them with a few characters around it."
    if reason:
        raise InvalidInput(reason, where="password", hint="Take several words that do not belong together.")


def hash_password(password: str, *, names: Iterable[str] = ()) -> str:
    """Return the argon2id hash of a password. It takes some milliseconds on purpose: never call it within a transaction.

    Raises:
        InvalidInput: the password is refused, see `ensure_password`.
    """
    ensure_password(password, names=names)
    return str(_hasher().hash(password))


def check_password(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is the one that was hashed; it takes as long where there is none, so that time tells nothing."""
    from argon2.exceptions import VerificationError

    try:
        return bool(_hasher().verify(password_hash or _decoy(), password)) and password_hash is not None
    except (VerificationError, ValueError):
        return False


@cache
def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _decoy() -> str:
    return str(_hasher().hash(secrets.token_hex(16)))


@cache
def _common() -> frozenset[str]:
    return frozenset(line for line in _COMMON.read_text("utf-8").split() if not line.startswith("#"))


def _forms(plain: str) -> set[str]:
    """The password as it stands, and without what is put around and into a common word to make it look like another."""
    inner = _AROUND.sub("", plain)
    undone = plain.translate(_INSTEAD)
    forms = {plain, inner, undone, _AROUND.sub("", undone), inner.translate(_INSTEAD)}
    # Twice the same word is no better than once.
    forms |= {form[: len(form) // 2] for form in forms if form[: len(form) // 2] * 2 == form}
    return {form for form in forms if form}


def _is_repeated(plain: str) -> bool:
    return len(set(plain)) < 4 or any(plain == (plain[:size] * len(plain))[: len(plain)] for size in range(1, 5))


def _is_sequence(plain: str) -> bool:
    """Tell whether all of it walks along rows: three characters in order, or more, at a time, but for two at the end."""
    rows = [row for one in _ROWS for row in (one + one, (one + one)[::-1])]
    left = plain
    while len(left) > 2:
        size = next((size for size in range(min(len(left), 20), 2, -1) if any(left[:size] in row for row in rows)), 0)
        if not size:
            return False
        left = left[size:]
    return True


def _is_mostly(plain: str, name: str) -> bool:
    bare, inside = re.sub(r"[\W_]", "", name), re.sub(r"[\W_]", "", plain)
    return len(bare) >= 3 and bare in inside and len(inside) - len(bare) < 5
