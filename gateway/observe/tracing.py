"""Tracing: a request's place in a distributed trace (W3C Trace Context, level 2). Read and passed on, never made."""

import re

from gateway.model.fields import Fields

# version "-" trace-id "-" parent-id "-" trace-flags; versions after 00 may append further members (section 2.2.4).
_TRACEPARENT = re.compile(
    rb"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?P<more>-.*)?"
)
_LONGEST = 512  # a later version may be longer than 55; nobody's is as long as this


def incoming(fields: Fields) -> bytes:
    """The request's traceparent, or b"" where there is none, more than one, or one that is malformed."""
    lines = fields.all(b"traceparent")
    if len(lines) != 1 or len(lines[0]) > _LONGEST:
        return b""
    value = lines[0].strip(b" \t")
    match = _TRACEPARENT.fullmatch(value)
    if match is None or (match["more"] is not None and match["version"] == b"00"):
        return b""
    return value


def trace_id(traceparent: bytes) -> str:
    """The 32 hex digits by which all services name one trace; "" for b"". Takes what `incoming` returned."""
    return traceparent[3:35].decode("ascii")
