"""Follow: joining, falling behind, standing still, and ledgers that are away, lost, or begun by somebody else."""

import asyncio
import logging
from dataclasses import replace

import pytest

from gateway.control import follow
from gateway.control.book import begin
from gateway.control.fleet import _myself, _row
from gateway.control.follow import TRUST
from gateway.control.memory_ledger import MemoryLedger
from gateway.control.store import Page
from gateway.model.errors import StoreUnavailable
from gateway.policy.purges import Order, Scope
from tests.support.eventually import eventually
from tests.support.ledgers import Away, Node, Times, node, tag


async def test_a_new_ledger_begins_at_the_present_so_that_what_is_older_is_gone():
    ledger, times = MemoryLedger(), Times()
    async with node(ledger, times) as one:
        assert one.control.version == int(times.wall * 1000)
        assert one.gone("anything", one.control.version - 1)
        assert not one.gone("anything", one.control.version)


async def test_who_joins_is_enrolled_before_it_reads():
    order: list[str] = []

    class Watched(MemoryLedger):
        async def enroll(self, name: str, row: bytes, *, anew: bool = True) -> None:
            order.append("enroll")
            await super().enroll(name, row, anew=anew)

        async def read(self, after: int) -> Page:
            order.append("read")
            return await super().read(after)

    async with node(Watched(), Times()):
        assert order[0] == "enroll"
        assert "read" in order


@pytest.mark.parametrize(("others", "looks"), [(0, 5), (199, 1)])
async def test_of_many_members_each_looks_more_seldom_at_who_is_there(others: int, looks: int):
    asked = 0

    class Counted(MemoryLedger):
        async def members(self) -> dict[str, bytes]:
            nonlocal asked
            asked += 1
            return await super().members()

    ledger, times = Counted(), Times()
    for number in range(others):
        await ledger.enroll(f"w{number}", _row(replace(_myself(times.wall), id=f"w{number}", place="elsewhere")))
    async with node(ledger, times) as one:
        asked = 0
        for _ in range(5):
            times.pass_by(1.01)
            await one.look()
        assert asked == looks
        assert len(await one.control.members()) == others + 1  # who purges looks anew


async def test_who_was_behind_hears_of_all():
    ledger, times = MemoryLedger(), Times()
    async with node(ledger, times) as one:
        for number in range(5):
            await one.control.purge([tag(f"doc:{number}")], wait=0)
        async with node(ledger, times) as late:
            assert late.control.version == one.control.version
            assert late.gone("doc:3", 1)
            assert (await one.control.purge([tag("x")], wait=0)).missing


async def test_a_ledger_that_was_lost_is_written_back_whole(caplog):
    ledger, times = Away(), Times()
    async with node(ledger, times) as one:
        await one.control.purge([tag("doc:1"), Order(Scope.ROUTE, "ask", True)])
        await one.control.override("rag", {"a": 1}, None, "", "")
        version = one.control.version
        ledger.lose()
        with caplog.at_level(logging.WARNING):
            await one.look()
        assert "written back" in caplog.text
        async with node(ledger, times) as late:
            assert late.control.version == version
            assert late.gone("doc:1", 1)
            assert late.control.overrides["rag"].patch == {"a": 1}


async def test_a_ledger_that_somebody_else_has_begun_is_told_of_the_overrides():
    ledger, times = Away(), Times()
    async with node(ledger, times) as one:
        await one.control.override("rag", {"a": 1}, None, "", "")
        before = one.control.version
        ledger.lose()
        times.pass_by(1)
        async with node(ledger, times) as other:
            assert other.control.overrides == {}
            await one.look()
            await other.look()
            assert other.control.overrides["rag"].patch == {"a": 1}
            assert one.control.version == other.control.version > before
            assert one.gone("anything", before)


