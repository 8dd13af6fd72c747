"""Leases: kept alive while held, given back after the answer is written, harmless without a store."""

import asyncio
import contextlib

from gateway.cache.breaker import Breaker
from gateway.cache.leases import Lease, Leases
from gateway.cache.store import Claim
from gateway.cache.writes import Writes
from gateway.policy.purges import Names, Order, Purge, Purges, Scope
from tests.support.entries import make_entry, make_key
from tests.support.eventually import eventually
from tests.support.shelf import Shelf

KEY = make_key("k")


def make(shelf: Shelf) -> tuple[Leases, Writes, Breaker]:
    breaker = Breaker("shelf")
    writes = Writes(shelf, breaker, 1024)
    return Leases(shelf, breaker, writes), writes, breaker


async def claimed(leases: Leases, ttl: float = 30.0) -> Lease:
    lease = Lease(KEY, ttl)
    await leases.claim(lease)
    return lease


async def test_one_of_two_processes_is_granted_the_lease() -> None:
    shelf = Shelf()
    ours, theirs = make(shelf)[0], make(shelf)[0]
    mine = await claimed(ours)
    assert (mine.state, (await claimed(theirs)).state) == (Claim.GRANTED, Claim.HELD)
    await ours.release(mine, 0.0)
    assert (await claimed(theirs)).state is Claim.GRANTED
    await ours.close(1)
    await theirs.close(1)


async def test_who_is_told_held_gives_nothing_back() -> None:
    shelf = Shelf()
    ours, theirs = make(shelf)[0], make(shelf)[0]
    await claimed(ours)
    await theirs.release(await claimed(theirs), 30.0)
    assert shelf.asked("release") == []
    await ours.close(1)


async def test_given_up_is_told_to_others() -> None:
    shelf = Shelf()
    ours, theirs = make(shelf)[0], make(shelf)[0]
    await ours.release(await claimed(ours), 30.0)
    assert (await claimed(theirs)).state is Claim.GIVEN_UP


async def test_a_lease_is_renewed_while_it_is_held_and_no_longer() -> None:
    shelf = Shelf()
    leases, _, _ = make(shelf)
    lease = await claimed(leases, ttl=0.06)
    await eventually(lambda: len(shelf.asked("renew")) >= 4)
    await leases.release(lease, 0.0)
    renewed = len(shelf.asked("renew"))
    await asyncio.sleep(0.06)
    assert len(shelf.asked("renew")) == renewed


async def test_a_lease_that_was_taken_over_is_not_renewed_further() -> None:
    shelf = Shelf()
    leases, _, _ = make(shelf)
    lease = await claimed(leases, ttl=0.03)
    shelf.leases[KEY] = b"another", 4e9
    await eventually(lambda: shelf.asked("renew"))
    await asyncio.sleep(0.06)
    assert len(shelf.asked("renew")) == 1
    await leases.release(lease, 0.0)
    assert shelf.leases[KEY] == (b"another", 4e9)


async def test_a_lease_is_given_back_after_the_answer_is_written() -> None:
    shelf = Shelf()
    leases, writes, _ = make(shelf)
    lease = await claimed(leases)
    shelf.gate.clear()
    writes.put(KEY, make_entry())
    release = asyncio.ensure_future(leases.release(lease, 0.0))
    for _ in range(10):
        await asyncio.sleep(0)
    assert shelf.asked("release") == []
    shelf.gate.set()
    await release
    assert [name for name, _ in shelf.calls] == ["claim", "write", "release"]


async def test_release_goes_on_where_its_caller_is_cancelled() -> None:
    shelf = Shelf()
    leases, _, _ = make(shelf)
    lease = await claimed(leases)
    shelf.gate.clear()
    release = asyncio.ensure_future(leases.release(lease, 0.0))
    for _ in range(3):
        await asyncio.sleep(0)
    release.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await release
    shelf.gate.set()
    await eventually(lambda: shelf.leases[KEY][0] == b"")


async def test_a_claim_that_is_cancelled_leaves_no_lease_behind() -> None:
    shelf = Shelf()
    leases, _, _ = make(shelf)
    claim = asyncio.ensure_future(claimed(leases))
    for _ in range(2):
        await asyncio.sleep(0)
    shelf.gate.clear()
    second = asyncio.ensure_future(claimed(leases))
    for _ in range(2):
        await asyncio.sleep(0)
    second.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await second
    shelf.gate.set()
    await eventually(lambda: shelf.asked("release"))
    assert (await claim).state is Claim.GRANTED
    await leases.close(1)
    assert len(shelf.asked("release")) == 2


async def test_without_the_store_each_process_is_on_its_own() -> None:
    shelf = Shelf()
    leases, _, breaker = make(shelf)
    shelf.broken = True
    for _ in range(7):
        lease = await claimed(leases)
        assert lease.state is Claim.GRANTED
        await leases.release(lease, 0.0)
    assert breaker.open
    assert leases.errors == 5


async def test_a_store_that_hangs_delays_a_claim_by_a_quarter_of_a_second() -> None:
    shelf = Shelf()
    leases, _, _ = make(shelf)
    shelf.gate.clear()
    assert (await asyncio.wait_for(claimed(leases), 1.0)).state is Claim.GRANTED
    shelf.gate.set()
    await leases.close(1)


async def test_close_gives_back_all_that_is_held() -> None:
    shelf = Shelf()
    leases, _, _ = make(shelf)
    await claimed(leases)
    await leases.close(1)
    assert shelf.leases[KEY][0] == b""


async def test_alone_a_lease_costs_the_store_nothing() -> None:
    shelf = Shelf()
    shelf.alone, shelf.broken = True, True
    leases = make(shelf)[0]
    lease = await claimed(leases)
    await leases.release(lease, 10.0)
    assert (lease.state, leases.errors) == (Claim.GRANTED, 0)
    await leases.close(1)


async def test_a_lease_whose_answer_was_purged_is_given_back_at_once() -> None:
    shelf, purges = Shelf(), Purges()
    ours, theirs = make(shelf)[0], make(shelf)[0]
    mine = await claimed(ours)
    mine.call = 5, Names("rag", (KEY,))

    async def granted() -> bool:
        return (await claimed(theirs)).state is Claim.GRANTED

    for version, order in (
        (4, Order(Scope.ALL)),  # its call began later
        (6, Order(Scope.ROUTE, "other")),
        (7, Order(Scope.ROUTE, "rag", expire=True)),  # it may stand in still, and is stored
        (8, Order(Scope.TAG, "doc:1")),  # whether it bears that is not known yet
    ):
        purges.add(Purge(version, order, 0.0))
        ours.let_go(purges)
        assert not await granted()
    purges.add(Purge(9, Order(Scope.ROUTE, "rag"), 0.0))
    ours.let_go(purges)
    await eventually(granted)
    assert not mine.shared
    await ours.release(mine, 30.0)  # it is somebody else's by now
    assert len(shelf.asked("release")) == 1
    await ours.close(1)
    await theirs.close(1)


async def test_a_lease_stays_whose_call_has_not_begun_or_whose_answer_others_read_along() -> None:
    shelf, purges = Shelf(), Purges()
    ours, theirs = make(shelf)[0], make(shelf)[0]
    mine = await claimed(ours)
    purges.add(Purge(9, Order(Scope.ALL), 0.0))
    ours.let_go(purges)
    mine.call, mine.followed = (5, Names("rag", (KEY,))), True
    ours.let_go(purges)
    assert (await claimed(theirs)).state is Claim.HELD
    await ours.close(1)
    await theirs.close(1)
