"""Fleet: who counts, by what was heard of them, and what becomes of rows that get lost."""

import asyncio
import subprocess
import sys
from dataclasses import asdict, replace

import orjson

from gateway.control.fleet import Fleet, Member
from gateway.control.memory_ledger import MemoryLedger
from tests.support.ledgers import Away, Times


def fleet(ledger: MemoryLedger, times: Times) -> Fleet:
    return Fleet(ledger, 600, lambda: times.wall, lambda: times.steady)


async def names(view: Fleet) -> set[str]:
    return {member.id for member in await view.members()}


async def test_who_enrolls_counts_until_goodbye():
    ledger, times = MemoryLedger(), Times()
    one, two = fleet(ledger, times), fleet(ledger, times)
    await one.enroll(3)
    await two.enroll(4)
    assert await names(one) == {one.me.id, two.me.id}
    assert {member.acknowledged for member in await one.members()} == {3, 4}
    await two.goodbye()
    assert await names(one) == {one.me.id}


async def test_a_row_that_got_lost_is_no_goodbye_and_is_written_back():
    ledger, times = Away(), Times()
    one, two, late = fleet(ledger, times), fleet(ledger, times), fleet(ledger, times)
    await one.enroll(3)
    await two.enroll(3)
    assert len(await one.members()) == 2
    ledger.lose()
    await one.enroll(4)
    assert await names(one) == {one.me.id, two.me.id}
    assert await names(late) == {one.me.id, two.me.id}
    await two.goodbye()
    ledger.lose()
    await late.members()


async def test_who_is_not_heard_of_counts_until_lost_after_by_our_own_clock():
    ledger, times = MemoryLedger(), Times()
    one = fleet(ledger, times)
    stranger = Member("aa", "far", 1, "elsewhere", "1", 0.0, 0.0)  # its clock stands at 1970
    await ledger.enroll("aa", orjson.dumps(asdict(stranger)))
    await one.enroll(1)
    assert "aa" in await names(one)
    times.pass_by(599)
    await ledger.enroll("aa", orjson.dumps(asdict(replace(stranger, seen=1.0))))
    assert "aa" in await names(one)
    times.pass_by(599)
    assert "aa" in await names(one)
    times.pass_by(2)
    await one.enroll(1)
    assert "aa" not in await names(one)
    assert "aa" not in await ledger.members()


async def test_a_process_of_this_host_that_has_ended_does_not_count():
    ledger, times = MemoryLedger(), Times()
    one, two = fleet(ledger, times), fleet(ledger, times)
    await one.enroll(1)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert child.stdin is not None
    try:
        born = _born(child.pid)
        await ledger.enroll("c1", orjson.dumps(asdict(replace(two.me, id="c1", pid=child.pid, born=born))))
        await ledger.enroll("c2", orjson.dumps(asdict(replace(two.me, id="c2", pid=child.pid, born="1"))))
        assert await names(one) == {one.me.id, "c1"}  # of the other, an older process had the same pid
        child.kill()
        async with asyncio.timeout(5):
            while await names(one) != {one.me.id}:  # a zombie: nobody has waited for it
                await asyncio.sleep(0.005)
    finally:
        child.stdin.close()
        child.kill()
        child.wait()
    assert await names(one) == {one.me.id}


def _born(pid: int) -> str:
    from gateway.control import fleet as module

    return module._born(pid)


async def test_who_was_written_off_counts_again_when_it_is_heard_of():
    ledger, times = MemoryLedger(), Times()
    one, two = fleet(ledger, times), fleet(ledger, times)
    await one.enroll(1)
    await two.enroll(1)
    assert await one.write_off(two.me.id)
    assert not await one.write_off(two.me.id)
    assert not await one.write_off("nobody")
    assert await names(one) == {one.me.id}
    await two.enroll(2)
    assert await names(one) == {one.me.id, two.me.id}


async def test_rows_of_another_make_are_none():
    ledger, times = MemoryLedger(), Times()
    one = fleet(ledger, times)
    await ledger.enroll("x1", b"not json")
    await ledger.enroll("x2", b'{"id": "x2"}')
    assert await one.members() == []
