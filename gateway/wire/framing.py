"""Framing: where does a message's body end (RFC 9112 section 6), and its decoding as bytes arrive.

A decoder takes bytes as they come and hands out body bytes; it holds back only what it cannot judge yet.
"""

import re
from collections.abc import Callable
from enum import Enum

from gateway.model.errors import MessageError
from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.policy.hops import HOP_BY_HOP
from gateway.wire.head import ResponseHead, trailer_fields

_DIGITS = re.compile(rb"[0-9]{1,18}")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")
_MAX_CHUNK_LINE = 4096
_MAX_TRAILERS = 16 << 10
# Bytes of chunk lines beyond what the chunks' own sizes account for: extensions are otherwise a way to have a
# gigabyte read for a few bytes of body.
_MAX_OVERHEAD = 64 << 10
_FAIR_LINE = 32
# What decides about framing, routing and connections is decided by the head (RFC 9110 section 6.5.1): behind a
# service that merges trailers into the head, these would be a second request or another host.
_NEVER_TRAILERS = HOP_BY_HOP | {b"content-length", b"host", b"trailer"}


class Framing(Enum):
    """How the end of a body is told, where it is no length in bytes."""

    CHUNKED = "chunked"
    UNTIL_CLOSE = "until close"


def request_framing(head: Request) -> int | Framing:
    """Body length in bytes (0: none), or CHUNKED. MessageError (400) for everything that could be smuggled."""
    lengths = head.fields.all(b"content-length")
    codings = head.fields.all(b"transfer-encoding")
    if codings:
        if lengths:
            raise MessageError("both Content-Length and Transfer-Encoding")
        if head.version == (1, 0):
            raise MessageError("Transfer-Encoding in HTTP/1.0")
        if len(codings) > 1 or codings[0].lower() != b"chunked":
            raise MessageError("unknown Transfer-Encoding")
        return Framing.CHUNKED
    if not lengths:
        return 0
    if len(lengths) > 1 or _DIGITS.fullmatch(lengths[0]) is None:
        raise MessageError("repeated or malformed Content-Length")
    return int(lengths[0])


def response_framing(head: ResponseHead, method: bytes) -> int | Framing:
    """Body length in bytes (0: none), CHUNKED or UNTIL_CLOSE. MessageError where it cannot be known."""
    if method == b"HEAD" or head.status < 200 or head.status in (204, 304):
        return 0
    codings = head.fields.joined(b"transfer-encoding")
    if codings is not None:
        if codings.strip().lower() != b"chunked":
            raise MessageError("unknown Transfer-Encoding")
        return Framing.CHUNKED
    stated = head.fields.joined(b"content-length") or b""
    if _DIGITS.fullmatch(stated) is None:
        lengths = {value.strip() for value in stated.split(b",")}
        if lengths == {b""}:
            return Framing.UNTIL_CLOSE
        stated = lengths.pop()
        if lengths or _DIGITS.fullmatch(stated) is None:
            raise MessageError("repeated or malformed Content-Length")
    return int(stated)


class LengthDecoder:
    """A body of known length."""

    __slots__ = ("left", "trailers")

    def __init__(self, length: int) -> None:
        self.left = length
        self.trailers = Fields()

    def feed(self, data: bytes) -> tuple[list[bytes], bytes, bool]:
        """Bytes in -> body pieces, bytes that belong to the next message, whether the body has ended."""
        if len(data) < self.left:
            self.left -= len(data)
            return ([data] if data else []), b"", False
        body, rest = data[: self.left], data[self.left :]
        self.left = 0
        return ([body] if body else []), rest, True

    def close(self) -> bool:
        """The connection ended: is the body whole?"""
        return self.left == 0


class CloseDecoder:
    """A body that ends with the connection: never known to be whole."""

    __slots__ = ("trailers",)

    def __init__(self) -> None:
        self.trailers = Fields()

    def feed(self, data: bytes) -> tuple[list[bytes], bytes, bool]:
        """As LengthDecoder.feed."""
        return ([data] if data else []), b"", False

    def close(self) -> bool:
        """As LengthDecoder.close; the end is legal, though it may be a truncation (section 8)."""
        return True


