"""Warm: the hottest questions are asked again where their answers are gone, slowly, and with free turns only.

Once after the start, and whenever `again` is called (after a purge). Each goes the way of a request that nobody waits
for: what a tier has is not asked, what is asked already is not asked twice, and where the upstream has no free turn it
is tried again later. Workers share the questions out by their keys, so that none is asked by two; where replicas do so
all the same, leases make one call of it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum
from zlib import crc32

from gateway.model.settings.route import RouteSettings
from gateway.pipeline.heat import Heat
from gateway.policy.asking import Asking
from gateway.policy.bucket import tariff

_log = logging.getLogger("ragfront.warm")

SAVE_EVERY = 30.0
_FADE = 0.5 ** (SAVE_EVERY / 3600)  # half of a count is left after an hour
_AT_ONCE = 8  # calls of one worker under way: an upstream without a limit must not be flooded when it gets slow
_TRIES = 6
_PAUSE = 1.0  # seconds until the second try; it doubles


class Warmed(StrEnum):
    """What became of a question."""

    STORED = "stored"  # asked, and there is an answer now
    PRESENT = "present"  # a tier had it
    FAILED = "failed"  # asked in vain
    SHED = "shed"  # there was never a free turn
    NOT_ASKED = "not-asked"  # by now it is no question of this route that is looked up


Turn = Callable[[], Awaitable[None]]
Ask = Callable[[str, Asking, Turn], Awaitable[Warmed]]
Told = Callable[[str, str], None]


class Warmer:
    """One worker's. ask: a route's name, what to ask, and what to wait for before an upstream is. told: of each
    question's end: the route's name, the result.

    worker, of: which of how many it is. sleep: for so many seconds.
    """

    def __init__(
        self,
        heat: Heat,
        ask: Ask,
        told: Told,
        worker: int = 0,
        of: int = 1,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._heat = heat
        self._ask = ask
        self._told = told
        self._worker = worker
        self._of = of
        self._sleep = sleep
        self._due: asyncio.Queue[str] = asyncio.Queue()

    def again(self, route: str) -> None:
        """Ask a route's hottest questions anew, those whose answers are gone: it has been purged."""
        self._due.put_nowait(route)

    async def run(self) -> None:
        """Read what was remembered, ask for it, and write down what is hot from then on, until cancelled."""
        await self._heat.load()
        for route in self._heat.wanted():
            self.again(route.name)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._remember())
            while True:
                name = await self._due.get()
                for route in self._heat.wanted():
                    if route.name == name:
                        await self.warm(route)

    async def _remember(self) -> None:
        while True:
            await self._sleep(SAVE_EVERY)
            await self._heat.share(_FADE)

    async def warm(self, route: RouteSettings) -> None:
        """Ask for our share of a route's hottest questions at the route's pace, the hottest first."""
        pause, pacing = tariff(route.warm.rate, 1).period * self._of, asyncio.Lock()

        async def turn() -> None:
            async with pacing:
                await self._sleep(pause)

        slots = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            for one in self._heat.top(route):
                if crc32(one.target + one.body) % self._of == self._worker:
                    await slots.acquire()
                    task = tasks.create_task(self._until_answered(route.name, one, turn))
                    task.add_done_callback(lambda _: slots.release())

    async def _until_answered(self, route: str, one: Asking, turn: Turn) -> None:
        result = Warmed.SHED
        try:
            for number in range(_TRIES):
                result = await self._ask(route, one, turn)
                if result is not Warmed.SHED:
                    break
                await self._sleep(_PAUSE * 2**number)
        except Exception:
            _log.exception("a question of route %s could not be asked", route)
            result = Warmed.FAILED
        self._told(route, result)
