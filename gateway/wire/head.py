"""Message heads: bytes before the empty line -> start line and fields (RFC 9112 sections 2, 3, 4, 5).

Requests are read strictly, since what two parsers read differently can be smuggled past one of them.
Answers are read with the tolerance that section 2.2 allows, since they come from a service nobody may change.
"""

import re
from dataclasses import dataclass

from gateway.model.errors import MessageError
from gateway.model.exchange import Request
from gateway.model.fields import Fields

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
# A target may hold any octet but controls and space: clients send raw UTF-8, and the upstream decides.
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([^\x00-\x20\x7f]+) HTTP/(\d)\.(\d)")
_STATUS_LINE = re.compile(rb"HTTP/(\d)\.(\d) ([1-9]\d{2})(?: ([^\x00\r\n]*))?")
_FIELD_LINE = re.compile(rb"(" + _TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_FIELD_LINES = re.compile(rb"(?:" + _TOKEN + rb":[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*")
_TOLERANT_FIELD_LINE = re.compile(rb"([^\x00-\x20\x7f:]+)[ \t]*:[ \t]*([^\x00\r\n]*)")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+;=]+)(?::\d{0,5})?")
_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*://([^/?#]*)([^#]*)")


@dataclass(slots=True)
class ResponseHead:
    """An answer's start line and fields."""

    status: int
    reason: bytes
    version: tuple[int, int]
    fields: Fields

    @property
    def code(self) -> int:
        """aiohttp's name for the status."""
        return self.status

    @property
    def should_close(self) -> bool:
        """The connection serves no further request (RFC 9112 section 9.3)."""
        stated = self.fields.joined(b"connection")
        tokens = {token.strip().lower() for token in stated.split(b",")} if stated else ()
        old = self.version == (1, 0)
        # With both framings, or chunks in HTTP/1.0, the sender is confused, and what follows may be part of this
        # body (section 6.1).
        confused = b"transfer-encoding" in self.fields and (old or b"content-length" in self.fields)
        return confused or (b"keep-alive" not in tokens if old else b"close" in tokens)


def request_head(block: bytes, max_fields: int, max_target: int, peer: str) -> Request:
    """Read a request head. `block`: everything up to and including the last field line's CRLF.

    Raises MessageError with the status to answer: 400, 414, 431, 505.
    """
    end = block.index(b"\r\n")
    method, target, version = request_line(block, end, max_target)
    fields = _strict_fields(block[end + 2 :], max_fields)
    authority, path, query = _split_target(method, target)
    host = _host(fields, version)
    return Request(method, target, version, fields, path, query, authority or host, b"http", peer)


def request_line(block: bytes, end: int, max_target: int) -> tuple[bytes, bytes, tuple[int, int]]:
    """The request line in block[:end] -> method, target, version. Raises MessageError: 400, 414, 505."""
    line = _REQUEST_LINE.fullmatch(block, 0, end)
    if line is None:
        raise MessageError("malformed request line")
    method, target, major, minor = line.groups()
    if len(target) > max_target:
        raise MessageError(f"request target over {max_target} bytes", 414)
    if major != b"1":
        raise MessageError("only HTTP/1.x is spoken here", 505)
    return method, target, (1, 1 if minor >= b"1" else 0)


def _strict_fields(block: bytes, max_fields: int) -> Fields:
    if _FIELD_LINES.fullmatch(block) is None:
        raise MessageError("malformed header field")
    pairs = _split_fields(block)
    if len(pairs) > max_fields:
        raise MessageError(f"more than {max_fields} header fields", 431)
    return Fields(pairs)


def _split_fields(block: bytes) -> list[tuple[bytes, bytes]]:
    """Names and values of what _FIELD_LINES takes."""
    lines = block.split(b"\r\n")
    del lines[-1]
    pairs = []
    for line in lines:
        name, _, value = line.partition(b":")
        pairs.append((name, value.strip(b" \t")))
    return pairs


def trailer_fields(block: bytes, max_fields: int) -> Fields:
    """Read a trailer section. MessageError where it is malformed."""
    return _strict_fields(block, max_fields)


def _split_target(method: bytes, target: bytes) -> tuple[bytes, bytes, bytes | None]:
    """The four forms of RFC 9112 section 3.2 -> authority (b"" where none), path, query."""
    if target.startswith(b"/"):
        path, mark, query = target.partition(b"?")
        return b"", path, query if mark else None
    if target == b"*" and method == b"OPTIONS":
        return b"", target, None
    if method == b"CONNECT":
        if _HOST.fullmatch(target) is None or b":" not in target:
            raise MessageError("CONNECT needs host:port")
        return target, target, None
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None or _HOST.fullmatch(absolute[1]) is None:
        raise MessageError("malformed request target")
    path, mark, query = absolute[2].partition(b"?")
    if path and not path.startswith(b"/"):
        raise MessageError("malformed request target")
    return absolute[1], path or b"/", query if mark else None


def _host(fields: Fields, version: tuple[int, int]) -> bytes:
    """The one Host (RFC 9112 section 3.2): a client that is unclear about it is refused."""
    hosts = fields.all(b"host")
    if not hosts:
        if version == (1, 0):
            return b""
        raise MessageError("Host is missing")
    if len(hosts) > 1:
        raise MessageError("more than one Host")
    if _HOST.fullmatch(hosts[0]) is None:
        raise MessageError("malformed Host")
    return hosts[0]


def response_head(block: bytes, max_fields: int) -> ResponseHead:
    """Read an answer's head. `block`: everything up to and including the last field line's line end.

    Bare LF as line end and folded lines are read as section 2.2 and 5.2 allow. Raises MessageError.
    """
    end = block.find(b"\r\n")
    line = _STATUS_LINE.fullmatch(block, 0, end)
    strict = line is not None and _FIELD_LINES.fullmatch(block, end + 2) is not None  # as most are
    lines: list[bytes] = []
    if not strict:
        lines = [text.removesuffix(b"\r") for text in _FOLD.sub(b" ", block).split(b"\n")]
        line = _STATUS_LINE.fullmatch(lines[0])
    if line is None or line[1] != b"1":
        raise MessageError("malformed status line")
    fields = _split_fields(block[end + 2 :]) if strict else _tolerant_fields(lines[1:])
    if len(fields) > max_fields:
        raise MessageError(f"more than {max_fields} header fields")
    version = (1, 1 if line[2] >= b"1" else 0)
    return ResponseHead(int(line[3]), line[4] or b"", version, Fields(fields))


def _tolerant_fields(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    pairs = []
    for text in lines:
        if not text:
            continue
        field = _FIELD_LINE.fullmatch(text) or _TOLERANT_FIELD_LINE.fullmatch(text)
        if field is None:
            raise MessageError("malformed header field")
        pairs.append((field[1], field[2].rstrip(b" \t")))
    return pairs
