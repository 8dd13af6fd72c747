"""Disk writer: one thread, few transactions, never an end to it."""

import asyncio
import threading
import time
from pathlib import Path

import lmdb
import pytest

from gateway.cache import disk_tables
from gateway.cache.disk_file import Tables
from gateway.cache.disk_tables import Transaction
from gateway.cache.disk_writer import DiskWriter
from gateway.model.errors import StoreUnavailable
from tests.support.eventually import eventually


def make(folder: Path, max_bytes: int = 4 << 20) -> DiskWriter:
    writer = DiskWriter(folder, max_bytes, time.time)
    writer.start()
    return writer


def number(txn: Transaction, tables: Tables) -> int:
    return txn.id()


async def test_jobs_that_come_together_share_a_transaction(tmp_path: Path) -> None:
    writer = make(tmp_path)
    first = await writer.run(number)
    ids = await asyncio.gather(*(writer.run(number) for _ in range(200)))
    assert len(set(ids)) < 50
    assert min(ids) >= first
    await writer.close(5)


async def test_one_that_fails_does_not_fail_the_others(tmp_path: Path) -> None:
    writer = make(tmp_path)

    def fail(txn: Transaction, tables: Tables) -> None:
        raise RuntimeError("a fault of ours")

    await writer.run(number)
    results = await asyncio.gather(writer.run(number), writer.run(fail), writer.run(number), return_exceptions=True)
    assert [type(result) for result in results] == [int, StoreUnavailable, int]
    await writer.close(5)


async def test_what_was_asked_before_the_close_is_done(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    writer = make(tmp_path)
    jobs = [asyncio.ensure_future(writer.run(number)) for _ in range(600)]
    await asyncio.sleep(0)
    await writer.close(5)
    assert all(isinstance(result, int) for result in await asyncio.gather(*jobs))
    with pytest.raises(StoreUnavailable):
        await writer.run(number)
    await eventually(lambda: set(threading.enumerate()) <= before)


async def test_a_damaged_page_met_by_a_reader_has_the_file_begun_anew(tmp_path: Path) -> None:
    writer = make(tmp_path)
    await writer.run(number)
    inode = (tmp_path / "live" / "data.mdb").stat().st_ino
    writer.report(lmdb.CorruptedError("met by a reader"))
    await writer.run(number)
    assert (tmp_path / "aside").exists()
    assert (tmp_path / "live" / "data.mdb").stat().st_ino != inode
    await writer.close(5)


async def test_a_reader_who_came_before_the_file_was_open_does_not_have_it_opened_twice(tmp_path: Path) -> None:
    writer = DiskWriter(tmp_path, 4 << 20, time.time)
    writer.report()
    writer.start()
    await writer.run(number)
    opened = writer.file
    writer._reopen_at = 0.0
    writer.report()
    await writer.run(number)
    assert writer.file is opened
    await writer.close(5)


async def test_a_grown_map_is_adopted(tmp_path: Path) -> None:
    writer = make(tmp_path)
    await writer.run(number)
    writer.report(lmdb.MapResizedError("met by a reader"))
    await writer.run(number)
    assert not (tmp_path / "aside").exists()
    await writer.close(5)


async def test_a_job_too_large_for_the_file_is_unavailable_and_the_rest_goes_on(tmp_path: Path) -> None:
    writer = make(tmp_path, max_bytes=1 << 20)

    def flood(txn: Transaction, tables: Tables) -> None:
        for n in range(100):
            txn.put(b"%032d" % n, b"x" * 50_000, db=tables.values)

    results = await asyncio.gather(writer.run(number), writer.run(flood), return_exceptions=True)
    assert [type(result) for result in results] == [int, StoreUnavailable]
    assert (await writer.run(disk_tables.fill))[0] == 0
    await writer.close(5)