_Step = Callable[[bytes, int, list[bytes]], tuple[int, bool]]


class ChunkedDecoder:
    """The chunked coding (section 7.1), strictly: CRLF only, bounded lines, trailers kept."""

    __slots__ = ("_held", "_left", "_max_fields", "_overhead", "_state", "trailers")

    def __init__(self, max_fields: int = 200) -> None:
        self._held = b""
        self._left = 0
        self._overhead = 0
        self._state: _Step = self._size
        self._max_fields = max_fields
        self.trailers = Fields()

    def feed(self, data: bytes) -> tuple[list[bytes], bytes, bool]:
        """As LengthDecoder.feed. Raises MessageError where the coding is broken."""
        if self._held:
            data = self._held + data
            self._held = b""
        pieces: list[bytes] = []
        position = 0
        while True:
            step, ended = self._state(data, position, pieces)
            if step < 0:
                self._held = data[position:]
                return pieces, b"", False
            position = step
            if ended:
                return pieces, data[position:], True

    def _size(self, data: bytes, at: int, _: list[bytes]) -> tuple[int, bool]:
        end = data.find(b"\r\n", at)
        if end < 0:
            if len(data) - at > _MAX_CHUNK_LINE:
                raise MessageError("chunk line too long")
            _check_partial(data, at)
            return -1, False
        line = _CHUNK_LINE.fullmatch(data, at, end)
        if line is None or end - at > _MAX_CHUNK_LINE:
            raise MessageError("malformed chunk size")
        self._left = int(line[1], 16)
        self._overhead = max(0, self._overhead + end - at - _FAIR_LINE - self._left)
        if self._overhead > _MAX_OVERHEAD:
            raise MessageError("more chunk extensions than body")
        self._state = self._data if self._left else self._trailers
        return end + 2, False

    def _data(self, data: bytes, at: int, pieces: list[bytes]) -> tuple[int, bool]:
        if at >= len(data):
            return -1, False
        piece = data[at : at + self._left]
        pieces.append(piece)
        self._left -= len(piece)
        if not self._left:
            self._state = self._data_end
        return at + len(piece), False

    def _data_end(self, data: bytes, at: int, _: list[bytes]) -> tuple[int, bool]:
        end = data[at : at + 2]
        if end == b"\r\n":
            self._state = self._size
            return at + 2, False
        if len(end) == 2 or end == b"\n" or (end and end != b"\r"):
            raise MessageError("chunk longer than its size")
        return -1, False

    def _trailers(self, data: bytes, at: int, _: list[bytes]) -> tuple[int, bool]:
        if data.startswith(b"\r\n", at):
            return at + 2, True
        end = data.find(b"\r\n\r\n", at)
        if (end if end >= 0 else len(data)) - at > _MAX_TRAILERS:
            raise MessageError("trailers too long", 431)
        if end < 0:
            _check_partial(data, at)
            return -1, False
        trailers = trailer_fields(data[at : end + 2], self._max_fields)
        self.trailers = Fields(pair for pair in trailers if pair[0].lower() not in _NEVER_TRAILERS)
        return end + 4, True

    def close(self) -> bool:
        """As LengthDecoder.close: without the last chunk it is not whole."""
        return False


def _check_partial(data: bytes, at: int) -> None:
    """Refuse as soon as it is clear that no line's end will come: who ends lines with LF waits for an answer."""
    if data.count(b"\n", at) != data.count(b"\r\n", at):
        raise MessageError("a line of the chunked coding that ends with LF alone")


Decoder = LengthDecoder | CloseDecoder | ChunkedDecoder


def decoder(framing: int | Framing, max_fields: int = 200) -> Decoder:
    """The decoder for a framing."""
    if framing is Framing.CHUNKED:
        return ChunkedDecoder(max_fields)
    if framing is Framing.UNTIL_CLOSE:
        return CloseDecoder()
    assert isinstance(framing, int)
    return LengthDecoder(framing)
