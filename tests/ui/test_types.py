"""The page's TypeScript types against the server they describe."""

from __future__ import annotations

import importlib.util
import re
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


PAGE = MAKER.parent / "src"
DECLARED = re.compile(
    r"^[ \t]*(?:export )?(?:interface (\w+)[^{\n]*\{|type (\w+)(?:<[^\n]*>)? = \{)(?:([^{}\n]+)\}|(.*?)^[ \t]*\})",
    re.MULTILINE | re.DOTALL,
)
FIELD = re.compile(r"^\s*(?:readonly )?(\w+)\??:", re.MULTILINE)
WRITTEN_DOWN = re.compile(r"\bapi\s*\.\s*(?:get|post|put|delete)<[^(]*\{")


def page_files() -> dict[str, str]:
    """Every file of the page that is written by hand, by its name."""
    files = (path for ending in ("ts", "svelte") for path in PAGE.rglob(f"*.{ending}"))
    return {str(path.relative_to(PAGE)): path.read_text("utf-8") for path in files if path.name != "server.ts"}


def declared(text: str) -> list[tuple[str, frozenset[str]]]:
    """The names and fields of the types that a file writes down."""
    return [(one[1] or one[2], frozenset(FIELD.findall((one[3] or one[4]).replace("; ", ";\n")))) for one in DECLARED.finditer(text)]


def test_no_type_of_the_server_is_written_down_by_hand(maker: ModuleType) -> None:
    """No type of the page has only fields of one type of the server, or all of them; no request says in place what comes."""
    shapes = {
        maker.named(name): frozenset(schema["properties"])
        for name, schema in maker.document()["components"]["schemas"].items()
        if "properties" in schema
    }
    found = []
    for name, text in page_files().items():
        found += [f"{name}: {line.group()}" for line in WRITTEN_DOWN.finditer(text)]
        for mine, fields in declared(text):
            found += [
                f"{name}: {mine} is {theirs}"
                for theirs, known in shapes.items()
                if len(fields) > 2 and len(known) > 2 and (fields <= known or known <= fields)
            ]
    assert not found


def test_a_type_that_is_written_down_is_seen() -> None:
    """The test above sees interfaces and types, in one line or several."""
    text = "interface A {\n  one: number;\n  two?: B[];\n}\nexport type C = {\n  three: string;\n};\ntype D = { four: string; five: E };\n"
    assert declared(text) == [("A", frozenset({"one", "two"})), ("C", frozenset({"three"})), ("D", frozenset({"four", "five"}))]
    assert WRITTEN_DOWN.search("await api.post<{ token: string }>(path)")
    assert WRITTEN_DOWN.search("await api.get<Token[]>(path)") is None
