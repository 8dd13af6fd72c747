"""Breaker: may a replica be asked at all? After failures in a row not, and then by a few first. No I/O, no clock."""

from enum import StrEnum

from gateway.model.settings.upstream import BreakerSettings


class BreakerState(StrEnum):
    """CLOSED: asked. OPEN: not asked. HALF_OPEN: a few calls try it."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """One replica's. Each call that begins gets a ticket from `began` and gives it back with what came of it.

    A ticket is 0, or the number of the half-open time in which the call is a probe: calls from before say nothing
    about the replica as it is now. tries_at: when it is half-open next, once it is OPEN (monotonic seconds).
    """

    __slots__ = ("_failures", "_passed", "_round", "_settings", "_trying", "state", "tries_at")

    def __init__(self, settings: BreakerSettings) -> None:
        self._settings = settings
        self._failures = 0  # in a row
        self._round = 0
        self._trying = 0
        self._passed = 0
        self.tries_at = 0.0
        self.state = BreakerState.CLOSED

    def admits(self, now: float) -> bool:
        """May a call begin?"""
        if self.state is BreakerState.CLOSED:
            return True
        if self.state is BreakerState.OPEN:
            return now >= self.tries_at
        return self._trying + self._passed < self._settings.probes

    def began(self, now: float) -> int:
        """A call that it admits begins. -> its ticket."""
        if self.state is BreakerState.CLOSED:
            return 0
        if self.state is BreakerState.OPEN:
            if now < self.tries_at:  # asked nevertheless: that is nobody's probe
                return 0
            self.state = BreakerState.HALF_OPEN
            self._round += 1
            self._trying = self._passed = 0
        self._trying += 1
        return self._round

    def answered(self, ticket: int) -> None:
        """The call's answer has begun, whatever it says."""
        if self.state is BreakerState.CLOSED:
            self._failures = 0
        elif self._is_probe(ticket):
            self._trying -= 1
            self._passed += 1
            if self._passed >= self._settings.probes:
                self.state = BreakerState.CLOSED
                self._failures = 0

    def failed(self, ticket: int, now: float) -> None:
        """No answer came."""
        if self.state is BreakerState.CLOSED:
            self._failures += 1
            if 0 < self._settings.failures <= self._failures:
                self._open(now)
        elif self._is_probe(ticket):
            self._open(now)

    def unknown(self, ticket: int) -> None:
        """The call was given up before anything could be said: another one may try."""
        if self._is_probe(ticket):
            self._trying -= 1

    def _is_probe(self, ticket: int) -> bool:
        return self.state is BreakerState.HALF_OPEN and ticket == self._round

    def _open(self, now: float) -> None:
        self.state = BreakerState.OPEN
        self.tries_at = now + self._settings.open
