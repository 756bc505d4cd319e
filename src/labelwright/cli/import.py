"""Read labels that exist already: as suggestions, annotations, gold or a reference to compare with.

Items are matched by their key or by the hash of their content. What does not match or is wrong is put into quarantine with its line.
Reading a file again changes nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from labelwright import plugins
from labelwright.cli import _output

USES = ("suggestions", "annotations", "gold", "reference")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", metavar="DIR", help="the folder of the project")
    parser.add_argument("file", metavar="FILE", type=Path, help="the file or folder with the labels")
    parser.add_argument("--format", choices=plugins.names("formats"), help="its format (default: by the file's ending)")
    parser.add_argument("--as", dest="use", choices=USES, default="annotations", help="what the labels are (default: annotations)")
    parser.add_argument("--key", help="the column that names the item (default: the item's key)")
    _output.add_project(parser)
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    import msgspec

    from labelwright.datasets import import_labels

    with _output.opened_workspace(options.dir) as workspace:
        opened = _output.the_project(workspace, options.project)
        report = import_labels(opened.project, options.file, options.format, options.use, key=options.key, progress=_output.progress())
    if options.json:
        _output.print_json(report)
    else:
        numbers = msgspec.to_builtins(report)
        print(f"{options.file}: {', '.join(f'{count:,} {name}' for name, count in numbers.items() if isinstance(count, int))}")
    return 0
