"""Inspect: looks, keeps nothing, counts nothing."""

import time
from pathlib import Path

import pytest

from gateway.cache.codec import encode
from gateway.cache.disk import Disk
from gateway.cache.inspect import ROWS, Inspector
from gateway.cache.memory import Memory
from gateway.cache.sieve import Sieve
from gateway.cache.store import Record
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.tiers import DiskSettings
from gateway.policy.purges import Order, Purge, Purges, Scope
from tests.support.entries import make_entry, make_key
from tests.support.shelf import Shelf


def record(name: object, **changes: object) -> Record:
    entry = make_entry(**changes)
    return Record(make_key(name), encode(entry, 1 << 20), entry.expires_at)


async def test_memory_page_by_page() -> None:
    memory = Memory(1 << 24)
    for number in range(ROWS + 3):
        memory.put(make_key(number), make_entry())
    look = Inspector(memory, None, Sieve(Purges()))
    first = await look.page("memory", b"")
    second = await look.page("memory", first.place)
    assert (len(first.held), len(second.held), second.place) == (ROWS, 3, b"")
    for wrong in (b"x", b"-5"):
        with pytest.raises(ValueError):
            await look.page("memory", wrong)


async def test_disk_page_by_page(tmp_path: Path) -> None:
    disk = Disk(DiskSettings(path=str(tmp_path), max_bytes=1 << 26))
    await disk.start()
    try:
        await disk.write([record(number) for number in range(2 * ROWS + 1)])
        await disk.write([record("ours", route=""), record("old", now=time.time() - 9000)])
        look, place, seen = Inspector(Memory(1 << 20), disk, Sieve(Purges())), b"", []
        while True:
            page = await look.page("disk", place)
            assert page.looked <= ROWS
            seen += [held.key for held in page.held]
            if not (place := page.place):
                break
        assert sorted(seen) == sorted(make_key(number) for number in range(2 * ROWS + 1))
    finally:
        await disk.close()


async def test_each_tier_that_has_it() -> None:
    memory, store = Memory(1 << 20), Shelf()
    memory.put(make_key("a"), make_entry(b"new"))
    await store.write([record("a"), record("b")])
    look = Inspector(memory, store, Sieve(Purges()))
    assert look.tiers == ("memory", "shelf")
    assert [held.tier for held in await look.look(make_key("a"))] == ["memory", "shelf"]
    assert [held.tier for held in await look.look(make_key("b"))] == ["shelf"]
    assert await look.look(make_key("c")) == []
    assert len(memory) == 1
    store.broken = True
    with pytest.raises(StoreUnavailable):
        await look.look(make_key("a"))


async def test_a_store_that_cannot_be_looked_through_says_so() -> None:
    with pytest.raises(StoreUnavailable):
        await Inspector(Memory(1), Shelf(), Sieve(Purges())).page("shelf", b"")


async def test_what_was_purged_is_not_shown() -> None:
    memory, purges = Memory(1 << 20), Purges()
    memory.put(make_key("a"), make_entry(tags=("doc:1",)))
    memory.put(make_key("b"), make_entry())
    purges.add(Purge(7, Order(Scope.TAG, "doc:1"), time.time()))
    look = Inspector(memory, None, Sieve(purges))
    assert [held.key for held in (await look.page("memory", b"")).held] == [make_key("b")]
    assert await look.look(make_key("a")) == []
    purges.add(Purge(8, Order(Scope.KEY, make_key("primary").hex()), time.time()))
    assert await look.look(make_key("b"), (make_key("primary"),)) == []
