"""Survey: how many answers a purge would take, in bounded time, without changing anything."""

import time
from collections.abc import Sequence

import pytest

from gateway.cache.codec import encode
from gateway.cache.inspect import ROWS, Inspector
from gateway.cache.memory import Memory
from gateway.cache.sieve import Sieve
from gateway.cache.store import Record
from gateway.cache.survey import survey
from gateway.model.entry import EntryFlag
from gateway.model.errors import StoreUnavailable
from gateway.policy.purges import Order, Purge, Purges, Scope
from tests.support.entries import make_entry, make_key
from tests.support.shelf import Shelf

NOW = time.time()
ALL = Order(Scope.ALL)


class Open(Shelf):
    """A shelf that can be looked through."""

    async def page(self, after: bytes, most: int, most_bytes: int) -> tuple[list[tuple[bytes, bytes]], bytes]:
        await self._pass("page", most)
        begin = int(after or b"0")
        rows = list(self.rows.items())[begin : begin + most]
        behind = b"%d" % (begin + len(rows)) if len(rows) == most else b""
        return [(key, row) for key, (row, _) in rows], behind


async def stored(shelf: Shelf, name: object, **changes: object) -> None:
    entry = make_entry(**changes)
    await shelf.write([Record(make_key(name), encode(entry, 1 << 20), entry.expires_at)])


@pytest.fixture
async def shelf() -> Shelf:
    made = Open()
    await stored(made, "a", tags=("doc:kb/1",))
    await stored(made, "b", tags=("doc:kb/2", "doc:3"))
    await stored(made, "c", route="other")
    await stored(made, "old", now=NOW - 9000)
    await stored(made, "ours", route="")
    return made


def inspector(shelf: Shelf | None, memory: Memory | None = None, purges: Purges | None = None) -> Inspector:
    return Inspector(memory or Memory(1 << 20), shelf, Sieve(purges or Purges()))


@pytest.mark.parametrize(
    ("orders", "entries"),
    [
        ([ALL], 3),
        ([Order(Scope.ALL, "", expire=True)], 3),
        ([Order(Scope.ROUTE, "ask")], 2),
        ([Order(Scope.TAG, "doc:kb/*")], 2),
        ([Order(Scope.TAG, "doc:3")], 1),
        ([Order(Scope.TAG, "doc:nobody")], 0),
        ([Order(Scope.KEY, make_key("a").hex())], 1),
        ([Order(Scope.KEY, make_key("nobody").hex())], 0),
        ([Order(Scope.KEY, make_key("a").hex()), Order(Scope.ROUTE, "ask"), Order(Scope.TAG, "doc:3")], 2),
    ],
)
async def test_what_is_named_is_counted_once(shelf: Shelf, orders: Sequence[Order], entries: int) -> None:
    before = dict(shelf.rows)
    taken = await survey(inspector(shelf), orders, NOW)
    assert (taken.entries, taken.tiers["shelf"], taken.complete) == (entries, entries, True)
    assert shelf.rows == before


async def test_keys_alone_are_looked_up_and_nothing_is_looked_through(shelf: Shelf) -> None:
    await survey(inspector(shelf), [Order(Scope.KEY, make_key("a").hex())], NOW)
    assert shelf.asked("page") == []


async def test_what_several_tiers_hold_is_one_answer(shelf: Shelf) -> None:
    memory = Memory(1 << 20)
    memory.put(make_key("a"), make_entry())
    memory.put(make_key("only here"), make_entry())
    taken = await survey(inspector(shelf, memory), [Order(Scope.ROUTE, "ask")], NOW)
    assert (taken.entries, taken.tiers) == (3, {"memory": 2, "shelf": 2})


async def test_what_is_purged_already_is_not_counted(shelf: Shelf) -> None:
    purges = Purges()
    purges.add(Purge(7, Order(Scope.TAG, "doc:3"), NOW))
    assert (await survey(inspector(shelf, purges=purges), [ALL], NOW)).entries == 2


async def test_past_the_bounds_it_says_that_there_may_be_more() -> None:
    shelf = Open()
    for number in range(2 * ROWS + 1):
        await stored(shelf, number)
    some = await survey(inspector(shelf), [ALL], NOW, most=ROWS)
    assert (some.entries, some.complete) == (ROWS, False)
    times = iter([0.0, 1.0, 9.0, 9.0])
    some = await survey(inspector(shelf), [ALL], NOW, seconds=5.0, monotonic=lambda: next(times))
    assert (some.entries, some.complete) == (2 * ROWS, False)
    assert (await survey(inspector(shelf), [ALL], NOW)).entries == 2 * ROWS + 1


async def test_a_store_that_cannot_say_leaves_what_memory_holds(shelf: Shelf) -> None:
    memory = Memory(1 << 20)
    memory.put(make_key("a"), make_entry())
    shelf.broken = True
    taken = await survey(inspector(shelf, memory), [ALL], NOW)
    assert (taken.entries, taken.complete) == (1, False)
    with pytest.raises(StoreUnavailable):
        await shelf.read([make_key("a")])


async def test_a_key_that_leads_to_variants_may_be_more_than_is_counted(shelf: Shelf) -> None:
    await stored(shelf, "varies", flags=EntryFlag.VARY)
    taken = await survey(inspector(shelf), [Order(Scope.KEY, make_key("varies").hex())], NOW)
    assert (taken.entries, taken.complete) == (0, False)
    assert (await survey(inspector(shelf), [ALL], NOW)).complete is True
