"""Heat: which questions of a route are asked most. Counted from samples, kept over restarts, shared through the store.

Every worker keeps its own count of what it hears of, and all write theirs, with what they have read of the others', to
one record per route. Two that write at the same moment lose a little of each other's count, and no question for long.
"""

import asyncio
import time
from collections.abc import Callable
from hashlib import sha256

from gateway.cache.tiers import Tiers
from gateway.model.entry import Entry, Windows
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome
from gateway.model.settings.route import RouteSettings
from gateway.pipeline.plan import Plan
from gateway.policy.asking import Asking, asking, decode, encode
from gateway.policy.hottest import Hottest

_DOMAIN = b"ragfront hottest 1 "
_PLACES = 4
"""Questions counted for each that is wanted: so much rarer than the mean may one of the hottest be."""

_MAX_BYTES = 8 << 20
"""Of one route's questions, and so of its record at most; a disk tier takes records of up to a 32nd of its size."""

_AT_ONCE = 32  # questions read out of a record before others get their turn

_KEPT_FOR = 30 * 86_400.0
_USED = frozenset({Outcome.HIT, Outcome.STALE, Outcome.COLLAPSED})


class Heat:
    """One worker's. plan: the present one. wall: Unix seconds."""

    def __init__(self, plan: Callable[[], Plan], tiers: Tiers, wall: Callable[[], float] = time.time) -> None:
        self._plan = plan
        self._tiers = tiers
        self._wall = wall
        self._routes: dict[tuple[str, int], Hottest[Asking]] = {}

    def wanted(self) -> list[RouteSettings]:
        """Routes whose hottest questions are remembered."""
        return [route for route in self._plan().settings.routes if route.warm.top and route.cache.mode == "on"]

    def note(self, x: Exchange) -> None:
        """A request that has ended. Only what was, or will be, answered from the cache counts."""
        route = x.route
        if route is None or not route.warm.top or x.rest is not None or x.items:
            return
        if x.outcome not in _USED and not (x.outcome is Outcome.MISS and x.stored):
            return
        rule = self._plan().rule(route.name)
        found = asking(route, rule.keyer, x.request, x.body) if rule is not None else None
        if found is not None:
            key, one = found
            self._of(route).add(key, one, one.size)

    def top(self, route: RouteSettings) -> list[Asking]:
        """A route's hottest questions, the hottest first."""
        return [one for one, _ in self._of(route).top(route.warm.top)]

    async def share(self, fade: float = 1.0) -> None:
        """Learn what has been written, by whomever, and write what we know by now.

        fade: what was counts for so much less: our own counts, and those that were written before.
        """
        self.fade(fade)
        await self.load(fade)
        for route in self.wanted():
            if top := self._of(route).top(route.warm.top):
                self._tiers.keep_record(_key(route), _record(encode(top), self._wall()))

    async def load(self, fade: float = 1.0) -> None:
        """Learn what has been written. A record that cannot be read is none."""
        for route in self.wanted():
            record, rule = await self._tiers.record(_key(route)), self._plan().rule(route.name)
            if record is None or rule is None:
                continue
            for number, (one, count) in enumerate(decode(record.body), 1):
                if not number % _AT_ONCE:
                    await asyncio.sleep(0)
                # What a store says is not taken for granted, and the route may have other keys by now.
                found = asking(route, rule.keyer, one.request(), one.body)
                if found is not None:
                    self._of(route).learn(found[0], found[1], found[1].size, count * fade)

    def fade(self, factor: float) -> None:
        """Let what was count for less than what will be; routes that want none are forgotten."""
        wanted = {_place(route) for route in self.wanted()}
        self._routes = {place: hottest for place, hottest in self._routes.items() if place in wanted}
        for hottest in self._routes.values():
            hottest.fade(factor)

    def _of(self, route: RouteSettings) -> Hottest[Asking]:
        return self._routes.setdefault(_place(route), Hottest(_PLACES * route.warm.top, _MAX_BYTES))


def _place(route: RouteSettings) -> tuple[str, int]:
    return route.name, route.warm.top


def _key(route: RouteSettings) -> bytes:
    return sha256(_DOMAIN + route.name.encode()).digest()


def _record(body: bytes, now: float) -> Entry:
    """As an entry, so that stores check it by its sum, and pack it, as they do with all others."""
    return Entry.of(
        200,
        b"OK",
        (),
        body,
        coding=b"",
        route="",
        fresh_until=now + _KEPT_FOR,
        fresh_for=_KEPT_FOR,
        stale=Windows(0, 0),
    )
