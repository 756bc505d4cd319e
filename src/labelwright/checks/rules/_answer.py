"""The process in which the checks of one Python file run; see `labelwright.checks.child` for who asks it.

It is told what to load, and then, answer by answer, the values and the item; it says what each check found as soon as it knows.
"""

from __future__ import annotations

import copy
import faulthandler
import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from labelwright import plugins
from labelwright.checks.case import Found, NotMade, checked
from labelwright.checks.decorator import CheckMark, mark_of
from labelwright.schema import Finding, Item

MOST_FOUND = 10_000
"""Findings of one check about one answer that are told on; what it would say beyond is not asked for."""

GRACE_SECONDS = 5.0
"""A check that is at work so long after its time ends its own process: whoever asked is gone."""


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked: Any = Connection(os.dup(0), writable=False)
    told: Any = Connection(os.dup(1), readable=False)
    # What a check prints goes to the log, and what it reads is nothing.
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    silence = open(os.devnull, "w")  # noqa: SIM115  # it is needed until the end
    try:
        path, folder, file, names = asked.recv()
        sys.path[:] = path
        module, _ = plugins.load_file(Path(folder), file)
        told.send(None)
        while True:
            values, item, seconds = asked.recv()
            faulthandler.dump_traceback_later(seconds + GRACE_SECONDS, exit=True, file=silence)
            for name in names:
                # Each check gets values of its own: what one does to them, the next does not see.
                told.send(_ask(name, getattr(module, name, None), copy.deepcopy(values), item))
            faulthandler.cancel_dump_traceback_later()
    except (EOFError, BrokenPipeError):
        return


def _ask(name: str, function: Callable[..., Any] | None, values: dict[str, Any], item: Item) -> list[Found]:
    mark = mark_of(function) or CheckMark(None, None)
    try:
        if function is None:
            raise NameError("the file has no such function any more")
        told = itertools.islice(_read(function(values, item), name, function.__doc__, mark), MOST_FOUND)
        return [checked(found) for found in told]
    except BaseException as error:
        # Whatever a project's own code raises, the annotator can do nothing about it and goes on working.
        reason = plugins.caught(error)[:300]
        return [checked(NotMade(f"The check '{name}' failed with {reason}", mark.question, severity="warning"))]


def _read(result: Any, name: str, document: str | None, mark: CheckMark) -> Iterator[Found]:
    if result is None or result is True:
        return
    if isinstance(result, Finding):
        yield Found(result.message, result.question or mark.question, result.part, result.severity)
    elif isinstance(result, Found):
        yield result._replace(question=result.question or mark.question, severity=result.severity or mark.severity)
    elif isinstance(result, str):
        yield Found(result, mark.question, severity=mark.severity)
    elif result is False:
        text = (document or "").strip().partition("\n")[0]
        yield Found(text or f"The check '{name}' does not hold.", mark.question, severity=mark.severity)
    elif isinstance(result, Iterable):
        for one in result:
            yield from _read(one, name, document, mark)
    else:
        raise TypeError(f"a check returns None, True, False, a message, Found or a list of these, and not {type(result).__name__}")


if __name__ == "__main__":
    main()
