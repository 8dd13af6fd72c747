"""Bucket: the arithmetic of a token bucket. No I/O, no clock.

A bucket is one number: when it will be full again (the generic cell rate algorithm, ITU-T I.371). One that is full
is as good as none, so that whoever has not asked for a while costs no memory.
"""

from typing import NamedTuple

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_DUST = 1e-9  # sums of floats: a token that is this many seconds away is there


class Tariff(NamedTuple):
    """One token each `period` seconds, and `burst` of them in a full bucket."""

    period: float
    burst: int

    @property
    def depth(self) -> float:
        """Seconds that a bucket may be away from being full and still hold a token."""
        return (self.burst - 1) * self.period

    def wait(self, full_at: float, now: float) -> float:
        """Seconds until there is a token; 0 where there is one now."""
        late = full_at - now - self.depth
        return late if late > _DUST else 0.0

    def spent(self, full_at: float, now: float) -> float:
        """When the bucket is full again, one token having been taken now."""
        return max(full_at, now) + self.period


def tariff(rate: str, burst: int) -> Tariff:
    """`10/s`, `60/m` or `100/h`, and the bucket's size."""
    count, _, unit = rate.partition("/")
    return Tariff(_SECONDS[unit] / int(count), burst)
