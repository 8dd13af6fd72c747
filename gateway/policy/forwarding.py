"""Forwarding: the fields that go to the upstream and back (RFC 9110 section 7.6, RFC 9112, RFC 7239)."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from gateway.model.exchange import Request
from gateway.model.fields import Fields, Pairs
from gateway.model.settings.file import ForwardingSettings
from gateway.policy.hops import HOP_BY_HOP, connection_options, end_to_end

Pair = tuple[bytes, bytes]

PSEUDONYM = b"ragfront"
CONDITIONAL = frozenset(
    {b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"if-range", b"range"}
)
"""Fields to leave out of a request whose answer is to be stored: a 304 or a part would be of no use to others."""

_TOLD = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"})
_PLACE = frozenset({b"x-forwarded-proto", b"x-forwarded-host"})
_TE: Pairs = ((b"TE", b"trailers"), (b"Connection", b"TE"))
_UPGRADE = (b"Connection", b"upgrade")
_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Forwarding:
    """What is told about the way, compiled. `ident`: our name in Via. `answer_via`: the Via line of answers, or ()."""

    __slots__ = ("_settings", "_trusted", "_trusts_unix", "answer_via", "ident")

    def __init__(self, settings: ForwardingSettings, ident: bytes = PSEUDONYM) -> None:
        self._settings = settings
        self.ident = ident
        self._trusts_unix = "unix" in settings.trusted
        self._trusted: tuple[IPv4Network | IPv6Network, ...] = tuple(
            ip_network(text, strict=False) for text in settings.trusted if text != "unix"
        )
        self.answer_via: Pairs = ((b"Via", b"1.1 " + ident),) if settings.via == "both" else ()

    def is_trusted(self, peer: str) -> bool:
        """Whether to believe what this peer says about the way so far.

        peer: an IP address; "" where the connection came over a Unix socket, which is listed as `unix`.
        """
        if not peer:
            return self._trusts_unix
        if not self._trusted:
            return False
        try:
            address = ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._trusted)

    def as_sent(self, request: Request) -> Request:
        """The request with the scheme and authority that its client used, as far as a trusted peer tells them.

        The upstream hears of those and answers by them (redirects to https, links, tenants), so they are of the
        target URI (RFC 9110 section 7.1).
        """
        fields = request.fields
        if not fields.any_of(_PLACE) or not self.is_trusted(request.peer):
            return request
        came = {name: fields.joined(name) for name in _PLACE - connection_options(fields)}
        proto, host = came.get(b"x-forwarded-proto"), came.get(b"x-forwarded-host")
        return replace(request, scheme=proto or request.scheme, authority=host or request.authority)

    def request_fields(
        self,
        request: Request,
        *,
        upstream_authority: bytes,
        host: Literal["pass", "rewrite"],
        trusted: bool,
        body_length: int | None,
        without: frozenset[bytes] = frozenset(),
    ) -> Pairs:
        """The fields of the request to the upstream: those that came, in order and spelling, and ours behind them.

        upstream_authority: the host and port of its URL. trusted: what `is_trusted` says of the peer.
        body_length: of the body in our hands; None where it is streamed, and Content-Length stays if it came. The
        sender adds Transfer-Encoding where it sends chunks. without: further names to leave out, lower case.
        """
        fields = request.fields
        options = connection_options(fields)
        dropped = _dropped(options, without, body_length is not None)
        authority = (request.authority or upstream_authority) if host == "pass" else upstream_authority
        kept = _with_host([pair for pair in fields.pairs if pair[0].lower() not in dropped], authority)
        if body_length is not None and b"transfer-encoding" in fields and b"content-length" not in fields:
            kept.append((b"Content-Length", b"%d" % body_length))
        if _takes_trailers(fields):
            kept += _TE
        return (*kept, *self._told(request, options, trusted))

    def upgrade_fields(
        self, request: Request, *, upstream_authority: bytes, host: Literal["pass", "rewrite"], trusted: bool
    ) -> Pairs:
        """Like `request_fields`, for a request that asks for another protocol, and goes on asking for it."""
        kept = self.request_fields(
            request, upstream_authority=upstream_authority, host=host, trusted=trusted, body_length=None
        )
        asked = tuple((b"Upgrade", value) for value in request.fields.all(b"upgrade"))
        return (*(pair for pair in kept if pair not in _TE), _UPGRADE, *asked)

    def response_fields(self, fields: Fields) -> Pairs:
        """The fields of an upstream's answer that go on to the client, in order and spelling."""
        return (*end_to_end(fields), *self.answer_via)

    def upgraded_fields(self, fields: Fields) -> Pairs:
        """Like `response_fields`, for 101 (Switching Protocols)."""
        agreed = tuple((b"Upgrade", value) for value in fields.all(b"upgrade"))
        return (*self.response_fields(fields), _UPGRADE, *agreed)

    def _told(self, request: Request, options: frozenset[bytes], trusted: bool) -> list[Pair]:
        """Via, X-Forwarded-* and Forwarded: what came from a trusted peer, continued by what we know."""
        settings, fields = self._settings, request.fields
        came = {name: fields.joined(name) for name in _TOLD - options} if trusted else {}
        told: list[Pair] = []
        if settings.via != "off":
            told.append((b"Via", b"%d.%d %b" % (*request.version, self.ident)))
        # One line each: many services read only the first or the last of several.
        forwarded_for, peer = came.get(b"x-forwarded-for"), _address(request.peer)
        proto, host = came.get(b"x-forwarded-proto"), came.get(b"x-forwarded-host")
        forwarded = came.get(b"forwarded")
        if settings.x_forwarded:
            forwarded_for = _appended(forwarded_for, peer)
            proto = proto or request.scheme
            host = host or request.authority
        if settings.forwarded:
            forwarded = _appended(forwarded, _element(peer, request))
        lines = (
            (b"X-Forwarded-For", forwarded_for),
            (b"X-Forwarded-Proto", proto),
            (b"X-Forwarded-Host", host),
            (b"Forwarded", forwarded),
        )
        return told + [(name, value) for name, value in lines if value]


