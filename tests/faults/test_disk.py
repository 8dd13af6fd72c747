"""The disk as a failing neighbour. No client of the tiers sees more of it than a miss with a reason."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.cache.breaker import RETRY_AFTER
from gateway.cache.disk import Disk
from gateway.cache.memory import Memory
from gateway.cache.store import Claim
from gateway.cache.tiers import Lookup, Tiers
from gateway.model.outcome import Reason
from gateway.model.settings.tiers import DiskSettings
from tests.support.disk_neighbour import MAX_BYTES, neighbour
from tests.support.entries import make_entry, make_key
from tests.support.eventually import eventually

PATIENT = 50.0
"""Seconds, where a test waits for what must happen: all that its own limit allows."""


class Clock:
    """The breaker's: what it waits for has passed when a test says so."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.skipped

    def pass_the_wait(self) -> None:
        self.skipped += RETRY_AFTER


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def tiers_over(
    folder: Path, clock: Clock, max_bytes: int = MAX_BYTES, read_timeout: float = 0.05
) -> AsyncIterator[Tiers]:
    store = Disk(DiskSettings(path=str(folder), max_bytes=max_bytes))
    tiers = Tiers(Memory(1 << 20), store, read_timeout=read_timeout, compress_over=1 << 20, monotonic=clock)
    await tiers.start()
    try:
        yield tiers
    finally:
        await tiers.close()


async def find(tiers: Tiers, name: object, seconds: float = 1.0) -> Lookup:
    """A look that is over in good time, whatever happens."""
    async with asyncio.timeout(seconds):
        return await tiers.find(make_key(name), time.time(), 0.0)


async def stored(tiers: Tiers, name: object, body: bytes = b"body", seconds: float = 10.0) -> None:
    """Keeps an entry, and returns when the store has it."""
    tiers.keep(make_key(name), make_entry(body), 0.0)

    async def there() -> bool:
        return (await find(tiers, name, seconds)).tier == "disk"

    await eventually(there, seconds)


async def test_entries_outlive_the_process(tmp_path: Path, clock: Clock) -> None:
    async with tiers_over(tmp_path, clock) as tiers:
        tiers.keep(make_key(1), kept := make_entry(b"kept"), 60)
    async with tiers_over(tmp_path, clock) as tiers:
        found = await find(tiers, 1)
        assert (found.entry, found.tier) == (kept, "disk")


@pytest.mark.parametrize("size", [500, 10_000, 100_000])
async def test_a_full_file_goes_on_taking_what_is_new(tmp_path: Path, clock: Clock, size: int) -> None:
    async with tiers_over(tmp_path, clock, max_bytes=4 << 20) as tiers:
        count = (8 << 20) // size if size > 500 else 6000
        for n in range(count):
            tiers.keep(make_key(n), make_entry(os.urandom(size)), 0.0)
            if n % 20 == 0:
                await asyncio.sleep(0)
        await stored(tiers, "last")
        assert (tiers.stats().store.errors, tiers.stats().store.dropped) == (0, 0)
        assert (await find(tiers, 0)).entry is None
        assert (await find(tiers, count - 1)).entry is not None


