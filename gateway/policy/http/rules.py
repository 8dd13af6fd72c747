"""Rules: one route's that follows RFC 9111: what is stored of an answer, and for whom; what a 304 makes of it."""

from collections.abc import Callable
from dataclasses import replace

from gateway.model.entry import Entry, EntryFlag, Windows, head
from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.model.outcome import Reason
from gateway.model.settings.route import RouteSettings
from gateway.policy.coding import codings
from gateway.policy.freshness import coarse
from gateway.policy.http.directives import governing
from gateway.policy.http.freshness import initial_age, lifetime
from gateway.policy.http.index import line_of, written
from gateway.policy.http.kept import kept
from gateway.policy.http.keys import HttpKeyer
from gateway.policy.http.stale import windows
from gateway.policy.http.storable import storable
from gateway.policy.http.validation import freshened
from gateway.policy.http.vary import Selecting, selecting
from gateway.policy.keying import CREDENTIALS
from gateway.policy.storing import Skip, Store, vary_names
from gateway.policy.streaming import Watch
from gateway.policy.tags import tags
from gateway.policy.ttl import Lifetimes

_AUTHORIZATION = frozenset({b"authorization"})
_VALIDATED = 86_400.0
"""Seconds past its freshness for which an answer with a validator is kept, to be asked about."""

_TOLD = frozenset({b"forwarded", b"x-forwarded-for"})
"""Fields that tell the upstream who asks: we write them ourselves, and no two clients have the same."""


