"""Tiers: memory over a store that others share. What clients of the cache see of it; none of it raises.

A store that is down, slow, full or lying is a miss with a reason. While the store cannot say, memory is trusted for
as long as its entries live; otherwise only for its own short time, after which the store is asked again.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import floor

from gateway.cache.breaker import Breaker
from gateway.cache.codec import decode, is_record_of
from gateway.cache.leases import Lease
from gateway.cache.memory import Memory
from gateway.cache.reads import Row
from gateway.cache.relay import Relay, Tail
from gateway.cache.shared import Shared, TierStats
from gateway.cache.sieve import Keys, Sieve
from gateway.cache.store import Claim, Store
from gateway.model.entry import Entry
from gateway.model.fields import Pairs
from gateway.model.outcome import Reason
from gateway.policy.early import next_moment
from gateway.policy.purges import UNTOUCHED, Names, Purges

_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.1
"""Seconds between two looks of one who waits: it doubles."""

_STEPS = 64
"""Into so many parts memory's own time is divided; an entry may lose one of them."""


@dataclass(slots=True)
class Lookup:
    """What was found. reason: why the store could not say. tier: where the entry was. lease, tail: see `Tiers.wait`."""

    entry: Entry | None = None
    reason: Reason | None = None
    tier: str = ""
    lease: Lease | None = None
    tail: Tail | None = None


@dataclass(slots=True)
class Said:
    """What a store said at once. row: as it was read. entry: it, if it is of use. changes: see `Tiers.find`."""

    row: Row
    entry: Entry | None
    changes: int


@dataclass(slots=True, frozen=True)
class Stats:
    """Both tiers'."""

    memory: TierStats
    store: TierStats


