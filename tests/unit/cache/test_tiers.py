"""Tiers: what a client of the cache sees, whatever the store does."""

import asyncio

import pytest

from gateway.cache.breaker import FAILURES
from gateway.cache.codec import encode
from gateway.cache.memory import Memory
from gateway.cache.store import Claim, Record
from gateway.cache.tiers import Lookup, Tiers
from gateway.model.entry import Entry, EntryFlag
from gateway.model.outcome import Reason
from tests.support.entries import make_entry, make_key
from tests.support.eventually import eventually
from tests.support.shelf import OpenShelf, Shelf

NOW = 1_700_000_000.0
KEY = make_key("k")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def make(shelf: Shelf | None, clock: Clock | None = None, read_timeout: float = 5.0) -> Tiers:
    return Tiers(
        Memory(1 << 20),
        shelf,
        read_timeout=read_timeout,
        compress_over=1024,
        clock=lambda: NOW,
        monotonic=clock or Clock(),
    )


def entry(body: bytes = b"answer", **changes: object):  # type: ignore[no-untyped-def]
    return make_entry(body, now=NOW, **changes)


class Rows(Shelf):
    """A shelf that lives at NOW."""

    async def read(self, keys):  # type: ignore[no-untyped-def]
        await self._pass("read", len(keys))
        return [self.rows[key][0] if key in self.rows else None for key in keys]


async def test_without_a_store_memory_is_all_there_is() -> None:
    tiers = make(None)
    await tiers.start()
    tiers.keep(KEY, kept := entry(), l1_ttl=1)
    assert tiers.held(KEY, NOW + 3599) is kept  # its short life is for asking a store again
    assert tiers.held(KEY, NOW + 3600) is None
    assert await tiers.find(KEY, NOW + 3600, 1) == Lookup()
    lease = await tiers.claim(KEY, 30)
    assert lease.state is Claim.GRANTED
    await tiers.release(lease)
    assert tiers.stats().store.errors is None
    await tiers.close()


async def test_it_is_alone_without_a_store_or_where_nobody_else_uses_it() -> None:
    shelf = Shelf()
    assert make(None).alone
    assert not make(shelf).alone
    shelf.alone = True
    assert make(shelf).alone


async def test_memory_is_trusted_for_its_own_short_time_and_then_the_store_is_asked() -> None:
    shelf = Rows()
    tiers = make(shelf)
    tiers.keep(KEY, kept := entry(), l1_ttl=60)
    assert tiers.held(KEY, NOW + 59) is kept
    assert tiers.held(KEY, NOW + 60) is None
    await eventually(lambda: KEY in shelf.rows)
    found = await tiers.find(KEY, NOW + 60, 60)
    assert (found.entry, found.reason, found.tier) == (kept, None, "shelf")
    assert tiers.held(KEY, NOW + 119) == kept
    await tiers.close()


async def test_memory_never_outlives_the_entry() -> None:
    tiers = make(Rows())
    tiers.keep(KEY, entry(stale_error_until=NOW + 10, stale_while_until=NOW + 10, fresh_until=NOW + 10), l1_ttl=60)
    assert tiers.held(KEY, NOW + 9) is not None
    assert tiers.held(KEY, NOW + 10) is None
    await tiers.close()


async def test_one_process_finds_what_another_kept() -> None:
    shelf = Rows()
    ours, theirs = make(shelf), make(shelf)
    marker = entry(b"", flags=EntryFlag.VARY)
    ours.keep(KEY, marker, 60)
    await eventually(lambda: KEY in shelf.rows)
    found = await theirs.find(KEY, NOW, 60)
    assert (found.entry, found.tier) == (marker, "shelf")
    again = await theirs.find(KEY, NOW, 60)
    assert again.entry is found.entry
    assert again.tier == "memory"
    assert shelf.asked("read") == [1]


async def test_what_is_kept_is_found_before_the_store_has_it() -> None:
    shelf = Rows()
    shelf.gate.clear()
    tiers = make(shelf)
    tiers.keep(KEY, kept := entry(), l1_ttl=0)
    assert tiers.held(KEY, NOW) is None
    assert (await tiers.find(KEY, NOW, 0)).entry is kept
    shelf.gate.set()
    await tiers.close()


async def test_what_is_forgotten_is_not_found_before_the_store_knows() -> None:
    shelf = Rows()
    tiers = make(shelf)
    tiers.keep(KEY, entry(), 60)
    await eventually(lambda: KEY in shelf.rows)
    shelf.gate.clear()
    tiers.forget(KEY)
    assert tiers.held(KEY, NOW) is None
    assert await tiers.find(KEY, NOW, 60) == Lookup()
    shelf.gate.set()
    await eventually(lambda: KEY not in shelf.rows)
    await tiers.close()


