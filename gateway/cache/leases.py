"""Leases: one upstream call per key over all who share a store. Without the store each process is on its own.

A lease is renewed while it is held, so that its owner may take as long as it needs, and ends soon after its owner
does. It is given back only when the store has the answer: who waits for it looks for the answer first. One whose call
began before a purge of what it will bring is given back at once: that is stored nowhere, and nobody is to wait for it.
"""

import asyncio
import contextlib
import itertools
import os
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from gateway.cache.breaker import Breaker
from gateway.cache.store import Claim, Store
from gateway.cache.writes import Writes
from gateway.model.errors import StoreUnavailable
from gateway.policy.purges import GONE, Names, Purges

T = TypeVar("T")

_PROCESS = os.urandom(12)
_LEASES = itertools.count()
"""Together a lease's token: nobody else's, and cheaper than fresh random bytes for each miss."""

_SECONDS = 0.25
"""For one operation. Longer than a read may take: what follows a claim takes longer by far."""

_SETTLE_SECONDS = 5.0
_RENEWALS = 3
"""In the time after which a lease would end."""


class Lease:
    """One key's. state GRANTED: ask the upstream, and release it afterwards; what the others mean, Claim says.

    call: the version of the ledger when the upstream call began, and by what its answer may be purged; None: it has
    not begun. followed: others read along, and judge for themselves.
    """

    __slots__ = ("call", "followed", "key", "shared", "state", "timer", "token", "ttl")

    def __init__(self, key: bytes, ttl: float) -> None:
        self.key = key
        self.ttl = ttl
        self.token = b"%b%x" % (_PROCESS, next(_LEASES))
        self.state = Claim.GRANTED
        self.shared = False  # whether the store may know of it
        self.timer: asyncio.TimerHandle | None = None
        self.call: tuple[int, Names] | None = None
        self.followed = False


class Leases:
    """The leases of one process in one store. Nothing here raises; counts errors."""

    def __init__(self, store: Store, breaker: Breaker, writes: Writes) -> None:
        self._store = store
        self._breaker = breaker
        self._writes = writes
        self._held: set[Lease] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.errors = 0

    async def claim(self, lease: Lease) -> None:
        """Asks for the lease (again), and sets its state. GRANTED as well where the store cannot say.

        Alone, a process needs none: its flights are one per key. One that comes while it asks may ask the same once.
        """
        if self._store.alone:
            lease.state = Claim.GRANTED
            return
        lease.shared = True
        try:
            lease.state = await self._try(
                lambda: self._store.claim(lease.key, lease.token, lease.ttl), otherwise=Claim.GRANTED
            )
        except asyncio.CancelledError:
            # It may have been granted: nobody would give it back.
            self._spawn(self._end(lease, 0.0))
            raise
        if lease.state is Claim.GRANTED:
            self._held.add(lease)
            self._renew_later(lease)

    async def release(self, lease: Lease, given_up_for: float) -> None:
        """Gives the lease back, once the answer is written. Goes on where the caller is cancelled."""
        if lease.timer is not None:
            lease.timer.cancel()
            lease.timer = None
        self._held.discard(lease)
        if lease.shared and lease.state is Claim.GRANTED:
            lease.shared = False
            await asyncio.shield(self._spawn(self._end(lease, given_up_for)))

    def let_go(self, purges: Purges) -> None:
        """Gives back the leases of calls whose answers have been purged before they came."""
        for lease in list(self._held):
            if lease.call is None or lease.followed or purges.judge(*lease.call) != GONE:
                continue
            if lease.timer is not None:
                lease.timer.cancel()
            self._held.discard(lease)
            lease.shared = False  # what is received is told to nobody any more
            self._spawn(self._give_back(lease, 0.0))

    async def close(self, limit: float) -> None:
        """Gives back all that is held, in at most `limit` seconds."""
        for lease in list(self._held):
            if lease.timer is not None:
                lease.timer.cancel()
            self._spawn(self._end(lease, 0.0))
        self._held.clear()
        tasks = list(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=limit)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _end(self, lease: Lease, given_up_for: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                await self._writes.settled(lease.key)
        await self._give_back(lease, given_up_for)

    async def _give_back(self, lease: Lease, given_up_for: float) -> None:
        await self._try(lambda: self._store.release(lease.key, lease.token, given_up_for), otherwise=None)

    def _renew_later(self, lease: Lease) -> None:
        loop = asyncio.get_running_loop()
        if lease.timer is not None:
            lease.timer.cancel()
        lease.timer = loop.call_later(lease.ttl / _RENEWALS, lambda: self._spawn(self._renew(lease)))

    async def _renew(self, lease: Lease) -> None:
        """Where the store cannot say, it is tried again; where the lease is somebody else's by now, it is not."""
        ours = await self._try(lambda: self._store.renew(lease.key, lease.token, lease.ttl), otherwise=True)
        if ours and lease in self._held:
            self._renew_later(lease)

    async def _try(self, ask: Callable[[], Awaitable[T]], otherwise: T) -> T:
        if not self._breaker.admits():
            return otherwise
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await ask()
        except (StoreUnavailable, TimeoutError) as exc:
            self.errors += 1
            self._breaker.failed(str(exc) or f"a lease's operation took over {_SECONDS:g} s")
            return otherwise
        self._breaker.succeeded()
        return answer

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
