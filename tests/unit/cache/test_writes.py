"""Writes: gathered, in order, bounded; removals are not lost."""

import asyncio

import pytest

from gateway.cache import writes as module
from gateway.cache.breaker import RETRY_AFTER, Breaker
from gateway.cache.codec import decode
from gateway.cache.writes import Writes
from gateway.model.entry import Entry
from tests.support.entries import make_entry, make_key
from tests.support.eventually import eventually
from tests.support.shelf import Shelf


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def make(shelf: Shelf) -> tuple[Writes, Breaker, Clock]:
    clock = Clock()
    breaker = Breaker("shelf", clock=clock)
    return Writes(shelf, breaker, 1024), breaker, clock


def stored(shelf: Shelf, key: bytes) -> Entry | None:
    return decode(shelf.rows[key][0]) if key in shelf.rows else None


async def test_what_is_put_in_one_turn_is_one_write() -> None:
    shelf = Shelf()
    writes, _, _ = make(shelf)
    entries = {make_key(n): make_entry(b"%d" % n) for n in range(50)}
    for key, entry in entries.items():
        writes.put(key, entry)
    assert shelf.calls == []
    await writes.settled(make_key(49))
    assert shelf.asked("write") == [50]
    assert {key: stored(shelf, key) for key in entries} == entries
    assert shelf.rows[make_key(1)][1] == entries[make_key(1)].expires_at


async def test_what_comes_while_a_write_is_under_way_gathers() -> None:
    shelf = Shelf()
    writes, _, _ = make(shelf)
    shelf.gate.clear()
    writes.put(make_key(0), make_entry())
    await asyncio.sleep(0)
    for n in range(1, 301):
        writes.put(make_key(n), make_entry())
        await asyncio.sleep(0)
    shelf.gate.set()
    await writes.settled(make_key(300))
    assert shelf.asked("write") == [1, 256, 44]


async def test_the_last_word_on_a_key_counts() -> None:
    shelf = Shelf()
    writes, _, _ = make(shelf)
    old, new = make_entry(b"old"), make_entry(b"new")
    shelf.gate.clear()
    writes.put(make_key(1), old)
    writes.put(make_key(2), old)
    await asyncio.sleep(0)
    writes.put(make_key(1), None)
    writes.put(make_key(1), new)
    writes.put(make_key(2), None)
    assert writes.pending(make_key(1)) == (True, new)
    assert [writes.touches(make_key(n)) for n in (1, 2, 3)] == [True, True, False]
    assert writes.pending(make_key(2)) == (True, None)
    assert writes.pending(make_key(3)) == (False, None)
    shelf.gate.set()
    await writes.settled(make_key(2))
    assert (stored(shelf, make_key(1)), stored(shelf, make_key(2))) == (new, None)
    assert writes.pending(make_key(2)) == (False, None)


async def test_what_is_under_way_is_pending() -> None:
    shelf = Shelf()
    writes, _, _ = make(shelf)
    shelf.gate.clear()
    entry = make_entry()
    writes.put(make_key(1), entry)
    for _ in range(5):
        await asyncio.sleep(0)
    assert shelf.asked("write") == [1]
    assert writes.pending(make_key(1)) == (True, entry)
    shelf.gate.set()
    await writes.settled(make_key(1))
    assert writes.pending(make_key(1)) == (False, None)


async def test_a_full_queue_drops_the_oldest_and_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_BYTES", 10_000)
    shelf = Shelf()
    writes, _, _ = make(shelf)
    shelf.gate.clear()
    for n in range(15):
        writes.put(make_key(n), make_entry(b"x" * 1000))
    shelf.gate.set()
    await writes.settled(make_key(14))
    assert set(shelf.rows) == {make_key(n) for n in range(5, 15)}
    assert writes.dropped == 5


async def test_failed_writes_are_counted_and_feed_the_breaker() -> None:
    shelf = Shelf()
    writes, breaker, _ = make(shelf)
    shelf.broken = True
    for n in range(7):
        writes.put(make_key(n), make_entry())
        await writes.settled(make_key(n))
    assert (writes.errors, writes.dropped, breaker.open) == (5, 7, True)
    assert shelf.asked("write") == [1] * 5


async def test_removals_are_owed_until_the_store_is_back() -> None:
    shelf = Shelf()
    writes, breaker, clock = make(shelf)
    for n in (1, 2):
        writes.put(make_key(n), make_entry())
        await writes.settled(make_key(n))
    shelf.broken = True
    breaker.failed("gone", at_once=True)
    writes.put(make_key(1), None)
    writes.put(make_key(2), None)
    await writes.settled(make_key(2))
    assert writes.pending(make_key(1)) == (True, None)
    assert len(shelf.rows) == 2
    shelf.broken = False
    clock.now += RETRY_AFTER
    anew = make_entry(b"anew")
    writes.put(make_key(2), anew)
    await writes.settled(make_key(2))
    assert (stored(shelf, make_key(1)), stored(shelf, make_key(2))) == (None, anew)
    assert writes.pending(make_key(1)) == (False, None)
    assert not breaker.open


async def test_what_cannot_be_encoded_is_dropped_alone() -> None:
    shelf = Shelf()
    writes, breaker, _ = make(shelf)
    bad = [make_entry(route="\ud800"), make_entry(version=-1), make_entry(stale_error_until=float("inf"))]
    for n, entry in enumerate([*bad, make_entry()]):
        writes.put(make_key(n), entry)
    await writes.settled(make_key(3))
    assert set(shelf.rows) == {make_key(3)}
    assert (writes.dropped, writes.errors, breaker.open) == (3, 0, False)


async def test_a_large_body_is_stored_like_a_small_one() -> None:
    shelf = Shelf()
    writes, _, _ = make(shelf)
    entry = make_entry(b"".join(b'{"text": "line %d of a large body"}' % n for n in range(40_000)))
    writes.put(make_key(1), entry)
    await writes.settled(make_key(1))
    assert stored(shelf, make_key(1)) == entry
    assert len(shelf.rows[make_key(1)][0]) < len(entry.body) / 4


async def test_close_writes_what_is_queued() -> None:
    shelf = Shelf()
    writes, _, _ = make(shelf)
    for n in range(600):
        writes.put(make_key(n), make_entry())
    await writes.close(5)
    assert len(shelf.rows) == 600
    writes.put(make_key("late"), make_entry())
    assert writes.pending(make_key("late")) == (False, None)


async def test_close_does_not_wait_for_ever() -> None:
    shelf = Shelf()
    writes, _, _ = make(shelf)
    shelf.gate.clear()
    for n in range(300):
        writes.put(make_key(n), make_entry())
    await writes.close(0.01)
    assert shelf.rows == {}
    assert writes.dropped == 300


async def test_who_waits_for_a_key_to_settle_may_be_cancelled() -> None:
    shelf = Shelf()
    writes, _, _ = make(shelf)
    shelf.gate.clear()
    writes.put(make_key(1), make_entry())
    waiting = [asyncio.ensure_future(writes.settled(make_key(1))) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    shelf.gate.set()
    await asyncio.wait_for(waiting[1], 5)
    await eventually(waiting[0].done)
    assert waiting[0].cancelled()
