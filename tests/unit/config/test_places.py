"""Problems name file, line and path, and tell no secret."""

import pytest

from gateway.config.places import Path, Problem, Source, at, dotted, overlap, suggest


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("routes", 2, "cache", "ttl"), "routes[2].cache.ttl"),
        (("key", "normalize", "/query", 0), 'key.normalize["/query"][0]'),
        (("admin", "token:s3cret"), 'admin["token:..."]'),
        (("a\nb",), '["a\\nb"]'),
    ],
)
def test_paths_read_as_an_operator_writes_them(path: Path, text: str) -> None:
    assert dotted(path) == text


def test_a_problem_names_the_line_of_the_nearest_thing_written() -> None:
    source = Source("f.yaml", {(): 1, ("routes",): 3, ("routes", 0): 4, ("routes", 0, "cache"): 7})
    assert source.tell(Problem(("routes", 0, "cache", "ttl"), "missing")) == "f.yaml:7: routes[0].cache.ttl: missing"
    assert source.tell(Problem(("l1", "max_bytes"), "x")) == "f.yaml:1: l1.max_bytes: x"
    assert source.tell(Problem(("routes",), "x", line=99)) == "f.yaml:99: routes: x"


def test_a_problem_without_lines_names_just_the_source() -> None:
    assert Source("command line").tell(Problem(("listen",), "x")) == "command line: listen: x"


def test_problems_come_once_in_the_order_of_the_file_and_not_by_the_thousand() -> None:
    source = Source("f", {(i,): 500 - i for i in range(500)})
    told = source.tell_all([Problem((i,), "x") for i in range(500)] * 2)
    assert told[0] == "f:1: [499]: x"
    assert len(told) == 101
    assert told[-1] == "f: and 400 more"


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (("ttl",), "10 minutes", ', got "10 minutes"'),
        (("ttl",), True, ", got true"),
        (("ttl",), 90, ", got 90"),
        (("ttl",), None, ", got nothing"),
        (("ttl",), {"a": "s3cret"}, ", got a mapping"),
        (("ttl",), ["s3cret"], ", got a list"),
        (("l2", "redis", "password"), 12345, ""),
        (("admin", "token"), "s3cret", ""),
        (("upstreams", "a", "urls", 0), "http//u:s3cret", ""),
        (("listen",), "redis://u:s3cret@host", ', got "***@host"'),
        (("listen",), "a\x1b[31m", ', got "a\\u001b[31m"'),
    ],
)
def test_what_was_found_is_shown_unless_it_may_be_secret(path: Path, value: object, text: str) -> None:
    assert Source("f").got(path, value) == text


def test_long_values_are_cut() -> None:
    assert len(Source("f").got(("ttl",), "x" * 10_000)) < 80


def test_what_came_from_the_environment_is_shown_as_it_was_written() -> None:
    source = Source("f", templates={("ttl",): "${TTL}"})
    assert source.got(("ttl",), "s3cret") == ', got "${TTL}"'


@pytest.mark.parametrize(
    ("word", "hint"), [("tll", "; did you mean ttl?"), ("TTL", "; did you mean ttl?"), ("zzz", ""), ("x" * 99_999, "")]
)
def test_near_words_are_suggested(word: str, hint: str) -> None:
    assert suggest(word, ["ttl", "jitter"]) == hint


def test_overlap_is_inside_either_way() -> None:
    assert overlap(("a",), ("a", "b"))
    assert overlap(("a", "b"), ("a",))
    assert not overlap(("a", "b"), ("a", "c"))


def test_at_finds_what_stands_at_a_path_or_nothing() -> None:
    data = {"a": [{"b": 1}]}
    assert at(data, ("a", 0, "b")) == 1
    assert at(data, ("a", 1, "b")) is None
    assert at(data, ("a", "b")) is None
    assert at(data, ("c", 0)) is None
