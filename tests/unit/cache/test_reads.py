"""Reads: one turn, one read; one deadline; nobody's cancellation is another's."""

import asyncio
import contextlib
import time

import pytest

from gateway.cache.breaker import FAILURES, Breaker
from gateway.cache.reads import Reads
from gateway.cache.store import Record
from gateway.model.outcome import Reason
from tests.support.entries import make_key
from tests.support.shelf import OpenShelf, Shelf

FAR = 4e9


@pytest.fixture
async def shelf() -> Shelf:
    shelf = Shelf()
    await shelf.write([Record(make_key(n), b"%d" % n, FAR) for n in range(1000)])
    return shelf


def make(shelf: Shelf, timeout: float = 5.0) -> tuple[Reads, Breaker]:
    breaker = Breaker("shelf")
    return Reads(shelf, breaker, timeout), breaker


async def test_what_is_asked_in_one_turn_is_one_read(shelf: Shelf) -> None:
    reads, _ = make(shelf)
    rows = await asyncio.gather(*(reads.read(make_key(n % 100)) for n in range(150)))
    assert rows == [b"%d" % (n % 100) for n in range(150)]
    assert shelf.asked("read") == [100]
    assert await reads.read(make_key("none")) is None
    assert shelf.asked("read") == [100, 1]
    assert (reads.hits, reads.misses, reads.errors, reads.timeouts) == (150, 1, 0, 0)


async def test_more_keys_than_one_command_takes_are_asked_in_parts(shelf: Shelf) -> None:
    reads, _ = make(shelf)
    rows = await asyncio.gather(*(reads.read(make_key(n)) for n in range(600)))
    assert rows == [b"%d" % n for n in range(600)]
    assert shelf.asked("read") == [256, 256, 88]


async def test_a_store_that_answers_at_once_is_asked_at_once() -> None:
    shelf = OpenShelf()
    await shelf.write([Record(make_key(1), b"1", FAR)])
    reads, _ = make(shelf)
    step = reads.read(make_key(1))
    with pytest.raises(StopIteration) as done:
        step.send(None)  # to its end without suspending once
    assert done.value.value == b"1"
    assert reads.at_once(make_key(2)) is None
    assert (reads.hits, reads.misses) == (1, 0)  # who uses what was read at once counts it


async def test_who_takes_too_long_at_once_is_heard_a_few_times_and_then_left_alone() -> None:
    class Slow(OpenShelf):
        def read_now(self, key: bytes) -> bytes | None:
            until = time.perf_counter() + 0.002
            while time.perf_counter() < until:  # a page that has to come from the disk first
                pass
            return super().read_now(key)

    shelf = Slow()
    await shelf.write([Record(make_key(1), b"1", FAR)])
    reads, breaker = make(shelf, timeout=0.001)
    assert [reads.at_once(make_key(1)) for _ in range(FAILURES)] == [b"1"] * FAILURES
    assert (reads.timeouts, breaker.open) == (FAILURES, True)


async def test_who_is_cancelled_takes_nobody_along(shelf: Shelf) -> None:
    shelf.gate.clear()
    reads, _ = make(shelf)
    tasks = [asyncio.ensure_future(reads.read(make_key(1))) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await tasks[0]
    shelf.gate.set()
    assert await asyncio.gather(*tasks[1:]) == [b"1", b"1"]


async def test_a_read_over_its_deadline_is_a_timeout_and_is_not_cancelled(shelf: Shelf) -> None:
    shelf.gate.clear()
    reads, breaker = make(shelf, timeout=0.01)
    assert await asyncio.gather(reads.read(make_key(1)), reads.read(make_key(2))) == [Reason.L2_TIMEOUT] * 2
    assert reads.timeouts == 1
    shelf.gate.set()
    assert await reads.read(make_key(1)) == b"1"
    assert not breaker.open


async def test_a_store_that_hangs_is_asked_a_few_times_only_and_then_left_alone(shelf: Shelf) -> None:
    shelf.gate.clear()
    before = len(shelf.calls)
    reads, breaker = make(shelf, timeout=0.01)
    for _ in range(FAILURES):
        assert await reads.read(make_key(1)) is Reason.L2_TIMEOUT
    assert breaker.open
    assert await reads.read(make_key(1)) is Reason.L2_DOWN
    assert len(shelf.calls) - before == FAILURES
    await reads.close()


async def test_what_does_not_travel_at_once_travels_together_later(shelf: Shelf) -> None:
    shelf.gate.clear()
    reads, _ = make(shelf)
    tasks = []
    for n in range(20):
        tasks.append(asyncio.ensure_future(reads.read(make_key(n))))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    shelf.gate.set()
    assert await asyncio.gather(*tasks) == [b"%d" % n for n in range(20)]
    assert shelf.asked("read") == [1] * 8 + [12]


async def test_failures_are_a_reason_and_open_the_breaker() -> None:
    for shelf in (Shelf(), OpenShelf()):
        shelf.broken = True
        reads, breaker = make(shelf)
        assert [await reads.read(make_key(1)) for _ in range(FAILURES + 1)] == [Reason.L2_DOWN] * (FAILURES + 1)
        assert (reads.errors, breaker.open) == (FAILURES, True)


async def test_a_loop_that_was_held_up_is_not_the_store_s_fault(shelf: Shelf) -> None:
    reads, breaker = make(shelf, timeout=0.02)
    shelf.gate.clear()
    task = asyncio.ensure_future(reads.read(make_key(1)))
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    until = loop.time() + 0.06
    while loop.time() < until:  # nothing else runs meanwhile
        pass
    loop.call_soon(lambda: loop.call_soon(shelf.gate.set))
    assert await task == b"1"
    assert (reads.timeouts, breaker.open) == (0, False)


async def test_close_answers_all_who_wait(shelf: Shelf) -> None:
    shelf.gate.clear()
    reads, _ = make(shelf)
    under_way = asyncio.ensure_future(reads.read(make_key(1)))
    for _ in range(3):
        await asyncio.sleep(0)
    queued = asyncio.ensure_future(reads.read(make_key(2)))
    await asyncio.sleep(0)
    await reads.close()
    assert await asyncio.gather(under_way, queued) == [Reason.L2_DOWN] * 2
