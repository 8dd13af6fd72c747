"""Survey: how many stored answers would a purge take? Looked through in bounded time; changes nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from gateway.cache.inspect import Held, Inspector
from gateway.model.entry import EntryFlag
from gateway.model.errors import StoreUnavailable
from gateway.policy.purges import GONE, Names, Order, Purge, Purges, Scope

MOST = 100_000
"""Records that are looked at: about 20 us each, page by page, between which the event loop serves clients."""

SECONDS = 3.0

_LATER = 1 << 62  # a version that no entry has


@dataclass(slots=True)
class Taken:
    """entries: keys with an answer that is of use to somebody, wherever it is. tiers: how many each has.

    complete: false where there may be more of them: it would have taken too long, a tier could not say, or a key
    leads to variants, which stand under keys of their own.
    """

    tiers: dict[str, int]
    complete: bool = True
    keys: set[bytes] = field(default_factory=set)

    @property
    def entries(self) -> int:
        return len(self.keys)


class _Overdue(Exception):
    """It has taken as long as it may."""


class _Survey:
    def __init__(
        self, inspector: Inspector, orders: Sequence[Order], now: float, overdue: Callable[[int], bool]
    ) -> None:
        self._inspector = inspector
        self._now = now
        self._overdue = overdue
        self._purges = Purges()
        self._purges.begin(0, [Purge(_LATER, order._replace(expire=False), now) for order in orders])
        self._seen: dict[str, set[bytes]] = {tier: set() for tier in inspector.tiers}
        self._looked = 0
        self.taken = Taken(dict.fromkeys(inspector.tiers, 0))

    async def look_up(self, keys: Sequence[bytes]) -> None:
        for key in keys:
            for held in await self._inspector.look(key):
                if held.entry.flags & EntryFlag.VARY:
                    self.taken.complete = False
                self._count(held)
            await self._go_on(1)

    async def look_through(self, tier: str) -> None:
        place = b""
        while True:
            page = await self._inspector.page(tier, place)
            for held in page.held:
                self._count(held)
            place = page.place
            if not place:
                return
            await self._go_on(page.looked)

    async def _go_on(self, looked: int) -> None:
        self._looked += looked
        if self._overdue(self._looked):
            raise _Overdue
        await asyncio.sleep(0)  # the disk is read on the spot: clients come first

    def _count(self, held: Held) -> None:
        entry, seen = held.entry, self._seen[held.tier]
        if entry.flags & EntryFlag.VARY or entry.expires_at <= self._now or held.key in seen:
            return
        if self._purges.judge(entry.version, Names(entry.route, (held.key,), entry.tags)) == GONE:
            seen.add(held.key)
            self.taken.tiers[held.tier] += 1
            self.taken.keys.add(held.key)


async def survey(
    inspector: Inspector,
    orders: Sequence[Order],
    now: float,
    *,
    most: int = MOST,
    seconds: float = SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> Taken:
    """What these orders would take of what is stored. now: Unix seconds. most: records that are looked at."""
    end = monotonic() + seconds
    made = _Survey(inspector, orders, now, lambda looked: looked >= most or monotonic() >= end)
    keys = [bytes.fromhex(order.value) for order in orders if order.scope is Scope.KEY]
    looks: list[Callable[[], Awaitable[None]]] = [lambda: made.look_up(keys)]
    if len(keys) < len(orders):  # the shared tier first: it holds what memory does, and more
        looks += [partial(made.look_through, tier) for tier in reversed(inspector.tiers)]
    for look in looks:
        try:
            await look()
        except StoreUnavailable:
            made.taken.complete = False
        except _Overdue:
            made.taken.complete = False
            most = 0  # one page of each that is left
    return made.taken
