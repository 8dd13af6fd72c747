"""Templates: what stands in braces is put in from the request, and nothing else changes."""

import pytest

from gateway.policy.template import NOTHING, json_template, placeholders, plain_template, text_template

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
    assert json_template(stated)(ASKED, NOTHING) == expected


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
    assert text_template(stated)(ASKED, NOTHING) == expected


def test_a_body_that_is_no_json_leaves_the_placeholders_empty():
    assert json_template({"q": "{/query}"})(None, NOTHING) == b'{"q":null}'


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("{docs}", b'[{"id":1}]'),
        ({"d": "{docs}", "q": "{/n}", "t": "of {now}: {docs}"}, b'{"d":[{"id":1}],"q":3,"t":"of 5: [{\\"id\\":1}]"}'),
        ("{other}", b'"{other}"'),
    ],
)
def test_words_stand_for_what_is_said(stated, expected):
    assert json_template(stated, ("docs", "now"))(ASKED, {"docs": [{"id": 1}], "now": 5}) == expected


def test_words_in_a_text_are_json():
    assert text_template('{"d": {docs}}', ("docs",))(ASKED, {"docs": 'a "b"'}) == b'{"d": "a \\"b\\""}'


def test_a_word_that_nothing_is_said_of_is_null():
    assert json_template("{docs}", ("docs",))(ASKED, NOTHING) == b"null"


def test_plain_members_are_escaped_where_they_are_put_in():
    assert plain_template("/kb/{/a~1b}/{/n}?q={/query}{/none}{w}", "<{}>".format, ("w",))(ASKED, {"w": 1}) == (
        '/kb/<slash>/<3>?q=<a "b"\n><><1>'
    )


def test_all_placeholders_are_found_wherever_they_stand():
    assert placeholders({"a": ["{/x}", {"b": "of {/y/0} and {/x}"}], "{/z}": 1}) == {"/x", "/y/0"}
    assert placeholders(["{w} of {v}", "{/x}"], ("w",)) == {"w", "/x"}
