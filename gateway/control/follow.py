"""Follow: one worker reads the ledger as it grows, says what it has acknowledged, and adds to it.

A worker that stood still (stopped, swapped out, its host suspended) may have missed what others have heard: until it
has looked again, nothing that is stored may be used. `Follower.until` is how long it may, for those who use it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable

from gateway.control.book import Book, Change, Lacking, Table, begin, write
from gateway.control.fleet import Fleet
from gateway.control.store import Ledger, Row
from gateway.model.errors import StoreUnavailable
from gateway.policy.purges import Order

_log = logging.getLogger("ragfront.control")

TRUST = 2.0
"""Seconds that pass without a sign of life of this process, or (`strict`) of the ledger, before nothing is used."""

_BEAT = 0.5
_RETRY = 0.5
_ENROLL_EVERY = 1.0
_MUSTER_EVERY = 0.02  # seconds for each member, between two looks at who is there: else it grows with their square
_TRIES = 10
_SPARE = 10_000  # rows that say nothing any more, before a ledger is written anew without them
_OUTLIVE_EVERY = 600.0
_WAKE_SECONDS = 1.5
_START_SECONDS = 3.0

Item = tuple[Order, float] | Table


class Follower:
    """One worker's. heard(change): told of what is new, before it is acknowledged. trusted(until): Unix seconds.

    clock: Unix seconds. monotonic: seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        book: Book,
        fleet: Fleet,
        heard: Callable[[Change], None],
        trusted: Callable[[float], None],
        *,
        strict: bool,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._book = book
        self._fleet = fleet
        self._heard = heard
        self._trusted = trusted
        self._strict = strict
        self._clock = clock
        self._monotonic = monotonic
        self._turn = asyncio.Lock()
        self._acknowledged = -1
        self._enrolled = 0.0
        self._mustered = float("-inf")
        self._beaten = self._moment()
        self._woke = float("-inf")
        self._waking: asyncio.Task[None] | None = None
        self._outlived = 0.0
        self.lifetime = float("inf")  # seconds, which no entry outlives
        self.seen: float | None = None  # Unix seconds, when the ledger was last seen
        self.up = False

    async def start(self) -> None:
        """Join the fleet: register, then read, then serve.

        1 another appends a purge; 2 it asks who is there, and waits for those. Had we read first and registered then,
        1 and 2 could both fall between, and nobody wait for us; as it is, whoever does not see us in 2 has appended
        before we read. Goes on without the ledger where it cannot be had.
        """
        with contextlib.suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                with contextlib.suppress(StoreUnavailable):
                    await self._fleet.enroll(0)
                await self._look_or_tell()
        self._beaten = self._moment()
        self._trust()

    async def run(self) -> None:
        """Follow, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._beat())

    async def stop(self) -> None:
        """Say goodbye, if there is anybody to hear it."""
        if self._waking is not None:
            self._waking.cancel()
            await asyncio.gather(self._waking, return_exceptions=True)
        with contextlib.suppress(StoreUnavailable):
            await self._fleet.goodbye()

    async def append(self, make: Callable[[], Iterable[Item]]) -> int:
        """Add what `make` says, given what is known then, and know it. The version of its last row. StoreUnavailable.

        at: Unix seconds.
        """
        async with self._turn:
            await self._look()
            for _ in range(_TRIES):
                rows = write(self._book.version, self._next(), make())
                if not rows:
                    return self._book.version
                if await self._ledger.append(self._book.version, rows):
                    self._take(self._book.add(rows))
                    await self._acknowledge()
                    await self._tidy()
                    return rows[-1].version
                await self._look()
        raise StoreUnavailable("the ledger: others write to it all the time")

    async def _tidy(self) -> None:
        """Write the ledger anew where most of it says nothing any more. Who follows it sees no difference."""
        if self._book.rows > len(self._book.purges) + _SPARE:
            rows = self._book.whole()
            if await self._ledger.rewrite(self._book.version, rows):
                self._book.rows = len(rows)

    async def catch_up(self) -> None:
        """Look whether there is anything new. StoreUnavailable."""
        async with self._turn:
            await self._look()

    async def awake(self) -> None:
        """Returns when what is stored may be used again, or it is clear that it may not for now."""
        if self._waking is None:
            if self._monotonic() - self._woke < _RETRY:
                return
            self._waking = asyncio.get_running_loop().create_task(self._wake())
            self._waking.add_done_callback(self._woken)
        await asyncio.shield(self._waking)

    async def _wake(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WAKE_SECONDS):
                await self._look_or_tell()
        self._beaten, self._woke = self._moment(), self._monotonic()
        self._trust()

    def _woken(self, _: object) -> None:
        self._waking = None

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(StoreUnavailable):
                await self._ledger.changed(self._book.version)
            try:
                await self._look_or_tell()
            except Exception:  # a bug: to follow no more would be the worse one
                self.up = False
                _log.exception("the ledger could not be followed")
            if not self.up:
                await asyncio.sleep(_RETRY)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT)
            if max(now - then for now, then in zip(self._moment(), self._beaten, strict=True)) > TRUST:
                await self.awake()
            else:
                self._beaten = self._moment()
                self._trust()

    def _moment(self) -> tuple[float, float]:
        """By both clocks: the one stands while a host is suspended, the other may be set."""
        return self._clock(), self._monotonic()

    def _trust(self) -> None:
        """Who stood still is not trusted until it has looked; who does not see the ledger is, unless it is strict."""
        if not self._strict:
            self._trusted(self._clock() + TRUST)
        elif self.seen is not None:
            self._trusted(self.seen + TRUST)

    async def _look_or_tell(self) -> None:
        """Look; a ledger that is away is told of once, and once again when it is back."""
        try:
            await self.catch_up()
        except StoreUnavailable as exc:
            if self.up or self.seen is None:
                self.seen = self.seen or 0.0
                _log.warning("ledger %s: away: purges cannot be confirmed: %s", self._ledger.name, exc)
            self.up = False

    async def _look(self) -> None:
        for _ in range(_TRIES):
            page = await self._ledger.read(self._book.version)
            try:
                settled = await self._settle(page.newest, page.rows)
            except ValueError as exc:
                raise StoreUnavailable(f"the ledger: {exc}") from exc
            if settled:
                await self._acknowledge()
                self._see()
                return
        raise StoreUnavailable("the ledger: others write to it all the time")

    async def _settle(self, newest: int, rows: Iterable[Row]) -> bool:
        """Take what was read into account. False: it has to be read again."""
        rows = list(rows)
        if newest == 0:
            return await self._restore()
        if newest >= self._book.version and self._book.goes_on(rows):
            if rows:
                self._take(self._book.add(rows))
            return True
        whole = await self._ledger.read(0)
        change, lacking = self._book.merge(whole.rows)
        self._take(change)
        items = _items(lacking)
        if not items:
            return True
        _log.warning("ledger %s: it did not know all that was known here, and is told", self._ledger.name)
        added = write(whole.newest, self._next(), items)
        if not await self._ledger.append(whole.newest, added):
            return False
        self._take(self._book.add(added))
        return True

    async def _restore(self) -> bool:
        """There is no ledger: it was lost, or never was."""
        if self._book.version:
            _log.warning("ledger %s: it was lost, and is written back", self._ledger.name)
            return await self._ledger.rewrite(0, self._book.whole())
        # Above whatever an older ledger, lost by now, gave out; so the entries of its time are gone.
        first = [begin(self._next())]
        if not await self._ledger.append(0, first):
            return False
        self._take(self._book.add(first))
        return True

    def _next(self) -> int:
        """The next version: by the clock, so that two that write without knowing of each other differ."""
        return max(self._book.version + 1, int(self._clock() * 1000))

    def _take(self, change: Change) -> None:
        if change.purges or change.overrides:
            self._heard(change)

    async def _acknowledge(self) -> None:
        now, version = self._monotonic(), self._book.version
        due = now - self._enrolled >= _ENROLL_EVERY
        if version != self._acknowledged or due:
            await self._fleet.enroll(version)
            self._acknowledged = version
        if due:
            self._enrolled = now
            if now - self._mustered >= _MUSTER_EVERY * len(self._fleet.last_known()):
                self._mustered = now
                await self._fleet.members()
            if now - self._outlived >= _OUTLIVE_EVERY:
                self._outlived = now
                self._book.purges.outlive(self._clock() - self.lifetime)

    def _see(self) -> None:
        if not self.up and self.seen is not None:
            _log.warning("ledger %s: back", self._ledger.name)
        self.seen, self.up = self._clock(), True


def _items(lacking: Lacking) -> list[Item]:
    return [*lacking.orders, *([] if lacking.overrides is None else [lacking.overrides])]
