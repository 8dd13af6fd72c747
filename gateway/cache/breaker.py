"""Breaker: takes a failing store out, and lets one operation try it again later. No I/O; the clock is an argument."""

import logging
import time
from collections.abc import Callable
from enum import Enum

log = logging.getLogger("ragfront.cache")

FAILURES = 5
"""In a row, until the store is out."""

RETRY_AFTER = 10.0
"""Seconds until one operation may try it again."""


class State(Enum):
    """CLOSED: in use. OPEN: out. HALF_OPEN: one operation is trying it."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """One store's. clock: monotonic seconds. on_change(available, detail): told once per change."""

    def __init__(
        self,
        name: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[bool, str], None] | None = None,
    ) -> None:
        self._name = name
        self._clock = clock
        self._on_change = on_change
        self._failures = 0
        self._try_at = 0.0
        self.state = State.CLOSED

    @property
    def open(self) -> bool:
        """Whether the store is out (also while one operation tries it)."""
        return self.state is not State.CLOSED

    def admits(self) -> bool:
        """Whether an operation may go to the store now; it then has to report how it went."""
        if self.state is State.CLOSED:
            return True
        if self._clock() < self._try_at:
            return False
        # The time moves on at once: one tries and the others stay away, and if it never reports, another will try.
        self.state = State.HALF_OPEN
        self._try_at = self._clock() + RETRY_AFTER
        return True

    def succeeded(self) -> None:
        """The store did what it was asked."""
        self._failures = 0
        if self.state is State.HALF_OPEN:
            self.state = State.CLOSED
            log.warning("L2 %s is back", self._name)
            self._tell(True, f"{self._name} is back")

    def failed(self, detail: str, *, at_once: bool = False) -> None:
        """The store did not. at_once: it counts as all the failures in a row (nothing answers at start)."""
        self._failures += 1
        if self.state is State.CLOSED and (at_once or self._failures >= FAILURES):
            log.warning("L2 %s is out, tried again every %g s: %s", self._name, RETRY_AFTER, detail)
            self._tell(False, detail)
        elif self.state is not State.HALF_OPEN:
            return
        self.state = State.OPEN
        self._try_at = self._clock() + RETRY_AFTER

    def _tell(self, available: bool, detail: str) -> None:
        if self._on_change is not None:
            self._on_change(available, detail)
