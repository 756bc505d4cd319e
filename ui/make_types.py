"""Writes the page's TypeScript types, `ui/src/core/server.ts`, from the server's OpenAPI document.

Run it after a change of a route's shapes: `python ui/make_types.py`. A test fails while the file is stale.

>>> type_of({"oneOf": [{"type": "string"}, {"type": "null"}]})
'string | null'
>>> type_of({"type": "array", "items": {"$ref": "#/components/schemas/Job"}})
'Job[]'
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent / "src" / "core" / "server.ts"
GLOSSARY_TARGET = TARGET.with_name("figures.ts")
WIDTH = 140

HEAD = """\
// The shapes of the HTTP interface, made by `python ui/make_types.py` from the server's OpenAPI document: change the server, not this file.
// Whatever the server answers with has all its fields; what it takes may leave out those with a default.
"""

PIPELINE = """\
name: any
sources: [rows.jsonl]
schema: {data: {body: text}, questions: {mood: {kind: choice, of: body, options: [good, bad]}}}
"""

SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def document() -> dict[str, Any]:
    """Return the OpenAPI document of a server; which projects it serves makes no difference."""
    from labelwright.pipeline.workspace import Workspace
    from labelwright.server.app import create_app

    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "labelwright.yaml").write_text(PIPELINE, "utf-8")
        workspace = Workspace.open(Path(name))
        try:
            return dict(create_app(workspace).openapi_schema.to_schema())
        finally:
            workspace.close()


def type_of(schema: dict[str, Any]) -> str:
    """Return a JSON Schema as a TypeScript type; what says nothing is `unknown`."""
    if "$ref" in schema:
        return named(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return " | ".join(dict.fromkeys(type_of(one) for one in schema[word]))
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(type_of({**schema, "type": one}) for one in kind)
    if kind == "array":
        item = type_of(schema.get("items", {}))
        return f"({item})[]" if " | " in item else f"{item}[]"
    if kind == "object":
        return f"Record<string, {type_of(schema.get('additionalProperties') or {})}>"
    return SIMPLE.get(str(kind), "unknown")


def named(name: str) -> str:
    """Return the TypeScript name of a component.

    >>> named("client_shapes_Quarantined")
    'ClientShapesQuarantined'
    """
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def references(schema: Any) -> set[str]:
    """Return the names of the components that a part of the document names."""
    if isinstance(schema, dict):
        own = {schema["$ref"].rpartition("/")[2]} if isinstance(schema.get("$ref"), str) else set()
        return own.union(*map(references, schema.values()))
    return set().union(*map(references, schema)) if isinstance(schema, list) else set()


def answered(openapi: dict[str, Any]) -> set[str]:
    """Return the components that the server answers with, at any depth."""
    components = openapi["components"]["schemas"]
    operations = [one for path in openapi["paths"].values() for one in path.values() if isinstance(one, dict)]
    open_ends = set().union(*(references(operation.get("responses")) for operation in operations))
    found: set[str] = set()
    while open_ends:
        found |= open_ends
        open_ends = set().union(*(references(components[name]) for name in open_ends)) - found
    return found


def interface(name: str, schema: dict[str, Any], complete: bool) -> str:
    """Return one component as an interface; fields that may be unset may be left out, and unless `complete` those with a default."""
    if "properties" not in schema:
        return f"export type {named(name)} = {type_of(schema)};"
    # What may be unset is described as one of a single alternative.
    unset = {key for key, value in schema["properties"].items() if len(value.get("oneOf", ())) == 1}
    required = set(schema["properties"] if complete else schema.get("required", ())) - unset
    fields = [f"{key}{'' if key in required else '?'}: {type_of(value)}" for key, value in schema["properties"].items()]
    line = f"export interface {named(name)} {{ {'; '.join(fields)} }}"
    return line if len(line) <= WIDTH else "\n".join([f"export interface {named(name)} {{", *(f"  {field};" for field in fields), "}"])


def write(openapi: dict[str, Any]) -> str:
    """Return the whole file."""
    complete = answered(openapi)
    parts = [interface(name, schema, name in complete) for name, schema in sorted(openapi["components"]["schemas"].items())]
    return HEAD + "\n" + "\n\n".join(parts) + "\n"


def glossary() -> str:
    """Return what each figure counts, which the page says where the figure stands."""
    from labelwright.analytics.glossary import GLOSSARY

    head = (
        "// What each figure counts, made by `python ui/make_types.py` from `labelwright.analytics.glossary`: change that, not this file.\n"
    )
    lines = []
    for one in GLOSSARY:
        told = f"{one.counts} Of: {one.over[0].lower()}{one.over[1:]}"
        told += "" if one.assumes == "Nothing." else f" Assumes: {one.assumes[0].lower()}{one.assumes[1:]}"
        lines.append(f"  {one.name}: {json.dumps(told.replace('`', ''))},")
    return head + "\nexport const FIGURES = {\n" + "\n".join(lines) + "\n} as const;\n\nexport type FigureName = keyof typeof FIGURES;\n"


if __name__ == "__main__":
    TARGET.write_text(write(document()), "utf-8")
    GLOSSARY_TARGET.write_text(glossary(), "utf-8")
