"""Writes: what is kept or removed reaches the store behind everybody's back, in order, in as few writes as it takes.

While one write is under way the next gathers. The queue is bounded; when it is full, or the store is out, the oldest
entries are not written and counted. Removals are owed until the store is back: nothing forgotten may come back.
"""

import asyncio
import math
import struct

import zstandard

from gateway.cache.breaker import Breaker
from gateway.cache.codec import encode
from gateway.cache.store import Record, Store
from gateway.model.entry import Entry
from gateway.model.errors import StoreUnavailable

_MAX_BYTES = 64 << 20
_MAX_COUNT = 10_000
_BATCH_BYTES = 2 << 20
_BATCH_COUNT = 256
_WRITE_SECONDS = 10.0

_ELSEWHERE = 64 << 10
"""Bodies over this many bytes are encoded by a thread: compressing them would hold up the event loop."""


class Writes:
    """The way into one store. Counts its errors and what it dropped."""

    def __init__(self, store: Store, breaker: Breaker, compress_over: int) -> None:
        self._store = store
        self._breaker = breaker
        self._compress_over = compress_over
        self._queue: dict[bytes, Entry | None] = {}  # None: to be removed
        self._queued = 0  # bytes of bodies
        self._writing: dict[bytes, Entry | None] = {}
        self._owed: dict[bytes, None] = {}  # removals that the store has not been told of yet
        self._round = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.errors = self.dropped = 0

    def put(self, key: bytes, entry: Entry | None) -> None:
        """Has the entry written, or for None removed; replaces what was queued for the key."""
        if self._closed:
            return
        self._take(key)
        self._queue[key] = entry
        self._queued += len(entry.body) if entry is not None else 0
        while self._queued > _MAX_BYTES or len(self._queue) > _MAX_COUNT:
            oldest = next(iter(self._queue))
            self._give_up(oldest, self._take(oldest))
        self._wake()

    def pending(self, key: bytes) -> tuple[bool, Entry | None]:
        """Whether the store does not know yet what became of the key; and what it will be told."""
        for place in (self._queue, self._writing):
            if key in place:
                return True, place[key]
        return key in self._owed, None

    def touches(self, key: bytes) -> bool:
        """Whether the store does not know yet what became of the key."""
        return key in self._queue or key in self._writing or key in self._owed

    async def settled(self, key: bytes) -> None:
        """Returns when nothing of the key is queued or under way."""
        while key in self._queue or key in self._writing:
            await self._round.wait()

    async def close(self, limit: float) -> None:
        """Writes what is queued, for up to `limit` seconds, if the store is there; takes no more."""
        self._wake()
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=0 if self._breaker.open else limit)
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.dropped += len(self._queue)
        self._queue.clear()

    def _wake(self) -> None:
        if self._task is None and (self._queue or self._owed):
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            more = True
            while more:
                await self._write(self._gather())
                more = bool(self._queue)
        finally:
            self._writing = {}
            self._task = None
            self._end_round()

    def _end_round(self) -> None:
        self._round.set()
        self._round = asyncio.Event()

    def _gather(self) -> dict[bytes, Entry | None]:
        """Moves the oldest of the queue, and what is owed, to what is being written."""
        batch: dict[bytes, Entry | None] = {key: None for key in self._owed if key not in self._queue}
        self._owed.clear()
        size = 0
        for key in list(self._queue)[:_BATCH_COUNT]:
            entry = self._take(key)
            batch[key] = entry
            size += len(entry.body) if entry is not None else 0
            if size >= _BATCH_BYTES:
                break
        self._writing = batch
        return batch

    def _take(self, key: bytes) -> Entry | None:
        entry = self._queue.pop(key, None)
        self._queued -= len(entry.body) if entry is not None else 0
        return entry

    async def _write(self, batch: dict[bytes, Entry | None]) -> None:
        gone = [key for key, entry in batch.items() if entry is None]
        records = await self._records(batch)
        done = not gone and not records
        try:
            if not done and self._breaker.admits():
                async with asyncio.timeout(_WRITE_SECONDS):
                    if gone:
                        await self._store.remove(gone)
                    if records:
                        await self._store.write(records)
                self._breaker.succeeded()
                done = True
        except (StoreUnavailable, TimeoutError) as exc:
            self.errors += 1
            self._breaker.failed(str(exc) or f"a write took over {_WRITE_SECONDS:g} s")
        finally:
            if not done:
                for key, entry in batch.items():
                    self._give_up(key, entry)
            self._writing = {}
            self._end_round()

    def _give_up(self, key: bytes, entry: Entry | None) -> None:
        """An entry is not written; a removal stays owed, unless the key is to be written anew."""
        if entry is not None:
            self.dropped += 1
        elif key not in self._queue and len(self._owed) < _MAX_COUNT:
            self._owed[key] = None

    async def _records(self, batch: dict[bytes, Entry | None]) -> list[Record]:
        records = []
        for key, entry in batch.items():
            if entry is None:
                continue
            value = await self._encoded(entry)
            if value is None:
                self.dropped += 1
            else:
                records.append(Record(key, value, entry.expires_at))
        return records

    async def _encoded(self, entry: Entry) -> bytes | None:
        """The entry's record; None where a text is in no encoding, or a number out of range."""
        if not math.isfinite(entry.expires_at):
            return None
        try:
            if len(entry.body) > _ELSEWHERE:
                return await asyncio.to_thread(self._encode_elsewhere, entry)
            return encode(entry, self._compress_over)
        except (ValueError, TypeError, struct.error):
            return None

    def _encode_elsewhere(self, entry: Entry) -> bytes:
        return encode(entry, self._compress_over, zstandard.ZstdCompressor(level=1))
