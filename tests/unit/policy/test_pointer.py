from copy import deepcopy
from typing import Any

import pytest

from gateway.policy.pointer import REMOVE, compile_pointer

DOCUMENT: dict[str, Any] = {
    "query": "hi",
    "": 0,
    "a/b": 1,
    "m~n": 2,
    "null": None,
    "docs": [{"id": 1, "tags": ["x", "y"]}, {"title": "t"}, {"id": 3, "tags": []}],
    "01": "zero-one",
}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", [DOCUMENT]),
        ("/query", ["hi"]),
        ("/", [0]),
        ("/a~1b", [1]),
        ("/m~0n", [2]),
        ("/null", [None]),
        ("/missing", []),
        ("/query/0", []),
        ("/null/x", []),
        ("/01", ["zero-one"]),
        ("/docs/0/id", [1]),
        ("/docs/00/id", []),
        ("/docs/3", []),
        ("/docs/-", []),
        ("/docs/-1", []),
        ("/docs/²", []),
        ("/docs/99999999999999999999", []),
        ("/docs/*/id", [1, 3]),
        ("/docs/*/tags/*", ["x", "y"]),
        ("/docs/1/*", ["t"]),
        ("/query/*", []),
        ("/docs/*/id/*", []),
    ],
)
def test_pointer_leads_to(pointer: str, found: list[Any]) -> None:
    assert compile_pointer(pointer).find(DOCUMENT) == found


def test_located_values_say_where_they_stand() -> None:
    located = compile_pointer("/docs/*/tags/*").locate(DOCUMENT)
    assert located == [(("docs", 0, "tags", 0), "x"), (("docs", 0, "tags", 1), "y")]
    assert compile_pointer("/query").locate(DOCUMENT) == [(("query",), "hi")]


@pytest.mark.parametrize(
    ("pointer", "before", "after"),
    [
        ("/a", {"a": 1, "b": 2}, {"b": 2}),
        ("/a", {"b": 2}, {"b": 2}),
        ("/x/*/id", {"x": [{"id": 1}, {"id": 2, "t": 3}]}, {"x": [{}, {"t": 3}]}),
        ("/x/0", {"x": [1, 2]}, {"x": [None, 2]}),
        ("/x/*", {"x": {"a": 1, "b": 2}}, {"x": {}}),
        ("", {"a": 1}, None),
        ("/a/b", [1], [1]),
    ],
)
def test_removing_leaves_the_original_alone(pointer: str, before: Any, after: Any) -> None:
    original = deepcopy(before)
    assert compile_pointer(pointer).change(before, lambda _: REMOVE) == after
    assert before == original


def test_replacing_copies_only_what_changes() -> None:
    document = {"a": {"x": 1}, "b": {"y": 2}}
    changed = compile_pointer("/a/x").change(document, lambda x: x + 1)
    assert changed == {"a": {"x": 2}, "b": {"y": 2}}
    assert document["a"]["x"] == 1
    assert changed["b"] is document["b"]
    assert compile_pointer("/a/x").change(document, lambda x: x) is document
