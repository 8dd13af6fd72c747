"""Retries: may a call be sent once more? Only so many on top of all others. No I/O, no clock."""

from gateway.model.settings.upstream import RetrySettings

_PER_RETRY = 100  # what is saved is counted in hundredths, so that nothing is lost or won in rounding


class RetryBudget:
    """In t seconds with n calls it never allows more than burst + floor * t + share * n retries."""

    __slots__ = ("_floor", "_most", "_saved", "_share", "_since", "allowed", "refused")

    def __init__(self, settings: RetrySettings, now: float) -> None:
        """now: monotonic seconds."""
        self._share = settings.share
        self._floor = settings.floor * _PER_RETRY
        self._most = settings.burst * _PER_RETRY
        self._saved: float = self._most
        self._since = now
        self.allowed = 0
        self.refused = 0

    def called(self) -> None:
        """A call begins that is no retry."""
        if self._saved < self._most:
            self._saved = min(self._most, self._saved + self._share)

    def allows(self, now: float) -> bool:
        """May a call be sent once more? What that costs is taken at once."""
        self._saved = min(self._most, self._saved + max(0.0, now - self._since) * self._floor)
        self._since = now
        if self._saved < _PER_RETRY:
            self.refused += 1
            return False
        self._saved -= _PER_RETRY
        self.allowed += 1
        return True
