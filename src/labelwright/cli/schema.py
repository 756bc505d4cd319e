"""Print the JSON Schema of the pipeline file, for editors that complete and check YAML."""

from __future__ import annotations

import argparse

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = f"{__doc__} Keep it beside the file and name it there: # yaml-language-server: $schema=labelwright.schema.json"


def run(options: argparse.Namespace) -> int:
    from labelwright.pipeline.declare import json_schema

    _output.print_json(json_schema())
    return 0
