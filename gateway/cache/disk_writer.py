"""The embedded tier's one writing thread: gathers what is asked of it into transactions, and keeps the file usable.

The event loop never waits for LMDB's write lock, which another process may hold. The thread also opens the file,
makes room in it, and opens it anew where it got damaged or was set aside by another process.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import lmdb

from gateway.cache import disk_tables
from gateway.cache.disk_file import DiskFile, Tables
from gateway.model.errors import StoreUnavailable

log = logging.getLogger("ragfront.cache")

T = TypeVar("T")
Job = Callable[[disk_tables.Transaction, Tables], T]

_FULL, _ROOMY = 0.80, 0.75
"""Parts of the map. Over the first, records are evicted until the second: LMDB copies the pages that it changes, and
needs free ones in a row for large values."""

_BATCH_PART = 32
"""A transaction writes at most this part of the map, so that one always fits beside what is there."""

ROW_COST = 8192
"""What changing one row costs beside its value: keys are random, so that each is in pages of its own to be copied."""

_BATCH_JOBS = 256
_SWEEP = 64
_EVICT = 256
"""At most; fewer where the map is small."""

_REOPEN_AFTER = 5.0
_LOOK_AFTER = 2.0
"""Seconds: after a failure to open the file; between looks whether it was replaced by another process."""


class _NotOpen(StoreUnavailable):
    """A reader found no file."""


class _Task(NamedTuple):
    job: Job[Any]
    size: int
    future: "asyncio.Future[Any]"


class DiskWriter:
    """Owns the file and the thread. `file` may be used for reading by who holds `lock`; None while it is not open."""

    def __init__(self, folder: Path, max_bytes: int, clock: Callable[[], float]) -> None:
        self.file: DiskFile | None = None
        self.lock = threading.Lock()
        self.trouble = "not opened yet"
        self.batch_bytes = max_bytes // _BATCH_PART
        self._batch_rows = self.batch_bytes // ROW_COST
        self._folder = folder
        self._max_bytes = max_bytes
        self._clock = clock
        self._queue: queue.SimpleQueue[_Task | Exception | None] = queue.SimpleQueue()
        self._left: _Task | None = None  # taken from the queue, and too much for the transaction at hand
        self._reopen_at = 0.0
        self._look_at = 0.0
        self._closing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Future[None] | None = None

    def start(self) -> None:
        """Starts the thread, which opens the file."""
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        threading.Thread(target=self._work, name="ragfront-disk", daemon=True).start()

    async def run(self, job: Job[T], size: int = ROW_COST) -> T:
        """The job's result, once the transaction that it was part of is committed. size: bytes that it writes."""
        if self._loop is None or self._closing:
            raise StoreUnavailable("disk: closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Task(job, size, future))
        return await future

    def report(self, error: Exception | None = None) -> None:
        """Has the thread look after the file: a read met this error, or found no file."""
        if error is not None or time.monotonic() >= self._reopen_at:
            self._reopen_at = time.monotonic() + _REOPEN_AFTER
            self._queue.put(error or _NotOpen(self.trouble))

    async def close(self, limit: float) -> None:
        """Does what was asked before, then closes the file; after `limit` seconds the end of the process does it."""
        if self._ended is None or self._closing:
            return
        self._closing = True
        self._queue.put(None)
        await asyncio.wait((self._ended,), timeout=limit)

    # From here on: the thread's.

    def _work(self) -> None:
        self._open()
        while (batch := self._take()) is not None:
            self._settle(batch, self._outcomes(batch))
        if self.file is not None:
            with self.lock:
                file, self.file, self.trouble = self.file, None, "closed"
            file.close()
        self._call(self._end)

    def _take(self) -> list[_Task] | None:
        """What the next transaction does; None at the end. Waits for work, and serves reports meanwhile."""
        batch: list[_Task] = [self._left] if self._left is not None else []
        size = sum(task.size for task in batch)
        self._left = None
        while len(batch) < _BATCH_JOBS:
            try:
                task = self._queue.get(block=not batch)
            except queue.Empty:
                break
            if task is None:
                if batch:
                    self._queue.put(None)
                    break
                return None
            if isinstance(task, Exception):
                self._mend(task)
                continue
            if batch and size + task.size > self.batch_bytes:
                self._left = task
                break
            batch.append(task)
            size += task.size
        return batch

    def _outcomes(self, batch: list[_Task]) -> list[Any]:
        """Each task's result or StoreUnavailable."""
        try:
            return self._commit([task.job for task in batch])
        except StoreUnavailable as exc:
            if len(batch) == 1 or self.file is None:
                return [exc] * len(batch)
        # One of them does not fit: the others should not fail with it.
        return [self._outcomes([task])[0] for task in batch]

    def _commit(self, jobs: list[Job[Any]]) -> list[Any]:
        file = self._usable()
        share = 16
        while True:
            try:
                with file.env.begin(write=True, buffers=True) as txn:
                    results = [job(txn, file.tables) for job in jobs]
                    disk_tables.sweep(txn, file.tables, self._clock(), min(_SWEEP, self._batch_rows))
                    entries, taken = disk_tables.fill(txn, file.tables)
                if taken > self._max_bytes * _FULL:
                    self._evict(file, entries, 1 - _ROOMY * self._max_bytes / taken)
                return results
            except (lmdb.MapFullError, lmdb.DiskError, lmdb.TxnFullError) as exc:
                if not share:
                    raise StoreUnavailable(f"disk: {exc}") from exc
                self._make_room(file, share)
                share //= 2
            except Exception as exc:
                if isinstance(exc, lmdb.Error):
                    self._mend(exc)
                raise StoreUnavailable(f"disk: {exc}") from exc

    def _make_room(self, file: DiskFile, share: int) -> None:
        """Evicts the `share`th part of all. Dead processes' readers keep freed pages from being used again."""
        try:
            file.env.reader_check()
            with file.env.begin(buffers=True) as txn:
                entries, _ = disk_tables.fill(txn, file.tables)
            self._evict(file, entries, 1 / share)
        except lmdb.Error as exc:
            raise StoreUnavailable(f"disk: {exc}") from exc

    def _evict(self, file: DiskFile, entries: int, part: float) -> None:
        left = max(int(entries * part), 1)
        while left > 0:
            with file.env.begin(write=True, buffers=True) as txn:
                gone = disk_tables.evict(txn, file.tables, min(left, _EVICT, self._batch_rows))
            left = left - gone if gone else 0

    def _usable(self) -> DiskFile:
        now = time.monotonic()
        if self.file is not None and now >= self._look_at:
            self._look_at = now + _LOOK_AFTER
            if self.file.replaced():
                self._mend(StoreUnavailable("another process began the file anew"))
        if self.file is None:
            if now >= self._reopen_at:
                self._open()
            if self.file is None:
                raise StoreUnavailable(f"disk: {self.trouble}")
        return self.file

    def _open(self) -> None:
        self._reopen_at = time.monotonic() + _REOPEN_AFTER
        try:
            file = DiskFile(self._folder, self._max_bytes)
        except Exception as exc:
            self.trouble = str(exc)
            return
        with self.lock:
            self.file = file

    def _mend(self, error: Exception) -> None:
        """Makes the file usable again after an error that one of its users met."""
        if self.file is not None and isinstance(error, _NotOpen):
            return  # opened since it was found missing
        if self.file is not None and isinstance(error, lmdb.MapResizedError):
            with self.lock:
                self.file.env.set_mapsize(0)
            return
        if self.file is not None:
            with self.lock:
                file, self.file, self.trouble = self.file, None, str(error)
            try:
                file.abandon(error)
            except OSError as exc:
                self.trouble = str(exc)
        self._open()

    def _settle(self, batch: list[_Task], outcomes: list[Any]) -> None:
        def settle() -> None:
            for task, outcome in zip(batch, outcomes, strict=True):
                if task.future.done():
                    continue
                if isinstance(outcome, StoreUnavailable):
                    task.future.set_exception(outcome)
                else:
                    task.future.set_result(outcome)

        self._call(settle)

    def _end(self) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    def _call(self, what: Callable[[], object]) -> None:
        try:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(what)
        except RuntimeError:
            log.debug("the event loop ended before the disk's thread did")
