"""Control: a purge is confirmed by all who live, or says who is missing; overrides hold, end, and are checked first."""

import asyncio

import pytest

from gateway.control.memory_ledger import MemoryLedger
from gateway.model.errors import ConfigError, StoreUnavailable
from tests.support.ledgers import Away, Times, node, tag


async def test_a_purge_is_confirmed_when_all_have_acknowledged_it():
    ledger, times = MemoryLedger(), Times()
    async with node(ledger, times) as one, node(ledger, times) as two:
        before = one.purges.newest
        following = asyncio.create_task(two.control.run())
        confirmed = await one.control.purge([tag("doc:1"), tag("doc:2")])
        assert confirmed.missing == ()
        assert one.gone("doc:1", before)
        assert two.gone("doc:2", before)
        assert not two.gone("doc:2", confirmed.version)
        following.cancel()


async def test_who_has_not_acknowledged_is_named():
    ledger, times = MemoryLedger(), Times()
    async with node(ledger, times) as one, node(ledger, times) as two:
        confirmed = await one.control.purge([tag("doc:1")], wait=0.02)
        assert [member.id for member in confirmed.missing] == [two.control.id]
        await two.look()
        assert [member.acknowledged for member in await one.control.members()] == [confirmed.version] * 2
        assert (await one.control.purge([tag("doc:1")], wait=0)).missing != ()


async def test_who_has_said_goodbye_or_is_written_off_does_not_count():
    ledger, times = MemoryLedger(), Times()
    async with node(ledger, times) as one, node(ledger, times) as two:
        async with node(ledger, times):
            assert len(await one.control.members()) == 3
        assert len(await one.control.members()) == 2
        assert await one.control.write_off(two.control.id)
        assert not await one.control.write_off(two.control.id)
        assert (await one.control.purge([tag("doc:1")], wait=0)).missing == ()
        await two.look()
        times.pass_by(2)
        await two.look()
        assert len(await one.control.members()) == 2


async def test_an_override_reaches_all_and_ends_by_itself():
    ledger, times = MemoryLedger(), Times()
    async with node(ledger, times) as one, node(ledger, times) as two:
        patch = {"cache": {"ttl": "1m"}}
        await one.control.override("rag", patch, times.wall + 60, "a test", "me")
        await two.look()
        assert two.changes[-1].overrides
        held = two.control.overrides["rag"]
        assert (held.patch, held.who, held.reason, held.until) == (patch, "me", "a test", times.wall + 60)
        times.pass_by(61)
        assert two.control.overrides == {}


async def test_the_end_of_an_override_is_told():
    ledger, times = MemoryLedger(), Times()
    async with node(ledger, times) as one:
        await one.control.override("rag", {"cache": {}}, times.wall + 0.01, "", "")
        told = len(one.changes)
        times.pass_by(1)
        async with asyncio.timeout(5):
            while len(one.changes) == told:
                await asyncio.sleep(0.005)
        assert one.changes[-1].overrides
        assert one.control.overrides == {}


async def test_a_bad_override_changes_nothing():
    def check(patches):
        if "bad" in patches["rag"]:
            raise ConfigError(["routes.rag.bad: unknown key"])

    ledger, times = MemoryLedger(), Times()
    async with node(ledger, times, check=check) as one:
        await one.control.override("rag", {"good": 1}, None, "", "")
        version = one.control.version
        with pytest.raises(ConfigError, match="unknown key"):
            await one.control.override("rag", {"bad": 1}, None, "", "")
        assert one.control.version == version
        assert one.control.overrides["rag"].patch == {"good": 1}
        await one.control.override("rag", None, None, "", "")
        assert one.control.overrides == {}


async def test_nothing_is_confirmed_while_the_ledger_is_away():
    ledger, times = Away(), Times()
    async with node(ledger, times) as one:
        ledger.away = True
        with pytest.raises(StoreUnavailable):
            await one.control.purge([tag("doc:1")])
        with pytest.raises(StoreUnavailable):
            await one.control.members()
        ledger.away = False
        assert (await one.control.purge([tag("doc:1")])).missing == ()


async def test_two_who_write_at_once_are_both_heard():
    ledger, times = MemoryLedger(), Times()
    async with node(ledger, times) as one, node(ledger, times) as two:
        before = one.purges.newest
        await asyncio.gather(
            *(which.control.purge([tag(f"doc:{number}")], wait=0) for number in range(10) for which in (one, two))
        )
        await one.look()
        await two.look()
        assert one.control.version == two.control.version
        for number in range(10):
            assert one.gone(f"doc:{number}", before)
            assert two.gone(f"doc:{number}", before)
