"""Disk: reads in the event loop, all else behind it, and always room for what is new."""

import os
import time
from pathlib import Path

import pytest

from gateway.cache.disk import Disk
from gateway.cache.store import Claim, Record
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.tiers import DiskSettings
from tests.support.entries import make_key


async def opened(folder: Path, max_bytes: int = 4 << 20) -> Disk:
    disk = Disk(DiskSettings(path=str(folder), max_bytes=max_bytes))
    await disk.start()
    return disk


async def test_a_read_does_not_suspend(tmp_path: Path) -> None:
    disk = await opened(tmp_path)
    await disk.write([Record(make_key(1), b"1", time.time() + 60)])
    step = disk.read((make_key(1), make_key(2)))
    with pytest.raises(StopIteration) as done:
        step.send(None)
    assert done.value.value == [b"1", None]
    await disk.close()


async def test_what_is_read_at_once_is_what_is_read(tmp_path: Path) -> None:
    disk = await opened(tmp_path)
    now = time.time()
    await disk.write([Record(make_key(1), b"1", now + 60), Record(make_key(2), b"", now + 60)])
    assert [disk.read_now(make_key(n)) for n in (1, 2, 3)] == [b"1", b"", None]
    await disk.close()
    with pytest.raises(StoreUnavailable):
        disk.read_now(make_key(1))


async def test_a_claim_in_vain_does_not_suspend(tmp_path: Path) -> None:
    disk = await opened(tmp_path)
    await disk.claim(make_key(1), b"first", 30)
    step = disk.claim(make_key(1), b"second", 30)
    with pytest.raises(StopIteration) as done:
        step.send(None)
    assert done.value.value is Claim.HELD
    await disk.close()


@pytest.mark.parametrize(
    ("max_bytes", "size"),
    [(1 << 20, 200), (1 << 20, 20_000), (2 << 20, 300), (4 << 20, 3_000), (4 << 20, 30_000), (4 << 20, 120_000)],
)
async def test_a_full_file_takes_what_is_new_and_loses_what_expires_first(
    tmp_path: Path, max_bytes: int, size: int
) -> None:
    disk = await opened(tmp_path, max_bytes)
    now, count = time.time(), 2 * max_bytes // (size + 100)
    for n in range(count):
        await disk.write([Record(make_key(n), os.urandom(size), now + 100 + n)])
    held = [n for n in range(count) if await disk.read([make_key(n)]) != [None]]
    assert held == list(range(held[0], count))
    assert len(held) * size > max_bytes / 4
    assert (tmp_path / "live" / "data.mdb").stat().st_size <= max_bytes
    await disk.close()


async def test_an_item_out_of_proportion_is_not_stored_and_no_error(tmp_path: Path) -> None:
    disk = await opened(tmp_path)
    await disk.write(
        [Record(make_key(1), b"x" * (1 << 20), time.time() + 60), Record(make_key(2), b"2", time.time() + 60)]
    )
    assert await disk.read([make_key(1), make_key(2)]) == [None, b"2"]
    await disk.close()


async def test_what_has_expired_makes_room(tmp_path: Path) -> None:
    disk = await opened(tmp_path)
    now = time.time()
    await disk.write([Record(make_key(n), b"x", now + 0.2) for n in range(40)])
    while time.time() < now + 0.2:
        await disk.usage()
    for n in range(100, 104):  # each write sweeps a little
        await disk.write([Record(make_key(n), b"x", now + 60)])
    assert (await disk.usage()).entries == 4
    await disk.close()