class HttpRules:
    """One route's rules, compiled. It stores by them, as `policy.storing.Storing` does by a route's own."""

    __slots__ = ("_cookies", "_max_body", "_most", "_private", "_route", "_tags", "_ttl", "keyer", "listens", "targets")

    def __init__(self, route: RouteSettings, keyer: HttpKeyer) -> None:
        cache = route.cache
        self._route = route
        self._ttl = cache.ttl
        self._max_body = cache.max_body
        self._most = Windows(cache.stale_while_revalidate, cache.stale_if_error)
        self._cookies = cache.set_cookie
        self._private = CREDENTIALS if route.key.identity == "credentials" else _AUTHORIZATION
        self._tags = route.tags
        self.targets = tuple(name.encode() for name in cache.targets)
        self.listens = cache.request_directives == "respect"
        self.keyer = keyer

    def personal(self, request: Request) -> bool:
        """Whether an answer to this request is its sender's alone unless it says otherwise (RFC 9111 section 3.5).

        The RFC speaks of Authorization. Cookies and API keys tell people apart just as well, and services that know
        them rarely know of shared caches: they count, too, unless the route says `identity: shared`.
        """
        return request.fields.any_of(self._private)

    def may_have(self, request: Request, entry: Entry) -> bool:
        """Whether a stored answer may go to a request: to one who bears credentials, if it says that it is for all."""
        return self.for_all(request, Fields(entry.fields))

    def for_all(self, request: Request, fields: Fields) -> bool:
        """Whether an answer with these fields may do for others than a request's sender, whatever that bears.

        `must-revalidate` allows it where Authorization tells who asks (section 3.5). Of cookies and keys the RFC does
        not speak, and frameworks that know people by them put it on everything: there it says nothing.
        """
        if not self.personal(request):
            return True
        said = governing(fields, self.targets)
        by_cookie = request.fields.any_of(self._private - _AUTHORIZATION)
        return said.has(b"public", b"s-maxage") or (said.has(b"must-revalidate") and not by_cookie)

    def vary(self, fields: Fields, known: tuple[bytes, ...] = ()) -> tuple[bytes, ...]:
        """On which request fields an answer varies. One that is allowed to a single origin varies on Origin.

        known: on what others vary that are stored for the URI. One that says nothing beside those was left without
        Vary by mistake, or it would be everybody's.
        """
        names = vary_names(fields) or known
        allowed = fields.get(b"access-control-allow-origin")
        if allowed is not None and allowed.strip() != b"*":
            names = (*names, b"origin")
        return self.keyer.vary(names)

    def head(self, request: Request, status: int, fields: Fields, now: float) -> Skip | None:
        """Why an answer with this head is not stored; None: its body decides. None but stored ones are shared.

        now: Unix seconds.
        """
        reason = self._refused(request, status, fields, now)
        length = fields.get(b"content-length") or b""
        if reason is None and (fields.get(b"content-type") or b"").lower().startswith(b"text/event-stream"):
            reason = Reason.STREAM
        if reason is None and length.isdigit() and int(length[:18]) > self._max_body:
            reason = Reason.ANSWER_TOO_LARGE
        return None if reason is None else Skip(reason, shareable=False)

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
        """What to do with a whole answer that `head` let pass. now: Unix seconds. took: seconds, since it was asked."""
        if len(body) > self._max_body:
            return Skip(Reason.ANSWER_TOO_LARGE, shareable=False)
        reason = self._refused(request, status, fields, now)
        if reason is not None:
            return Skip(reason, shareable=False)
        return Store(
            fields=kept(fields, method=request.method, set_cookie=self._cookies, received=now, targets=self.targets),
            coding=b", ".join(codings(fields.joined(b"content-encoding"))),
            lifetimes=self._lifetimes(status, fields, now, took),
            tags=tags(self._tags, fields, None),
            flags=EntryFlag.NONE,
        )

    def marker(
        self, record: Entry | None, key: bytes, entry: Entry, names: tuple[bytes, ...], request: Request
    ) -> Entry:
        """What stands under the primary key, once a variant has been stored. record: what stood there before."""
        return self.indexed(record, key, entry, names, selecting(names, request))

    def indexed(
        self, record: Entry | None, key: bytes, entry: Entry, names: tuple[bytes, ...], chosen: Selecting
    ) -> Entry:
        """`marker`, where it is known what the request said that the variant was stored for."""
        return written(record, line_of(key, entry, chosen), entry, names)

    def freshened(self, entry: Entry, fields: Fields, now: float, took: float, version: int) -> Entry | None:
        """A stored answer after a 304 with these fields (section 4.3.4); None where it may be kept no longer.

        version: of the ledger, when the upstream was asked.
        """
        pairs = freshened(Fields(entry.fields), fields, set_cookie=self._cookies, received=now, targets=self.targets)
        made = Fields(pairs)
        directives = governing(made, self.targets)
        if (directives.has(b"no-store") and not directives.has(b"must-understand")) or directives.private:
            return None
        # An Age is the new answer's, and Date is among what it has brought.
        life = self._lifetimes(entry.status, Fields((*pairs, *_aged(fields))), now, took)
        fresh_for = coarse(life.fresh)
        return replace(
            entry,
            head=head(entry.status, entry.reason, pairs),
            fresh_until=now + fresh_for,
            fresh_for=fresh_for,
            stale=Windows(life.stale_while_revalidate, life.stale_if_error, life.validated),
            initial_age=life.initial_age,
            version=version,
        )

    def ended(self, entry: Entry, now: float) -> Entry:
        """A stored answer that a HEAD has shown to be another by now: stale from here on (section 4.3.5)."""
        return replace(entry, fresh_until=now, fresh_for=max(0.0, now - entry.stored_at))

    def _lifetimes(self, status: int, fields: Fields, now: float, took: float) -> Lifetimes:
        age = initial_age(fields, now - took, now)
        lasting = lifetime(fields, status, now, targets=self.targets)
        revalidate, error, _ = windows(fields, lasting, self._most, targets=self.targets)
        fresh = min(lasting.left(age), self._ttl)
        asked = _VALIDATED if b"etag" in fields or b"last-modified" in fields else 0.0
        return Lifetimes(fresh, revalidate, error, age, asked)

    def _refused(self, request: Request, status: int, fields: Fields, now: float) -> Reason | None:
        if not self.for_all(request, fields):
            return Reason.AUTHORIZATION
        if not _TOLD.isdisjoint(vary_names(fields) or ()):
            return Reason.VARY_STAR
        return storable(
            request,
            status,
            fields,
            shared_identity=True,
            now=now,
            set_cookie=self._cookies,
            targets=self.targets,
        )


def _aged(fields: Fields) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((b"Age", value) for value in fields.all(b"age"))
