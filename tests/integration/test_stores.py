"""The contract of stores: the same tests for disk, for Redis in each of its forms, and for the tests' own shelf."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from gateway.cache.disk import Disk
from gateway.cache.redis import Redis
from gateway.cache.store import Claim, LiveLog, Paged, Record, Store, TokenBuckets
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.base import TlsSettings
from gateway.model.settings.tiers import DiskSettings, RedisSettings
from tests.support.entries import make_key
from tests.support.eventually import eventually
from tests.support.redis_server import (
    redis_cluster,
    redis_server,
    redis_with_sentinels,
    redis_with_tls,
    redis_with_user,
)
from tests.support.shelf import Shelf

Maker = Callable[[], Store]


def _one(stack: ExitStack) -> RedisSettings:
    return RedisSettings(url=stack.enter_context(redis_server()).url)


def _unix(stack: ExitStack) -> RedisSettings:
    return RedisSettings(url=f"unix://{stack.enter_context(redis_server()).socket}?db=1")


def _user(stack: ExitStack) -> RedisSettings:
    server = stack.enter_context(redis_with_user("gate", "s3cret/:@"))
    return RedisSettings(url=server.url, username="gate", password="s3cret/:@")


def _tls(stack: ExitStack) -> RedisSettings:
    server, authority = stack.enter_context(redis_with_tls())
    return RedisSettings(url=f"rediss://127.0.0.1:{server.port}", tls=TlsSettings(ca=str(authority)))


def _sentinel(stack: ExitStack) -> RedisSettings:
    _, (first, second) = stack.enter_context(redis_with_sentinels())
    return RedisSettings(url=first.url, sentinel="mymaster", sentinels=(f"127.0.0.1:{second.port}",))


def _cluster(stack: ExitStack) -> RedisSettings:
    return RedisSettings(url=stack.enter_context(redis_cluster())[0].url, cluster=True)


REDIS = {
    "redis": _one,
    "redis-unix": _unix,
    "redis-user": _user,
    "redis-tls": _tls,
    "redis-sentinel": _sentinel,
    "redis-cluster": _cluster,
}


@pytest.fixture(scope="module", params=["shelf", "disk", *REDIS])
def maker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    """Makes stores that share what they hold, as the gateways of one place do (the shelf: one, again and again)."""
    with ExitStack() as stack:
        if request.param == "shelf":
            shelves: list[Shelf] = []

            def make() -> Store:
                shelves[:] = shelves or [Shelf()]
                shelves[0].gate, shelves[0].broken = asyncio.Event(), False
                shelves[0].gate.set()
                return shelves[0]

            yield make
        elif request.param == "disk":
            folder = tmp_path_factory.mktemp("disk")
            yield lambda: Disk(DiskSettings(path=str(folder), max_bytes=8 << 20))
        else:
            settings = REDIS[request.param](stack)
            yield lambda: Redis(settings)


@pytest.fixture
async def store(maker: Maker) -> AsyncIterator[Store]:
    made = maker()
    await made.start()
    yield made
    await made.close()


def record(key: bytes, value: bytes = b"value", ttl: float = 60.0) -> Record:
    return Record(key, value, time.time() + ttl)


async def test_what_was_written_is_read_in_the_order_asked(store: Store) -> None:
    a, b, c = (os.urandom(32) for _ in range(3))
    await store.write([record(a, b"a"), record(b, bytes(range(256)) * 20)])
    assert await store.read([b, c, a]) == [bytes(range(256)) * 20, None, b"a"]
    assert await store.read([c]) == [None]
    assert await store.read([]) == []


async def test_a_second_write_replaces_the_first(store: Store) -> None:
    key = os.urandom(32)
    await store.write([record(key, b"old", ttl=5)])
    await store.write([record(key, b"new", ttl=500)])
    assert await store.read([key]) == [b"new"]


async def test_what_is_written_at_once_is_all_there(store: Store) -> None:
    keys = [os.urandom(32) for _ in range(300)]
    await asyncio.gather(*(store.write([record(key, key * 20)]) for key in keys))
    assert await store.read(keys) == [key * 20 for key in keys]


async def test_a_large_value_comes_back_whole(store: Store) -> None:
    key, value = os.urandom(32), os.urandom(200_000)
    await store.write([record(key, value)])
    assert await store.read([key]) == [value]


async def test_what_was_removed_is_gone_and_unknown_keys_are_fine(store: Store) -> None:
    a, b = os.urandom(32), os.urandom(32)
    await store.write([record(a), record(b)])
    await store.remove([a, os.urandom(32)])
    await store.remove([])
    assert await store.read([a, b]) == [None, b"value"]


async def test_what_has_expired_is_not_read(store: Store) -> None:
    key, other = os.urandom(32), os.urandom(32)
    await store.write([record(key, ttl=0.05), record(other, ttl=-1), record(b"k" * 32, ttl=60)])
    assert await store.read([other]) == [None]

    async def gone() -> bool:
        return await store.read([key]) == [None]

    await eventually(gone)
    assert await store.read([b"k" * 32]) == [b"value"]


async def test_a_lease_has_one_holder(store: Store) -> None:
    key = os.urandom(32)
    claims = await asyncio.gather(*(store.claim(key, b"token%d" % n, 30) for n in range(20)))
    assert sorted(claim.name for claim in claims) == ["GRANTED"] + ["HELD"] * 19


async def test_a_holder_is_granted_its_lease_again(store: Store) -> None:
    key = os.urandom(32)
    assert await store.claim(key, b"a", 30) is Claim.GRANTED
    assert await store.claim(key, b"a", 30) is Claim.GRANTED
    assert await store.claim(key, b"b", 30) is Claim.HELD


async def test_only_its_holder_releases_a_lease(store: Store) -> None:
    key = os.urandom(32)
    await store.claim(key, b"a", 30)
    await store.release(key, b"b")
    await store.release(key, b"b", given_up_for=30)
    assert await store.claim(key, b"b", 30) is Claim.HELD
    await store.release(key, b"a")
    assert await store.claim(key, b"b", 30) is Claim.GRANTED


async def test_a_given_up_lease_says_so_until_its_time_is_over(store: Store) -> None:
    key, brief = os.urandom(32), os.urandom(32)
    for lease, seconds in ((key, 30.0), (brief, 0.05)):
        await store.claim(lease, b"a", 30)
        await store.release(lease, b"a", given_up_for=seconds)
    assert await store.claim(key, b"b", 30) is Claim.GIVEN_UP
    assert await store.claim(key, b"a", 30) is Claim.GIVEN_UP

    async def granted() -> bool:
        return await store.claim(brief, b"b", 30) is Claim.GRANTED

    await eventually(granted)


async def test_a_lease_whose_holder_is_gone_is_taken_over(store: Store) -> None:
    key = os.urandom(32)
    await store.claim(key, b"a", 0.05)

    async def granted() -> bool:
        return await store.claim(key, b"b", 30) is Claim.GRANTED

    await eventually(granted)
    assert not await store.renew(key, b"a", 30)
    await store.release(key, b"a")
    assert await store.claim(key, b"c", 30) is Claim.HELD


async def test_a_renewed_lease_outlives_its_first_term(store: Store) -> None:
    key, other = os.urandom(32), os.urandom(32)
    await store.claim(key, b"a", 0.5)
    await store.claim(other, b"a", 0.05)
    assert await store.renew(key, b"a", 30)
    assert not await store.renew(key, b"b", 30)

    async def other_ended() -> bool:
        return await store.claim(other, b"b", 30) is Claim.GRANTED

    await eventually(other_ended)
    assert await store.claim(key, b"b", 30) is Claim.HELD


async def test_leases_and_records_of_one_key_are_apart(store: Store) -> None:
    key = os.urandom(32)
    await store.claim(key, b"a", 30)
    assert await store.read([key]) == [None]
    await store.write([record(key)])
    await store.release(key, b"a")
    assert await store.read([key]) == [b"value"]


async def test_a_store_made_anew_finds_what_was_there(maker: Maker) -> None:
    key = make_key("kept")
    first = maker()
    await first.start()
    await first.write([record(key, b"kept")])
    await first.claim(key, b"first", 30)
    if not isinstance(first, Shelf):
        await first.close()
    second = maker()
    await second.start()
    assert await second.read([key]) == [b"kept"]
    assert await second.claim(key, b"second", 30) is Claim.HELD
    await second.close()


async def test_usage_grows_with_what_is_written(store: Store) -> None:
    before = await store.usage()
    if before.entries is None or before.bytes is None:
        assert before == (None, None)  # Redis does not tell everybody
        return
    await store.write([record(os.urandom(32), os.urandom(20_000)) for _ in range(50)])
    after = await store.usage()
    assert after.entries is not None
    assert after.bytes is not None
    assert after.entries >= before.entries + 50
    assert after.bytes >= before.bytes + 500_000


@pytest.mark.parametrize("steps", range(8))
async def test_a_cancelled_operation_leaves_the_next_ones_in_order(store: Store, steps: int) -> None:
    a, b = os.urandom(32), os.urandom(32)
    await store.write([record(a, b"a" * 3000), record(b, b"b")])
    for operation in (store.read([a]), store.claim(a, b"t", 30), store.write([record(a, b"a" * 3000)])):
        task = asyncio.ensure_future(operation)
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert await store.read([b]) == [b"b"]
    assert await store.read([a, b]) == [b"a" * 3000, b"b"]


OPERATIONS: dict[str, Callable[[Store], Any]] = {
    "read": lambda store: store.read([make_key(1)]),
    "write": lambda store: store.write([record(make_key(1))]),
    "remove": lambda store: store.remove([make_key(1)]),
    "claim": lambda store: store.claim(make_key(1), b"t", 1),
    "renew": lambda store: store.renew(make_key(1), b"t", 1),
    "release": lambda store: store.release(make_key(1), b"t"),
    "usage": lambda store: store.usage(),
}


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_closed_store_is_unavailable(maker: Maker, operation: str) -> None:
    closed = maker()
    await closed.start()
    await closed.close()
    await closed.close()
    with pytest.raises(StoreUnavailable):
        await OPERATIONS[operation](closed)


async def test_a_live_log_is_read_from_any_position_and_goes(store: Store) -> None:
    if not isinstance(store, LiveLog):
        assert store.name == "disk"  # its processes wait for the answer instead
        return
    key = os.urandom(32)
    assert await store.since(key, b"") == ([], b"", False) or not (await store.since(key, b""))[2]
    await store.append(key, [b"Hhead", b"P\x00\xff\r\n"], 30, anew=True)
    rows, position, there = await store.since(key, b"")
    assert (rows, there) == ([b"Hhead", b"P\x00\xff\r\n"], True)
    assert (await store.since(key, position))[::2] == ([], True)
    await store.append(key, [b"E"], 30, anew=False)
    await store.append(key, [], 30, anew=False)  # only keeps it alive
    rows, position, there = await store.since(key, position)
    assert (rows, there) == ([b"E"], True)
    await store.append(key, [b"Hother"], 30, anew=True)
    assert (await store.since(key, b""))[0] == [b"Hother"]
    if store.name == "redis":
        await store.append(key, [b"P"], 0.05, anew=False)
        await asyncio.sleep(0.2)
        assert (await store.since(key, b""))[2] is False


async def test_a_bucket_gives_its_burst_and_no_more_to_all_who_share_it(store: Store) -> None:
    if not isinstance(store, TokenBuckets):
        assert store.name != "redis"  # each process counts for itself
        return
    name = os.urandom(16).hex().encode()
    heard = await asyncio.gather(*(store.spend(name, 60.0, 240.0) for _ in range(12)))
    assert [granted for granted, _ in heard].count(True) == 5
    debts = sorted(debt for _, debt in heard)
    assert debts[0] == pytest.approx(60, abs=0.1)
    assert debts[-1] == pytest.approx(300, abs=5)
    assert (await store.spend(os.urandom(16).hex().encode(), 60.0, 0.0))[0]


async def test_a_bucket_fills_up_again_by_the_stores_clock(store: Store) -> None:
    if not isinstance(store, TokenBuckets):
        return
    name = os.urandom(16).hex().encode()
    assert (await store.spend(name, 0.05, 0.0))[0]
    assert not (await store.spend(name, 0.05, 0.0))[0]

    async def again() -> bool:
        return (await store.spend(name, 0.05, 0.0))[0]

    await eventually(again, 5)


async def test_an_operator_sees_every_record_page_by_page(store: Store, request: pytest.FixtureRequest) -> None:
    if isinstance(store, Shelf):
        pytest.skip("the shelf is not looked through")
    assert isinstance(store, Paged)
    written = {os.urandom(32): b"%d" % number for number in range(120)}
    await store.write([record(key, value) for key, value in written.items()])
    if "redis-user" in request.node.name:  # who may not use SCAN
        with pytest.raises(StoreUnavailable):
            await store.page(b"", 25, 1 << 20)
        return
    seen: dict[bytes, bytes] = {}
    place, pages = b"", 0
    while True:
        rows, place = await store.page(place, 25, 1 << 20)
        seen |= dict(rows)
        pages += 1
        if not place:
            break
    assert written.items() <= seen.items()
    assert pages > 1
    if isinstance(store, Redis):
        for wrong in (b"x", b"1", b"0:x", b"0:" + b"9" * 40):
            with pytest.raises(ValueError):
                await store.page(wrong, 25, 1 << 20)