class Tiers:
    """Memory, and a store where there is one.

    read_timeout: seconds that a look into the store may take. compress_over: bytes; see `codec.encode`.
    clock: Unix seconds. monotonic: seconds, for the breaker. random: [0, 1).
    on_change(available, detail): the store is out, or back.
    early: how early entries are asked anew (policy/early), by the names of the routes that have them so.
    purges: what may be used no more. Where an entry is asked for, `named` are the keys by which a purge may name it
    beside its own.
    """

    def __init__(
        self,
        memory: Memory,
        store: Store | None,
        *,
        read_timeout: float,
        compress_over: int,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
        on_change: Callable[[bool, str], None] | None = None,
        purges: Purges | None = None,
    ) -> None:
        self.early: Mapping[str, float] = {}
        self.sieve = Sieve(Purges() if purges is None else purges)
        self._memory = memory
        self._peek = memory.peek
        self._clock = clock
        self._random = random
        self._hits = self._misses = 0
        self._changes = self._forgets = 0  # of what the store holds, by this process; removals alone
        self._shared: Shared | None = None
        if store is not None:
            breaker = Breaker(store.name, clock=monotonic, on_change=on_change)
            self._shared = Shared(store, breaker, read_timeout, compress_over)

    async def start(self) -> None:
        """Makes the store ready, and goes on without it where it is not there."""
        if self._shared is not None:
            await self._shared.start()

    async def close(self) -> None:
        """Writes what is still to be written, gives leases back; a few seconds at most."""
        if self._shared is not None:
            await self._shared.close()

    @property
    def alone(self) -> bool:
        """Whether nobody else uses the store now, or there is none: a lease would be kept for nobody."""
        return self._shared is None or self._shared.store.alone

    @property
    def immediate(self) -> bool:
        """Whether `at_once` may be able to tell."""
        return self._shared is not None and not self._shared.reads.suspends and not self._shared.breaker.open

    @property
    def version(self) -> int:
        """Of the newest purge: what begins now is touched by later ones only."""
        return self.sieve.purges.newest

    def untouched(self, version: int, names: Names) -> bool:
        """Whether no purge since a version names it."""
        return self.sieve.purges.judge(version, names) == UNTOUCHED

    def held(self, key: bytes, now: float, named: Keys = ()) -> Entry | None:
        """What memory has, if its time there is not over; who uses it counts it. now: Unix seconds."""
        entry, sieve = self._peek(key), self.sieve
        if entry is not None and entry.checked != sieve.purges.newest:
            entry = self._left(key, named)
        return entry if entry is not None and now < entry.until and now < sieve.until else None

    def _left(self, key: bytes, named: Keys = ()) -> Entry | None:
        """What memory has, however old, and no purge has taken."""
        entry = self._memory.get(key)
        if entry is None or entry.checked == self.sieve.purges.newest or self.sieve.leaves(entry, (key, *named)):
            return entry
        self._memory.remove(key)
        return None

    def count(self, *, found: bool) -> None:
        """A request has been looked up in memory."""
        if found:
            self._hits += 1
        else:
            self._misses += 1

    def glance(self, key: bytes, now: float) -> Entry | None:
        """`held` for entries that are fresh and stay so for a while, and counted, by those who look again where there
        is none: with `held` they find what is to be asked anew early.
        """
        entry, sieve = self._peek(key), self.sieve
        if entry is None or now >= sieve.until:
            return None
        if entry.checked != sieve.purges.newest:
            entry = self._left(key)
        if entry is None or now >= entry.hit_until:
            return None
        self._hits += 1
        return entry

    def at_once(self, key: bytes, now: float, named: Keys = ()) -> Said | None:
        """What the store has, where it can say so without suspending; None: ask `find`. Nothing is kept or counted.

        Only `find` waits for what is on its way to the store, and tries a store that is out.
        """
        shared = self._shared
        if shared is None or not self.immediate or shared.writes.touches(key) or now >= self.sieve.until:
            return None
        row = shared.reads.at_once(key)
        entry = self._entry(row, key, named) if isinstance(row, bytes) else None
        return Said(row, entry if entry is not None and now < entry.expires_at else None, self._changes)

    def take(self, key: bytes, said: Mapping[bytes, Said], now: float, l1_ttl: float) -> str:
        """A request is answered at once with the key's entry, which `held` or `at_once` told: now that is counted.

        said: what the store said on the way, by key; it is kept in memory as by `find`. The tier's name.
        """
        if self._shared is not None:
            for other, each in said.items():
                self._shared.reads.count(each.row)
                if each.entry is not None:
                    self._remember(other, each.entry, now, l1_ttl)
        self.count(found=key not in said)
        return self._shared.store.name if self._shared is not None and key in said else "memory"

    def postpone(self, entry: Entry, now: float) -> None:
        """It is being asked anew: until the next moment to do so, hits need no second look."""
        entry.hit_until = min(entry.until, self._early(entry, now))

    def _early(self, entry: Entry, now: float) -> float:
        beta = self.early.get(entry.route)
        return next_moment(entry, now, beta, self._random()) if beta else entry.fresh_until

    def _entry(self, row: bytes | None, key: bytes, named: Keys) -> Entry | None:
        """What the key's record says, if no purge has taken it. Memory's own entry, where that is of this record."""
        if row is None:
            return None
        entry = self._peek(key)
        if entry is None or not is_record_of(row, entry):
            entry = decode(row)
        return entry if entry is not None and self.sieve.leaves(entry, (key, *named)) else None

    async def _blind(self) -> bool:
        """Whether nothing that is stored may be used: this worker does not know, for now, what was purged."""
        if self._clock() < self.sieve.until:
            return False
        await self.sieve.awake()
        return self._clock() >= self.sieve.until

    async def find(self, key: bytes, now: float, l1_ttl: float, said: Said | None = None, named: Keys = ()) -> Lookup:
        """What the tiers have, and keeps it in memory for up to `l1_ttl` seconds.

        said: by `at_once`, a moment ago. The store is not asked again, unless this process has changed what is in it:

        1 A asks the upstream; 2 B comes, and the store has nothing; 3 A's answer is stored, and its flight is over;
        4 B opens a flight. Memory need not have the answer, nor need it be pending by now. What other processes
        store meanwhile is looked for once the lease is granted, as ever.
        """
        if await self._blind():
            return Lookup()
        entry = self._left(key, named)
        if entry is not None and now < entry.until:
            return Lookup(entry, None, "memory")
        if self._shared is None:
            return Lookup()
        known, entry = self._shared.writes.pending(key)
        if not known:
            found = await self._read(self._shared, key, now, l1_ttl, named, said)
            if found.entry is None and found.reason is None:
                self._memory.remove(key)  # removed elsewhere: it must not come back when the store is away
            return found
        if entry is None or entry.expires_at <= now or not self.sieve.leaves(entry, (key, *named)):
            return Lookup()
        self._remember(key, entry, now, l1_ttl)
        return Lookup(entry, None, "memory")

    async def newer(self, key: bytes, entry: Entry, now: float, l1_ttl: float, named: Keys = ()) -> Lookup:
        """What others have stored in the place of `entry`, which memory holds; nothing where they have not."""
        shared = self._shared
        if shared is None or shared.store.alone or shared.writes.touches(key) or await self._blind():
            return Lookup()
        found = await self._read(shared, key, now, l1_ttl, named)
        return found if found.entry is not None and found.entry.fresh_until > entry.fresh_until else Lookup()

    async def _read(
        self, shared: Shared, key: bytes, now: float, l1_ttl: float, named: Keys, said: Said | None = None
    ) -> Lookup:
        before, forgets = self._memory.get(key), self._forgets
        if said is not None and said.changes == self._changes:
            row = said.row
            shared.reads.count(row)
        else:
            row = await shared.reads.read(key)
        held = self._left(key, named)
        if held is not None and (held is not before or isinstance(row, Reason)) and now < held.expires_at:
            # Kept while we asked, and so newer than what we heard; or all there is while the store cannot say.
            return Lookup(held, row if isinstance(row, Reason) else None, "memory")
        if isinstance(row, Reason):
            return Lookup(None, row)
        entry = self._entry(row, key, named)
        if forgets != self._forgets:
            return Lookup() if shared.writes.touches(key) else Lookup(entry, None, shared.store.name)
        if entry is None or entry.expires_at <= now:
            return Lookup()
        self._remember(key, entry, now, l1_ttl)
        return Lookup(entry, None, shared.store.name)

    def keep(self, key: bytes, entry: Entry, l1_ttl: float) -> None:
        """Stores an entry: in memory at once, in the store soon."""
        self._changes += 1
        self._remember(key, entry, self._clock(), l1_ttl)
        if self._shared is not None:
            self._shared.writes.put(key, entry)

    def lay_up(self, key: bytes, entry: Entry) -> None:
        """Stores an entry that is seldom asked for: in the store only, where there is one."""
        if self._shared is not None:
            self._shared.writes.put(key, entry)
        else:
            self._memory.put(key, entry, entry.expires_at)

    def forget(self, key: bytes) -> None:
        """Removes an entry: from memory at once, from the store soon; until then it is not found either."""
        self._changes += 1
        self._forgets += 1
        self._memory.remove(key)
        if self._shared is not None:
            self._shared.writes.put(key, None)

    def keep_record(self, key: bytes, record: Entry) -> None:
        """Stores what is no answer, for all who share the store; memory holds none of it."""
        if self._shared is not None:
            self._shared.writes.put(key, record)

    async def record(self, key: bytes) -> Entry | None:
        """What `keep_record` stored, here or elsewhere; None where there is none, or the store cannot say."""
        row = await self._shared.reads.read(key) if self._shared is not None else None
        return decode(row) if isinstance(row, bytes) else None

    def purged(self) -> None:
        """There is a new purge: calls that are under way here, and bring nothing any more, are not to be waited for."""
        if self._shared is not None:
            self._shared.leases.let_go(self.sieve.purges)

    async def claim(self, key: bytes, ttl: float) -> Lease:
        """Asks to be the one who asks the upstream for this key. A lease that is GRANTED is renewed until released."""
        lease = Lease(key, ttl)
        if self._shared is not None:
            await self._shared.leases.claim(lease)
        return lease

    async def release(self, lease: Lease, given_up_for: float = 0.0) -> None:
        """Gives a lease back, once what was kept under its key is written: not on a client's way.

        given_up_for: seconds for which those elsewhere fetch for themselves instead of waiting; 0 for not at all.
        """
        if self._shared is not None:
            await self._shared.leases.release(lease, given_up_for)

    async def spend(self, bucket: bytes, period: float, depth: float) -> tuple[bool, float] | None:
        """Takes a token of a bucket that all processes share; None where there is none, or it cannot be told in time.

        See `cache.store.TokenBuckets`.
        """
        return await self._shared.buckets.spend(bucket, period, depth) if self._shared is not None else None

    def relay(self, lease: Lease, version: int, status: int, reason: bytes, fields: Pairs) -> Relay | None:
        """Who tells those who wait for the lease of an answer that is received here; None where nobody can be told.

        version: what was known of purges when its call began.
        """
        if self._shared is None or not lease.shared:
            return None
        relay = self._shared.relay(lease.key, version, status, reason, fields)
        lease.followed = relay is not None
        return relay

    async def wait(
        self, lease: Lease, now: float, l1_ttl: float, named: Keys = (), *, deadline: float | None = None
    ) -> Lookup:
        """Waits, where the lease is HELD by another process, for a fresh entry or for the lease to change.

        Either `entry` is what the other process stored; or `lease` is the one given, GRANTED (its owner is gone or
        stored nothing fresh) or GIVEN_UP, or still HELD at the deadline (the event loop's time); or `tail` is the
        answer that the other process is receiving.
        """
        if self._shared is None:
            return Lookup(lease=lease)
        loop = asyncio.get_running_loop()
        began, pause = loop.time(), _FIRST_PAUSE
        while True:
            found = await self._fresh(lease.key, now + loop.time() - began, l1_ttl, named)
            if found.entry is not None:
                return found
            await self._shared.leases.claim(lease)
            if lease.state is Claim.GRANTED:
                return await self.look_again(lease, now + loop.time() - began, l1_ttl, named)
            left = pause if deadline is None else deadline - loop.time()
            if lease.state is Claim.GIVEN_UP or left <= 0:
                return Lookup(None, found.reason, lease=lease)
            if (tail := await self._shared.tail(lease.key)) is not None:
                return Lookup(lease=lease, tail=tail)
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def look_again(self, lease: Lease, now: float, l1_ttl: float, named: Keys = ()) -> Lookup:
        """For a fresh entry, when the lease has just been GRANTED. Where there is one, the lease is given back.

        1 we look, and find nothing; 2 its owner stores the answer and gives the lease back; 3 we are granted it.
        """
        try:
            found = await self._fresh(lease.key, now, l1_ttl, named)
        except asyncio.CancelledError:
            await self.release(lease)
            raise
        if found.entry is None:
            return Lookup(None, found.reason, lease=lease)
        await self.release(lease)
        return found

    async def _fresh(self, key: bytes, now: float, l1_ttl: float, named: Keys) -> Lookup:
        """What the store has, if it is fresh. Memory's own may be the very entry that is being replaced elsewhere."""
        if await self._blind():
            return Lookup()
        found = self._left(key, named)
        if found is not None and now < found.fresh_until and now < found.until:
            return Lookup(found, None, "memory")
        assert self._shared is not None
        looked = await self._read(self._shared, key, now, l1_ttl, named)
        if looked.entry is None or now < looked.entry.fresh_until:
            return looked
        return Lookup(None, looked.reason)

    def stats(self) -> Stats:
        """Both tiers' state and totals; the store's usage as of some seconds ago."""
        memory = TierStats(
            len(self._memory), self._memory.bytes, self._hits, self._misses, evictions=self._memory.evictions
        )
        return Stats(memory, self._shared.stats() if self._shared is not None else TierStats())

    def _remember(self, key: bytes, entry: Entry, now: float, l1_ttl: float) -> None:
        until = entry.expires_at
        if self._shared is not None and now + l1_ttl < until:
            # In steps: entries that were kept at about the same time hold one figure, instead of 32 bytes each.
            step = l1_ttl / _STEPS
            until = floor((now + l1_ttl) / step) * step if step else now
        keep = partial(self._memory.put, key) if self._peek(key) is not entry else self._memory.renew
        keep(entry, until, self._early(entry, now))
