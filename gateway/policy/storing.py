"""Storing: may an answer be kept, and may those who wait for it right now have it all the same?

Asked twice: when the head has come (`Storing.head`), and when the body is whole (`Storing.whole`).

RFC 9111 section 3.5 (no storing of answers to requests with Authorization, unless marked `public`) is met by keys:
by default credentials are part of them. A route with `identity: shared` has said that everybody may have an answer,
and is taken at its word. `cache_control: ignore` sets aside all of Cache-Control and Expires, `no-store` and
`private` included; answers with Set-Cookie, with `Vary: *` and parts are never stored.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model.entry import Entry, EntryFlag
from gateway.model.exchange import Request
from gateway.model.fields import Fields, Pairs
from gateway.model.outcome import Reason
from gateway.model.settings.route import RouteSettings
from gateway.policy.cachecontrol import CacheControl
from gateway.policy.coding import codings, decode
from gateway.policy.conditions import compile_conditions
from gateway.policy.document import EMPTY, NOT_JSON, Document, parse
from gateway.policy.documents import Documents
from gateway.policy.hops import HOP_BY_HOP, connection_options
from gateway.policy.streaming import Watch
from gateway.policy.tags import FIELD_NAMES, tags
from gateway.policy.ttl import Lifetimes, lifetimes
from gateway.policy.variants import marker


@dataclass(slots=True)
class Store:
    """Keep it.

    fields: those to replay on hits. coding: the body's Content-Encoding, lower case, b"" for identity.
    documents: those that it came from, where the route wants to remember them.
    """

    fields: Pairs
    coding: bytes
    lifetimes: Lifetimes
    tags: tuple[str, ...]
    flags: int
    documents: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """Do not keep it. shareable: followers that wait for the same key may be given this answer now."""

    reason: Reason
    shareable: bool


# Answers to one client's credentials or budget: shared only where those are part of the key.
_PERSONAL = frozenset({401, 402, 403, 407, 429, 451})
# Answers to a condition, a range, an expectation or a connection, none of which is part of a key.
_CIRCUMSTANTIAL = frozenset({206, 304, 406, 408, 412, 416, 417, 421, 425, 426, 428, 431})

_NOT_REPLAYED = frozenset({b"age", b"content-length", b"trailer", b"set-cookie", b"set-cookie2"})
_SIZE = frozenset({b"content-length"})  # HEAD: the size of what GET would bring, which nobody can make anew
_PLACES = frozenset({b"location", b"content-location"})  # where this call's run lives, and not the next one's
_BUDGETS = (b"x-ratelimit-", b"x-rate-limit-", b"ratelimit", b"anthropic-ratelimit-")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Storing:
    """One route's rules, compiled."""

    __slots__ = (
        "_clears", "_documents", "_dropped", "_dropped_of_calls", "_empty", "_knows_client", "_looks", "_respect",
        "_route", "_statuses", "_unless",
    )  # fmt: skip

    def __init__(self, route: RouteSettings) -> None:
        cache = route.cache
        self._route = route
        self._statuses = frozenset(cache.statuses)
        self._respect = cache.cache_control == "respect"
        self._knows_client = route.key.identity == "credentials"
        self._clears = bool(cache.store_unless)
        self._unless = compile_conditions(cache.store_unless)
        self._empty = compile_conditions(route.empty.when)
        remembers = "docs" in route.degrade.ladder and route.degrade.docs.remember > 0
        self._documents = Documents(route.shape.documents) if remembers else None
        self._looks = bool(cache.store_unless or route.empty.when or route.tags or remembers)
        self._dropped = HOP_BY_HOP | _NOT_REPLAYED | {name.encode() for name in cache.replay_without}
        if not route.pass_tags:
            self._dropped |= FIELD_NAMES
        self._dropped_of_calls = self._dropped | _PLACES

    def head(self, request: Request, status: int, fields: Fields, now: float) -> Skip | None:
        """Why an answer with this head is not stored; None: its body decides. now: not looked at."""
        forbidden = self._forbidden(fields)
        if status == 206 or b"content-range" in fields:
            return Skip(Reason.PARTIAL_CONTENT, shareable=False)
        if status not in self._statuses or status == 304:
            return Skip(Reason.STATUS, forbidden is None and self._is_for_all(status))
        if forbidden is not None:
            return Skip(forbidden, shareable=False)
        length = fields.get(b"content-length") or b""
        if request.method != b"HEAD" and length.isdigit() and int(length[:18]) > self._route.cache.max_body:
            return Skip(Reason.ANSWER_TOO_LARGE, shareable=False)
        return None

    def whole(
        self,
        request: Request,
        status: int,
        fields: Fields,
        body: bytes,
        now: float,
        random: Callable[[], float],
        stream: Watch | None = None,
        took: float = 0.0,
    ) -> Store | Skip:
        """What to do with a whole answer that `head` let pass.

        body: as it came, coded or not. now: Unix seconds. random: draws from [0, 1), for jitter.
        stream: who has seen its events, where it is a stream. took: not looked at.
        """
        if len(body) > self._route.cache.max_body:
            return Skip(Reason.ANSWER_TOO_LARGE, shareable=False)
        if stream is not None:
            return self._stream(request, status, fields, now, random, stream)
        coding = b", ".join(codings(fields.joined(b"content-encoding")))
        document = self._read(body, coding) if self._looks else EMPTY
        # Where conditions stand, an answer that cannot be read cannot be cleared of being what must not be stored.
        if self._clears and body and not (document.is_json and not self._unless(document.value)):
            return Skip(Reason.STORE_UNLESS, shareable=True)
        empty = document.is_json and self._empty(document.value)
        lasting = lifetimes(self._route, fields, empty, now, random)
        if not lasting.useful:
            return Skip(Reason.NOT_FRESH, shareable=not self._says_no_cache(fields))
        return Store(
            fields=self._replayed(request, status, fields),
            coding=coding,
            lifetimes=lasting,
            tags=tags(self._route.tags, fields, document.value),
            flags=EntryFlag.EMPTY if empty else EntryFlag.NONE,
            documents=self._documents.find(document.value) if self._documents is not None else (),
        )

    def _stream(
        self, request: Request, status: int, fields: Fields, now: float, random: Callable[[], float], stream: Watch
    ) -> Store | Skip:
        """`whole` for a stream: a condition holds for it where it holds for the data of one of its events."""
        if not stream.readable:
            return Skip(Reason.STREAM, shareable=True)
        if stream.failed:
            return Skip(Reason.STREAM_FAILED, shareable=True)
        if not stream.whole:
            return Skip(Reason.TRUNCATED, shareable=True)
        if stream.unless:
            return Skip(Reason.STORE_UNLESS, shareable=True)
        lasting = lifetimes(self._route, fields, stream.empty, now, random)
        if not lasting.useful:
            return Skip(Reason.NOT_FRESH, shareable=not self._says_no_cache(fields))
        return Store(
            fields=self._replayed(request, status, fields),
            coding=b"",
            lifetimes=lasting,
            tags=tags(self._route.tags, fields, None, stream.tags),
            flags=EntryFlag.STREAM | (EntryFlag.EMPTY if stream.empty else EntryFlag.NONE),
            documents=stream.documents if self._documents is not None else (),
        )

    def vary(self, fields: Fields, known: tuple[bytes, ...] = ()) -> tuple[bytes, ...]:
        """On which request fields an answer varies, lower case, sorted. known: not looked at."""
        return vary_names(fields) or ()

    def marker(
        self, record: Entry | None, key: bytes, entry: Entry, names: tuple[bytes, ...], request: Request
    ) -> Entry:
        """What stands under the primary key, once a variant has been stored. record, key, request: not looked at."""
        return marker(entry, names)

    def _forbidden(self, fields: Fields) -> Reason | None:
        """What in the head forbids both to store an answer and to give it to anybody else."""
        if b"set-cookie" in fields or b"set-cookie2" in fields:
            return Reason.SET_COOKIE
        if self._respect and b"cache-control" in fields:
            directives = CacheControl(fields.joined(b"cache-control"))
            if directives.has(b"no-store"):
                return Reason.NO_STORE
            if directives.has(b"private"):
                return Reason.PRIVATE
        if vary_names(fields) is None:
            return Reason.VARY_STAR
        return None

    def _is_for_all(self, status: int) -> bool:
        """Whether an answer with this status, which is not stored, concerns all who asked the same."""
        if status in _CIRCUMSTANTIAL:
            return False
        return self._knows_client or status not in _PERSONAL

    def _says_no_cache(self, fields: Fields) -> bool:
        return self._respect and CacheControl(fields.joined(b"cache-control")).has(b"no-cache")

    def _read(self, body: bytes, coding: bytes) -> Document:
        """The body as JSON. One that expands to over eight times the route's `max_body` is not read."""
        plain = decode(body, coding, 8 * self._route.cache.max_body) if coding else body
        return NOT_JSON if plain is None else parse(plain)

    def _replayed(self, request: Request, status: int, fields: Fields) -> Pairs:
        """The fields of a hit, in order and spelling: what was about one call or one connection is left out."""
        dropped = self._dropped
        if request.method == b"HEAD":
            dropped = dropped - _SIZE
        elif request.method != b"GET" and 200 <= status < 300:
            dropped = self._dropped_of_calls
        options = connection_options(fields)
        if options:
            dropped = dropped | options
        return tuple(
            [
                pair
                for pair in fields.pairs
                if (name := pair[0].lower()) not in dropped and not name.startswith(_BUDGETS)
            ]
        )


def vary_names(fields: Fields) -> tuple[bytes, ...] | None:
    """What an answer varies on: lower case, sorted; () for nothing, None for `*` and for what is no list of names."""
    value = fields.joined(b"vary")
    if value is None:
        return ()
    names = {part.strip(b" \t").lower() for part in value.split(b",")} - {b""}
    if b"*" in names or not all(_TOKEN.fullmatch(name) for name in names):
        return None
    return tuple(sorted(names))
