"""Health: each replica is asked now and then whether it is well, by a task of its own."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import cast

from gateway.model.settings.upstream import PoolSettings, UpstreamSettings
from gateway.policy.thresholds import Thresholds
from gateway.upstream.pool import Pool, connected
from gateway.upstream.replica import Replica
from gateway.wire import write
from gateway.wire.head import ResponseHead

_SPREAD = 0.2  # of the interval: workers and replicas that start together do not check together
_FIRST_WITHIN = 1.0

Tell = Callable[[Replica, bool, float], None]


class HealthChecks:
    """One upstream's, from `start` to `close`. tell(replica, well, now): what is thought of it has changed."""

    def __init__(
        self,
        name: str,
        settings: UpstreamSettings,
        tell: Tell,
        random: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings.health
        # Connections of their own, and a new one each time: calls that take all of the others are no sign of
        # illness, and a service that takes no more connections is ill.
        alone = settings.model_copy(update={"pool": PoolSettings(connections=len(settings.urls))})
        self._pool = Pool(name, alone)
        self._tell = tell
        self._random = random
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, replicas: Sequence[Replica]) -> None:
        """Begin to check."""
        self._tasks = [asyncio.create_task(self._watch(replica)) for replica in replicas]

    async def close(self) -> None:
        """Check no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._pool.close()

    async def _watch(self, replica: Replica) -> None:
        settings = self._settings
        thresholds = Thresholds(settings.healthy, settings.unhealthy)
        await asyncio.sleep(self._random() * min(_FIRST_WITHIN, settings.interval))
        while True:
            if thresholds.checked(await self._is_well(replica)):
                self._tell(replica, thresholds.well, self._clock())
            await asyncio.sleep(settings.interval * (1 + _SPREAD * (self._random() - 0.5)))

    async def _is_well(self, replica: Replica) -> bool:
        """One check."""
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await self._ask(replica) in self._settings.statuses
        except Exception:  # whatever it is, the replica did not say that it is well; and the next check must come
            return False

    async def _ask(self, replica: Replica) -> int:
        """-> the answer's status."""
        path = self._settings.path or "/"
        fields = ((b"Host", replica.authority), (b"User-Agent", b"ragfront-health"), (b"Connection", b"close"))
        connection = await self._pool.connect(replica)
        try:
            protocol = connected(connection)
            protocol.expect(b"GET")
            assert protocol.transport is not None
            protocol.transport.write(write.request(b"GET", path.encode(), fields))
            while True:
                head, _ = cast(tuple[ResponseHead, object], await protocol.read())
                if head.status >= 200 or head.status == 101:
                    return head.status
        finally:
            connection.close()
