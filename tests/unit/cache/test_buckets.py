"""Shared buckets: asked under a deadline, and left alone for a while where they fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.cache.breaker import Breaker
from gateway.cache.buckets import Buckets
from gateway.cache.store import TokenBuckets
from tests.support.shelf import Shelf


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Till(Shelf):
    """A shelf with buckets that never run out."""

    async def spend(self, name: bytes, period: float, depth: float) -> tuple[bool, float]:
        await self._pass("spend", 1)
        return True, period


@asynccontextmanager
async def buckets(store: Shelf, clock: Clock, breaker: Breaker | None = None) -> AsyncIterator[Buckets]:
    made = Buckets(store, breaker or Breaker("shelf"), 0.02, clock)
    try:
        yield made
    finally:
        await made.close()


async def test_what_the_store_says():
    async with buckets(Till(), Clock()) as made:
        assert await made.spend(b"a", 2.0, 4.0) == (True, 2.0)


async def test_a_store_without_buckets_is_not_asked():
    assert not isinstance(Shelf(), TokenBuckets)
    async with buckets(Shelf(), Clock()) as made:
        assert await made.spend(b"a", 2.0, 4.0) is None


async def test_a_store_that_fails_or_hangs_is_left_alone_for_a_second():
    for broken in (True, False):
        store, clock = Till(), Clock()
        store.broken = broken
        if not broken:
            store.gate.clear()
        async with buckets(store, clock) as made:
            for _ in range(5):
                assert await made.spend(b"a", 2.0, 4.0) is None
            assert len(store.asked("spend")) == 1
            store.broken = False
            store.gate.set()
            clock.now += 1.1
            assert await made.spend(b"a", 2.0, 4.0) == (True, 2.0)


async def test_a_store_that_is_out_is_not_asked():
    store, breaker = Till(), Breaker("shelf")
    breaker.failed("gone", at_once=True)
    async with buckets(store, Clock(), breaker) as made:
        assert await made.spend(b"a", 2.0, 4.0) is None
    assert store.calls == []


async def test_who_leaves_ends_nobody_elses_question():
    store = Till()
    store.gate.clear()
    async with buckets(store, Clock()) as made:
        leaving = asyncio.create_task(made.spend(b"a", 2.0, 4.0))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        store.gate.set()
        assert await made.spend(b"a", 2.0, 4.0) == (True, 2.0)


async def test_closing_ends_what_is_under_way():
    store = Till()
    store.gate.clear()
    made = Buckets(store, Breaker("shelf"), 5, Clock())
    asking = asyncio.create_task(made.spend(b"a", 2.0, 4.0))
    await asyncio.sleep(0.01)
    await made.close()
    assert await asking is None
