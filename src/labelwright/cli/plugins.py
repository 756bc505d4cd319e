"""List everything that can be plugged in: formats, steps, labelers, rules and more."""

from __future__ import annotations

import argparse

from labelwright import plugins
from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("group", nargs="?", choices=sorted(plugins.FOLDERS), help="only this group")
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    groups = [options.group] if options.group else sorted(plugins.FOLDERS)
    found = {group: {name: plugins.summary(group, name) for name in plugins.names(group)} for group in groups}
    if options.json:
        _output.print_json(found)
        return 0
    for group, members in found.items():
        print(f"{group}")
        for name, summary in members.items():
            print(f"  {name:<20} {summary}")
    return 0
