"""Templates: what stands in braces is put in from the request, and nothing else changes."""

import pytest

from gateway.policy.template import json_template, text_template

ASKED = {"query": 'a "b"\n', "n": 3, "list": [1, None], "a/b": "slash", "deep": [{"x": True}]}


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"a": [1, None, "x"]}, b'{"a":[1,null,"x"]}'),
        (None, b"null"),
        ("{/query}", b'"a \\"b\\"\\n"'),
        ({"q": "{/n}", "l": ["{/list}"]}, b'{"q":3,"l":[[1,null]]}'),
        ("n is {/n}, {/deep/0/x}, {/none}.", b'"n is 3, true, ."'),
        ("{/none}", b"null"),
        ("{/a~1b}", b'"slash"'),
        ({"{/n}": 1}, b'{"{/n}":1}'),
        ("{n} {} {/a b", b'"{n} {} {/a b"'),
        ("{/list/*}", b"1"),
    ],
)
def test_json(stated, expected):
    assert json_template(stated)(ASKED) == expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("", b""),
        ("data: [DONE]\n\n", b"data: [DONE]\n\n"),
        ('data: {"q": {/query}}\n\n', b'data: {"q": "a \\"b\\"\\n"}\n\n'),
        ("{/none}", b"null"),
    ],
)
def test_text_takes_members_as_json_so_that_nobody_breaks_out_of_his_line(stated, expected):
    assert text_template(stated)(ASKED) == expected


def test_a_body_that_is_no_json_leaves_the_placeholders_empty():
    assert json_template({"q": "{/query}"})(None) == b'{"q":null}'
