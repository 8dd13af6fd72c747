"""Redis as a failing neighbour. No client of the tiers sees more of it than a miss with a reason."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.cache.breaker import RETRY_AFTER
from gateway.cache.memory import Memory
from gateway.cache.redis import Redis
from gateway.cache.store import Claim
from gateway.cache.tiers import Lookup, Tiers
from gateway.model.outcome import Reason
from gateway.model.settings.tiers import RedisSettings
from tests.support.entries import make_entry, make_key
from tests.support.eventually import eventually
from tests.support.imposter import imposter
from tests.support.redis_server import RedisServer, redis_cluster, redis_server, redis_with_sentinels

KEY = make_key("k")
UNAVAILABLE = (Reason.L2_DOWN, Reason.L2_TIMEOUT)


class Clock:
    """The breaker's: what it waits for has passed when a test says so."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.skipped

    def pass_the_wait(self) -> None:
        self.skipped += RETRY_AFTER


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@asynccontextmanager
async def tiers_over(settings: RedisSettings | str, clock: Clock, read_timeout: float = 0.05) -> AsyncIterator[Tiers]:
    store = Redis(RedisSettings(url=settings) if isinstance(settings, str) else settings)
    tiers = Tiers(Memory(1 << 20), store, read_timeout=read_timeout, compress_over=1024, monotonic=clock)
    await tiers.start()
    try:
        yield tiers
    finally:
        await tiers.close()


async def find(tiers: Tiers, key: bytes = KEY) -> Lookup:
    """A look that is over in good time, whatever happens."""
    async with asyncio.timeout(1.0):
        return await tiers.find(key, time.time(), 0.0)


async def stored(tiers: Tiers, key: bytes = KEY) -> None:
    """Keeps an entry, and returns when the store has it."""
    tiers.keep(key, make_entry(b"x" * 2000), 0.0)

    async def there() -> bool:
        return (await find(tiers, key)).tier == "redis"

    await eventually(there)


async def back(tiers: Tiers, clock: Clock) -> None:
    """Returns when the tiers reach the store again."""

    async def reached() -> bool:
        clock.pass_the_wait()
        return (await find(tiers, make_key("nothing"))).reason is None

    await eventually(reached)


async def live(tiers: Tiers, stop: asyncio.Event, seen: list[Reason | None]) -> None:
    """A client that finds, keeps, forgets and claims without a pause."""
    n = 0
    while not stop.is_set():
        n += 1
        key = make_key(n % 50)
        seen.append((await find(tiers, key)).reason)
        tiers.keep(key, make_entry(b"x" * 3000), 0.0)
        lease = await tiers.claim(key, 5)
        await tiers.release(lease)
        tiers.forget(make_key((n + 25) % 50))
        await asyncio.sleep(0)


async def test_killed_under_load_and_started_again(server: RedisServer, clock: Clock) -> None:
    async with tiers_over(server.url, clock) as tiers:
        stop, seen = asyncio.Event(), list[Reason | None]()
        clients = [asyncio.ensure_future(live(tiers, stop, seen)) for _ in range(8)]
        await eventually(lambda: len(seen) > 200)
        server.kill()
        await eventually(lambda: tiers.stats().store.out)
        served = len(seen)
        await eventually(lambda: len(seen) > served + 200)
        server.start()
        await back(tiers, clock)
        stop.set()
        await asyncio.gather(*clients)  # none of them saw an exception
        assert set(seen) <= {None, *UNAVAILABLE}
        await stored(tiers, make_key("after"))


async def test_restarted_empty_is_a_plain_miss(server: RedisServer, clock: Clock) -> None:
    async with tiers_over(server.url, clock) as tiers:
        await stored(tiers)
        server.kill()
        server.start()
        await back(tiers, clock)
        assert await find(tiers) == Lookup()
        await stored(tiers)


async def test_frozen_costs_the_deadline_and_then_nothing(server: RedisServer, clock: Clock) -> None:
    async with tiers_over(server.url, clock) as tiers:
        await stored(tiers)
        server.freeze()
        began = time.monotonic()
        assert (await find(tiers)).reason is Reason.L2_TIMEOUT
        assert 0.04 < time.monotonic() - began < 0.5
        while not tiers.stats().store.out:
            assert (await find(tiers)).reason is Reason.L2_TIMEOUT
        began = time.monotonic()
        for _ in range(100):
            assert (await find(tiers)).reason is Reason.L2_DOWN
            assert (await tiers.claim(KEY, 5)).state is Claim.GRANTED
        assert time.monotonic() - began < 0.5
        server.thaw()
        await back(tiers, clock)
        assert (await find(tiers)).tier == "redis"


