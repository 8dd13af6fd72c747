"""Invalidation: which stored answers does an unsafe request make void (RFC 9111 section 4.4)?"""

from gateway.model.fields import Fields
from gateway.policy.http.uri import normalized, origin_of, resolved

SAFE = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PROPFIND", b"REPORT", b"SEARCH", b"QUERY", b"PRI"})
"""Methods registered as safe (RFC 9110 section 9.2.1). One that is not known may change anything."""

_NAMING = (b"location", b"content-location")


def invalidated(method: bytes, status: int, target_uri: bytes, fields: Fields) -> tuple[bytes, ...]:
    """The URIs whose stored answers are void after this exchange: normalised, the target first, each once.

    Only what succeeded counts (2xx and 3xx). Location and Content-Location name further ones, of the target's origin
    alone: a service must not be able to empty the cache of another.

    target_uri: absolute. fields: those of the answer.
    """
    if method in SAFE or not 200 <= status < 400:
        return ()
    target = normalized(target_uri)
    if target is None:
        return (target_uri,)
    ours = origin_of(target)
    named = [resolved(value.strip(b" \t"), target) for name in _NAMING for value in fields.all(name)]
    same = [uri for uri in named if uri is not None and origin_of(uri) == ours]
    return tuple(dict.fromkeys((target, *same)))
