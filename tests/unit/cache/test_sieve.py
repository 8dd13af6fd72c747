"""Sieve: what the ledger leaves of entries, in memory and in a store."""

import asyncio

import pytest

from gateway.cache.memory import Memory
from gateway.cache.sieve import Sieve
from gateway.cache.tiers import Tiers
from gateway.policy.purges import Order, Purge, Purges, Scope
from tests.support.entries import make_entry, make_key
from tests.support.shelf import Shelf

KEY, PRIMARY = make_key("own"), make_key("primary")
NOW = 1_700_000_000.0


def tiers(shelf: Shelf | None = None) -> Tiers:
    return Tiers(Memory(1 << 20), shelf, read_timeout=1, compress_over=1 << 20, clock=lambda: NOW)


def purge(cache: Tiers, scope: Scope, value: str = "", *, version: int = 5, at: float = NOW, expire: bool = False):
    cache.sieve.purges.add(Purge(version, Order(scope, value, expire), at))


def fresh(version: int = 0, **more: object):
    return make_entry(now=NOW - 10, version=version, tags=("doc:1",), **more)


@pytest.mark.parametrize(
    ("scope", "value"),
    [
        (Scope.ALL, ""),
        (Scope.ROUTE, "ask"),
        (Scope.KEY, KEY.hex()),
        (Scope.KEY, PRIMARY.hex()),
        (Scope.TAG, "doc:1"),
        (Scope.TAG, "doc:*"),
    ],
)
async def test_what_is_purged_is_found_in_no_tier(scope: Scope, value: str):
    cache = tiers(Shelf())
    await cache.start()
    cache.keep(KEY, fresh(), 60)
    assert cache.held(KEY, NOW, (PRIMARY,)) is not None
    assert (await cache.find(KEY, NOW, 60, named=(PRIMARY,))).entry is not None
    purge(cache, scope, value)
    assert cache.held(KEY, NOW, (PRIMARY,)) is None
    assert (await cache.find(KEY, NOW, 60, named=(PRIMARY,))).entry is None  # on its way to the store
    await cache._shared.writes.settled(KEY)
    assert (await cache.find(KEY, NOW, 60, named=(PRIMARY,))).entry is None  # in it
    cache.keep(KEY, fresh(version=5), 60)
    assert cache.glance(KEY, NOW) is not None
    await cache.close()


def test_a_hit_is_judged_once_after_each_purge_and_taken_when_it_is_named():
    cache = tiers()
    cache.keep(KEY, fresh(), 60)
    for version in range(1, 4):
        purge(cache, Scope.TAG, "doc:2", version=version)
        assert cache.glance(KEY, NOW).checked == version
    purge(cache, Scope.TAG, "doc:1", version=4)
    assert cache.glance(KEY, NOW) is None
    assert cache.stats().memory.entries == 0


def test_an_entry_that_is_expired_is_stale_since_that_moment_and_keeps_its_windows():
    cache = tiers()
    cache.keep(KEY, fresh(), 60)
    purge(cache, Scope.ROUTE, "ask", at=NOW - 1, expire=True)
    assert cache.glance(KEY, NOW) is None
    held = cache.held(KEY, NOW)
    assert held.fresh_until == NOW - 1
    assert held.stored_at == NOW - 10
    assert held.stale_error_until == NOW - 1 + 3000


def test_an_entry_that_was_stored_after_it_was_expired_never_was_fresh():
    sieve, entry = Sieve(Purges()), fresh()
    sieve.purges.add(Purge(5, Order(Scope.ALL, "", True), NOW - 60))
    assert sieve.leaves(entry, (KEY,))
    assert entry.fresh_until == entry.stored_at == NOW - 10


def test_an_entry_that_ended_before_it_was_expired_stays_as_it_is():
    sieve, entry = Sieve(Purges()), fresh(fresh_until=NOW - 5)
    sieve.purges.add(Purge(5, Order(Scope.ALL, "", True), NOW))
    assert sieve.leaves(entry, (KEY,))
    assert entry.fresh_until == NOW - 5


async def test_who_does_not_know_what_was_purged_uses_nothing_before_it_does():
    cache = tiers(Shelf())
    await cache.start()
    cache.keep(KEY, fresh(), 60)
    cache.sieve.until = NOW - 1
    assert cache.glance(KEY, NOW) is None
    assert cache.held(KEY, NOW) is None
    assert (await cache.find(KEY, NOW, 60)).entry is None
    looked = asyncio.Event()

    async def look() -> None:
        await looked.wait()
        cache.sieve.until = NOW + 1

    cache.sieve.awake = look
    finding = asyncio.create_task(cache.find(KEY, NOW, 60))
    await asyncio.sleep(0)
    assert not finding.done()
    looked.set()
    assert (await finding).entry is not None
    await cache.close()
