"""Quota: a share of what is counted elsewhere, taken evenly, and at no more than a rate. No clock."""

_ARREARS = 10
"""Turns that are made up for after a while in which none could be taken; more would come as a flood."""


class Quota:
    """share: of what is counted, over 0 and at most 1. period: seconds between two turns at least."""

    __slots__ = ("_free_at", "_next", "_period", "_step")

    def __init__(self, share: float, period: float) -> None:
        self._step = 1 / share
        self._period = period
        self._next: float | None = None
        self._free_at = 0.0

    def take(self, total: float, now: float) -> bool:
        """Whether there is a turn; it is taken then. total: what has been counted. now: monotonic seconds."""
        if self._next is None:
            self._next = total
        if total < self._next or now < self._free_at:
            return False
        self._next = max(self._next, total - _ARREARS * self._step) + self._step
        self._free_at = now + self._period
        return True
