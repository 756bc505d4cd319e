"""List everything that can be plugged in: formats, steps, labelers, rules and more.

The exit code is 1 where a kind or a modality cannot be used, for then no pipeline file can be read.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from labelwright import plugins
from labelwright.cli import _output
from labelwright.errors import LabelwrightError


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("group", nargs="?", choices=sorted(plugins.GROUPS), help="only this group")
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    groups = [options.group] if options.group else sorted(plugins.GROUPS)
    found = {group: {name: plugins.summary(group, name) for name in plugins.names(group)} for group in groups}
    if options.json:
        _output.print_json(found)
        return _readable()
    for group, members in found.items():
        print(f"{group}")
        for name, summary in members.items():
            print(f"  {name:<20} {summary}")
    return _readable()


def _readable() -> int:
    """Say what keeps every other command from reading a pipeline file: a kind or a modality that cannot be used."""
    try:
        importlib.import_module("labelwright.schema")
    except LabelwrightError as error:
        print(f"labelwright: {error}", file=sys.stderr)
        return 1
    return 0
