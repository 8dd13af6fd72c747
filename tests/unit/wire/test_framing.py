"""Framing: which length a message has, and chunked coding in any pieces."""

import pytest

from gateway.model.errors import MessageError
from gateway.wire.framing import ChunkedDecoder, CloseDecoder, Framing, LengthDecoder, request_framing, response_framing
from gateway.wire.head import request_head, response_head


def asked(*fields: bytes, version: bytes = b"1.1"):
    lines = b"".join(f + b"\r\n" for f in (b"Host: a", *fields))
    return request_head(b"POST / HTTP/" + version + b"\r\n" + lines, 50, 100, "")


def answered(*fields: bytes, status: bytes = b"200"):
    return response_head(b"HTTP/1.1 " + status + b" X\r\n" + b"".join(f + b"\r\n" for f in fields), 50)


@pytest.mark.parametrize(
    ("fields", "framing"),
    [
        ((), 0),
        ((b"Content-Length: 0",), 0),
        ((b"Content-Length: 42",), 42),
        ((b"Transfer-Encoding: chunked",), Framing.CHUNKED),
        ((b"transfer-encoding: Chunked",), Framing.CHUNKED),
    ],
)
def test_request_framing(fields, framing):
    assert request_framing(asked(*fields)) == framing


@pytest.mark.parametrize(
    "fields",
    [
        (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding:",),
        (b"Transfer-Encoding: gzip, chunked",),
        (b"Transfer-Encoding: identity",),
        (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: xchunked",),
        (b"Transfer-Encoding: \x0bchunked".replace(b"\x0b", b"\xa0"),),
        (b"Content-Length: 5", b"Content-Length: 5"),
        (b"Content-Length: 5, 5",),
        (b"Content-Length: +5",),
        (b"Content-Length: 0x5",),
        (b"Content-Length: 5 5",),
        (b"Content-Length:",),
        (b"Content-Length: -1",),
        (b"Content-Length: " + b"9" * 19,),
    ],
)
def test_what_could_be_smuggled_is_refused(fields):
    with pytest.raises(MessageError) as refused:
        request_framing(asked(*fields))
    assert refused.value.status == 400


def test_http_1_0_has_no_chunks():
    with pytest.raises(MessageError):
        request_framing(asked(b"Transfer-Encoding: chunked", version=b"1.0"))


@pytest.mark.parametrize(
    ("status", "method", "fields", "framing"),
    [
        (b"200", b"GET", (), Framing.UNTIL_CLOSE),
        (b"200", b"GET", (b"Content-Length: 3",), 3),
        (b"200", b"GET", (b"Content-Length: 3, 3",), 3),
        (b"200", b"HEAD", (b"Content-Length: 3",), 0),
        (b"204", b"GET", (), 0),
        (b"304", b"GET", (b"Content-Length: 3",), 0),
        (b"103", b"GET", (), 0),
        (b"200", b"GET", (b"Transfer-Encoding: chunked", b"Content-Length: 3"), Framing.CHUNKED),
    ],
)
def test_response_framing(status, method, fields, framing):
    assert response_framing(answered(*fields, status=status), method) == framing


@pytest.mark.parametrize(
    "fields",
    [(b"Content-Length: 3", b"Content-Length: 4"), (b"Content-Length: x",), (b"Transfer-Encoding: gzip",)],
)
def test_answers_without_a_sure_end_are_errors(fields):
    with pytest.raises(MessageError):
        response_framing(answered(*fields), b"GET")


WIRE = b'5\r\nhello\r\n1;ext="v"\r\n \r\n000A\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\nNEXT'


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_chunks_decode_alike_in_any_pieces(step):
    decoder = ChunkedDecoder()
    body, rest = b"", b""
    for at in range(0, len(WIRE), step):
        pieces, rest, ended = decoder.feed(WIRE[at : at + step])
        body += b"".join(pieces)
        if ended:
            rest += WIRE[at + step :]
            break
    assert (body, rest, decoder.trailers.pairs) == (b"hello 0123456789", b"NEXT", ((b"X-T", b"1"),))


@pytest.mark.parametrize(
    "wire",
    [
        b"5\nhello\r\n",
        b"5\n",
        b"0\r\n\n",
        b"0\r\nA: b\n",
        b"g\r\n",
        b"-1\r\n",
        b"0x5\r\nhello\r\n",
        b"5\r\nhelloX\r\n",
        b"5\r\nhello\n0\r\n",
        b"\r\n",
        b"5 ;\x00\r\n",
        b"f" * 16 + b"\r\n",
        b"1" * 5000,
        b"0\r\nbad trailer\r\n\r\n",
        b"0\r\n" + b"A: b\r\n" * 4000,
    ],
)
def test_broken_chunks_are_refused(wire):
    with pytest.raises(MessageError):
        ChunkedDecoder().feed(wire)


def test_whole_or_not_at_the_connections_end():
    short = LengthDecoder(5)
    short.feed(b"abc")
    assert not short.close()
    short.feed(b"de")
    assert short.close()
    assert not ChunkedDecoder().close()
    assert CloseDecoder().close()
