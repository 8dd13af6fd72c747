"""Thresholds: when do checks that pass or fail in a row change what is thought of a replica? No I/O, no clock."""


class Thresholds:
    """well: what is thought now. At the start that all is well: nobody should wait for the first checks."""

    __slots__ = ("_against", "_healthy", "_unhealthy", "well")

    def __init__(self, healthy: int, unhealthy: int) -> None:
        """So many in a row that say otherwise are believed."""
        self._healthy = healthy
        self._unhealthy = unhealthy
        self._against = 0
        self.well = True

    def checked(self, passed: bool) -> bool:
        """A check passed or failed. -> whether `well` has changed."""
        if passed is self.well:
            self._against = 0
            return False
        self._against += 1
        if self._against < (self._unhealthy if self.well else self._healthy):
            return False
        self.well = passed
        self._against = 0
        return True
