"""URIs: which spellings of a target are the same one (RFC 9110 section 4.2.3, RFC 3986 section 6.2.2)?

Only what no origin can tell apart is made alike. Dot segments stay, plain or as %2E: many origins answer `/a/../b`
with 404, and such an answer, kept under `/b`, would take `/b` away from everybody. The query stays as it was sent:
the order, the case and the repetition of its parameters may all mean something.
"""

import re
from typing import NamedTuple
from urllib.parse import quote, urljoin

from gateway.model.exchange import Request

_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
# Unreserved characters (RFC 3986 section 2.3), less the dot: decoding one could make a dot segment.
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~")
_PORTS = {b"http": b"80", b"https": b"443"}
_ABSOLUTE = re.compile(rb"(https?)://([^/?#]*+)([^?#]*+)(?:\?([^#]*+))?(?:#.*+)?", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(rb"(\[[0-9A-Fa-f:.]++\]|[^\[\]@:/?#\s]++)(?::([0-9]*+))?")


class Origin(NamedTuple):
    """Scheme and host in lower case; the port in digits, the scheme's own where none was named (RFC 9110 4.3.1)."""

    scheme: bytes
    host: bytes
    port: bytes


def origin(scheme: bytes, authority: bytes) -> Origin | None:
    """The origin that a scheme and `host[:port]` name; None where that is no such thing, or bears user information."""
    scheme = scheme.lower()
    found = _AUTHORITY.fullmatch(authority)
    if found is None or scheme not in _PORTS:
        return None
    host, port = found.groups()
    return Origin(scheme, host.lower(), (port.lstrip(b"0") or b"0") if port else _PORTS[scheme])


def normalized_path(path: bytes) -> bytes:
    """A path with its percent-encodings in upper case, or decoded where they were not needed; empty is `/`."""
    return _ESCAPED.sub(_escape, path) if path else b"/"


def normalized(uri: bytes) -> bytes | None:
    """An absolute http or https URI in the one spelling that all of its equals have; None for anything else.

    The fragment goes, since no request carries it.
    """
    found = _ABSOLUTE.fullmatch(uri)
    if found is None:
        return None
    scheme, authority, path, query = found.groups()
    whose = origin(scheme, authority)
    return None if whose is None else _written(whose, path, query)


def target_uri(request: Request) -> bytes:
    """The target URI of a request (RFC 9110 section 7.1), normalised.

    Where it names no host that can be understood, its own bytes stand for that: it is equal to itself alone. They are
    quoted, in brackets that no address has such things in: a host `gw/x` must not reach into the paths of `gw`.
    """
    whose = origin(request.scheme, request.authority)
    if whose is None:
        whose = Origin(quote(request.scheme, "").encode(), b"[%b]" % quote(request.authority, "").encode(), b"")
    return _written(whose, request.path, request.query)


def resolved(reference: bytes, base: bytes) -> bytes | None:
    """A reference as in Location (RFC 3986 section 5.2) -> the URI it means beside `base`, normalised; None for none.

    base: an absolute URI. Dot segments of the reference are worked out here, as every client would.
    """
    if any(octet <= 0x20 or octet == 0x7F for octet in reference):
        return None
    try:
        return normalized(urljoin(base.decode("latin-1"), reference.decode("latin-1")).encode("latin-1"))
    except ValueError:  # brackets that hold no address
        return None


def origin_of(uri: bytes) -> Origin | None:
    """The origin of an absolute URI; None where it is no http or https URI."""
    found = _ABSOLUTE.fullmatch(uri)
    return None if found is None else origin(found[1], found[2])


def path_of(uri: bytes) -> bytes:
    """The path of an absolute URI that is normalised."""
    return b"/" + uri.partition(b"://")[2].partition(b"?")[0].partition(b"/")[2]


def written_authority(whose: Origin) -> bytes:
    """`host[:port]`; without the scheme's own port."""
    return whose.host if whose.port in (b"", _PORTS.get(whose.scheme)) else whose.host + b":" + whose.port


def _written(whose: Origin, path: bytes, query: bytes | None) -> bytes:
    rest = b"" if query is None else b"?" + query
    return whose.scheme + b"://" + written_authority(whose) + normalized_path(path) + rest


def _escape(found: re.Match[bytes]) -> bytes:
    octet = int(found[1], 16)
    return bytes([octet]) if octet in _PLAIN else found[0].upper()
