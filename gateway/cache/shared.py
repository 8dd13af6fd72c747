"""Shared: a store, and what stands before it: breaker, reads, writes, leases, and who watches whether it is there."""

import asyncio
from dataclasses import dataclass

from gateway.cache.breaker import RETRY_AFTER, Breaker
from gateway.cache.buckets import Buckets
from gateway.cache.leases import Leases
from gateway.cache.reads import Reads
from gateway.cache.relay import Relay, Tail
from gateway.cache.store import LiveLog, Store, Usage
from gateway.cache.writes import Writes
from gateway.model.errors import StoreUnavailable
from gateway.model.fields import Pairs

_LOOK_SECONDS = 2.0
_CLOSE_SECONDS = 5.0
_RELAY_SECONDS = 0.5


@dataclass(slots=True, frozen=True)
class TierStats:
    """One tier's state and totals, by the names that metrics know. entries and bytes: None where it cannot say."""

    entries: int | None = None
    bytes: int | None = None
    hits: int = 0
    misses: int = 0
    evictions: int | None = None
    errors: int | None = None
    timeouts: int | None = None
    dropped: int | None = None  # writes that never were
    out: bool = False  # the breaker holds it out


class Shared:
    """One process's way to a store that others use as well. Nothing here raises."""

    def __init__(self, store: Store, breaker: Breaker, read_timeout: float, compress_over: int) -> None:
        self.store = store
        self.breaker = breaker
        self.reads = Reads(store, breaker, read_timeout)
        self.writes = Writes(store, breaker, compress_over)
        self.leases = Leases(store, breaker, self.writes)
        self.buckets = Buckets(store, breaker, read_timeout)
        self.usage = Usage(None, None)
        self.errors = 0
        self._relays: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.store.start()
        self._watch = asyncio.get_running_loop().create_task(self._watch_over())

    async def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._relays:
            await asyncio.wait(self._relays, timeout=_RELAY_SECONDS)
        for relay in list(self._relays):
            relay.cancel()
        await self.writes.close(_CLOSE_SECONDS)
        await self.leases.close(_CLOSE_SECONDS)
        await self.reads.close()
        await self.buckets.close()
        await self.store.close()

    def relay(self, key: bytes, version: int, status: int, reason: bytes, fields: Pairs) -> Relay | None:
        """Who tells other processes of an answer that is received here; None where the store cannot."""
        if not isinstance(self.store, LiveLog) or self.breaker.open:
            return None
        relay = Relay.of(self.store, self.breaker, key, version, status, reason, fields)
        self._relays.add(relay.task)
        relay.task.add_done_callback(self._relays.discard)
        return relay

    async def tail(self, key: bytes) -> Tail | None:
        """What another process receives for the key now, if it can be followed."""
        if not isinstance(self.store, LiveLog) or self.breaker.open:
            return None
        return await Tail.find(self.store, key)

    async def _watch_over(self) -> None:
        """Keeps the usage known, and notices without any client that the store is not there, or is back."""
        at_start = True
        while True:
            if self.breaker.admits():
                try:
                    async with asyncio.timeout(_LOOK_SECONDS):
                        self.usage = await self.store.usage()
                    self.breaker.succeeded()
                except (StoreUnavailable, TimeoutError) as exc:
                    self.errors += 1
                    detail = str(exc) or f"no answer in {_LOOK_SECONDS:g} s"
                    self.breaker.failed(detail, at_once=at_start)
            at_start = False
            await asyncio.sleep(RETRY_AFTER)

    def stats(self) -> TierStats:
        return TierStats(
            *self.usage,
            hits=self.reads.hits,
            misses=self.reads.misses,
            errors=self.errors + self.reads.errors + self.writes.errors + self.leases.errors,
            timeouts=self.reads.timeouts,
            dropped=self.writes.dropped,
            out=self.breaker.open,
        )
