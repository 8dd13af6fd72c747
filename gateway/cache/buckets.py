"""Buckets: token buckets that all processes share, in a store that has them. Asked under the deadline of reads.

An answer that misses the deadline is not waited for, and the token counts as not heard of; the question goes on, since
cutting it off would cost the connection. A store that failed is left alone for a second: a user may lack the right to
these commands alone, so that it is not the breaker's business.
"""

import asyncio
import time
from collections.abc import Callable

from gateway.cache.breaker import Breaker
from gateway.cache.store import Store, TokenBuckets
from gateway.model.errors import StoreUnavailable

_UNDER_WAY = 64
_PAUSE = 1.0

Heard = tuple[bool, float]
"""Whether a token was taken, and how many seconds the bucket is from being full now."""


class Buckets:
    """The buckets in one store. timeout: seconds. clock: monotonic seconds. Nothing here raises."""

    def __init__(
        self, store: Store, breaker: Breaker, timeout: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store if isinstance(store, TokenBuckets) else None
        self._breaker = breaker
        self._timeout = timeout
        self._clock = clock
        self._not_before = 0.0
        self._tasks: set[asyncio.Task[Heard | None]] = set()

    async def spend(self, name: bytes, period: float, depth: float) -> Heard | None:
        """Take a token, one of which comes each `period` seconds; None where the store cannot say in time.

        depth: seconds that the bucket may be from being full and still hold one.
        """
        if self._store is None or self._breaker.open or len(self._tasks) >= _UNDER_WAY:
            return None
        if self._clock() < self._not_before:
            return None
        task = asyncio.get_running_loop().create_task(self._ask(self._store, name, period, depth))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        done, _ = await asyncio.wait((task,), timeout=self._timeout)
        if not done:
            self._leave_alone()
            return None
        return None if task.cancelled() else task.result()

    async def _ask(self, store: TokenBuckets, name: bytes, period: float, depth: float) -> Heard | None:
        try:
            return await store.spend(name, period, depth)
        except StoreUnavailable:
            self._leave_alone()
            return None

    def _leave_alone(self) -> None:
        self._not_before = self._clock() + _PAUSE

    async def close(self) -> None:
        """Ends what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
