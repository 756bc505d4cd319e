"""The page's TypeScript types against the server they describe."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

MAKER = Path(__file__).parents[2] / "ui" / "make_types.py"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """The script that makes the types."""
    spec = importlib.util.spec_from_file_location("make_types", MAKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_types_of_the_page_are_those_of_the_server(maker: ModuleType) -> None:
    """The file that the page reads is what the script makes of the server at this moment."""
    stale = "The page's types are stale. Make them anew: python ui/make_types.py"
    assert maker.TARGET.read_text("utf-8") == maker.write(maker.document()), stale
    assert maker.GLOSSARY_TARGET.read_text("utf-8") == maker.glossary(), stale


def test_what_is_answered_is_complete_and_what_is_taken_may_leave_out_defaults(maker: ModuleType) -> None:
    """A field with a default is always there in an answer, at any depth, and may be missing in what is sent."""
    fields = {"properties": {"name": {"type": "string"}, "note": {"oneOf": [{"type": "string"}, {"type": "null"}]}}, "required": ["name"]}
    openapi = {
        "paths": {
            "/things": {
                "get": {"responses": {"200": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Box"}}}}},
                "post": {"requestBody": {"schema": {"$ref": "#/components/schemas/NewThing"}}, "responses": {}},
            }
        },
        "components": {
            "schemas": {"Box": {"properties": {"thing": {"$ref": "#/components/schemas/Thing"}}}, "Thing": fields, "NewThing": fields}
        },
    }
    written = maker.write(openapi)
    assert "export interface Box { thing: Thing }" in written
    assert "export interface Thing { name: string; note: string | null }" in written
    assert "export interface NewThing { name: string; note?: string | null }" in written
