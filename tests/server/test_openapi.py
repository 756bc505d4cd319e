"""The interface describes itself, completely enough to generate a client from it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.site import Site
from tests.server.test_roles import routes


@pytest.fixture(scope="module")
def document(site: Site) -> dict[str, Any]:
    answer = site.browser(site.person()).get("/api/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_it_is_openapi_3_1_with_every_route(document: dict[str, Any]) -> None:
    """Every route of the API stands there with its method, and nothing but the API."""
    assert document["openapi"].startswith("3.1")
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    expected = {(method, path.replace(":str}", "}").replace(":int}", "}")) for method, path, _ in routes()}
    assert {pair for pair in expected if pair[1].startswith("/api")} <= described
    assert all(path.startswith("/api") for _, path in described)


def test_answers_are_tagged_unions(document: dict[str, Any]) -> None:
    """Each kind of answer is a schema of its own whose `kind` is a constant, so that generated types tell them apart."""
    from labelwright import plugins

    kinds = set()
    for schema in document["components"]["schemas"].values():
        tag = schema.get("properties", {}).get("kind", {})
        kinds |= {tag["const"]} if "const" in tag else set(tag.get("enum", []) if len(tag.get("enum", [])) == 1 else [])
    assert set(plugins.names("kinds")) <= kinds


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    """No reference of the document dangles."""
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                assert value["$ref"] in known
            discriminator = value.get("discriminator")
            if isinstance(discriminator, dict) and "propertyName" in discriminator:
                assert set(discriminator.get("mapping", {}).values()) <= known
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)


def test_operations_are_named_once(document: dict[str, Any]) -> None:
    """Every operation has a name of its own and a sentence about it."""
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(operation.get("description") or operation.get("summary") for operation in operations)
