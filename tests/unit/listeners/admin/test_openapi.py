"""OpenAPI: whatever there is stands in the document, and nothing else."""

import json
from typing import Any

from gateway.listeners.admin.openapi import document
from gateway.listeners.admin.operation import Operation
from tests.support.gateway import RAG, running, settings
from tests.support.json_schema import errors


async def described() -> tuple[list[Operation], dict[str, Any]]:
    from gateway.listeners.admin.resources import operations

    async with running(settings("http://127.0.0.1:1", RAG)) as gateway:
        made = operations(gateway.worker._parts())
        return made, json.loads(json.dumps(document(made, "1.2.3")))


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(references, node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()


async def test_each_operation_is_described_once_and_every_reference_leads_somewhere() -> None:
    made, told = await described()
    there = {(method.upper(), path) for path, item in told["paths"].items() for method in item}
    assert there == {(op.method, op.path) for op in made}
    names = [node["operationId"] for item in told["paths"].values() for node in item.values()]
    assert len(names) == len(set(names))
    known = {f"#/components/schemas/{name}" for name in told["components"]["schemas"]}
    assert references(told) <= known


async def test_changes_are_for_operators_and_say_what_can_go_wrong() -> None:
    made, told = await described()
    for op in made:
        node = told["paths"][op.path][op.method.lower()]
        assert ("For operators." in node.get("description", "")) is op.changes
        assert {"401", "403", "422"} <= set(node["responses"])
        assert ("requestBody" in node) is op.has_body
        if op.method == "GET":
            assert not op.changes
    assert any(op.changes for op in made)


async def test_a_patch_is_described_as_it_is_read() -> None:
    _, told = await described()
    patch = told["components"]["schemas"]["Patch"]
    for good in (
        {"cache": {"mode": "off", "ttl": None}, "for": "10m", "reason": "why"},
        {"bloom": {"known": {"mode": "enforce"}}},
        {"budget": {"rate": "5/s"}, "degrade": {"after": "3s", "ladder": ["stale", "static"]}},
        {"empty": {"when": {"pointer": "/docs", "is": []}}},
        {"cache": None},
    ):
        assert errors(good, patch, told) == [], good
    for bad in ({"name": "x"}, {"match": {}}, {"cache": {"tll": "1m"}}, {"cache": {"mode": "of"}}, {"for": 600}):
        assert errors(bad, patch, told), bad
