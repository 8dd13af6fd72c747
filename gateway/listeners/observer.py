"""Observer: the end of each request, told to metrics and access log from one place."""

import logging
import time

from gateway.model.exchange import Exchange
from gateway.observe.accesslog import AccessLog
from gateway.observe.metrics import Metrics
from gateway.observe.tracing import incoming

_log = logging.getLogger("ragfront.proxy")
_REFUSALS_PER_MINUTE = 60  # lines at most: a scanner must not fill the disk


class Observer:
    """Counts and logs. `access`: None where no access log is kept."""

    def __init__(self, metrics: Metrics, access: AccessLog | None) -> None:
        self._metrics = metrics
        self._access = access
        self._minute = 0.0
        self._refusals = 0

    def begin(self) -> None:
        """A request is here."""
        self._metrics.inflight(1)

    def finish(self, x: Exchange, duration: float) -> None:
        """It ended. duration: seconds."""
        self._metrics.inflight(-1)
        self._metrics.finish(x, duration)
        if self._access is not None:
            x.trace = incoming(x.request.fields)
            self._access.write(x, duration)

    def refused(self, peer: str, status: int, detail: str) -> None:
        """Bytes that were no request: counted always, told so many times a minute."""
        self._metrics.refused(status)
        minute = time.monotonic() // 60
        if minute != self._minute:
            self._minute, self._refusals = minute, 0
        self._refusals += 1
        if self._refusals <= _REFUSALS_PER_MINUTE:
            _log.warning("refused a request of %s: %d %s", peer, status, detail)
