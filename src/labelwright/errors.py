"""Every exception that Labelwright raises on purpose.

    LabelwrightError                     500  internal_error
    ├── InvalidInput                     400  invalid_input        a value, a row or an argument is wrong
    │   ├── InvalidPipeline              400  invalid_pipeline     the pipeline file is wrong
    │   ├── InvalidFile                  400  invalid_file         a file cannot be read as what it claims to be
    │   └── HasFindings                  422  has_findings         automated checks spoke; `findings` says what
    │       ├── Blocked                  422  blocked_by_checks    an answer failed a check that blocks
    │       └── NeedsConfirmation        422  needs_confirmation   checks warn; the answer may be sent again, confirmed
    ├── NotSignedIn                      401  not_signed_in
    ├── NotAllowed                       403  not_allowed
    ├── NotFound                         404  not_found
    ├── Conflict                         409  conflict             the state moved on
    │   ├── LeaseLost                    409  lease_lost           the task went to somebody else
    │   ├── AnsweredBefore               409  answered_before      the same person has answered already, in another tab
    │   └── KeyReused                    409  idempotency_key_reused
    ├── TooLarge                         413  too_large            over a limit of bytes, pixels, rows or depth
    ├── TooSlow                          408  too_slow             a body that comes slower than it may
    ├── TooManyAttempts                  429  too_many_attempts
    ├── Busy                             503  busy                 too much is at work at this moment
    ├── BeingComputed                    503  being_computed       what is asked for is made by the background work, and not there yet
    └── StoreUnavailable                 503  store_unavailable    the database cannot be opened, read or written

Each error says what is wrong (`message`), where (`where`: file, line, item, key) and what to do (`hint`). The command line prints the
three; the server sends them as `{"error": {"code", "message", "where", "hint"}}`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

__all__ = [
    "AnsweredBefore",
    "BeingComputed",
    "Blocked",
    "Busy",
    "Conflict",
    "HasFindings",
    "InvalidFile",
    "InvalidInput",
    "InvalidPipeline",
    "KeyReused",
    "LabelwrightError",
    "LeaseLost",
    "NeedsConfirmation",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "StoreUnavailable",
    "TooLarge",
    "TooManyAttempts",
    "TooSlow",
    "nearest",
]


class LabelwrightError(Exception):
    """The root of the tree: something that Labelwright noticed and can explain.

    >>> str(InvalidInput("Label 'refnd' is unknown.", where="labels.csv line 7", hint="Did you mean 'refund'?"))
    "labels.csv line 7: Label 'refnd' is unknown. Did you mean 'refund'?"
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500

    retry_after: int | None = None
    """After how many seconds it may go better, where that is known; the answer says so in `Retry-After`."""

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" {self.hint}" if self.hint else ""
        return f"{place}{self.message}{advice}"


class InvalidInput(LabelwrightError):
    """A value, a row or an argument is not what it has to be."""

    code = "invalid_input"
    status = 400


class InvalidPipeline(InvalidInput):
    """The pipeline file, or the pipeline declared in Python, is wrong; `where` names file and line."""

    code = "invalid_pipeline"


class InvalidFile(InvalidInput):
    """A file cannot be read as what it claims to be."""

    code = "invalid_file"


class HasFindings(InvalidInput):
    """Automated checks found something in an answer; `findings` says what and where."""

    code = "has_findings"
    status = 422

    def __init__(self, message: str, findings: Sequence[Any], *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, where=where, hint=hint)
        self.findings = list(findings)


class Blocked(HasFindings):
    """An answer failed a check that blocks its submission."""

    code = "blocked_by_checks"


class NeedsConfirmation(HasFindings):
    """Checks warn about an answer: it is taken when it is sent again with `confirmed`."""

    code = "needs_confirmation"


class NotSignedIn(LabelwrightError):
    """Nobody is signed in, or the session or token has ended."""

    code = "not_signed_in"
    status = 401


class NotAllowed(LabelwrightError):
    """The role of whoever asks does not cover this."""

    code = "not_allowed"
    status = 403


class NotFound(LabelwrightError):
    """The object does not exist, or belongs to a project that whoever asks cannot see."""

    code = "not_found"
    status = 404


class Conflict(LabelwrightError):
    """The state has moved on since whoever asks last looked."""

    code = "conflict"
    status = 409


class LeaseLost(Conflict):
    """The lease on a task ran out and the task has gone to somebody else."""

    code = "lease_lost"


class AnsweredBefore(Conflict):
    """The same person has answered the task already, in another tab or by a program, and this answer does not say that it knows."""

    code = "answered_before"


class KeyReused(Conflict):
    """An idempotency key came back with another body."""

    code = "idempotency_key_reused"


class TooLarge(LabelwrightError):
    """Something exceeds a limit of bytes, pixels, rows or depth."""

    code = "too_large"
    status = 413


class TooSlow(LabelwrightError):
    """A body came so slowly that its request was ended."""

    code = "too_slow"
    status = 408


class TooManyAttempts(LabelwrightError):
    """Too many attempts in too short a time, such as wrong passwords."""

    code = "too_many_attempts"
    status = 429

    def __init__(self, message: str, *, retry_after: int, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, where=where, hint=hint)
        self.retry_after = retry_after


class Busy(LabelwrightError):
    """So much of the kind is at work at this moment that no more is begun; nothing was done."""

    code = "busy"
    status = 503

    def __init__(self, message: str, *, retry_after: int, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, where=where, hint=hint)
        self.retry_after = retry_after


class BeingComputed(LabelwrightError):
    """What is asked for is made by the background work and is not there yet; it is soon."""

    code = "being_computed"
    status = 503


class StoreUnavailable(LabelwrightError):
    """The database cannot be opened, read or written: it is none, damaged, full, read-only or out of reach."""

    code = "store_unavailable"
    status = 503


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the known word nearest to `word`, or the known words where none is near.

    >>> nearest("overlpa", ["lease", "overlap"])
    "Did you mean 'overlap'?"
    >>> nearest("zzz", ["lease", "overlap"])
    'Known are: lease, overlap.'
    """
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known are: {', '.join(words)}." if words else None