async def test_garbage_in_place_of_the_file_is_set_aside(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ragfront.cache")
    async with tiers_over(tmp_path, clock) as tiers:
        await stored(tiers, 1)
    (tmp_path / "live" / "data.mdb").write_bytes(os.urandom(1 << 20))
    async with tiers_over(tmp_path, clock) as tiers:
        assert await find(tiers, 1) == Lookup()
        await stored(tiers, 1)
        assert not tiers.stats().store.out
    assert len(caplog.records) == 1


async def test_garbage_within_the_file_after_a_crash_is_found_out(tmp_path: Path, clock: Clock) -> None:
    async with tiers_over(tmp_path, clock) as tiers:
        for n in range(300):
            tiers.keep(make_key(n), make_entry(os.urandom(1000)), 0.0)
    data = tmp_path / "live" / "data.mdb"
    with data.open("r+b") as handle:
        handle.seek(3 * 4096)
        handle.write(os.urandom(data.stat().st_size - 10 * 4096))
    (tmp_path / "dirty").touch()  # as a killed process leaves it
    async with tiers_over(tmp_path, clock) as tiers:
        for n in range(300):
            assert (await find(tiers, n)).entry is None
        await stored(tiers, 1)


@pytest.mark.parametrize("row", [b"", b"\xff", b"\xff" * 8, b"\xff" * 500])
async def test_records_that_are_garbage_in_a_sound_file_are_misses(tmp_path: Path, clock: Clock, row: bytes) -> None:
    async with tiers_over(tmp_path, clock) as tiers:
        await stored(tiers, 1)
    disk = Disk(DiskSettings(path=str(tmp_path), max_bytes=MAX_BYTES))
    await disk.start()
    file = disk._writer.file
    assert file is not None
    with file.env.begin(write=True, db=file.tables.values) as txn:
        txn.put(make_key(1), row)
        txn.put(b"\0", b"", db=file.tables.expiry)
        txn.put(make_key(1), row, db=file.tables.leases)
    await disk.close()
    async with tiers_over(tmp_path, clock) as tiers:
        assert await find(tiers, 1) == Lookup()
        await tiers.release(await tiers.claim(make_key(1), 5))
        tiers.forget(make_key(1))
        await stored(tiers, 1)
        assert tiers.stats().store.errors == 0


async def test_a_folder_that_cannot_be_made_and_later_can(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG, "ragfront.cache")
    monkeypatch.setattr("gateway.cache.disk_writer._REOPEN_AFTER", 0.0)
    (tmp_path / "file").write_text("in the way")
    # Read in time or not is no matter here: a busy machine's late reads would take the store out once more.
    async with tiers_over(tmp_path / "file" / "cache", clock, read_timeout=PATIENT) as tiers:
        await eventually(lambda: tiers.stats().store.out, PATIENT)
        for _ in range(10):
            assert (await find(tiers, 1, PATIENT)).reason is Reason.L2_DOWN
            tiers.keep(make_key(2), make_entry(), 0.0)
            assert (await tiers.claim(make_key(3), 5)).state is Claim.GRANTED
        assert len(caplog.records) == 1
        (tmp_path / "file").unlink()

        async def back() -> bool:
            clock.pass_the_wait()
            return (await find(tiers, 1, PATIENT)).reason is None

        await eventually(back, PATIENT)
        await stored(tiers, 1, seconds=PATIENT)
        assert len(caplog.records) == 2


READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
from gateway.cache.disk import Disk
from gateway.cache.memory import Memory
from gateway.cache.tiers import Tiers
from gateway.model.settings.tiers import DiskSettings
from tests.support.entries import make_entry, make_key
from tests.support.eventually import eventually

async def main():
    store = Disk(DiskSettings(path=sys.argv[1], max_bytes=16 << 20))
    tiers = Tiers(Memory(1 << 20), store, read_timeout=0.05, compress_over=1024)
    await tiers.start()
    await eventually(lambda: tiers.stats().store.out)
    for n in range(20):
        print((await tiers.find(make_key(n), 0.0, 0.0)).reason)
        tiers.keep(make_key(n), make_entry(), 60)
        await tiers.release(await tiers.claim(make_key(n), 5))
    await tiers.close()

if os.geteuid() == 0:
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
asyncio.run(main())
"""


def run(code: str, *args: str) -> "subprocess.CompletedProcess[str]":
    """The code, in a process of its own."""
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=30, cwd=root, check=False
    )


def test_a_folder_that_may_only_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o555)
    done = run(READ_ONLY, str(folder))
    assert done.stdout.split() == ["l2-down"] * 20, done.stderr
    assert done.returncode == 0
    assert os.listdir(folder) == []


NO_SPACE = """
import asyncio, resource, signal, os, sys
from gateway.cache.disk import Disk
from gateway.cache.memory import Memory
from gateway.cache.tiers import Tiers
from gateway.model.settings.tiers import DiskSettings
from tests.support.entries import make_entry, make_key

async def main():
    store = Disk(DiskSettings(path=sys.argv[1], max_bytes=16 << 20))
    tiers = Tiers(Memory(1 << 20), store, read_timeout=0.05, compress_over=1 << 20)
    await tiers.start()
    for n in range(3000):
        tiers.keep(make_key(n), make_entry(os.urandom(2000)), 0.0)
        await tiers.find(make_key(n - 100), 0.0, 0.0)
        if n % 50 == 0:
            await asyncio.sleep(0.001)
    await tiers.close()
    print("unharmed", tiers.stats().store.errors > 0)

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))
asyncio.run(main())
"""


def test_a_disk_without_room(tmp_path: Path) -> None:
    done = run(NO_SPACE, str(tmp_path))
    assert done.stdout.split() == ["unharmed", "True"], done.stderr
    assert done.returncode == 0


async def test_two_processes_write_at_once(tmp_path: Path, clock: Clock) -> None:
    async with tiers_over(tmp_path, clock) as tiers:
        with neighbour(tmp_path, "write", "1.0", "theirs") as other:
            ours = 0
            while other.poll() is None:
                tiers.keep(make_key(f"ours{ours}"), make_entry(b"%d" % ours), 0.0)
                ours += 1
                await asyncio.sleep(0.001)
            assert other.stdout is not None
            theirs = int(other.stdout.readline())
        await stored(tiers, "last")
        assert theirs > 50
        assert ours > 50
        for n in range(ours - 50, ours):
            found = (await find(tiers, f"ours{n}")).entry
            assert found is not None
            assert found.body == b"%d" % n
        for n in range(theirs - 50, theirs):
            found = (await find(tiers, f"theirs{n}")).entry
            assert found is not None
            assert found.body == b"%d " % n * 200
        assert tiers.stats().store.errors == 0


async def test_a_writer_killed_within_its_work_harms_nobody(tmp_path: Path, clock: Clock) -> None:
    async with tiers_over(tmp_path, clock) as tiers:
        for n in range(5):
            with neighbour(tmp_path, "write", "30", f"gen{n}-") as other:
                await asyncio.sleep(0.05)
                other.send_signal(signal.SIGKILL)
                other.wait()
            await stored(tiers, f"after{n}")
            for i in range(10):
                found = (await find(tiers, f"gen{n}-{i}")).entry
                assert found is not None
                assert found.body == b"%d " % i * 200
        assert tiers.stats().store.errors == 0


async def test_the_last_writer_killed_leaves_a_file_that_is_kept(tmp_path: Path, clock: Clock) -> None:
    with neighbour(tmp_path, "write", "30", "gen") as other:
        await asyncio.sleep(0.2)
        other.send_signal(signal.SIGKILL)
        other.wait()
    async with tiers_over(tmp_path, clock) as tiers:
        await stored(tiers, "after")
        assert (await find(tiers, "gen0")).entry is not None
    assert not (tmp_path / "aside").exists()


async def test_a_process_frozen_in_the_middle_of_a_write_delays_nobody(tmp_path: Path, clock: Clock) -> None:
    async with tiers_over(tmp_path, clock) as tiers:
        await stored(tiers, 1)
        with neighbour(tmp_path, "freeze") as other:
            await eventually(lambda: Path(f"/proc/{other.pid}/stat").read_text().split()[2] == "T")
            tiers.keep(make_key(2), make_entry(b"2"), 0.0)
            began = time.monotonic()
            for _ in range(20):
                assert (await find(tiers, 1)).tier == "disk"
                assert (await find(tiers, 2)).entry is not None  # not written yet, and known
            assert (await tiers.claim(make_key(3), 5)).state is Claim.GRANTED
            assert time.monotonic() - began < 0.6
            other.send_signal(signal.SIGKILL)
            other.wait()
            await stored(tiers, 4)


async def test_the_lease_of_a_killed_process_ends(tmp_path: Path, clock: Clock) -> None:
    async with tiers_over(tmp_path, clock) as tiers:
        with neighbour(tmp_path, "claim", "k", "0.5") as other:
            assert (await tiers.claim(make_key("k"), 5)).state is Claim.HELD
            other.send_signal(signal.SIGKILL)
            other.wait()
            lease = await tiers.claim(make_key("k"), 5)
            found = await tiers.wait(lease, time.time(), 60)
            assert found.lease is lease
            assert lease.state is Claim.GRANTED
            await tiers.release(lease)
