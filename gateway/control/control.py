"""Control: what an operator asks of all workers and replicas at once: purges, overrides, who is there.

The facade of this package. Nothing here is confirmed that not every member of the fleet has acknowledged.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.control.book import Book, Change, Override, Table
from gateway.control.fleet import Fleet, Member
from gateway.control.follow import Follower, Item
from gateway.control.store import Ledger
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.control import ControlSettings
from gateway.policy.purges import Order, Purges

__all__ = ["Change", "Confirmation", "Control", "Member", "Order", "Override"]

_log = logging.getLogger("ragfront.control")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.05

Patch = Mapping[str, Any]
Check = Callable[[Mapping[str, Patch]], None]
"""Raises ConfigError where patches, by route, give no settings that could be used."""


class Confirmation(NamedTuple):
    """version: what all but the `missing` members have acknowledged: nothing that it purged is served by them."""

    version: int
    missing: tuple[Member, ...] = ()


class Control:
    """One worker's. purges: shared with those who judge by them. check: of patches, before they are written.

    trusted(until): until when (Unix seconds) what is stored may be used, see control/follow; told again and again.
    clock: Unix seconds. monotonic: seconds. All that is async raises StoreUnavailable where the ledger is away.
    """

    def __init__(
        self,
        ledger: Ledger,
        purges: Purges,
        settings: ControlSettings,
        *,
        check: Check = lambda patches: None,
        trusted: Callable[[float], None] = lambda until: None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._check = check
        self._clock = clock
        self._book = Book(purges)
        self._fleet = Fleet(ledger, settings.lost_after, clock, monotonic)
        self._follower = Follower(
            ledger,
            self._book,
            self._fleet,
            self._heard,
            trusted,
            strict=settings.strict,
            clock=clock,
            monotonic=monotonic,
        )
        self._listeners: list[Callable[[Change], None]] = []
        self._ending: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Join the fleet and read the ledger, before anything is served. Goes on without it where it is away."""
        await self._follower.start()

    async def run(self) -> None:
        """Follow the ledger, until cancelled."""
        await self._follower.run()

    async def stop(self) -> None:
        """Leave the fleet, when nothing is served any more."""
        if self._ending is not None:
            self._ending.cancel()
        await self._follower.stop()
        await self._ledger.close()

    async def awake(self) -> None:
        """Where the moment that `trusted` was told has passed: returns when it is clear what may be used."""
        await self._follower.awake()

    def lives(self, seconds: float) -> None:
        """How long any entry lives at most, by the settings: what was purged before is of no use to remember."""
        self._follower.lifetime = seconds

    @property
    def id(self) -> str:
        """This worker's, among the members."""
        return self._fleet.me.id

    @property
    def version(self) -> int:
        """Of the newest row of the ledger that this worker knows, and acts by."""
        return self._book.version

    @property
    def seen(self) -> float | None:
        """When the ledger was last seen, in Unix seconds; None: never."""
        return self._follower.seen or None

    @property
    def up(self) -> bool:
        """Whether the ledger was there when it was last looked for."""
        return self._follower.up

    @property
    def overrides(self) -> Table:
        """Those in force, by route."""
        now = self._clock()
        return {name: one for name, one in self._book.overrides.items() if one.until is None or now < one.until}

    def on_change(self, callback: Callable[[Change], None]) -> None:
        """Have it called with what is new, in the event loop, before it is acknowledged; also when an override ends."""
        self._listeners.append(callback)

    async def purge(self, orders: Sequence[Order], wait: float | None = None) -> Confirmation:
        """Give orders to all. wait: seconds for acknowledgements; None: as configured."""
        at = self._clock()
        version = await self._follower.append(lambda: [(order, at) for order in orders])
        return await self._confirm(version, wait)

    async def override(
        self, route: str, patch: Patch | Callable[[], Patch | None] | None, until: float | None, reason: str, who: str
    ) -> Confirmation:
        """Put settings over a route's, in the place of those that were; patch None: none any more.

        patch: or what makes it out of those that are in force, when nobody can change them any more; what it raises
        is raised, and nothing was changed. until: Unix seconds; None: for good. ConfigError where the settings would
        not do; then nothing was changed.
        """
        at = self._clock()

        def table() -> list[Item]:
            stated = patch() if callable(patch) else patch
            after = {name: one for name, one in self.overrides.items() if name != route}
            if stated is not None:
                after[route] = Override(route, stated, until, reason, who, at)
                self._check({name: one.patch for name, one in after.items()})
            return [after]

        return await self._confirm(await self._follower.append(table), None)

    @property
    def acknowledged(self) -> int:
        """The version that this worker has told the others it goes by."""
        return self._fleet.me.acknowledged

    def last_known(self) -> list[Member]:
        """`members`, as they were heard of last: a second ago, while the ledger is there."""
        return self._fleet.last_known()

    async def members(self) -> list[Member]:
        """Those who count, the oldest first."""
        return await self._fleet.members()

    async def write_off(self, member: str) -> bool:
        """Have a member (its id) count no more; False where there is none. One that lives comes back by itself."""
        return await self._fleet.write_off(member)

    async def _confirm(self, version: int, wait: float | None) -> Confirmation:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (self._settings.wait if wait is None else wait)
        pause = _FIRST_PAUSE
        while True:
            try:
                members = await self._fleet.members()
            except StoreUnavailable:  # the order stands; who has heard of it cannot be told
                members = self._fleet.last_known()
            missing = tuple(member for member in members if member.acknowledged < version)
            left = deadline - loop.time()
            if not missing or left <= 0:
                return Confirmation(version, missing)
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _heard(self, change: Change) -> None:
        if change.overrides:
            self._end_in_time()
        for callback in self._listeners:
            try:
                callback(change)
            except Exception:  # a bug there: what is purged is gone all the same, and the ledger is followed on
                _log.exception("a change of the ledger could not be told")

    def _end_in_time(self) -> None:
        """Have it told when the next override ends."""
        if self._ending is not None:
            self._ending.cancel()
        now = self._clock()
        ends = [one.until for one in self.overrides.values() if one.until is not None]
        self._ending = None
        if ends:
            later = asyncio.get_running_loop().call_later
            # In steps: a clock may be set, and a loop's timer takes no month.
            self._ending = later(min(max(0.0, min(ends) - now) + 0.001, 60.0), self._ended, min(ends))

    def _ended(self, until: float) -> None:
        if self._clock() >= until:
            self._heard(Change(overrides=True))
        else:
            self._end_in_time()
