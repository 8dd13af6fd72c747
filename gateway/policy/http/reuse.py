"""Reuse: may a stored answer be used for this request now (RFC 9111 sections 4, 4.2.4, 5.2.1 and 5.4)?

Asked of an entry that fits by URI, method and Vary. What its answer said is read from its head, where Cache-Control
is kept; freshness and windows were worked out when it was stored.
"""

import re
from dataclasses import dataclass
from math import inf

from gateway.model.entry import Entry
from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.model.outcome import Reason
from gateway.policy.cachecontrol import CacheControl
from gateway.policy.freshness import SKEW, age
from gateway.policy.http.directives import CDN, Directives, governing


@dataclass(frozen=True, slots=True)
class Fresh:
    """Use it as it is."""


@dataclass(frozen=True, slots=True)
class StaleWhileRevalidate:
    """Use it, although it is stale, and have it validated behind the client's back."""


@dataclass(frozen=True, slots=True)
class MustValidate:
    """Ask first: it may be used once the upstream has said that it is still good."""

    reason: Reason


Reuse = Fresh | StaleWhileRevalidate | MustValidate

_SILENT = CacheControl(None)
_SAYING = frozenset({b"cache-control", b"pragma"})
_NO_CACHE = re.compile(rb"no-cache", re.IGNORECASE)
_LIMITED = re.compile(rb"max-stale[ \t]*+=", re.IGNORECASE)


def reuse(
    request: Request, entry: Entry, now: float, *, targets: tuple[bytes, ...] = CDN, listens: bool = True
) -> Reuse:
    """How a stored answer may be used for a request at `now`, in Unix seconds.

    targets: see `governing`. listens: whether the client's own directives count; a cache need not obey them.
    A request's `no-store` forbids to store what is asked for, not to use what is there (section 5.2.1.5).
    An `immutable` answer that is fresh meets every `max-age`, since a reload could bring nothing else; `no-cache` is
    how a client says that it wants to be sure (RFC 8246 section 2).
    """
    if _is_ordinary_hit(request, entry, now):
        return Fresh()
    said = governing(Fields(entry.fields), targets)
    asked = directives(request) if listens else _SILENT
    if asked.has(b"no-cache"):
        return MustValidate(Reason.REQUEST_NO_CACHE)
    if said.no_cache:
        return MustValidate(Reason.NO_CACHE)
    if entry.stored_at - now > SKEW:  # a clock was set back: nobody knows how old it is
        return MustValidate(Reason.STALE)
    if now >= entry.fresh_until:
        return _stale(request, asked, said, entry, now)
    old = _too_old(asked, entry, now) and not said.has(b"immutable")
    ends_soon = entry.fresh_until - now < (asked.seconds(b"min-fresh") or 0)
    return MustValidate(Reason.REQUEST_NO_CACHE) if old or ends_soon else Fresh()


def only_if_cached(request: Request) -> bool:
    """Whether a client wants 504 rather than an answer that has to be asked for (section 5.2.1.7)."""
    return directives(request).has(b"only-if-cached")


def stale_on_error(
    request: Request, entry: Entry, now: float, *, targets: tuple[bytes, ...] = CDN, listens: bool = True
) -> bool:
    """Whether a stored answer may stand in where the upstream fails to validate it (section 4.2.4, RFC 5861 section 4).

    That goes by the entry's window for errors, or by what the client allows (`stale-if-error`, `max-stale`). A
    client's `max-age` and `min-fresh` do not count against it: they are wishes on freshness, and this is an error
    otherwise. Its `no-cache` does. Never where the answer forbids it.
    """
    said = governing(Fields(entry.fields), targets)
    asked = directives(request) if listens else _SILENT
    if asked.has(b"no-cache") or said.no_cache or entry.stored_at - now > SKEW:
        return False
    late = now - entry.fresh_until
    if late < 0:
        return True
    if late < entry.stale.error and not _forbids_stale(said, b"stale-if-error"):
        return True
    allowed = max(_max_stale(request, asked) or 0, asked.seconds(b"stale-if-error") or 0)
    return 0 < allowed >= late and not _forbids_stale(said)


def directives(request: Request) -> CacheControl:
    """A request's Cache-Control. Without one, the `Pragma: no-cache` of old says as much (section 5.4)."""
    value = request.fields.joined(b"cache-control")
    if value is None and CacheControl(request.fields.joined(b"pragma")).has(b"no-cache"):
        return CacheControl(b"no-cache")
    return CacheControl(value)


def _is_ordinary_hit(request: Request, entry: Entry, now: float) -> bool:
    """Fresh, and nobody has said anything that could forbid it. Reading all that they said takes five times as long."""
    fresh = now < entry.fresh_until and entry.stored_at - now <= SKEW
    return fresh and not request.fields.any_of(_SAYING) and not _NO_CACHE.search(entry.head)


def _stale(request: Request, asked: CacheControl, said: Directives, entry: Entry, now: float) -> Reuse:
    """What to do with an answer that is fresh no more.

    Who asks for `max-age` or `min-fresh` wants none that is stale, unless `max-stale` stands beside (5.2.1.1, 5.2.1.3).
    """
    late, most = now - entry.fresh_until, _max_stale(request, asked)
    window = late < entry.stale.revalidate and not _forbids_stale(said, b"stale-while-revalidate")
    if not window and (most is None or _forbids_stale(said)):
        return MustValidate(Reason.STALE)
    if asked.has(b"min-fresh") or _too_old(asked, entry, now):
        return MustValidate(Reason.REQUEST_NO_CACHE)
    refused = asked.has(b"max-age") if most is None else late > most
    return MustValidate(Reason.REQUEST_NO_CACHE) if refused else StaleWhileRevalidate()


def _too_old(asked: CacheControl, entry: Entry, now: float) -> bool:
    """Whether a request's max-age forbids it (section 5.2.1.1). 0 is how browsers ask for a validation."""
    most = asked.seconds(b"max-age")
    return most is not None and (most == 0 or age(entry, now) > most)


def _max_stale(request: Request, asked: CacheControl) -> float | None:
    """For how many seconds past its freshness a client takes an answer (section 5.2.1.2); inf: for ever; None: unsaid.

    One that cannot be read is 0. Where it is said twice, the smaller one counts.
    """
    seconds = asked.seconds(b"max-stale")
    if seconds == 0 and not _LIMITED.search(request.fields.joined(b"cache-control") or b""):
        return inf
    return seconds


def _forbids_stale(said: Directives, *excuses: bytes) -> bool:
    """Whether an answer forbids its use past its freshness (sections 5.2.2.2, 5.2.2.8 and 5.2.2.10).

    excuses: windows that count where they are stated beside s-maxage.
    """
    if said.has(b"must-revalidate", b"proxy-revalidate"):
        return True
    return said.has(b"s-maxage") and not said.has(*excuses)
