"""Curl lines: the request they would send."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.curl import parse


@pytest.mark.parametrize(
    ("line", "method", "host", "path", "headers", "text"),
    [
        ("curl http://h/a?b=c", "GET", "h", "/a?b=c", [], None),
        ("curl h:8080", "GET", "h:8080", "/", [], None),
        ("/usr/bin/curl -sSL -XPUT 'http://u:p@h/'", "PUT", "h", "/", [], None),
        ("curl -H 'A: b' -H 'C:d:e' http://h", "GET", "h", "/", [("A", "b"), ("C", "d:e")], None),
        (
            "curl http://h/rag \\\n --json '{\"query\": \"x\"}'", "POST", "h", "/rag",
            [("Content-Type", "application/json"), ("Accept", "application/json")], '{"query": "x"}',
        ),
        (
            "curl -d a=1 --data=b=2 h/x", "POST", "h", "/x",
            [("Content-Type", "application/x-www-form-urlencoded")], "a=1&b=2",
        ),
        ("curl -G -d q=1 'h/s?k=5'", "GET", "h", "/s?k=5&q=1", [], "q=1"),
        ("curl -u me:pw -b k=v h", "GET", "h", "/", [("Authorization", "Basic bWU6cHc="), ("Cookie", "k=v")], None),
        ("curl -I -o file -m 3 h", "HEAD", "h", "/", [], None),
        ("curl --data-raw @x -H 'content-type: a/b' h", "POST", "h", "/", [("content-type", "a/b")], "@x"),
    ],
)  # fmt: skip
def test_read(line, method, host, path, headers, text) -> None:
    made = parse(line)
    assert (made.method, made.host, made.path, made.headers, made.text) == (method, host, path, headers, text)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("", "begins with curl"),
        ("wget h", "begins with curl"),
        ("curl", "no URL"),
        ("curl 'h", "quote is not closed"),
        ("curl h h2", "more than one URL"),
        ("curl -d @file h", "give the body itself"),
        ("curl -H", "-H needs a value"),
        ("curl -H nonsense h", "expected a header"),
        ("curl -F a=b h", "-F is not understood"),
    ],
)
def test_refused(line, what) -> None:
    with pytest.raises(ValueError, match=what):
        parse(line)


@given(st.text(max_size=60))
def test_nothing_else_is_ever_raised(text) -> None:
    with contextlib.suppress(ValueError):
        parse(f"curl {text}")
