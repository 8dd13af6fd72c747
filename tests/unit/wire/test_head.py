"""Heads: what is accepted, and what is refused with which status."""

import pytest

from gateway.model.errors import MessageError
from gateway.wire.head import request_head, response_head, trailer_fields


def read(text: bytes, max_fields: int = 20, max_target: int = 200):
    return request_head(text, max_fields, max_target, "192.0.2.1")


@pytest.mark.parametrize(
    ("line", "path", "query"),
    [
        (b"GET /a/b?x=1&y HTTP/1.1", b"/a/b", b"x=1&y"),
        (b"GET /? HTTP/1.1", b"/", b""),
        (b"GET / HTTP/1.1", b"/", None),
        (b"GET //a//%2F;v=1/../b HTTP/1.1", b"//a//%2F;v=1/../b", None),
        (b"GET /\xff\xc3\xa9 HTTP/1.1", b"/\xff\xc3\xa9", None),
        (b'GET /{"a"}|^` HTTP/1.1', b'/{"a"}|^`', None),
        (b"OPTIONS * HTTP/1.1", b"*", None),
        (b"GET http://other:81/p?q HTTP/1.1", b"/p", b"q"),
        (b"GET http://other HTTP/1.1", b"/", None),
        (b"CONNECT host:443 HTTP/1.1", b"host:443", None),
        (b"BREW-2!x /pot HTTP/1.1", b"/pot", None),
    ],
)
def test_targets_keep_their_bytes(line, path, query):
    request = read(line + b"\r\nHost: gw\r\n")
    assert (request.path, request.query) == (path, query)
    assert request.target == line.split(b" ")[1]
    assert request.method == line.split(b" ")[0]


def test_an_absolute_target_overrules_host():
    assert read(b"GET http://other:81/p HTTP/1.1\r\nHost: gw\r\n").authority == b"other:81"


@pytest.mark.parametrize(
    ("block", "status"),
    [
        (b"GET /\r\n", 400),  # HTTP/0.9
        (b"GET  / HTTP/1.1\r\nHost: a\r\n", 400),
        (b"GET / HTTP/1.1 \r\nHost: a\r\n", 400),
        (b"GET /a b HTTP/1.1\r\nHost: a\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\nHost: a\r\n", 400),
        (b"G@T / HTTP/1.1\r\nHost: a\r\n", 400),
        (b"GET nowhere HTTP/1.1\r\nHost: a\r\n", 400),
        (b"GET http://u:p@host/ HTTP/1.1\r\nHost: a\r\n", 400),
        (b"CONNECT nohost HTTP/1.1\r\nHost: a\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n", 505),
        (b"GET / HTTP/1.1\r\n", 400),  # no Host
        (b"GET / HTTP/1.1\r\nHost:\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a, b\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: user@a\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a/b\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a:b\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\nb\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\r\n", 400),
        (b"GET /" + b"a" * 300 + b" HTTP/1.1\r\nHost: a\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 30, 431),
    ],
)
def test_doubtful_requests_are_refused(block, status):
    with pytest.raises(MessageError) as refused:
        read(block)
    assert refused.value.status == status


def test_http_1_0_needs_no_host():
    request = read(b"GET / HTTP/1.0\r\n")
    assert (request.version, request.authority) == ((1, 0), b"")


@pytest.mark.parametrize("host", [b"a", b"a:80", b"a.b-c:", b"[::1]:80", b"127.0.0.1", b"x_y", b"%41"])
def test_hosts_that_are_fine(host):
    assert read(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n").authority == host


def test_fields_keep_order_spelling_repetition_and_odd_octets():
    block = b"GET / HTTP/1.1\r\nhOsT: a\r\nX-A:1\r\nx-a:  2 \t\r\nX-Empty:\r\nX-Raw: \xff\xfe\xc3\xa9\r\n"
    assert read(block).fields.pairs == (
        (b"hOsT", b"a"),
        (b"X-A", b"1"),
        (b"x-a", b"2"),
        (b"X-Empty", b""),
        (b"X-Raw", b"\xff\xfe\xc3\xa9"),
    )


@pytest.mark.parametrize(
    ("block", "status", "reason", "pairs"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b\r\n", 200, b"OK", ((b"A", b"b"),)),
        (b"HTTP/1.1 200\r\n", 200, b"", ()),
        (b"HTTP/1.1 299 \xff odd: reason\r\n", 299, b"\xff odd: reason", ()),
        (b"HTTP/1.0 200 OK\nA: b\nC: d\n", 200, b"OK", ((b"A", b"b"), (b"C", b"d"))),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n  c\r\n", 200, b"OK", ((b"A", b"b c"),)),
        (b"HTTP/1.1 200 OK\r\nA : b\r\nE:\r\n", 200, b"OK", ((b"A", b"b"), (b"E", b""))),
    ],
)
def test_answers_are_read_with_tolerance(block, status, reason, pairs):
    head = response_head(block, 50)
    assert (head.status, head.reason, head.fields.pairs) == (status, reason, pairs)


@pytest.mark.parametrize(
    "block", [b"hello\r\n", b"HTTP/2 200 OK\r\n", b"HTTP/1.1 20 OK\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n"]
)
def test_what_is_no_answer_is_an_error(block):
    with pytest.raises(MessageError):
        response_head(block, 50)


@pytest.mark.parametrize(
    ("block", "closes"),
    [
        (b"HTTP/1.1 200 OK\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\n", True),
        (b"HTTP/1.0 200 OK\r\n", True),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", True),
    ],
)
def test_when_an_upstream_connection_is_over(block, closes):
    assert response_head(block, 50).should_close is closes


def test_trailers_are_fields():
    assert trailer_fields(b"A: 1\r\na: 2\r\n", 5).pairs == ((b"A", b"1"), (b"a", b"2"))
    with pytest.raises(MessageError):
        trailer_fields(b"A 1\r\n", 5)
