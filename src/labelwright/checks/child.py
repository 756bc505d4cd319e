"""The checks of a Python file, run in a process of their own: one that never comes back is ended, and stops nobody.

A thread could not do it. A regular expression, or a library written in C, may hold Python's lock, and then no other thread of the process
goes on, be it to end it. So each file has a few processes, started when they are needed, that are asked one answer after another.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

from labelwright.checks.case import Case, Found

__all__ = ["MOST_CHILDREN", "Children", "Unanswered"]

MOST_CHILDREN = 2
"""Processes of one file; who finds all of them at work waits."""

START_SECONDS = 60.0
"""So long may a process take to start and to load the file, beside the time of the checks."""


class Unanswered(Exception):
    """The checks gave no answer; `answered` has what those before gave, and the message says what happened."""

    def __init__(self, message: str, answered: list[list[Found]]) -> None:
        super().__init__(message)
        self.answered = answered


class Children:
    """The processes that run the checks `names` of one Python file."""

    def __init__(self, folder: Path, file: str, names: Sequence[str]) -> None:
        self._told = (str(folder), file, tuple(names))
        self._room = threading.Semaphore(MOST_CHILDREN)
        self._idle: list[_Child] = []

    def ask(self, case: Case) -> list[list[Found]]:
        """Return what each check found, in the order of their names.

        Raises:
            Unanswered: a check took longer than there is time, or ended its process, or no process was free.
        """
        if not self._room.acquire(timeout=_waiting(case.ends - time.monotonic())):
            raise Unanswered("all processes of this file are at work on other answers", [])
        child = None
        try:
            # What starting takes is not taken from the checks.
            left = case.ends - time.monotonic()
            child = self._idle.pop() if self._idle else None
            if child is None or not child.lives():
                child = _Child(self._told)
            found = child.ask(case, left)
        except BaseException:
            # It may still be at work on this one.
            if child:
                child.end()
            raise
        else:
            self._idle.append(child)
            return found
        finally:
            self._room.release()


class _Child:
    def __init__(self, told: tuple[str, str, tuple[str, ...]]) -> None:
        self._checks = len(told[2])
        command = [sys.executable, "-m", "labelwright.checks.rules._answer"]
        # In a group of its own, so that what a check has started ends with it.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True)
        self._process = process
        self._to, self._from = _connection(process.stdin, readable=False), _connection(process.stdout, writable=False)
        # Nobody closes a declaration when a newer one takes its place.
        self.end = weakref.finalize(self, _end, process, self._to, self._from)
        try:
            self._to.send((sys.path, *told))
            self._receive(START_SECONDS)
        except (TimeoutError, EOFError, OSError) as error:
            self.end()
            raise Unanswered("the process for it does not start", []) from error

    def lives(self) -> bool:
        return self._process.poll() is None

    def ask(self, case: Case, seconds: float) -> list[list[Found]]:
        answered: list[list[Found]] = []
        ends = time.monotonic() + seconds
        try:
            self._to.send(({name: answer.told() for name, answer in case.values.items()}, case.item, _waiting(seconds)))
            while len(answered) < self._checks:
                answered.append(self._receive(ends - time.monotonic()))
        except TimeoutError as error:
            raise Unanswered("it takes too long", answered) from error
        except (EOFError, OSError) as error:
            raise Unanswered("it ended its process", answered) from error
        return answered

    def _receive(self, seconds: float) -> Any:
        if not self._from.poll(_waiting(seconds)):
            raise TimeoutError
        return self._from.recv()


def _waiting(seconds: float) -> float:
    return max(0.0, min(seconds, 24 * 3600.0))


def _connection(pipe: IO[bytes] | None, *, readable: bool = True, writable: bool = True) -> Any:
    assert pipe
    with pipe:
        return Connection(os.dup(pipe.fileno()), readable, writable)


def _end(process: subprocess.Popen[bytes], *pipes: Any) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    for pipe in pipes:
        pipe.close()
