"""The schema says of a file what the loader says of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.config.document import read_document
from gateway.config.places import Source
from gateway.config.presets import presets
from gateway.config.schema import schema
from tests.support.config_text import loaded, problems, whole
from tests.support.json_schema import errors

OTHERS = {"deploy", "prometheus"}
FILES = sorted((Path(__file__).parents[3] / "config").glob("**/*.yaml"))
ROUTE = "routes:\n- name: a\n  "


def refused(text: str) -> list[str]:
    data, _ = read_document(text, Source("f"))
    return errors(data, schema(), schema())


@pytest.mark.parametrize("path", [path for path in FILES if not OTHERS & set(path.parts)], ids=lambda path: path.name)
def test_what_we_ship_passes(path: Path) -> None:
    assert refused(path.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "upstreams: {a: http://a, b: [http://b], c: {urls: http://c}, d: '${D}'}",
        "l2: off",
        "l2: redis://r",
        "l2: ${REDIS}",
        "l2:",
        "l2: {redis: rediss://r}",
        "l2: {disk: /x, read_timeout: 100ms}",
        "workers: ${W:-2}\nserver_timing: ${S:-true}\ndrain: ${T:-1s}",
        "limits: {body: 10MB, idle: 1m30s, header_count: 50}",
        "x-mine: {anything: [1]}",
        "routes: [{preset: rag}, {preset: openai-chat, name: b, cache: }]",
        ROUTE + "match: {method: POST, host: a.org, headers: {x: y}, body: {pointer: /a, is: null}}",
        ROUTE + "key: {body: [/a], identity: [x-tenant], normalize: {/a: nfkc}, defaults: {/n: [1]}}",
        ROUTE + "cache: {jitter: 10%, ttl: 0, statuses: 404}",
        ROUTE + "empty: {when: [{pointer: '', is: {}}], ttl: 90s}",
    ],
)
def test_what_the_loader_accepts_passes(text: str) -> None:
    loaded(text.replace("b: b", "b"), {"D": "http://d", "REDIS": "redis://r"})
    assert refused(whole(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "zzz: 1",
        "workers: -1",
        "workers: true",
        "drain: 90",
        "drain: 10 minutes",
        "l2: disc",
        "upstreams: {a: 3}",
        "upstreams: {'a b': http://a}",
        "upstreams: {}",
        "routes: [{upstream: rag}]",
        "routes: [{preset: ragg}]",
        "routes: {preset: rag}",
        ROUTE + "ttl: 1m",
        ROUTE + "cache: {mode: of}",
        ROUTE + "cache: {statuses: [99]}",
        ROUTE + "key: {body: query}",
        ROUTE + "key: {normalize: {/a: nfkd}}",
        ROUTE + "key: {ignore: [a]}",
        ROUTE + "empty: {when: [{is: 1}]}",
        ROUTE + "match: {headers: {'a b': x}}",
    ],
)
def test_what_the_loader_refuses_fails(text: str) -> None:
    assert problems(text)
    assert refused(whole(text))


def nodes(node: Any) -> list[dict[str, Any]]:
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return ([node] if isinstance(node, dict) else []) + [found for member in inside for found in nodes(member)]


def test_it_is_json_and_all_references_lead_somewhere() -> None:
    made = json.loads(json.dumps(schema()))
    targets = {node["$ref"] for node in nodes(made) if isinstance(node.get("$ref"), str)}
    assert targets <= {f"#/$defs/{name}" for name in made["$defs"]}
    for node in nodes(made):
        if isinstance(node.get("pattern"), str):
            re.compile(node["pattern"])


def test_defaults_are_spelled_so_that_the_schema_accepts_them() -> None:
    made = schema()
    for holder in (made, *made["$defs"].values()):
        for name, node in holder.get("properties", {}).items():
            if "default" in node:
                assert errors(node["default"], node, made) == [], name


def test_every_setting_is_described_for_the_editor() -> None:
    made = schema()
    for holder in (made, *made["$defs"].values()):
        for name, node in holder.get("properties", {}).items():
            sections = [arm for arm in node.get("anyOf", []) if "$ref" in arm]
            assert node.get("description") or sections, name


def test_presets_are_offered() -> None:
    assert schema()["$defs"]["RouteSettings"]["properties"]["preset"]["enum"] == list(presets())