def pseudonym(upstream_urls: Iterable[str]) -> bytes:
    """Our name in Via, alike for all workers and replicas that forward to the same place, and for nobody else.

    So a gateway before another gateway passes, and one whose requests come back to it does not.
    """
    digest = hashlib.sha256("\n".join(sorted(upstream_urls)).encode()).hexdigest()
    return PSEUDONYM + b"-" + digest[:8].encode()


def loops(fields: Fields, ident: bytes) -> bool:
    """Whether a request has passed `ident` already, and so would never get anywhere."""
    value = fields.joined(b"via")
    if value is None or ident not in value:
        return False
    return any(received.split()[1:2] == [ident] for received in value.split(b","))


@lru_cache(maxsize=256)
def _dropped(options: frozenset[bytes], without: frozenset[bytes], buffered: bool) -> frozenset[bytes]:
    """Names to leave out. buffered: the body has been read to its end, so there is nothing to expect, and no trailers
    follow it.
    """
    dropped = HOP_BY_HOP | _TOLD | options | without
    return dropped | {b"expect", b"trailer"} if buffered else dropped


def _with_host(pairs: list[Pair], authority: bytes) -> list[Pair]:
    """Exactly one Host, where the first one stood, else in front.

    The authority comes before what Host said: a target in absolute form overrules it (RFC 9112 section 3.2.2).
    """
    places = [i for i, pair in enumerate(pairs) if pair[0].lower() == b"host"]
    if not places:
        return [(b"Host", authority), *pairs]
    first = places[0]
    pairs[first] = (pairs[first][0], authority)
    for i in reversed(places[1:]):
        del pairs[i]
    return pairs


def _takes_trailers(fields: Fields) -> bool:
    asked = fields.joined(b"te")
    return asked is not None and any(part.strip(b" \t").lower() == b"trailers" for part in asked.split(b","))


def _address(peer: str) -> bytes:
    """An address as X-Forwarded-For spells it; b"" over a Unix socket."""
    return peer.partition("%")[0].encode()


def _appended(line: bytes | None, value: bytes) -> bytes:
    return b"%b, %b" % (line, value) if line and value else line or value


def _element(peer: bytes, request: Request) -> bytes:
    """One Forwarded element (RFC 7239 section 4); IPv6 addresses in brackets, and what is no token in quotes."""
    node = b"unknown" if not peer else b"[%b]" % peer if b":" in peer else peer
    pairs = [(b"for", node), (b"host", request.authority), (b"proto", request.scheme)]
    return b";".join(name + b"=" + _quoted(value) for name, value in pairs if value)


def _quoted(value: bytes) -> bytes:
    if _TOKEN.issuperset(value):
        return value
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