async def test_answers_that_come_too_late_are_not_taken_for_others(server: RedisServer, clock: Clock) -> None:
    async with tiers_over(server.url, clock) as tiers:
        keys = [make_key(n) for n in range(20)]
        for n, key in enumerate(keys):
            tiers.keep(key, make_entry(b"%d" % n), 0.0)
        await stored(tiers)
        for n, key in enumerate(keys):
            server.freeze()
            assert (await find(tiers, keys[n - 1])).reason in UNAVAILABLE
            server.thaw()
            await back(tiers, clock)
            found = (await find(tiers, key)).entry
            assert found is None or found.body == b"%d" % n


async def test_not_there_at_start_is_said_once_and_used_when_it_comes(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ragfront.cache")
    server = RedisServer(tmp_path)
    async with tiers_over(server.url, clock) as tiers:
        await eventually(lambda: tiers.stats().store.out)
        for _ in range(20):
            assert (await find(tiers)).reason is Reason.L2_DOWN
            tiers.keep(make_key("kept"), make_entry(), 0.0)
        assert len(caplog.records) == 1
        try:
            server.start()
            await back(tiers, clock)
            await stored(tiers)
            assert len(caplog.records) == 2
        finally:
            server.kill()


@pytest.mark.parametrize(
    "says",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x50",
        b"",
        b"$1000000000\r\nabc",
        b"-LOADING wait\r\n",
    ],
    ids=["http", "tls", "silence", "huge", "loading"],
)
async def test_another_program_on_the_port(says: bytes, clock: Clock) -> None:
    async with imposter(says) as other, tiers_over(other.url, clock) as tiers:
        for _ in range(10):
            assert (await find(tiers)).reason in UNAVAILABLE
            tiers.keep(make_key("kept"), make_entry(), 0.0)
            await tiers.release(await tiers.claim(KEY, 5), 1.0)
            tiers.forget(make_key("forgotten"))
        assert tiers.stats().store.out
        connected = other.connections
        for _ in range(100):
            await find(tiers)
        assert other.connections == connected  # no storm of connections


async def test_full_and_read_only_serves_what_it_has(server: RedisServer, clock: Clock) -> None:
    async with tiers_over(server.url, clock) as tiers:
        await stored(tiers)
        admin = server.client()
        admin.config_set("maxmemory-policy", "noeviction")
        admin.config_set("maxmemory", "1mb")
        admin.close()
        tiers.keep(make_key("more"), make_entry(), 0.0)
        await eventually(lambda: tiers.stats().store.dropped)
        assert (await find(tiers)).tier == "redis"


async def test_a_wrong_password_is_a_miss(server: RedisServer, clock: Clock) -> None:
    async with tiers_over(RedisSettings(url=server.url, username="nobody", password="wrong"), clock) as tiers:
        assert (await find(tiers)).reason in UNAVAILABLE
        await eventually(lambda: tiers.stats().store.out)


async def test_sentinels_name_another_master(clock: Clock) -> None:
    with redis_with_sentinels(replicas=1) as (master, sentinels):
        settings = RedisSettings(url=sentinels[0].url, sentinel="mymaster")
        async with tiers_over(settings, clock) as tiers:
            await stored(tiers)
            master.kill()
            n = 0

            async def written() -> bool:
                nonlocal n
                n += 1
                clock.pass_the_wait()
                tiers.keep(make_key(n), make_entry(), 0.0)
                return (await find(tiers, make_key(n - 1))).tier == "redis"

            await eventually(written, 30)


async def test_a_third_of_a_cluster_gone_leaves_the_rest_in_use(clock: Clock) -> None:
    with redis_cluster() as nodes:
        async with tiers_over(RedisSettings(url=nodes[0].url, cluster=True), clock, read_timeout=0.5) as tiers:
            keys = [make_key(n) for n in range(60)]
            for key in keys:
                await stored(tiers, key)
            nodes[2].kill()

            async def rest_served() -> bool:
                clock.pass_the_wait()
                found = await asyncio.gather(*(find(tiers, key) for key in keys))
                return 20 < sum(lookup.tier == "redis" for lookup in found) < 60

            await eventually(rest_served, 20)
