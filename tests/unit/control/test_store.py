"""The ledger protocol: one suite for memory, disk, Redis and a Cluster of three."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest

from gateway.control.disk_ledger import DiskLedger
from gateway.control.memory_ledger import MemoryLedger
from gateway.control.redis_ledger import RedisLedger
from gateway.control.store import Ledger, Page, Row
from gateway.link.redis_client import client
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.tiers import RedisSettings
from tests.support.redis_server import RedisServer, redis_cluster, redis_server


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisServer]:
    with redis_cluster() as nodes:
        yield nodes[0]


@pytest.fixture(params=["memory", "disk", "redis", "cluster"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    if request.param == "memory":
        made: Ledger = MemoryLedger()
    elif request.param == "disk":
        made = DiskLedger(tmp_path / "control")
    else:
        running: RedisServer = request.getfixturevalue("server" if request.param == "redis" else "cluster")
        settings = RedisSettings(url=running.url, cluster=request.param == "cluster")
        made = RedisLedger(partial(client, settings), f"{tmp_path.name}:")
    yield made
    await made.close()


def rows(*versions: int) -> list[Row]:
    return [Row(version, b"row %d" % version) for version in versions]


async def test_it_begins_empty_and_gives_back_what_was_added(ledger: Ledger):
    assert await ledger.read(0) == Page(0, ledger_rows := (await ledger.read(0)).rows)
    assert not ledger_rows
    assert await ledger.append(0, rows(1, 2_000_000_000_000))
    assert await ledger.append(2_000_000_000_000, rows(2_000_000_000_001))
    newest, found = await ledger.read(1)
    assert (newest, list(found)) == (2_000_000_000_001, rows(2_000_000_000_000, 2_000_000_000_001))
    assert await ledger.read(newest) == Page(newest, (await ledger.read(newest)).rows)
    assert not (await ledger.read(newest)).rows


async def test_who_does_not_know_the_newest_version_adds_nothing(ledger: Ledger):
    assert not await ledger.append(5, rows(6))
    assert await ledger.append(0, rows(10))
    assert not await ledger.append(9, rows(11))
    assert not await ledger.append(0, rows(11))
    assert not await ledger.rewrite(9, rows(11))
    assert list((await ledger.read(0)).rows) == rows(10)


async def test_of_many_who_add_at_once_one_succeeds(ledger: Ledger):
    assert await ledger.append(0, rows(10))
    done = await asyncio.gather(*(ledger.append(10, rows(11 + number)) for number in range(8)))
    assert done.count(True) == 1
    assert len((await ledger.read(0)).rows) == 2


async def test_it_is_rewritten_whole(ledger: Ledger):
    assert await ledger.append(0, rows(1, 2, 3, 4))
    assert await ledger.rewrite(4, rows(3, 4))
    assert list((await ledger.read(0)).rows) == rows(3, 4)
    assert await ledger.append(4, rows(5))
    assert list((await ledger.read(0)).rows) == rows(3, 4, 5)


async def test_who_waits_is_told_of_what_is_new(ledger: Ledger):
    assert await ledger.append(0, rows(1))
    await asyncio.wait_for(ledger.changed(0), 2)
    waiting = asyncio.create_task(ledger.changed(1))
    await asyncio.sleep(0.02)
    assert await ledger.append(1, rows(2))
    await asyncio.wait_for(waiting, 2)
    await asyncio.wait_for(ledger.changed(2), 3)  # nothing new: it returns all the same, to look


async def test_members_are_kept_by_name(ledger: Ledger):
    assert await ledger.members() == {}
    await ledger.enroll("a1", b"first")
    await ledger.enroll("b2", b"second")
    await ledger.enroll("a1", b"third")
    await ledger.enroll("b2", b"fourth", anew=False)
    await ledger.enroll("c3", b"fifth", anew=False)
    assert await ledger.members() == {"a1": b"third", "b2": b"second", "c3": b"fifth"}
    await ledger.dismiss("a1")
    await ledger.dismiss("none")
    assert set(await ledger.members()) == {"b2", "c3"}


async def test_a_large_ledger_is_written_and_read_in_one_piece(ledger: Ledger):
    many = [Row(version, b"x" * 100) for version in range(1, 20_001)]
    assert await ledger.append(0, rows(1))
    assert await ledger.rewrite(1, many)
    newest, found = await ledger.read(0)
    assert (newest, len(found)) == (20_000, 20_000)


async def test_closed_it_is_not_there(ledger: Ledger):
    if isinstance(ledger, MemoryLedger):
        pytest.skip("memory stays")
    await ledger.append(0, rows(1))
    await ledger.close()
    await ledger.close()
    with pytest.raises(StoreUnavailable):
        await ledger.read(0)
