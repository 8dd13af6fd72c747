"""Sampler: every now and then the next request is noted, whichever way it is answered.

A request that comes next after a moment that has nothing to do with it is one of a question as often as the question
is asked, so that a few samples a second tell which are the hottest. It costs the others nothing: the hit lane looks
for each hit whether somebody listens, for the access log's sake, and listening is what is begun and ended here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from math import log

from gateway.listeners.hitlane import HitLane
from gateway.listeners.observer import Observer
from gateway.model.exchange import Exchange

MEAN_PAUSE = 0.05
"""Seconds. A question that makes up 1 % of all is noted 12 times a minute."""

_IDLE = 5.0  # seconds: a reload may want what nobody wanted before


class Sampler:
    """One worker's. note: told of a sample, outside of the request's way. random: [0, 1). sleep: for some seconds."""

    def __init__(
        self,
        observer: Observer,
        lane: HitLane | None,
        note: Callable[[Exchange], None],
        random: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._observer = observer
        self._lane = lane
        self._note = note
        self._random = random
        self._sleep = sleep

    async def run(self, wanted: Callable[[], object]) -> None:
        """Until cancelled. wanted: whether anybody wants samples now."""
        while True:
            if wanted():
                await self._sleep(MEAN_PAUSE * -log(1 - self._random()))
                self.listen()
            else:
                await self._sleep(_IDLE)

    def listen(self) -> None:
        """Note the next request."""
        self._observer.next = self._heard
        if self._lane is not None:
            self._lane.log = self._observer.hit

    def _heard(self, x: Exchange) -> None:
        if self._lane is not None and not self._observer.logs:
            self._lane.log = None
        asyncio.get_running_loop().call_soon(self._note, x)
