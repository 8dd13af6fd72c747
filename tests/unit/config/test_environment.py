"""References to environment variables, and their secrets."""

from pathlib import Path

import pytest

from gateway.config.environment import Unset, look_up, substitute
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


def test_a_file_holds_the_value_where_the_variable_is_unset(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    env = {"TOKEN_FILE": str(tmp_path / "token")}
    assert substitute({"a": "${TOKEN}"}, env, Source("f")) == ({"a": "s3cret"}, [])
    assert look_up("TOKEN", env | {"TOKEN": "own"}) == "own"
    assert look_up("TOKEN", {"TOKEN_FILE": ""}) is None
    assert look_up("TOKEN", {}) is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "no such file or directory"), (b"\xff", "is not UTF-8 text"), (b"x" * 70_000, "is larger than 64 KiB")],
)
def test_a_file_that_cannot_be_used_is_named(content: bytes | None, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Unset, match=problem):
        look_up("TOKEN", {"TOKEN_FILE": str(file)})
    _, (told,) = substitute({"a": "${TOKEN:-x}"}, {"TOKEN_FILE": str(file)}, Source("f"))
    assert "which TOKEN_FILE names" in told.text


def test_a_name_that_no_file_can_have_is_told() -> None:
    with pytest.raises(Unset, match="not a file's name"):
        look_up("TOKEN", {"TOKEN_FILE": "a\0b"})
