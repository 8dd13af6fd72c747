"""Bytes on the wire: read alike in any pieces, never otherwise than by another parser, never with another exception."""

import asyncio
from collections.abc import Iterable
from itertools import pairwise

import h11
from aiohttp.base_protocol import BaseProtocol
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.model.errors import MessageError
from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.policy.hops import wants_upgrade
from gateway.wire import write
from gateway.wire.intake import RequestIntake, ResponseIntake

TOKEN = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=8).map(str.encode)
VALUE = st.binary(max_size=12).map(lambda raw: bytes(b for b in raw if b == 9 or (b >= 32 and b != 127)).strip(b" \t"))
TARGET = st.binary(max_size=12).map(lambda raw: b"/" + bytes(b for b in raw if b > 32 and b != 127))
PAIRS = st.lists(st.tuples(TOKEN.map(lambda name: b"X-" + name), VALUE), max_size=5)

START = st.sampled_from(
    [
        b"GET / HTTP/1.1",
        b"POST /a?b HTTP/1.1",
        b"GET http://h/x HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET / HTTP/1.0",
        b"GET  / HTTP/1.1",
        b"get / HTTP/1.1",
        b"GET / HTTP/1.10",
        b"GET / HTTP/2.0",
        b"GET /\x00 HTTP/1.1",
        b"GET /",
    ]
)
LINE = st.sampled_from(
    [
        b"Host: h",
        b"Host: h",
        b"Host:h:80",
        b"Host: a b",
        b"Content-Length: 3",
        b"content-length:3",
        b"Content-Length: +3",
        b"Content-Length: 3, 3",
        b"Content-Length: 0x3",
        b"Content-Length: 99999999999999999999",
        b"Content-Length : 3",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: Chunked",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding:\x0bchunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: chunked\x0b",
        b"Transfer-Encoding : chunked",
        b"Transfer_Encoding: chunked",
        b" folded",
        b"X: a\rb",
        b"X: a\nb",
        b"X: \xff",
        b"X:",
        b": x",
        b"X y: z",
        b"X: \x00",
        b"Connection: close",
        b"Expect: 100-continue",
    ]
)
END = st.sampled_from([b"\r\n"] * 30 + [b"\n", b"\r", b"\r\r\n"])
BODY = st.sampled_from(
    [
        b"",
        b"abc",
        b"3\r\nabc\r\n0\r\n\r\n",
        b"3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n",
        b"3\nabc\n0\n\n",
        b"3 \r\nabc\r\n0\r\n\r\n",
        b"03\r\nabc\r\n000\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"-3\r\nabc\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nabc",
        b"3\r\nabc\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n",
    ]
)