class Snapshot(Rows):
    """A read sees what was there when it was asked, and its answer comes later."""

    async def read(self, keys):  # type: ignore[no-untyped-def]
        rows = [self.rows[key][0] if key in self.rows else None for key in keys]
        await self._pass("read", len(keys))
        return rows


async def overtaken(shelf: Snapshot, tiers: Tiers) -> "asyncio.Task[Lookup]":
    """A find whose read was answered with the old entry, and whose answer has not arrived."""
    await shelf.write([Record(KEY, encode(entry(b"old"), 1024), NOW + 60)])
    shelf.gate.clear()
    find = asyncio.ensure_future(tiers.find(KEY, NOW, 60))
    await eventually(lambda: shelf.asked("read"))
    return find


async def test_a_read_does_not_bring_back_what_was_replaced_meanwhile() -> None:
    shelf = Snapshot()
    tiers = make(shelf)
    find = await overtaken(shelf, tiers)
    tiers.keep(KEY, new := entry(b"new"), 60)
    shelf.gate.set()
    assert (await find).entry is new
    assert tiers.held(KEY, NOW) is new
    await tiers.close()


async def test_a_read_does_not_bring_back_what_was_forgotten_meanwhile() -> None:
    shelf = Snapshot()
    tiers = make(shelf)
    find = await overtaken(shelf, tiers)
    tiers.forget(KEY)
    shelf.gate.set()
    await find
    assert tiers.held(KEY, NOW) is None
    await eventually(lambda: KEY not in shelf.rows)
    assert await tiers.find(KEY, NOW, 60) == Lookup()
    await tiers.close()


@pytest.mark.parametrize("row", [b"", b"garbage", encode(make_entry(), 0)[:-1]])
async def test_a_record_that_is_no_good_is_a_miss(row: bytes) -> None:
    shelf = Rows()
    await shelf.write([Record(KEY, row, NOW + 60)])
    assert await make(shelf).find(KEY, NOW, 60) == Lookup()


async def test_an_entry_past_its_time_is_a_miss_whoever_holds_it() -> None:
    shelf = Rows()
    await shelf.write([Record(KEY, encode(entry(), 1024), NOW + 9999)])
    assert await make(shelf).find(KEY, NOW + 3600, 60) == Lookup()


async def test_a_store_that_fails_is_a_miss_with_a_reason() -> None:
    shelf = Rows()
    shelf.broken = True
    tiers = make(shelf)
    assert await tiers.find(KEY, NOW, 60) == Lookup(None, Reason.L2_DOWN, "")
    tiers.keep(KEY, entry(), 60)
    tiers.forget(KEY)
    assert (await tiers.claim(KEY, 30)).state is Claim.GRANTED
    assert tiers.stats().store.errors is not None
    await tiers.close()


async def test_a_store_that_hangs_is_a_miss_after_the_deadline() -> None:
    shelf = Rows()
    shelf.gate.clear()
    tiers = make(shelf, read_timeout=0.02)
    assert await tiers.find(KEY, NOW, 60) == Lookup(None, Reason.L2_TIMEOUT, "")
    assert tiers.stats().store.timeouts == 1
    shelf.gate.set()
    await tiers.close()


async def test_memory_serves_on_while_the_store_cannot_say() -> None:
    shelf = Rows()
    tiers = make(shelf)
    tiers.keep(KEY, kept := entry(), l1_ttl=60)
    await eventually(lambda: KEY in shelf.rows)
    shelf.broken = True
    assert tiers.held(KEY, NOW + 100) is None
    assert await tiers.find(KEY, NOW + 100, 60) == Lookup(kept, Reason.L2_DOWN, "memory")
    assert await tiers.find(KEY, NOW + 3600, 60) == Lookup(None, Reason.L2_DOWN, "")
    await tiers.close()


async def test_what_was_removed_elsewhere_does_not_come_back_when_the_store_goes_away() -> None:
    shelf = Rows()
    tiers = make(shelf)
    tiers.keep(KEY, entry(), l1_ttl=60)
    await eventually(lambda: KEY in shelf.rows)
    del shelf.rows[KEY]
    assert await tiers.find(KEY, NOW + 100, 60) == Lookup()
    shelf.broken = True
    assert await tiers.find(KEY, NOW + 100, 60) == Lookup(None, Reason.L2_DOWN, "")
    await tiers.close()


async def test_a_thousand_finds_at_once_are_a_few_reads() -> None:
    shelf = Rows()
    tiers = make(shelf)
    await asyncio.gather(*(tiers.find(make_key(n), NOW, 60) for n in range(1000)))
    assert len(shelf.asked("read")) == 4
    await tiers.close()


