"""Disk: the embedded second tier, an LMDB file that all workers and gateways of a host share, kept over restarts.

Reads are done in the event loop: a short transaction on mapped memory takes microseconds, and never waits for a
writer. All else goes to the writing thread. When the file is full, what is the soonest to expire goes first.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec

import lmdb

from gateway.cache import disk_tables
from gateway.cache.disk_file import Tables
from gateway.cache.disk_tables import Transaction
from gateway.cache.disk_writer import ROW_COST, DiskWriter, T
from gateway.cache.store import Claim, Record, Usage
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.tiers import DiskSettings

P = ParamSpec("P")

_OPEN_SECONDS = 1.0
"""How long start waits for the file; verifying a large one after an unclean end takes longer, and goes on."""

_CLOSE_SECONDS = 5.0


class Disk:
    """A store in the settings' folder, of at most their size (that of LMDB's map). clock: Unix seconds."""

    name = "disk"

    def __init__(self, settings: DiskSettings, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._writer = DiskWriter(Path(settings.path), settings.max_bytes, clock)

    @property
    def alone(self) -> bool:
        file = self._writer.file
        return file is not None and file.alone

    async def start(self) -> None:
        self._writer.start()
        opened = asyncio.ensure_future(self._writer.run(lambda txn, tables: None))
        await asyncio.wait((opened,), timeout=_OPEN_SECONDS)
        opened.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def close(self) -> None:
        await self._writer.close(_CLOSE_SECONDS)

    async def read(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return self._look(disk_tables.read, keys, self._clock())

    def read_now(self, key: bytes) -> bytes | None:
        return self._look(disk_tables.read_one, key, self._clock())

    async def page(self, after: bytes, most: int, most_bytes: int) -> tuple[list[tuple[bytes, bytes]], bytes]:
        return self._look(disk_tables.page, after, self._clock(), most, most_bytes)

    async def write(self, items: Sequence[Record]) -> None:
        """An item over a 32nd part of the file is not stored."""
        limit = self._writer.batch_bytes
        jobs: list[tuple[list[Record], int]] = []
        batch: list[Record] = []
        size = 0
        for item in items:
            taken = len(item.value) + ROW_COST
            if taken > limit or item.expires_at <= self._clock():
                continue
            if size + taken > limit:
                jobs.append((batch, size))
                batch, size = [], 0
            batch.append(item)
            size += taken
        jobs.append((batch, size))
        await asyncio.gather(
            *(self._writer.run(partial(disk_tables.write, items=batch), size) for batch, size in jobs if batch)
        )

    async def remove(self, keys: Sequence[bytes]) -> None:
        await self._writer.run(partial(disk_tables.remove, keys=keys), len(keys) * ROW_COST)

    async def claim(self, key: bytes, token: bytes, ttl: float) -> Claim:
        # Waiters ask again and again, and mostly in vain: that costs a read, not a transaction of the writer's.
        found = self._look(disk_tables.lease, key, token, self._clock(), ttl)
        if found is not Claim.GRANTED:
            return found
        return await self._writer.run(partial(disk_tables.claim, key=key, token=token, now=self._clock(), ttl=ttl))

    async def renew(self, key: bytes, token: bytes, ttl: float) -> bool:
        return await self._writer.run(partial(disk_tables.renew, key=key, token=token, now=self._clock(), ttl=ttl))

    async def release(self, key: bytes, token: bytes, given_up_for: float = 0.0) -> None:
        now = self._clock()
        job = partial(disk_tables.release, key=key, token=token, now=now, given_up_for=given_up_for)
        await self._writer.run(job)

    async def usage(self) -> Usage:
        return Usage(*self._look(disk_tables.fill))

    def _look(self, job: Callable[Concatenate[Transaction, Tables, P], T], *args: P.args, **named: P.kwargs) -> T:
        """The result of a job that only reads. LMDB keeps spare transactions: to begin one takes half a microsecond."""
        writer = self._writer
        with writer.lock:
            file = writer.file
            if file is None:
                writer.report()
                raise StoreUnavailable(f"disk: {writer.trouble}")
            try:
                with file.env.begin(buffers=True) as txn:
                    return job(txn, file.tables, *args, **named)
            except lmdb.Error as exc:
                writer.report(exc)
                raise StoreUnavailable(f"disk: {exc}") from exc
