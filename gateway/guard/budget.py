"""Budget: what one client may have one route ask the upstream for. A token bucket each, spent by misses only.

The worker's own buckets decide first; where they allow, those that all replicas share are asked, if they can be. What
is heard there is remembered here, so that a client who has spent all is refused without asking again.
"""

import time
from collections.abc import Awaitable, Callable
from hashlib import blake2b

from gateway.guard.debts import Debts
from gateway.policy.bucket import Tariff

SharedBuckets = Callable[[bytes, float, float], Awaitable[tuple[bool, float] | None]]
"""name, period, depth -> whether a token was taken, and how many seconds the bucket is from being full now.

None where the shared buckets cannot be reached in time. See `gateway.policy.bucket.Tariff`.
"""


class Budget:
    """One route's. shared: None where no replica is to be asked. clock: monotonic seconds."""

    def __init__(
        self,
        route: str,
        tariff: Tariff,
        shared: SharedBuckets | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._route = route.encode()
        self._tariff = tariff
        self._debts = Debts(tariff)
        self._shared = shared
        self._clock = clock

    def wait(self, client: bytes) -> float:
        """Seconds until this client has a token, as far as this worker knows; 0 where it has one. Spends nothing."""
        return self._debts.wait(self._debts.cells(client), self._clock())

    async def spend(self, client: bytes) -> float:
        """Take one of the client's tokens: 0, or the seconds until there will be one."""
        debts, tariff = self._debts, self._tariff
        cells = debts.cells(client)
        now = self._clock()
        wait = debts.wait(cells, now)
        if wait:
            return wait
        # Before anybody else is asked: who is granted it there and who is not heard there would get one token both.
        debts.spend(cells, now)
        heard = await self._shared(self._name(client), tariff.period, tariff.depth) if self._shared else None
        if heard is None:
            return 0.0
        granted, debt = heard
        now = self._clock()
        debts.raise_to(cells, now + debt)
        return 0.0 if granted else max(debts.wait(cells, now), 0.001)

    def _name(self, client: bytes) -> bytes:
        """Its bucket's in Redis: alike in all replicas, and no address or credential to be read there."""
        return self._route + b":" + blake2b(client, digest_size=16).hexdigest().encode()
