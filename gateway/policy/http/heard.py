"""Heard: what of a request its upstream hears, where the answer goes under a key that others share.

A key knows less than a request says. What it leaves out must not reach whoever makes the answer, or the first who asks
decides what everybody gets: `Host: GW` that a service does not know, `/%61` that it does not decode, a port or a prefix
that it builds its links with.
"""

from dataclasses import replace

from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.policy.http.uri import normalized_path, origin, written_authority

HINTS = frozenset(
    {
        b"x-forwarded-port", b"x-forwarded-prefix", b"x-forwarded-scheme", b"x-forwarded-ssl", b"x-forwarded-server",
        b"x-forwarded-protocol", b"x-forwarded-path", b"x-forwarded-uri", b"x-forwarded-by", b"x-host",
        b"x-original-host", b"x-original-uri", b"x-http-host-override", b"x-url-scheme", b"x-scheme",
        b"front-end-https",
    }
)  # fmt: skip
"""Fields from which services learn under which URI they are reached, and that are in no key. A peer that is trusted may
tell them; others could have an answer made wrong for all.
"""

_HOST, _PROTO = b"x-forwarded-host", b"x-forwarded-proto"


def heard(request: Request, *, trusted: bool, keyed: frozenset[bytes]) -> Request:
    """The request in the spelling of its URI's key (policy/http/uri), without hints from peers that are not trusted.

    keyed: names of the fields that are in the key all the same, lower case.
    """
    whose = origin(request.scheme, request.authority)
    authority = request.authority if whose is None else written_authority(whose)
    path = normalized_path(request.path)
    target = path if request.query is None else path + b"?" + request.query
    unheard = frozenset() if trusted else HINTS - keyed
    fields = request.fields
    if fields.any_of(unheard | {_HOST, _PROTO}):
        kept = (pair for pair in fields.pairs if pair[0].lower() not in unheard)
        fields = Fields((name, _spelled(name.lower(), value, request.scheme)) for name, value in kept)
    return replace(request, target=target, path=path, authority=authority, fields=fields)


def _spelled(name: bytes, value: bytes, scheme: bytes) -> bytes:
    """What a trusted peer tells of the target, as the key spells it."""
    if name == _PROTO:
        return value.lower()
    whose = origin(scheme, value) if name == _HOST else None
    return value if whose is None else written_authority(whose)
