"""Concurrency: how many calls one upstream gets at once from this worker, who waits for a turn, and who is shed.

First come, first served inside a class; a higher class goes first. Who cannot expect to be served in time is refused
at once. (Serving the last first, under overload, helps where those who wait longest have gone already. Here nobody is
let in whose turn is not expected in time, so that the first would be made to wait for nothing.)
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gateway.model.settings.upstream import ConcurrencySettings
from gateway.policy.adaptive import Adaptive
from gateway.policy.queueing import Priority, ahead, expected_wait, share

_WEIGHT = 0.1  # of a call in the mean that estimates are made with


@dataclass(slots=True, frozen=True)
class Refused:
    """Not now. seconds: after which a new attempt may be worth it."""

    seconds: float


class Permit:
    """One call's. Whoever has it gives it back, once; a second time does nothing."""

    __slots__ = ("_began", "_limiter")

    def __init__(self, limiter: "Limiter", began: float) -> None:
        self._limiter: Limiter | None = limiter
        self._began = began

    def give_back(self, *, counts: bool = True, trouble: bool = False) -> None:
        """counts: it tells how long calls take. trouble: the upstream was too busy for it."""
        limiter, self._limiter = self._limiter, None
        if limiter is not None:
            limiter._end(self._began, counts, trouble)


Waiter = asyncio.Future[Permit | Refused]


class Limiter:
    """One upstream's. index, of: which worker this is of how many, who share the figures out among them.

    waited: told the seconds that somebody was in the queue, whatever came of it. clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: ConcurrencySettings,
        index: int = 0,
        of: int = 1,
        waited: Callable[[float], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        adaptive = settings.mode == "adaptive"
        first = share(settings.limit, index, of)
        least = share(settings.min, index, of) if adaptive else first
        most = share(settings.max, index, of) if adaptive else first
        self._adaptive = Adaptive(least, most, float(first)) if adaptive else None
        self._fixed = first
        self._longest = share(settings.queue, index, of) if settings.queue else 0
        self._waited = waited
        self._clock = clock
        self._service = 0.0
        self._queues: tuple[deque[Waiter], ...] = tuple(deque() for _ in Priority)
        self.in_flight = 0
        self.shed = 0

    @property
    def limit(self) -> int:
        """Calls at once, at present."""
        return self._fixed if self._adaptive is None else int(self._adaptive.limit)

    @property
    def queued(self) -> int:
        """How many wait."""
        return sum(map(len, self._queues))

    async def acquire(self, priority: Priority, *, spare: bool = False) -> Permit | Refused:
        """A permit, or why not. spare: only if a slot is free now (nobody waits for what comes of it)."""
        if self.in_flight < self.limit and not self.queued:
            return self._grant()
        if self._adaptive is not None:
            self._adaptive.reached()
        if spare:
            return Refused(self._expected(priority))
        refused = self._hopeless(priority)
        if refused is not None:
            self.shed += 1
            return refused
        queue, began = self._queues[priority], self._clock()
        waiter: Waiter = asyncio.get_running_loop().create_future()
        queue.append(waiter)
        timer = asyncio.get_running_loop().call_later(self.settings.wait, self._overdue, queue, waiter, priority)
        try:
            return await waiter
        except asyncio.CancelledError:
            # 1 the slot is handed to us; 2 our client leaves, in the same turn of the loop: it would be nobody's.
            if waiter.done() and not waiter.cancelled() and isinstance(permit := waiter.result(), Permit):
                permit.give_back(counts=False)
            elif waiter in queue:
                queue.remove(waiter)
            raise
        finally:
            timer.cancel()
            self._waited(self._clock() - began)

    def _hopeless(self, priority: Priority) -> Refused | None:
        """Why there is no sense in waiting; None where there is, and room for it."""
        expected = self._expected(priority)
        if expected > self.settings.wait:
            return Refused(expected)
        if self.queued >= self._longest and not self._make_room(priority):
            return Refused(expected)
        return None

    def _expected(self, priority: Priority) -> float:
        return expected_wait(ahead([len(queue) for queue in self._queues], priority), self.limit, self._service)

    def _make_room(self, priority: Priority) -> bool:
        """The last of the lowest class goes, if that is a lower one."""
        for lower in reversed(Priority):
            if lower > priority and self._queues[lower]:
                self._refuse(self._queues[lower].pop(), lower)
                return True
        return False

    def _overdue(self, queue: deque[Waiter], waiter: Waiter, priority: Priority) -> None:
        if not waiter.done():
            queue.remove(waiter)
            self._refuse(waiter, priority)

    def _refuse(self, waiter: Waiter, priority: Priority) -> None:
        self.shed += 1
        waiter.set_result(Refused(self._expected(priority)))

    def _grant(self) -> Permit:
        self.in_flight += 1
        if self._adaptive is not None and self.in_flight >= self.limit:
            self._adaptive.reached()
        return Permit(self, self._clock())

    def _end(self, began: float, counts: bool, trouble: bool) -> None:
        self.in_flight -= 1
        now = self._clock()
        if counts:
            took = now - began
            self._service += (took - self._service) * (_WEIGHT if self._service else 1.0)
            if self._adaptive is not None:
                self._adaptive.ended(began, now, trouble=trouble)
        self._dispatch()

    def _dispatch(self) -> None:
        """Slots that are free go to those who wait."""
        for queue in self._queues:
            while queue and self.in_flight < self.limit:
                waiter = queue.popleft()
                if not waiter.done():  # cancelled, and not yet run to take itself out
                    waiter.set_result(self._grant())
