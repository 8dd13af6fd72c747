"""Ejection: are a replica's answers so bad that calls should go elsewhere, and for how long? No I/O, no clock."""

from gateway.model.settings.upstream import EjectionSettings


class Record:
    """What one replica's calls came to. `now`: monotonic seconds. until: it is out until then.

    Back in, it is on trial: the first failure puts it out again, for twice as long; the first success ends that.
    Calls that began before it was put out and end while it is out count for nothing.
    """

    __slots__ = ("_calls", "_failures", "_lasted", "_settings", "_streak", "_times", "_trial", "_window", "until")

    def __init__(self, settings: EjectionSettings) -> None:
        self._settings = settings
        self._streak = 0
        self._window = 0.0  # when it began
        self._calls = 0
        self._failures = 0
        self._trial = False
        self._times = 0  # it was put out, without a good while between
        self._lasted = 0.0
        self.until = float("-inf")

    def succeeded(self, now: float) -> None:
        """A whole answer came, and none that counts as a failure."""
        if now < self.until:
            return
        self._streak = 0
        self._trial = False
        self._count(now)

    def failed(self, now: float) -> bool:
        """Another answer, or none. -> it should be put out."""
        if now < self.until:
            return False
        settings = self._settings
        self._streak += 1
        self._count(now)
        self._failures += 1
        if self._trial or 0 < settings.failures <= self._streak:
            return True
        enough = settings.share > 0 and self._calls >= settings.min_calls
        return enough and self._failures * 100 >= settings.share * self._calls

    def eject(self, now: float) -> float:
        """Put it out. -> for how many seconds."""
        # Forgiven once it has been in for as long as it was out.
        self._times = self._times + 1 if now - self.until < self._lasted else 1
        doublings = min(self._times - 1, 64)  # more would not fit into a float, long after `longest`
        self._lasted = min(self._settings.longest, self._settings.first * 2.0**doublings)
        self.until = now + self._lasted
        self._streak = self._calls = self._failures = 0
        self._trial = True
        return self._lasted

    def _count(self, now: float) -> None:
        if now - self._window >= self._settings.window:
            self._window = now
            self._calls = self._failures = 0
        self._calls += 1


def may_eject(out: int, replicas: int, at_most: int) -> bool:
    """May one more be put out, where `out` of `replicas` are out for whatever reason? at_most: percent of all."""
    return (out + 1) * 100 <= at_most * replicas
