"""Redis hangs or answers nonsense while it holds clients' budgets: the deadline of one read, and the worker's own."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.cache.memory import Memory
from gateway.cache.redis import Redis
from gateway.cache.tiers import Tiers
from gateway.guard.budget import Budget
from gateway.model.settings.tiers import RedisSettings
from gateway.policy.bucket import Tariff
from tests.support.eventually import eventually
from tests.support.redis_server import redis_server

FEW = Tariff(60.0, 5)


@asynccontextmanager
async def tiers_over(url: str) -> AsyncIterator[Tiers]:
    tiers = Tiers(Memory(1 << 20), Redis(RedisSettings(url=url)), read_timeout=0.2, compress_over=1024)
    await tiers.start()
    try:
        yield tiers
    finally:
        await tiers.close()


async def shares(tiers: Tiers) -> None:
    """Returns once the buckets in Redis are heard."""

    async def heard() -> bool:
        return await tiers.spend(b"warm", 0.001, 1.0) is not None

    await eventually(heard)


async def test_frozen_costs_one_deadline_and_then_nothing_for_a_while():
    with redis_server() as server:
        async with tiers_over(server.url) as tiers:
            await shares(tiers)
            budget = Budget("ask", FEW, tiers.spend)
            server.freeze()
            began = time.monotonic()
            granted = [await budget.spend(b"a") == 0 for _ in range(8)]
            assert granted == [True] * 5 + [False] * 3
            assert time.monotonic() - began < 2 * 0.2 + 0.5
            server.thaw()


async def test_a_value_that_is_no_bucket_is_the_workers_own_business():
    with redis_server() as server:
        async with tiers_over(server.url) as tiers:
            await shares(tiers)
            client = server.client()
            name = "ragfront:budget:warm"
            client.set(name, "nonsense")
            assert await tiers.spend(b"warm", 60.0, 60.0) == (True, 60.0)  # and what stood there is replaced
            client.delete(name)
            client.lpush(name, "a list")
            assert await tiers.spend(b"warm", 60.0, 60.0) is None
            await asyncio.sleep(1.1)  # it is left alone for a second
            client.set(name, str(10**18))  # as if the server's clock had been set back by ages
            granted, debt = await tiers.spend(b"warm", 60.0, 60.0) or (True, 0.0)
            assert (granted, debt) == (False, 120.0)  # locked out for no longer than a bucket can owe
            client.close()
