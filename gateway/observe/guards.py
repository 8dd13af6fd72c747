"""Guards: what is told of budgets and of limits on calls at once. Labels: names from the configuration."""

from collections.abc import Callable, Mapping
from typing import Protocol

from prometheus_client import Counter, Gauge

from gateway.observe.tally import OVERHEADS, BulkHistogram, Spread

WAITS = (*OVERHEADS, 2.5, 10.0, 60.0)


class LimiterState(Protocol):
    """One upstream's limiter, as it is now."""

    @property
    def limit(self) -> int: ...
    @property
    def queued(self) -> int: ...

    in_flight: int
    shed: int


class GuardFigures:
    """counter, gauge, histogram: make them under the gateway's prefix, in its registry."""

    def __init__(
        self,
        counter: Callable[..., Counter],
        gauge: Callable[..., Gauge],
        histogram: Callable[..., BulkHistogram],
    ) -> None:
        self._refusals = counter("budget_refusals", "Calls refused: their client has spent its budget", "route")
        self._spared = counter(
            "budget_spared", "Calls let through in shadow mode: their client has spent its budget", "route"
        )
        self._shed = counter("concurrency_shed", "Calls refused: too many under way, and waiting", "upstream")
        self._waits = histogram("concurrency_queue_seconds", "Time in the queue for a turn", WAITS, "upstream")
        self._limit = gauge("concurrency_limit", "Calls that may be under way at once", "upstream")
        self._in_flight = gauge("concurrency_in_flight", "Calls that hold a turn", "upstream")
        self._queued = gauge("concurrency_queued", "Requests that wait for a turn", "upstream")
        self._spreads: dict[str, Spread] = {}
        self._told: dict[str, tuple[LimiterState, int]] = {}
        self._read: Callable[[], Mapping[str, LimiterState]] = dict

    def budget_refused(self, route: str) -> None:
        """A call was refused because its client has spent its budget."""
        self._refusals.labels(route).inc()

    def budget_spared(self, route: str) -> None:
        """A call would have been refused because its client has spent its budget, but for shadow mode."""
        self._spared.labels(route).inc()

    def queued(self, upstream: str, seconds: float) -> None:
        """Somebody was in an upstream's queue for so long."""
        self._spreads.setdefault(upstream, Spread(WAITS)).add(seconds)

    def watch_limiters(self, limiters: Callable[[], Mapping[str, LimiterState]]) -> None:
        """What to read at each refresh. What was watched before is not any more."""
        self.refresh()
        now = limiters()
        for upstream in self._told:
            if upstream not in now:
                for gauge in (self._limit, self._in_flight, self._queued):
                    gauge.labels(upstream).set(0)
        self._told = {name: told for name, told in self._told.items() if name in now}
        self._read = limiters

    def refresh(self) -> None:
        """Hand over what has come together, and read how things stand."""
        for upstream, spread in self._spreads.items():
            spread.drain(self._waits.labels(upstream))
        for upstream, limiter in self._read().items():
            self._limit.labels(upstream).set(limiter.limit)
            self._in_flight.labels(upstream).set(limiter.in_flight)
            self._queued.labels(upstream).set(limiter.queued)
            before, told = self._told.get(upstream, (limiter, 0))
            self._shed.labels(upstream).inc(limiter.shed - (told if before is limiter else 0))
            self._told[upstream] = limiter, limiter.shed
