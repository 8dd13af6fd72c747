"""Lifetimes: for how long is an answer that has just come good? Jitter is drawn here, once, at store time."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from gateway.model.fields import Fields
from gateway.model.settings.route import RouteSettings
from gateway.policy.cachecontrol import CacheControl, delta_seconds
from gateway.policy.http.dates import http_date


class Lifetimes(NamedTuple):
    """Seconds. The stale windows begin where freshness ends; initial_age is how old the answer already was.

    validated: past its freshness, while it is worth asking whether it is still good.
    """

    fresh: float
    stale_while_revalidate: float
    stale_if_error: float
    initial_age: float
    validated: float = 0.0

    @property
    def useful(self) -> bool:
        """Whether an answer with these lifetimes can ever be served again."""
        return max(self.fresh, self.stale_while_revalidate, self.stale_if_error) > 0


class _Stated(NamedTuple):
    """What the upstream says, in seconds; None where it says nothing."""

    fresh: float | None = None
    stale_while_revalidate: float | None = None
    stale_if_error: float | None = None


_SILENT = _Stated()


def lifetimes(route: RouteSettings, fields: Fields, empty: bool, now: float, random: Callable[[], float]) -> Lifetimes:
    """The lifetimes of an answer with these fields.

    The route's figures are the most an answer gets; an upstream that is listened to can only shorten them. An empty
    answer gets the route's own lifetime for such, and no stale windows: soon there may be something to find.

    now: Unix seconds. random: draws from [0, 1). It is scaled so that a jitter of 30 s on a ttl of 10 m shortens or
    lengthens every lifetime of the route by up to 5 %; what the upstream states is shortened only.
    """
    cache = route.cache
    initial_age = float(delta_seconds(fields.get(b"age") or b""))
    stated = _stated(fields, initial_age, now) if cache.cache_control == "respect" else _SILENT
    base = route.empty.ttl if empty else cache.ttl
    share = min(1.0, cache.jitter.share or (cache.jitter.seconds / cache.ttl if cache.ttl > 0 else 0.0))
    drawn = random() * share
    if stated.fresh is not None and stated.fresh <= base:
        fresh = stated.fresh * (1 - drawn)
    else:
        fresh = min(base * (1 - share + 2 * drawn), base * 2 if stated.fresh is None else stated.fresh)
    if empty:
        return Lifetimes(fresh, 0.0, 0.0, initial_age)
    # An answer that is stale at once is kept only for the windows that the upstream grants it itself.
    own = fresh > 0
    return Lifetimes(
        fresh,
        _window(stated.stale_while_revalidate, cache.stale_while_revalidate, own),
        _window(stated.stale_if_error, cache.stale_if_error, own),
        initial_age,
    )


def _window(stated: float | None, limit: float, own: bool) -> float:
    if stated is None:
        return limit if own else 0.0
    return min(stated, limit)


def _stated(fields: Fields, initial_age: float, now: float) -> _Stated:
    """Freshness as RFC 9111 section 4.2.1 orders it, and the stale windows of RFC 5861.

    Age is subtracted; an age is not guessed from Date, since a clock that is an hour slow is far more common behind
    a sidecar than a cache that sends no Age.
    """
    stated = fields.joined(b"cache-control")
    if stated is None and b"expires" not in fields:
        return _SILENT
    directives = CacheControl(stated)
    if directives.has(b"no-cache"):
        return _Stated(0.0, 0.0, 0.0)
    fresh: float | None = directives.seconds(b"s-maxage")
    shared = fresh is not None
    if fresh is None:
        fresh = directives.seconds(b"max-age")
    if fresh is None:
        fresh = _expires(fields, now)
    if fresh is not None:
        fresh = max(0.0, fresh - initial_age)
    if directives.has(b"must-revalidate", b"proxy-revalidate"):
        return _Stated(fresh, 0.0, 0.0)
    # s-maxage forbids stale answers, too (section 5.2.2.10), unless windows are stated beside it.
    silent = 0.0 if shared else None
    while_revalidate = directives.seconds(b"stale-while-revalidate")
    if_error = directives.seconds(b"stale-if-error")
    return _Stated(
        fresh,
        silent if while_revalidate is None else while_revalidate,
        silent if if_error is None else if_error,
    )


def _expires(fields: Fields, now: float) -> float | None:
    """Seconds from Date (or now) to Expires; 0 where that is no date; None where it is absent."""
    value = fields.get(b"expires")
    if value is None:
        return None
    until = http_date(value, now)
    if until is None:
        return 0.0
    made = http_date(fields.get(b"date") or b"", now)
    return max(0.0, until - (now if made is None else made))


_MARGIN = 86_400.0  # clocks differ, and a reload may have shortened what lives still


def longest(routes: Iterable[RouteSettings]) -> float:
    """Seconds that no entry of these routes outlives."""
    lives = [
        2 * max(route.cache.ttl, route.empty.ttl)
        + max(route.cache.stale_while_revalidate, route.cache.stale_if_error)
        + route.degrade.docs.remember
        for route in routes
    ]
    return max(lives, default=0.0) + _MARGIN