@st.composite
def request_bytes(draw: st.DrawFn) -> bytes:
    start = draw(st.one_of(st.just(b"POST /a?b HTTP/1.1"), START))
    framing = draw(st.sampled_from([b"Transfer-Encoding: chunked", b"Content-Length: 3", b"X: y"]))
    lines = [start, b"Host: h", framing, *draw(st.lists(LINE, max_size=draw(st.integers(0, 2))))]
    head = b"".join(line + draw(END) for line in lines) + draw(END)
    return head + draw(BODY)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    wire = bytearray(draw(request_bytes()) + draw(st.sampled_from([b"", b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n"])))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        at = draw(st.integers(0, len(wire)))
        wire[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(wire)


def cut(wire: bytes, places: Iterable[int]) -> list[bytes]:
    at = sorted({min(place, len(wire)) for place in places} | {0, len(wire)})
    return [wire[a:b] for a, b in pairwise(at)]


def intake() -> RequestIntake:
    loop = asyncio.get_running_loop()
    return RequestIntake(BaseProtocol(loop), loop, max_head=1000, max_fields=20, max_target=100)


Read = tuple[bytes, bytes, tuple[tuple[bytes, bytes], ...], bytes | None]


async def requests_in(pieces: list[bytes]) -> list[Read | int]:
    """What our parser makes of it: requests (body None where it is broken or not whole), or a refusal's status."""
    parser, messages = intake(), []
    for piece in pieces:
        found, upgraded, _ = parser.feed_data(piece)
        messages += found
        if upgraded:
            break
    read: list[Read | int] = []
    for message, body in messages:
        if not isinstance(message, Request):
            read.append(message.status)
            continue
        whole = await body.read() if body.is_eof() and body.exception() is None else None
        read.append((message.method, message.target, message.fields.pairs, whole))
    return read


@given(damaged(), st.lists(st.integers(0, 200), max_size=6))
@settings(max_examples=500)
def test_a_request_is_read_alike_in_any_pieces(wire: bytes, places: list[int]) -> None:
    whole = asyncio.run(requests_in([wire]))
    assert asyncio.run(requests_in(cut(wire, places))) == whole
    assert asyncio.run(requests_in([wire[i : i + 1] for i in range(len(wire))])) == whole


def in_h11(wire: bytes) -> Read | None:
    """The first request as h11 reads it; None where h11 refuses it or waits for more."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(wire)
    body = b""
    head: h11.Request | None = None
    try:
        while True:
            event = server.next_event()
            if isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                return head.method, head.target, tuple(head.headers), body
            else:
                return None
    except h11.RemoteProtocolError:
        return None


@given(damaged())
@example(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
@example(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")
@settings(max_examples=1000)
def test_what_is_accepted_means_the_same_to_another_parser(wire: bytes) -> None:
    read = asyncio.run(requests_in([wire]))
    other = in_h11(wire)
    if not read or isinstance(read[0], int) or other is None:
        return
    method, target, pairs, body = read[0]
    if body is None:
        return  # not accepted: cut off, or waiting for an end that h11 sees in a bare LF
    assert (method, target) == other[:2]
    assert [(name.lower(), value.lower()) for name, value in pairs] == [(n.lower(), v.lower()) for n, v in other[2]]
    if method != b"CONNECT" and not wants_upgrade(Fields(pairs), (1, 1)):
        assert body == other[3]


@given(TOKEN, TARGET, PAIRS, st.lists(st.binary(max_size=20)), PAIRS, st.booleans())
def test_what_we_write_is_read_back_alike(method, target, pairs, pieces, trailers, chunked) -> None:
    body = b"".join(pieces)
    framing = (b"Transfer-Encoding", b"chunked") if chunked else (b"Content-Length", b"%d" % len(body))
    fields = ((b"Host", b"h"), *pairs, framing)
    wire = write.request(method, target, fields)
    wire += b"".join(map(write.chunk, pieces)) + write.last_chunk(trailers) if chunked else body

    async def read_back() -> None:
        parser = intake()
        ((request, read),) = parser.feed_data(wire)[0]
        assert isinstance(request, Request)
        assert (request.method, request.target, request.fields.pairs) == (method, target, fields)
        assert await read.read() == body
        assert read.trailers.pairs == (tuple(trailers) if chunked else ())

        answers = ResponseIntake(BaseProtocol(asyncio.get_running_loop()), asyncio.get_running_loop(), method=b"GET")
        answer = write.response(299, b"So so", fields) + wire.partition(b"\r\n\r\n")[2]
        ((head, read),) = answers.feed_data(answer)[0]
        assert (head.status, head.reason, head.fields.pairs) == (299, b"So so", fields)
        assert await read.read() == body
        assert read.trailers.pairs == (tuple(trailers) if chunked else ())

    asyncio.run(read_back())


ANSWER = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 103 E\r\n\r\n",
        b"HTTP/1.1 204 N\r\n",
        b"HTTP/1.0 200 OK\n",
        b"HTTP/1.1 101 S\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b" fold\r\n",
        b"\r\n",
        b"\r\n",
        b"\n",
        b"abc",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"X : y\r\n",
        b"\x00",
        b"\xff",
    ]
)


@given(st.lists(st.one_of(ANSWER, st.binary(max_size=5)), max_size=12), st.lists(st.integers(0, 200), max_size=5))
@settings(max_examples=500)
def test_garbage_from_an_upstream_is_a_message_error_and_nothing_else(parts: list[bytes], places: list[int]) -> None:
    async def feed() -> None:
        loop = asyncio.get_running_loop()
        parser = ResponseIntake(BaseProtocol(loop), loop, method=b"GET")
        try:
            for piece in cut(b"".join(parts), places):
                parser.feed_data(piece)
            parser.feed_eof()
        except MessageError:
            pass

    asyncio.run(feed())


@given(st.lists(st.binary(max_size=50), max_size=5))
@settings(max_examples=300)
def test_garbage_from_a_client_is_refused_and_raises_nothing(pieces: list[bytes]) -> None:
    for read in asyncio.run(requests_in(pieces)):
        assert isinstance(read, tuple) or 400 <= read <= 505
