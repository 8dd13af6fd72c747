"""Observer: the end of each request, told to metrics and access log from one place."""

import logging
import sys
import time
from collections.abc import Callable

from gateway.listeners.memo import Resolved
from gateway.model.entry import Entry, EntryFlag
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome
from gateway.observe.accesslog import AccessLog
from gateway.observe.metrics import Metrics
from gateway.observe.tracing import incoming
from gateway.policy import freshness
from gateway.wire.head import request_head

_log = logging.getLogger("ragfront.proxy")
_REFUSALS_PER_MINUTE = 60  # lines at most: a scanner must not fill the disk


class Observer:
    """Counts and logs. `access`: None where no access log is kept. next: told of the next request, once."""

    def __init__(self, metrics: Metrics, access: AccessLog | None) -> None:
        self.next: Callable[[Exchange], None] | None = None
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
        self.tell(x, duration)

    def tell(self, x: Exchange, duration: float) -> None:
        """It ended as soon as it came: `begin` was not told."""
        self._metrics.finish(x, duration)
        if self._access is not None:
            x.trace = incoming(x.request.fields)
            self._access.write(x, duration)
        self._tell_next(x)

    @property
    def logs(self) -> bool:
        """Whether an access log is kept."""
        return self._access is not None

    def _tell_next(self, x: Exchange) -> None:
        if (told := self.next) is not None:
            self.next = None
            told(x)

    def hit(
        self, data: bytes, peer: str, resolved: Resolved, entry: Entry, tier: str, now: float, duration: float
    ) -> None:
        """The hit lane answered. It has counted; the request is read here, for those only who want to know."""
        end = data.index(b"\r\n\r\n")
        request = request_head(data[: end + 2], sys.maxsize, sys.maxsize, peer)
        x = Exchange(request, 0.0, now, body=data[end + 4 :])
        x.route, x.key, x.tier, x.status, x.sent = resolved.route, resolved.key, tier, entry.status, len(entry.body)
        x.outcome = Outcome.EMPTY if entry.flags & EntryFlag.EMPTY else Outcome.HIT
        x.ttl, x.saved_seconds = freshness.ttl(entry, now), entry.upstream_seconds
        if self._access is not None:
            x.trace = incoming(x.request.fields)
            self._access.write(x, duration)
        self._tell_next(x)

    def refused(self, peer: str, status: int, detail: str) -> None:
        """Bytes that were no request: counted always, told so many times a minute."""
        self._metrics.refused(status)
        minute = time.monotonic() // 60
        if minute != self._minute:
            self._minute, self._refusals = minute, 0
        self._refusals += 1
        if self._refusals <= _REFUSALS_PER_MINUTE:
            _log.warning("refused a request of %s: %d %s", peer, status, detail)