async def waiting(shelf: Shelf) -> tuple[Tiers, Tiers, object, "asyncio.Task[Lookup]"]:
    """One process holds the lease, another one waits."""
    leader, follower = make(shelf), make(shelf)
    held = await leader.claim(KEY, 30)
    lease = await follower.claim(KEY, 30)
    assert lease.state is Claim.HELD
    before = len(shelf.asked("claim"))
    task = asyncio.ensure_future(follower.wait(lease, NOW, 60))
    await eventually(lambda: len(shelf.asked("claim")) > before)
    return leader, follower, held, task


async def test_who_waits_gets_the_entry_that_the_other_stores() -> None:
    shelf = Rows()
    leader, follower, held, task = await waiting(shelf)
    leader.keep(KEY, kept := entry(), 60)
    await leader.release(held)  # type: ignore[arg-type]
    found = await task
    assert (found.entry, found.tier, found.lease) == (kept, "shelf", None)
    assert (await leader.claim(KEY, 30)).state is Claim.GRANTED  # nobody holds it on
    await leader.close()
    await follower.close()


async def test_a_stale_entry_is_not_what_one_waits_for() -> None:
    shelf = Rows()
    stale = entry(b"stale", fresh_until=NOW - 1)
    await shelf.write([Record(KEY, encode(stale, 1024), NOW + 60)])
    leader, follower, held, task = await waiting(shelf)
    await eventually(lambda: len(shelf.asked("read")) >= 3)
    assert not task.done()
    leader.keep(KEY, new := entry(b"new"), 60)
    await leader.release(held)  # type: ignore[arg-type]
    assert (await task).entry == new
    await leader.close()
    await follower.close()


async def test_who_waits_takes_over_where_nothing_was_stored() -> None:
    shelf = Rows()
    leader, follower, held, task = await waiting(shelf)
    await leader.release(held)  # type: ignore[arg-type]
    found = await task
    assert found.entry is None
    assert found.lease is not None
    assert found.lease.state is Claim.GRANTED
    assert (await leader.claim(KEY, 30)).state is Claim.HELD
    await follower.release(found.lease)
    await leader.close()
    await follower.close()


async def test_who_waits_hears_that_it_was_given_up() -> None:
    shelf = Rows()
    leader, follower, held, task = await waiting(shelf)
    await leader.release(held, 30.0)  # type: ignore[arg-type]
    found = await task
    assert found.lease is not None
    assert (found.entry, found.lease.state) == (None, Claim.GIVEN_UP)
    await leader.close()
    await follower.close()


async def test_who_waits_is_on_its_own_when_the_store_goes_away() -> None:
    shelf = Rows()
    leader, follower, _, task = await waiting(shelf)
    shelf.broken = True
    found = await task
    assert found.lease is not None
    assert (found.lease.state, found.reason) == (Claim.GRANTED, Reason.L2_DOWN)
    await leader.close()
    await follower.close()


async def test_who_waits_stops_at_its_deadline() -> None:
    shelf = Rows()
    leader, follower = make(shelf), make(shelf)
    await leader.claim(KEY, 30)
    lease = await follower.claim(KEY, 30)
    loop = asyncio.get_running_loop()
    found = await follower.wait(lease, NOW, 60, deadline=loop.time() + 0.05)
    assert found.lease is lease
    assert lease.state is Claim.HELD
    await leader.close()
    await follower.close()


async def test_who_waits_long_asks_ten_times_a_second_at_most() -> None:
    shelf = Rows()
    leader, follower = make(shelf), make(shelf)
    await leader.claim(KEY, 30)
    lease = await follower.claim(KEY, 30)
    loop = asyncio.get_running_loop()
    await follower.wait(lease, NOW, 60, deadline=loop.time() + 1.0)
    assert len(shelf.asked("read")) <= 5 + 10
    await leader.close()
    await follower.close()


async def test_stats_tell_what_happened() -> None:
    shelf = Rows()
    tiers = make(shelf)
    await tiers.start()
    tiers.keep(KEY, entry(), 60)
    tiers.count(found=tiers.held(KEY, NOW) is not None)
    tiers.count(found=tiers.held(make_key("other"), NOW) is not None)
    await tiers.find(make_key("other"), NOW, 60)
    stats = tiers.stats()
    assert (stats.memory.entries, stats.memory.hits, stats.memory.misses) == (1, 1, 1)
    assert stats.memory.bytes is not None
    assert stats.memory.bytes > 600
    assert (stats.store.hits, stats.store.misses, stats.store.dropped, stats.store.out) == (0, 1, 0, False)
    await tiers.close()
    assert KEY in shelf.rows  # written at the end, had it not been before


