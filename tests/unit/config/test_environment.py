"""References to environment variables, and their secrets."""

import pytest

from gateway.config.environment import substitute
from gateway.config.places import Source

ENV = {"NAME": "value", "EMPTY": "", "BAD": "a\0b", "BYTES": "\udcff", "NESTED": "${NAME}"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${NAME}", "value"),
        ("a${NAME}b${NAME}", "avaluebvalue"),
        ("${UNSET:-default}", "default"),
        ("${EMPTY:-default}", "default"),
        ("${NAME:-default}", "value"),
        ("${UNSET:-}", ""),
        ("${UNSET:-a:-b}", "a:-b"),
        ("${EMPTY}", ""),
        ("$${NAME}", "${NAME}"),
        ("$$${NAME}", "$${NAME}"),
        ("$NAME", "$NAME"),
        ("$", "$"),
        ("100$", "100$"),
        ("${NESTED}", "${NAME}"),
    ],
)
def test_references_are_replaced_once(text: str, value: str) -> None:
    data, problems = substitute({"a": [text]}, ENV, Source("f"))
    assert data == {"a": [value]}
    assert problems == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("${UNSET}", "environment variable UNSET is not set; set it, or write ${UNSET:-default}"),
        ("${BAD}", "environment variable BAD is not UTF-8 text"),
        ("${BYTES}", "environment variable BYTES is not UTF-8 text"),
        ("${NAME", "expected ${NAME} or ${NAME:-default}; write $${ for a literal ${"),
        ("${}", "expected ${NAME} or ${NAME:-default}; write $${ for a literal ${"),
        ("${1A}", "expected ${NAME} or ${NAME:-default}; write $${ for a literal ${"),
        ("${NAME-x}", "expected ${NAME} or ${NAME:-default}; write $${ for a literal ${"),
        ("${UNSET:-${NAME}}", "expected ${NAME} or ${NAME:-default}; write $${ for a literal ${"),
    ],
)
def test_what_cannot_be_replaced_is_told_with_its_path(text: str, problem: str) -> None:
    data, problems = substitute({"a": [text]}, ENV, Source("f"))
    assert [(p.path, p.text) for p in problems] == [(("a", 0), problem)]
    assert data == {"a": [text]}


def test_keys_and_what_is_no_text_stay() -> None:
    data = {"${NAME}": 1, "b": True, "c": None}
    assert substitute(data, ENV, Source("f")) == (data, [])


def test_the_written_form_is_kept_without_its_default() -> None:
    source = Source("f")
    substitute({"a": "x${NAME:-s3cret}"}, ENV, source)
    assert source.templates == {("a",): "x${NAME:-...}"}
