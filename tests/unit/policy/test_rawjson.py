"""Raw JSON: values are found where an ordinary parser finds them, and what is broken is found out."""

import json

import pytest

from gateway.policy.rawjson import Broken, elements, members


@pytest.mark.parametrize("text", ["[]", " [ ] ", "[1]", '[1, "a,]", [2, [3]], {"b": "}"} ,null]', '["\\"]", "\\\\"]'])
def test_elements_are_those_of_a_parser(text):
    raw = text.encode()
    assert [json.loads(raw[a:b]) for a, b in elements(raw)] == json.loads(text)


@pytest.mark.parametrize("text", ["{}", ' { "a" : 1 , "b":[{}] } ', '{"a": {"a": ":"}, "ä": "\\u00e4{"}'])
def test_members_are_those_of_a_parser(text):
    raw = text.encode()
    assert {name.decode(): json.loads(raw[a:b]) for name, (a, b) in members(raw).items()} == json.loads(text)


NO_ARRAYS = ["", "1", "{}", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[[1}]", '["a]', "[1] 2", "[]]"]
NO_OBJECTS = ["", "[]", "{", '{"a"', '{"a":', '{"a":1', '{"a":1,}', "{a:1}", '{"a" 1}', '{"a":[}']
AMBIGUOUS = ['{"a":1,"a":2}', '{"\\u0061":1}']


@pytest.mark.parametrize("text", NO_ARRAYS)
def test_what_is_no_array_is_broken(text):
    with pytest.raises(Broken):
        elements(text.encode())


@pytest.mark.parametrize("text", NO_OBJECTS + AMBIGUOUS)
def test_what_is_no_object_or_ambiguous_is_broken(text):
    with pytest.raises(Broken):
        members(text.encode())


def test_long_values_are_found_too():
    number, text = b"0.123456789", b"A" * 5000
    long = b"[" + b",".join([number] * 1000) + b"]"
    raw = b'{"a":%b,"b":[%b,%b],"c":"%b","d":"%b\\"]","e":[%b,"]"]}' % (long, long, long, text, text, long[1:-1])
    assert {name.decode(): json.loads(raw[a:b]) for name, (a, b) in members(raw).items()} == json.loads(raw)
    for broken in (long[:-1], b"[" + long, long + b"]", b"[%b}" % long[1:-1], b'["%b]' % text, b"[" * 300 + b"]" * 300):
        with pytest.raises(Broken):
            elements(broken)
