"""Reads: what is asked of the store in one turn of the event loop travels as one read, under one deadline.

A read that misses its deadline is answered as such, and goes on to the store's own time limit: cancelling it would
cost the connection, and a connection that takes longer to make than the deadline would never be made. How many are
under way is limited, so that a store that hangs is left alone; what is asked meanwhile travels with the next one.
"""

import asyncio
import time
from typing import TypeAlias

from gateway.cache.breaker import Breaker
from gateway.cache.store import AtOnce, Store
from gateway.model.errors import StoreUnavailable
from gateway.model.outcome import Reason

Row: TypeAlias = bytes | Reason | None
"""A record, None where there is none, or why the store could not say."""

_UNDER_WAY = 8
_KEYS = 256
"""Batches at once; keys in one command."""


class _Batch:
    """Keys asked in one turn, and who waits for each."""

    __slots__ = ("due", "late", "timer", "waiting")

    def __init__(self, due: float) -> None:
        self.due = due
        self.waiting: dict[bytes, list[asyncio.Future[Row]]] = {}
        self.timer: asyncio.TimerHandle | None = None
        self.late = False

    def answer(self, rows: dict[bytes, bytes | None] | Reason) -> None:
        for key, futures in self.waiting.items():
            row = rows if isinstance(rows, Reason) else rows.get(key)
            for future in futures:
                if not future.done():
                    future.set_result(row)
        self.waiting.clear()


class Reads:
    """Reads of one store. timeout: seconds. Counts its hits, misses, errors and timeouts.

    suspends: whether `at_once` is not for this store.
    """

    def __init__(self, store: Store, breaker: Breaker, timeout: float) -> None:
        self._store = store
        self._breaker = breaker
        self._timeout = timeout
        self._direct = store if isinstance(store, AtOnce) else None
        self.suspends = self._direct is None
        self._next: _Batch | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.hits = self.misses = self.errors = self.timeouts = 0

    async def read(self, key: bytes) -> Row:
        """What the store has under the key. Never raises; cancelling it touches nobody else's read."""
        if not self._breaker.admits():
            return Reason.L2_DOWN
        row = await self._join(key) if self.suspends else self.at_once(key)
        self.count(row)
        return row

    def at_once(self, key: bytes) -> Row:
        """`read` for a store that does not suspend (a batch would cost more), by one whom the breaker has admitted.

        A read that takes too long has held up the event loop: its row is used, and the breaker told. Whoever uses the
        row counts it: another may have to ask again.
        """
        assert self._direct is not None
        started = time.perf_counter()
        try:
            row = self._direct.read_now(key)
        except StoreUnavailable as exc:
            self._fail(str(exc))
            return Reason.L2_DOWN
        if time.perf_counter() - started > self._timeout:
            self._time_out()
        else:
            self._breaker.succeeded()
        return row

    def count(self, row: Row) -> None:
        """A request has been told this."""
        if row is None:
            self.misses += 1
        elif not isinstance(row, Reason):
            self.hits += 1

    def _join(self, key: bytes) -> "asyncio.Future[Row]":
        loop = asyncio.get_running_loop()
        batch = self._next
        if batch is None:
            batch = self._next = _Batch(loop.time() + self._timeout)
            batch.timer = loop.call_at(batch.due, self._expire, batch)
            loop.call_soon(self._launch)
        future: asyncio.Future[Row] = loop.create_future()
        batch.waiting.setdefault(key, []).append(future)
        return future

    def _launch(self) -> None:
        if self._next is None or len(self._tasks) >= _UNDER_WAY:
            return
        batch, self._next = self._next, None
        task = asyncio.get_running_loop().create_task(self._run(batch))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._launch()

    async def _run(self, batch: _Batch) -> None:
        keys = list(batch.waiting)
        rows: dict[bytes, bytes | None] = {}
        try:
            for start in range(0, len(keys), _KEYS):
                part = keys[start : start + _KEYS]
                rows.update(zip(part, await self._store.read(part), strict=True))
        except StoreUnavailable as exc:
            if not batch.late:
                self._fail(str(exc))
            batch.answer(Reason.L2_DOWN)
        else:
            if not batch.late:
                self._breaker.succeeded()
            batch.answer(rows)
        finally:
            batch.answer(Reason.L2_DOWN)  # nobody waits for ever where this was cancelled
            if batch.timer is not None:
                batch.timer.cancel()

    def _expire(self, batch: _Batch) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() > batch.due + self._timeout / 2:
            # It is this loop that was held up: the answer may lie unread, and is not the store's to answer for.
            batch.due = loop.time() + self._timeout
            batch.timer = loop.call_at(batch.due, self._expire, batch)
            return
        if batch is self._next:
            self._next = None
        batch.late = True
        self._time_out()
        batch.answer(Reason.L2_TIMEOUT)

    def _time_out(self) -> None:
        self.timeouts += 1
        self._breaker.failed(f"a read took over {self._timeout * 1000:g} ms")

    def _fail(self, detail: str) -> None:
        self.errors += 1
        self._breaker.failed(detail)

    async def close(self) -> None:
        """Ends what is under way."""
        if self._next is not None:
            batch, self._next = self._next, None
            batch.answer(Reason.L2_DOWN)
            if batch.timer is not None:
                batch.timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
