"""Items: which requests ask about one thing, which about several, and how they are asked anew."""

import json

import pytest

from gateway.model.settings.batch import BatchSettings
from gateway.policy.document import parse
from gateway.policy.items import ItemForm, ItemKind, Listed, Single, form_of, member_name, weight

OPENAI = ItemForm("/input", None)
LANGSERVE = ItemForm("/input", "/inputs")


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("a", Single(ItemKind.TEXT, "a")),
        ("", Single(ItemKind.TEXT, "")),
        ([1, 2], Single(ItemKind.TOKENS, [1, 2])),
        (["a"], Listed(ItemKind.TEXT, ["a"])),
        (["a", "b", "a"], Listed(ItemKind.TEXT, ["a", "b", "a"])),
        ([[1], [2, 3]], Listed(ItemKind.TOKENS, [[1], [2, 3]])),
        ([], None),
        ([[]], None),
        (["a", [1]], None),
        (["a", 1], None),
        ([1, True], None),
        ([1.5], None),
        ([[1], [2.5]], None),
        (None, None),
        (7, None),
        ({"text": "a"}, None),
    ],
)
def test_texts_and_token_ids_are_understood_and_nothing_else(asked, read):
    assert OPENAI.read(parse(json.dumps({"model": "m", "input": asked}).encode())) == read
    assert ItemForm("", None).read(parse(json.dumps(asked).encode())) == read


@pytest.mark.parametrize("body", [b"", b"nope", b"[]", b'"a"', b"{}", b'{"input": "a", "input": "b"}'])
def test_other_requests_are_not_understood(body):
    assert OPENAI.read(parse(body)) is None


def test_where_several_stand_elsewhere_one_is_of_any_kind():
    assert LANGSERVE.read(parse(b'{"input": ["a", 1]}')) == Single(ItemKind.ANY, ["a", 1])
    assert LANGSERVE.read(parse(b'{"input": "a", "inputs": []}')) is None


def test_a_request_about_one_and_about_several():
    value = {"model": "m", "input": ["a", "b"]}
    one = OPENAI.about_one(value, "b")
    assert one == parse(b'{"input": "b", "model": "m"}')
    assert OPENAI.about_several(value, ["b", "c"]) == b'{"input":["b","c"],"model":"m"}'
    assert LANGSERVE.about_several({"input": 1, "config": {}}, [1, 2]) == b'{"config":{},"inputs":[1,2]}'
    assert ItemForm("", None).about_one(["a", "b"], "a") == parse(b'"a"')
    assert ItemForm("", None).about_several("a", ["a", "b"]) == b'["a","b"]'


def test_what_two_requests_must_have_in_common():
    assert OPENAI.besides({"input": "a", "model": "m"}) == OPENAI.besides({"model": "m", "input": "b"})
    assert OPENAI.besides({"input": "a", "model": "m"}) != OPENAI.besides({"input": "a", "model": "n"})
    assert ItemForm("", None).besides("a") == b""


def test_weights_are_tokens_or_bytes_and_never_0():
    assert weight(ItemKind.TOKENS, [5, 6, 7]) == 3
    assert weight(ItemKind.TEXT, "ä") == 2
    assert weight(ItemKind.TEXT, "") == 1
    assert weight(ItemKind.ANY, {}) == 2


def test_a_route_that_states_no_items_has_none():
    assert form_of(BatchSettings()) is None
    assert form_of(BatchSettings(items="/input")) is not None
    assert (member_name(""), member_name("/a~1b~0c")) == (None, "a/b~c")