async def test_a_ledger_that_was_restored_from_an_older_copy_is_told_of_what_came_after():
    ledger, times = Away(), Times()
    async with node(ledger, times) as one, node(ledger, times) as two:
        old = list(ledger._rows)
        await one.control.purge([tag("doc:1")], wait=0)
        await two.look()
        ledger._rows = list(old)
        times.pass_by(1)
        async with node(ledger, times) as late:
            assert not late.gone("doc:1", old[-1].version)
            await late.control.purge([tag("doc:2")], wait=0)
            await one.look()
            await two.look()
            await late.look()
            for each in (one, two, late):
                assert each.gone("doc:1", old[-1].version)
                assert each.gone("doc:2", old[-1].version)
                assert each.control.version == ledger._rows[-1].version


async def test_rows_of_another_make_are_not_taken_for_a_ledger(caplog):
    ledger, times = MemoryLedger(), Times()
    await ledger.append(0, [begin(1)._replace(data=b'{"after": "x"}')])
    one = Node(ledger, times)
    await one.control.start()
    assert "away" in caplog.text
    with pytest.raises(StoreUnavailable, match="ledger"):
        await one.control.purge([tag("a")])
    await one.control.stop()


async def test_it_is_told_once_that_the_ledger_is_away_and_once_that_it_is_back(caplog):
    ledger, times = Away(), Times()
    ledger.away = True
    with caplog.at_level(logging.WARNING):
        async with node(ledger, times) as one:
            following = asyncio.create_task(one.control.run())
            await asyncio.sleep(0.05)
            assert (one.control.up, one.control.seen) == (False, None)
            ledger.away = False
            await eventually(lambda: one.control.up)
            following.cancel()
    assert [record.message.count("cannot be confirmed") for record in caplog.records] == [1, 0]
    assert "back" in caplog.records[1].message


@pytest.mark.parametrize("strict", [False, True])
async def test_what_is_stored_may_be_used_for_a_while_after_each_sign_of_life(strict: bool, monkeypatch):
    monkeypatch.setattr(follow, "_BEAT", 0.01)
    ledger, times = Away(), Times()
    async with node(ledger, times, strict=strict) as one:
        assert one.until == times.wall + TRUST
        following = asyncio.create_task(one.control.run())
        ledger.away = True
        await asyncio.sleep(0.05)
        times.pass_by(1)
        await asyncio.sleep(0.05)
        assert (one.until > times.wall + 1) is not strict
        following.cancel()


async def test_who_stood_still_looks_before_anything_is_used(monkeypatch):
    ledger, times = MemoryLedger(), Times()
    async with node(ledger, times) as one, node(ledger, times) as other:
        await other.control.purge([tag("doc:1")], wait=0)
        times.pass_by(10)
        assert one.until < times.wall
        await asyncio.gather(one.control.awake(), one.control.awake())
        assert one.until == times.wall + TRUST
        assert one.gone("doc:1", 1)


async def test_a_ledger_full_of_rows_that_say_nothing_is_written_anew(monkeypatch):
    monkeypatch.setattr(follow, "_SPARE", 20)
    ledger, times = MemoryLedger(), Times()
    async with node(ledger, times) as one, node(ledger, times) as two:
        await one.control.override("rag", {"a": 1}, None, "", "")
        for _ in range(60):
            await one.control.purge([tag("the same")], wait=0)
        assert len(ledger._rows) < 30
        await two.look()
        assert two.control.version == one.control.version
        async with node(ledger, times) as late:
            assert late.gone("the same", one.control.version - 1)
            assert late.control.overrides["rag"].patch == {"a": 1}


async def test_what_no_entry_can_outlive_is_forgotten():
    ledger, times = MemoryLedger(), Times()
    async with node(ledger, times) as one:
        one.control.lives(3600)
        await one.control.purge([tag("doc:1")], wait=0)
        assert len(one.purges) == 1
        times.pass_by(4000)
        await one.look()
        assert len(one.purges) == 0
        assert one.gone("doc:2", one.control.version - 1)
