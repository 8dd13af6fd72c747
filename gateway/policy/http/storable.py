"""Storing: may a shared cache keep this answer (RFC 9111 section 3)? Which of its fields: see `kept`."""

from math import inf
from typing import Literal

from gateway.model.entry import Windows
from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.model.outcome import Reason
from gateway.policy.cachecontrol import CacheControl
from gateway.policy.http.dates import http_date
from gateway.policy.http.directives import CDN, Directives, governing
from gateway.policy.http.freshness import HEURISTICALLY_CACHEABLE, lifetime
from gateway.policy.http.stale import windows
from gateway.policy.storing import vary_names

SetCookie = Literal["refuse", "strip", "keep"]
"""What is done with an answer that sets cookies.

refuse: it is not stored, unless its origin has said that it is for all (`public`, `s-maxage`), or has named the field
in `no-cache` or `private`; then it is stored without the field. RFC 9111 section 7.3 would store it with the field,
but cookies tell people apart, and origins that set one on each answer mostly do not know that a cache is there: who
gets somebody else's session has lost more than anybody wins by a hit.
strip: it is stored without the field. keep: with it.
"""

COOKIES = frozenset({b"set-cookie", b"set-cookie2"})

_METHODS = frozenset({b"GET", b"HEAD"})

# Final ones whose meaning for a cache is known, and done (sections 3 and 5.2.2.3).
_UNDERSTOOD = frozenset(
    {
        *range(200, 206), *range(300, 304), 305, 307, 308,
        *range(400, 407), *range(409, 412), 413, 414, 415, 422, 451, *range(500, 506),
    }
)  # fmt: skip
# 428, 429, 431 and 511 must not be stored (RFC 6585). The others answer a condition, a range, an expectation or a
# connection of this request, none of which is in its key.
_NEVER = frozenset({304, 407, 408, 412, 416, 417, 421, 425, 426, 428, 429, 431, 511})


def storable(
    request: Request,
    status: int,
    fields: Fields,
    *,
    shared_identity: bool,
    now: float,
    set_cookie: SetCookie = "refuse",
    complete: bool = True,
    targets: tuple[bytes, ...] = CDN,
) -> Reason | None:
    """None: it may be stored, and is worth it. Else why not: the first of the reasons that hold.

    shared_identity: credentials are not part of the key, so that the answer will be everybody's. now: when it came,
    in Unix seconds. complete: its body came to its proper end, as far as is known yet (section 3.3). targets: see
    `governing`.
    """
    directives = governing(fields, targets)
    return (
        _request_forbids(request)
        or _status_forbids(status, fields, directives, shared_identity)
        or (None if complete else Reason.TRUNCATED)
        or _answer_forbids(request, status, fields, directives, shared_identity)
        or _cookies_forbid(fields, directives, set_cookie)
        or (None if _usable(status, fields, directives, now, targets) else Reason.NOT_FRESH)
    )


def asks_not_to_store(request: Request) -> bool:
    """Whether the answer to a request is for its client alone because he says so (section 5.2.1.5)."""
    return CacheControl(request.fields.joined(b"cache-control")).has(b"no-store")


def _request_forbids(request: Request) -> Reason | None:
    """Methods that are understood, and the request's `no-store` (sections 3 and 5.2.1.5)."""
    if request.method not in _METHODS:
        return Reason.REQUEST_METHOD
    return Reason.REQUEST_NO_STORE if asks_not_to_store(request) else None


def _status_forbids(status: int, fields: Fields, directives: Directives, shared_identity: bool) -> Reason | None:
    """Status codes (section 3): final, and understood where the answer says that they must be (5.2.2.3).

    Parts (3.3, 3.4) are not stored. Neither is a 401 where those who bear credentials would get it from the key of
    those who bear none.
    """
    if status == 206 or b"content-range" in fields:
        return Reason.PARTIAL_CONTENT
    if not 200 <= status <= 599 or status in _NEVER or (status == 401 and shared_identity):
        return Reason.STATUS
    if directives.has(b"must-understand") and status not in _UNDERSTOOD:
        return Reason.STATUS
    return None


def _answer_forbids(
    request: Request, status: int, fields: Fields, directives: Directives, shared_identity: bool
) -> Reason | None:
    """`no-store` (5.2.2.5), `private` (5.2.2.7), a Vary that nothing matches (4.1), Authorization (3.5)."""
    if directives.has(b"no-store") and not directives.has(b"must-understand"):
        return Reason.NO_STORE
    if directives.private:
        return Reason.PRIVATE
    if vary_names(fields) is None:
        return Reason.VARY_STAR
    if shared_identity and b"authorization" in request.fields and not directives.has(*_ALLOW_SHARING):
        return Reason.AUTHORIZATION
    return None


_ALLOW_SHARING = (b"public", b"s-maxage", b"must-revalidate")


def _cookies_forbid(fields: Fields, directives: Directives, set_cookie: SetCookie) -> Reason | None:
    if set_cookie != "refuse" or not fields.any_of(COOKIES) or directives.has(b"public", b"s-maxage"):
        return None
    named = all(name in directives.withheld for name in COOKIES if name in fields)
    return None if named else Reason.SET_COOKIE


def _usable(status: int, fields: Fields, directives: Directives, now: float, targets: tuple[bytes, ...]) -> bool:
    """Whether something allows to store it (the last point of section 3), and it can ever be used.

    Nobody can use what is never fresh, has no validator, and may not be served stale.
    """
    lasting = lifetime(fields, status, now, targets=targets)
    if not (lasting.explicit or directives.has(b"public") or status in HEURISTICALLY_CACHEABLE):
        return False
    modified = fields.get(b"last-modified")
    return (
        lasting.seconds > 0
        or bool(fields.get(b"etag"))
        or (modified is not None and http_date(modified, now) is not None)
        or max(windows(fields, lasting, Windows(inf, inf), targets=targets)) > 0
    )
