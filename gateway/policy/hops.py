"""Hop-by-hop fields: what concerns one connection and goes no further (RFC 9110 section 7.6.1)."""

from gateway.model.exchange import Request
from gateway.model.fields import Fields, Pairs

# Proxy-Authorization and Proxy-Authenticate speak to the next proxy, and that is us; RFC 2616 listed them here too.
HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization",
        b"proxy-authentication-info", b"te", b"transfer-encoding", b"upgrade", b"http2-settings",
    }
)  # fmt: skip

# A `Connection: host` or `content-length` would change the message and not just the hop: these are never dropped.
_NEVER_NAMED = frozenset({b"host", b"content-length"})
_ORDINARY = frozenset({b"keep-alive", b"close", b"Keep-Alive", b"Close"})
_NONE: frozenset[bytes] = frozenset()


def connection_options(fields: Fields) -> frozenset[bytes]:
    """What Connection lists, in lower case."""
    lines = fields.all(b"connection")
    if not lines or (len(lines) == 1 and lines[0] in _ORDINARY):
        return _NONE
    return frozenset(option.strip(b" \t").lower() for line in lines for option in line.split(b",")) - _NEVER_NAMED


def end_to_end(fields: Fields) -> Pairs:
    """The fields that go further, in order and spelling."""
    options = connection_options(fields)
    dropped = HOP_BY_HOP | options if options else HOP_BY_HOP
    return tuple([pair for pair in fields.pairs if pair[0].lower() not in dropped])


def wants_upgrade(fields: Fields, version: tuple[int, int]) -> bool:
    """Whether a request asks to speak another protocol on this connection (RFC 9110 section 7.8).

    An offer of HTTP/2 is none: it concerns our side of the connection only, and we do not take it up.
    """
    if b"upgrade" not in fields or version < (1, 1) or b"upgrade" not in connection_options(fields):
        return False
    offered = [p.strip(b" \t").lower() for line in fields.all(b"upgrade") for p in line.split(b",")]
    return any(protocol and protocol not in (b"h2c", b"h2") for protocol in offered)


def persistent(request: Request) -> bool:
    """May the client's connection serve another request (RFC 9112 section 9.3)?"""
    connection = request.fields.joined(b"connection")
    if connection is None:
        return request.version != (1, 0)
    tokens = {token.strip().lower() for token in connection.split(b",")}
    if b"close" in tokens:
        return False
    return request.version != (1, 0) or b"keep-alive" in tokens
