from typing import Any

import pytest

from gateway.model.settings.route import KeySettings
from gateway.policy.bodykey import BodyKey, Piece
from gateway.policy.document import parse


def piece(body: bytes, /, **settings: Any) -> Piece:
    return BodyKey(KeySettings.model_validate(settings)).piece(body, parse(body))


@pytest.mark.parametrize(
    ("settings", "one", "other"),
    [
        ({}, b'{"a":1,"b":2.0}', b'{ "b":2, "a":1e0 }'),
        ({"ignore": ["/user"]}, b'{"q":1,"user":"x"}', b'{"q":1}'),
        ({"ignore": ["/messages/*/id"]}, b'{"messages":[{"id":1,"c":"x"}]}', b'{"messages":[{"c":"x"}]}'),
        ({"ignore": ["/x/0", "/x/1"]}, b'{"x":[1,2,3]}', b'{"x":[8,9,3]}'),
        ({"ignore": ["/a", "/a/b"]}, b'{"a":{"b":1},"c":1}', b'{"c":1}'),
        ({"defaults": {"/stream": False}}, b'{"q":1,"stream":false}', b'{"q":1}'),
        ({"defaults": {"/n": 1}}, b'{"q":1,"n":1.0}', b'{"q":1}'),
        ({"body": ["/q"]}, b'{"q":1,"user":"x"}', b'{"user":"y","q":1}'),
        ({"body": ["/q", "/k"], "defaults": {"/k": 5}}, b'{"q":1,"k":5}', b'{"q":1}'),
        ({"body": []}, b'{"q":1}', b'{"q":2}'),
        ({"normalize": {"/q": ["casefold"]}}, b'{"q":"STRASSE"}', '{"q":"straße"}'.encode()),
        ({"normalize": {"/q": ["nfkc"]}}, '{"q":"ﬁne２"}'.encode(), b'{"q":"fine2"}'),
        ({"normalize": {"/q": ["whitespace"]}}, b'{"q":" a \\n\\t b "}', b'{"q":"a b"}'),
        ({"normalize": {"/q": ["punctuation"]}}, '{"q":"¿who, me?"}'.encode(), '{"q":"who me。"}'.encode()),
        ({"normalize": {"/q": ["punctuation", "whitespace"]}}, b'{"q":"a - b"}', b'{"q":"a b"}'),
        ({"body": ["/m/*/c"], "normalize": {"/m/*/c": ["casefold"]}}, b'{"m":[{"c":"A"}]}', b'{"m":[{"c":"a"}]}'),
        ({"body": ["/x/*"]}, b'{"x":{"a":1,"b":2}}', b'{"x":{"b":2,"a":1}}'),
        ({"body": ["/a", "/b"]}, b'{"a":1,"b":2}', b'{"b":2,"a":1,"c":3}'),
    ],
)
def test_same_question(settings: dict[str, Any], one: bytes, other: bytes) -> None:
    assert piece(one, **settings) == piece(other, **settings)


@pytest.mark.parametrize(
    ("settings", "one", "other"),
    [
        ({}, b'{"a":1}', b'{"a":true}'),
        ({}, b'{"a":null}', b"{}"),
        ({}, b'{"a":[1,2]}', b'{"a":[2,1]}'),
        ({}, b"{}", b"[]"),
        ({}, b"", b"null"),
        ({}, b"{", b"{}"),
        ({}, b'{"a":1,"a":2}', b'{"a":2}'),
        ({}, b'{"a":1,"a":2}', b'{"a":1,"a": 2}'),
        ({"ignore": ["/user"]}, b'{"q":1,"user":"x"}', b'{"q":2,"user":"x"}'),
        ({"ignore": ["/x/0"]}, b'{"x":[1,2]}', b'{"x":[2]}'),
        ({"defaults": {"/n": 1}}, b'{"n":true}', b"{}"),
        ({"defaults": {"/n": 1}}, b'{"n":2}', b"{}"),
        ({"body": ["/q"]}, b'{"q":null}', b"{}"),
        ({"body": ["/a", "/b"]}, b'{"a":1}', b'{"b":1}'),
        ({"body": ["/q"]}, b'{"q":1,"q":1}', b'{"q":1}'),
        ({"normalize": {"/q": ["casefold"]}}, b'{"q":"a","r":"A"}', b'{"q":"a","r":"a"}'),
        ({"normalize": {"/q": ["casefold"]}}, b'{"q":"a"}', b'{"q":"b"}'),
        ({"normalize": {"/q": ["whitespace", "punctuation"]}}, b'{"q":"a - b"}', b'{"q":"a b"}'),
        ({"normalize": {"/q": ["punctuation"]}}, b'{"q":"c++"}', b'{"q":"c"}'),
        (
            {"body": ["/m/*/role", "/m/*/text"]},
            b'{"m":[{"role":"user","text":"x"},{"role":"system"}]}',
            b'{"m":[{"role":"user"},{"role":"system","text":"x"}]}',
        ),
    ],
)
def test_different_questions(settings: dict[str, Any], one: bytes, other: bytes) -> None:
    assert piece(one, **settings) != piece(other, **settings)


def test_a_body_that_spells_a_canonical_piece_is_not_taken_for_one() -> None:
    _, canonical = piece(b'{"q": 1}', body=["/q"])
    assert piece(canonical, body=["/q"]) != piece(b'{"q": 1}', body=["/q"])
    assert piece(b'{"a":1,"a":1}')[0] != piece(b"not json")[0] != piece(b"{}")[0]


def test_normalizers_leave_what_is_no_string() -> None:
    settings = {"normalize": {"/q": ["casefold", "punctuation"], "": ["whitespace"]}}
    assert piece(b'{"q":[1,{"a":"X"}]}', **settings) == piece(b'{"q":[1,{"a":"X"}]}')
