"""Print the settings of this machine: each environment variable, its value and what it means."""

from __future__ import annotations

import argparse

from labelwright.cli import _output


def arguments(parser: argparse.ArgumentParser) -> None:
    _output.add_json(parser)


def run(options: argparse.Namespace) -> int:
    from labelwright.settings import Settings, settings

    values = settings()
    rows = [
        (f"LABELWRIGHT_{name.upper()}", getattr(values, name), field.description or "") for name, field in Settings.model_fields.items()
    ]
    if options.json:
        _output.print_json({name: {"value": value, "meaning": meaning} for name, value, meaning in rows})
        return 0
    for name, value, meaning in rows:
        print(f"{name}={value}\n    {meaning}")
    return 0
