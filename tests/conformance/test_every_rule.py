"""Every rule keeps the contract of `labelwright.checks.rules`, whoever wrote it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from labelwright import plugins
from labelwright.checks import Found, compile_rules, inspect
from labelwright.checks.case import Case, Options
from labelwright.schema import Audio, Image, Item, Schema, Text

SCHEMA = msgspec.convert(
    {
        "data": {"body": "text", "photo": "image", "clip": "audio"},
        "questions": {
            "intent": {"kind": "choice", "of": "body", "options": ["a", "b"]},
            "entities": {"kind": "spans", "of": "body", "options": ["A", "B"]},
            "cells": {"kind": "boxes", "of": "photo", "options": ["A", "B"]},
            "speech": {"kind": "segments", "of": "clip", "options": ["A", "B"]},
        },
    },
    Schema,
)
ITEM = Item(1, "k", "r", {"body": Text("abc"), "photo": Image("0" * 64, 64, 48), "clip": Audio("0" * 64, 1.0, 8000)})

GIVEN = {"expression": "intent == 'a'", "python": "checks.py"}
"""What rules that need an option are given."""


@pytest.fixture(params=plugins.names("rules"))
def rule(request: pytest.FixtureRequest) -> ModuleType:
    return plugins.load("rules", request.param)


def test_its_docstring_is_its_page(rule: ModuleType):
    """The docstring tells what the rule finds, why that is bad, and an example."""
    text = rule.__doc__ or ""
    assert text.startswith("Finds ")
    assert "Why" in text
    assert "Example: " in text


def test_it_has_severity_and_options(rule: ModuleType):
    """A rule says how grave its findings are, whether it always holds, and which options it takes."""
    assert rule.SEVERITY in ("error", "warning")
    assert isinstance(rule.ALWAYS, bool)
    assert issubclass(rule.Options, Options)
    assert rule.Options.__struct_config__.forbid_unknown_fields


def test_it_looks_at_no_answers_at_all(rule: ModuleType, tmp_path: Path):
    """A rule takes a case without answers, and hands back findings only."""
    (tmp_path / "checks.py").write_text("from labelwright import check\n@check\ndef f(values, item): return True\n")
    name = rule.__name__.rpartition(".")[2]
    options = msgspec.convert({rule.SHORT: GIVEN[name]} if name in GIVEN else {}, rule.Options)
    run = rule.compile(options, SCHEMA, tmp_path)
    for item in (ITEM, Item(2, "k", "r", {})):
        assert all(isinstance(found, Found) for found in run(Case(SCHEMA, {}, item, {}, 1.0)))


def test_findings_carry_its_name_and_the_severity_that_was_set(rule: ModuleType, tmp_path: Path):
    """Severity in the pipeline file reaches the findings, except where a rule always blocks."""
    (tmp_path / "checks.py").write_text("from labelwright import check\n@check\ndef f(values, item): return 'said'\n")
    name = rule.__name__.rpartition(".")[2]
    if getattr(rule, "BINDING", False):
        return
    options = {rule.SHORT: GIVEN[name], "severity": "warning"} if name in GIVEN else {"severity": "warning"}
    findings = inspect(SCHEMA, {}, ITEM, rules=compile_rules(SCHEMA, [{name: options}], tmp_path), seconds_active=0.01)
    assert all(finding.severity == "warning" for finding in findings if finding.rule == name)