async def test_entries_kept_at_about_the_same_time_hold_one_time_limit_which_is_never_too_late() -> None:
    times = iter(NOW + n / 100 for n in range(1000))
    tiers = Tiers(Memory(1 << 22), Rows(), read_timeout=5.0, compress_over=1024, clock=lambda: next(times))
    limits = []
    for n in range(1000):
        tiers.keep(make_key(n), kept := entry(), l1_ttl=60)
        limits.append(kept.until)
        assert 60 * (1 - 1 / 64) <= kept.until - (NOW + n / 100) <= 60
    assert len(set(map(id, limits))) <= 12
    await tiers.close()


# -- what can be told at once ------------------------------------------------------------------------------------------


def at_hand() -> OpenShelf:
    shelf = OpenShelf()
    shelf.now = NOW
    return shelf


async def stored(shelf: OpenShelf, kept: Entry, key: bytes = KEY) -> None:
    await shelf.write([Record(key, encode(kept, 1024), kept.expires_at)])


def told(tiers: Tiers) -> tuple[int, int, int, int]:
    """Hits and misses of memory and of the store."""
    stats = tiers.stats()
    return stats.memory.hits, stats.memory.misses, stats.store.hits, stats.store.misses


async def test_what_is_taken_at_once_is_counted_once_and_kept_in_memory() -> None:
    shelf = at_hand()
    tiers = make(shelf)
    await stored(shelf, kept := entry())
    said = tiers.at_once(KEY, NOW)
    assert said is not None
    assert said.entry == kept
    assert (told(tiers), tiers.held(KEY, NOW)) == ((0, 0, 0, 0), None)
    assert tiers.take(KEY, {KEY: said}, NOW, 60) == "shelf"
    assert told(tiers) == (0, 1, 1, 0)
    assert tiers.held(KEY, NOW + 59) is said.entry
    assert tiers.take(KEY, {}, NOW, 60) == "memory"
    assert told(tiers) == (1, 1, 1, 0)
    await tiers.close()


async def test_what_memory_held_is_trusted_again_where_the_store_has_the_same() -> None:
    shelf = at_hand()
    tiers = make(shelf)
    await stored(shelf, entry())
    first = await tiers.find(KEY, NOW, 60)
    for way in range(2):
        later = NOW + 100 * (way + 1)
        assert tiers.held(KEY, later) is None
        if way:
            said = tiers.at_once(KEY, later)
            assert said is not None
            tiers.take(KEY, {KEY: said}, later, 60)
        else:
            assert (await tiers.find(KEY, later, 60)).tier == "shelf"
        assert tiers.held(KEY, later + 59) is first.entry
    await tiers.close()


async def test_what_others_stored_meanwhile_takes_the_place_of_what_memory_held() -> None:
    shelf = at_hand()
    tiers = make(shelf)
    await stored(shelf, entry())
    await tiers.find(KEY, NOW, 60)
    await stored(shelf, newer := entry(b"newer!", fresh_for=1800.0))
    said = tiers.at_once(KEY, NOW + 100)
    assert said is not None
    assert said.entry == newer
    await tiers.close()


@pytest.mark.parametrize("held", [True, False])
async def test_what_was_said_at_once_is_not_asked_again_and_does_what_a_read_does(held: bool) -> None:
    shelf = at_hand()
    tiers = make(shelf)
    if held:
        await stored(shelf, entry())
    said = tiers.at_once(KEY, NOW)
    other = make(shelf)
    assert await tiers.find(KEY, NOW, 60, said) == await other.find(KEY, NOW, 60)
    assert shelf.asked("read") == [1, 1]
    assert told(tiers) == told(other)
    assert (tiers.held(KEY, NOW) is not None) is held
    await tiers.close()
    await other.close()


async def test_what_was_removed_elsewhere_goes_from_memory_by_what_was_said_at_once() -> None:
    shelf = at_hand()
    tiers = make(shelf)
    tiers.keep(KEY, entry(), l1_ttl=60)
    await eventually(lambda: KEY in shelf.rows and not tiers._shared.writes.pending(KEY)[0])  # type: ignore[union-attr]
    del shelf.rows[KEY]
    assert await tiers.find(KEY, NOW + 100, 60, tiers.at_once(KEY, NOW + 100)) == Lookup()
    shelf.broken = True
    assert await tiers.find(KEY, NOW + 100, 60) == Lookup(None, Reason.L2_DOWN, "")
    await tiers.close()


