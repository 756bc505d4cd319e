"""The command line: `labelwright VERB …`, one file a verb.

A verb's module has a docstring whose first line is its summary, `arguments(parser)` and `run(options) -> int`. The exit code is 0 where
all holds, 1 where something does not hold, 2 for wrong usage or input.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from labelwright.cli._terminal import safe_output
from labelwright.errors import InvalidInput, LabelwrightError, nearest

# By their names, and not as `plugins.…`: the verb of that name becomes an attribute of this package.
from labelwright.plugins import load, names, summary

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code."""
    with safe_output():
        return _told(arguments)


def _told(arguments: Sequence[str] | None) -> int:
    """Run one verb and tell what went wrong."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    verb = words[0] if words else ""
    # The linear algebra of small models is faster on one thread than on several that wait for one another: half the time on two cores.
    # It is read when NumPy is loaded, which happens within the verbs, and holds for the processes that they start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        if verb in ("", "-h", "--help", "help"):
            print(_overview(), flush=True)
            return 0 if words else 2
        if verb == "--version":
            from importlib.metadata import version

            print(f"labelwright {version('labelwright')}")
            return 0
        if verb not in names("verbs"):
            raise InvalidInput(f"There is no verb '{verb}'.", hint=nearest(verb, names("verbs")))
        return _run(verb, words[1:])
    except LabelwrightError as error:
        print(f"labelwright: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("labelwright: stopped. What was done is kept; run it again to go on.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # A folder that may not be written, a full disk: whatever the file, it is the system that says no.
        place = f"{error.filename}: " if error.filename else ""
        print(f"labelwright: {place}{error.strerror or error}.", file=sys.stderr)
        return 2


def _run(verb: str, words: list[str]) -> int:
    module = load("verbs", verb)
    parser = argparse.ArgumentParser(
        prog=f"labelwright {verb}", description=(module.__doc__ or "").strip(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    module.arguments(parser)
    code: int = module.run(parser.parse_args(words))
    return code


def _overview() -> str:
    verbs = names("verbs")
    width = max(len(name) for name in verbs)
    lines = [f"  {name:<{width}}  {summary('verbs', name)}" for name in verbs]
    return "\n".join(
        [
            "usage: labelwright VERB …",
            "",
            "Raw data in, certified training data out.",
            "",
            *lines,
            "",
            "labelwright VERB --help tells more. Start with: labelwright demo",
        ]
    )
