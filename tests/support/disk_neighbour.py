"""Another process with the same disk store, as a second worker or gateway is. Run as a program; see `neighbour`.

It says a line when its store is ready. `write SECONDS PREFIX`: writes without a pause. `freeze`: stops within a write
transaction, holding the file's write lock. `claim NAME`: takes a lease, and holds it.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.cache.codec import encode
from gateway.cache.disk import Disk
from gateway.cache.store import Record
from gateway.model.settings.tiers import DiskSettings
from tests.support.entries import make_entry, make_key

MAX_BYTES = 64 << 20


@contextmanager
def neighbour(folder: Path, *command: str) -> Iterator["subprocess.Popen[str]"]:
    """The process, started and ready; killed at the end if it is still there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.disk_neighbour", str(folder), *command],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
        process.stdout.close()


async def write(disk: Disk, seconds: float, prefix: str) -> None:
    until, n = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        rows = [(make_key(f"{prefix}{n + i}"), b"%d " % (n + i) * 200) for i in range(10)]
        entries = [(key, make_entry(body)) for key, body in rows]
        await disk.write([Record(key, encode(entry, 1 << 20), entry.expires_at) for key, entry in entries])
        n += 10
    print(n, flush=True)


async def main() -> None:
    folder, command, *args = sys.argv[1:]
    disk = Disk(DiskSettings(path=folder, max_bytes=MAX_BYTES))
    await disk.start()
    await disk.usage()
    if command == "claim":
        await disk.claim(make_key(args[0]), b"neighbour", float(args[1]))
    print("ready", flush=True)
    if command == "write":
        await write(disk, float(args[0]), args[1])
    elif command == "freeze":
        await disk._writer.run(lambda txn, tables: os.kill(os.getpid(), signal.SIGSTOP))
    else:
        await asyncio.Event().wait()
    await disk.close()


if __name__ == "__main__":
    asyncio.run(main())