@pytest.mark.parametrize("change", ["kept", "forgotten"])
async def test_what_was_said_before_something_changed_is_asked_again(change: str) -> None:
    shelf = at_hand()
    tiers = make(shelf)
    if change == "forgotten":
        await stored(shelf, entry())
    said = tiers.at_once(KEY, NOW)
    if change == "kept":
        tiers.keep(KEY, entry(), l1_ttl=0)  # memory does not answer with it
    else:
        tiers.forget(KEY)
    await eventually(lambda: not tiers._shared.writes.pending(KEY)[0])  # type: ignore[union-attr]
    found = await tiers.find(KEY, NOW, 0, said)
    assert (found.entry is not None) is (change == "kept")
    await tiers.close()


async def test_nothing_is_said_at_once_where_only_a_look_that_waits_can_tell() -> None:
    assert make(None).at_once(KEY, NOW) is None
    assert make(Rows()).at_once(KEY, NOW) is None  # it suspends
    shelf = at_hand()
    tiers = make(shelf)
    shelf.gate.clear()
    tiers.keep(KEY, entry(), l1_ttl=0)
    assert tiers.at_once(KEY, NOW) is None  # it is on its way
    shelf.gate.set()
    await eventually(lambda: not tiers._shared.writes.pending(KEY)[0])  # type: ignore[union-attr]
    shelf.broken = True
    reasons = [said.row for said in (tiers.at_once(KEY, NOW) for _ in range(FAILURES)) if said is not None]
    assert reasons == [Reason.L2_DOWN] * FAILURES
    assert tiers.at_once(KEY, NOW) is None  # it is out
    assert not tiers.immediate
    await tiers.close()


async def test_a_failure_at_once_is_a_reason_on_the_ordinary_way_and_no_second_failure() -> None:
    shelf = at_hand()
    tiers = make(shelf)
    shelf.broken = True
    said = tiers.at_once(KEY, NOW)
    assert await tiers.find(KEY, NOW, 60, said) == Lookup(None, Reason.L2_DOWN, "")
    assert shelf.asked("read") == [1]
    assert tiers.stats().store.errors == 1
    await tiers.close()


@pytest.mark.parametrize("row", [b"garbage", encode(make_entry(), 0)[:-1]])
async def test_a_record_that_is_no_good_is_nothing_at_once(row: bytes) -> None:
    shelf = at_hand()
    await shelf.write([Record(KEY, row, NOW + 60)])
    tiers = make(shelf)
    said = tiers.at_once(KEY, NOW)
    assert said is not None
    assert said.entry is None
    await stored(shelf, entry())
    said = tiers.at_once(KEY, NOW + 3600)
    assert said is None or said.entry is None  # past its time


async def test_a_hit_that_is_to_have_its_entry_asked_anew_gets_a_second_look_until_that_is_under_way() -> None:
    tiers = make(None)
    tiers.early = {"ask": 1.0}
    tiers.keep(KEY, kept := entry(upstream_seconds=10.0), l1_ttl=1)
    assert NOW + 300 <= kept.hit_until < kept.fresh_until
    due = kept.hit_until
    assert tiers.glance(KEY, due - 0.01) is kept
    assert tiers.glance(KEY, due) is None
    assert tiers.held(KEY, due) is kept
    tiers.postpone(kept, due)
    assert due <= kept.hit_until <= kept.fresh_until
    tiers.early = {}
    tiers.postpone(kept, due)
    assert kept.hit_until == kept.fresh_until


async def test_nothing_is_early_where_a_route_does_not_say_so() -> None:
    tiers = make(None)
    tiers.early = {"other": 1.0}
    tiers.keep(KEY, kept := entry(upstream_seconds=10.0), l1_ttl=1)
    assert kept.hit_until == kept.fresh_until


async def test_only_what_others_have_stored_since_is_newer() -> None:
    shelf = Rows()
    tiers = make(shelf)
    await tiers.start()
    tiers.keep(KEY, kept := entry(), l1_ttl=60)
    assert (await tiers.newer(KEY, kept, NOW, 60)).entry is None  # our own write is on its way
    await eventually(lambda: KEY in shelf.rows)
    assert (await tiers.newer(KEY, kept, NOW, 60)).entry is None
    theirs = entry(b"theirs", fresh_until=NOW + 700)
    await shelf.write([Record(KEY, encode(theirs, 1024), NOW + 3600)])
    assert (await tiers.newer(KEY, kept, NOW, 60)).entry == theirs
    assert tiers.held(KEY, NOW) == theirs
    shelf.broken = True
    assert (await tiers.newer(KEY, kept, NOW, 60)).entry == theirs  # what memory holds by now
    await tiers.close()
