"""YAML 1.2 scalars, lines, and bounds."""

import time
from itertools import pairwise
from typing import Any

import pytest

from gateway.config.document import MAX_CHARACTERS, read_document
from gateway.config.places import Source
from gateway.model.errors import ConfigError


def read(text: str) -> tuple[Any, list[str], Source]:
    source = Source("f")
    data, problems = read_document(text, source)
    return data, source.tell_all(problems), source


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"),
        ("on", "on"),
        ("yes", "yes"),
        ("n", "n"),
        ("true", True),
        ("False", False),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-3", -3),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("~", None),
        ("null", None),
        ("", None),
        ("'null'", "null"),
        ("!!str 12", "12"),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    data, problems, _ = read(f"a: {text}")
    assert problems == []
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read("{1: a, true: b, null: c, off: d}")[0] == {"1": "a", "true": "b", "null": "c", "off": "d"}


def test_each_key_and_member_has_its_line() -> None:
    _, _, source = read("a:\n  b: 1\n  c:\n    - x\n    - d: 2\n")
    assert source.lines == {
        (): 1, ("a",): 1, ("a", "b"): 2, ("a", "c"): 3, ("a", "c", 0): 4, ("a", "c", 1): 5, ("a", "c", 1, "d"): 5,
    }  # fmt: skip


def test_merge_keys_give_way_to_what_is_stated_and_earlier_to_later() -> None:
    data, problems, _ = read("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3}")
    assert problems == []
    assert data["z"] == {"a": 1, "b": 1, "c": 3}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3", "f:3: a: stated twice, on line 1 and line 3"),
        ("a: .inf", "f:1: a: not a number that can be used"),
        ("a: 1e999", "f:1: a: not a number that can be used"),
        ("a: " + "9" * 5000, "f:1: a: not a number that can be used"),
        ("a: !!int x", "f:1: a: not a number that can be used"),
        ('a: "\\0"', "f:1: a: a character that is no text (NUL, or half a surrogate pair)"),
        ('a: "\\ud800"', "f:1: a: a character that is no text (NUL, or half a surrogate pair)"),
        ('"\\ud800": 1', "f:1: expected plain text as a key"),
        ("? [a]\n: 1", "f:1: expected plain text as a key"),
        ("a: {<<: 3}", "f:1: a: << takes a mapping, or a list of mappings"),
        ("a: !!python/name:os.system x", "f:1: a: YAML tags are not known here; put text that starts with ! in quotes"),
        ("a: !!set {x}", "f:1: a: YAML tags are not known here"),
        ("a: !x [1]", "f:1: a: YAML tags are not known here"),
    ],
)
def test_what_cannot_be_used_is_a_problem_and_the_rest_is_read(text: str, problem: str) -> None:
    data, problems, _ = read(text + "\nrest: 1")
    assert problems == [problem]
    assert data["rest"] == 1


def test_a_tag_that_may_be_a_password_is_not_told() -> None:
    assert "s3cret" not in str(read("password: !s3cret")[1])


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10_000,
        "{a: " * 10_000,
        "- " * 10_000,
        "&a [*a]",
        "a: &a {b: {<<: *a}}",
        "a: &a {<<: [*a]}",
        "a: &a [x]\n" + "".join(f"{c}: &{c} [{','.join([f'*{p}'] * 10)}]\n" for p, c in pairwise("abcdefg")),
        "a: &a {x: 1}\n" + "".join(f"{c}: &{c} {{<<: [{','.join([f'*{p}'] * 20)}]}}\n" for p, c in pairwise("abcdef")),
        "".join(f"a{i}: &a{i} [*a{i - 1}]\n" if i else "a0: &a0 [x]\n" for i in range(2000)),
    ],
    ids=["lists", "mappings", "dashes", "cycle", "merge-cycle", "merge-list-cycle", "aliases", "merges", "chain"],
)  # fmt: skip
def test_bombs_are_refused_at_once(text: str) -> None:
    started = time.process_time()
    with pytest.raises(ConfigError, match="not YAML"):
        read(text)
    assert time.process_time() - started < 3


def test_a_text_over_the_limit_is_refused_unread() -> None:
    with pytest.raises(ConfigError, match="larger than 512 KiB"):
        read("#" * (MAX_CHARACTERS + 1))


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "---"])
def test_an_empty_text_says_what_was_expected(text: str) -> None:
    if text == "---":
        assert read(text)[0] is None
        return
    with pytest.raises(ConfigError, match="f: empty; expected at least upstreams"):
        read(text)
