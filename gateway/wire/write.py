"""Writing heads and chunks (RFC 9112). Field values are written as they came; nothing is invented."""

from collections.abc import Iterable

LAST_CHUNK = b"0\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def field_lines(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Field lines, each with its CRLF."""
    return b"".join([b"%b: %b\r\n" % pair for pair in pairs])


def request(method: bytes, target: bytes, pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A whole request head."""
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method, target, field_lines(pairs))


def response(status: int, reason: bytes, pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A whole answer head."""
    return b"HTTP/1.1 %d %b\r\n%b\r\n" % (status, reason, field_lines(pairs))


def chunk(data: bytes) -> bytes:
    """One chunk; b"" would end the body, so it is written as nothing."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def last_chunk(trailers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """The end of a chunked body, with its trailers."""
    return b"0\r\n%b\r\n" % field_lines(trailers)
