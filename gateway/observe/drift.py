"""Drift figures: how stored answers compare with what upstreams say now, and the lifetimes that are borne out."""

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

Suggested = Callable[[], Mapping[str, float]]
"""Seconds, by the names of those routes of which enough is known."""


class DriftFigures:
    """One worker's. Each knows what it has compared itself: the page tells the shortest lifetime of any."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._compared = Counter(
            "ragfront_drift_compared",
            "Hits asked again aside, by how the two answers compare, and by how old the one was that was served",
            ["route", "result", "age"],
            registry=registry,
        )
        self._ttl = Gauge(
            "ragfront_drift_suggested_ttl_seconds",
            "The longest lifetime seen with which no more hits differ than the route accepts",
            ["route"],
            registry=registry,
            multiprocess_mode="livemin",
        )
        self._read: Suggested = dict

    def compared(self, route: str, result: str, age: str) -> None:
        """Count one. result, age: of the closed sets in policy/drift."""
        self._compared.labels(route, result, age).inc()

    def collect(self, read: Suggested) -> None:
        """Have `read` called at each refresh."""
        self._read = read

    def refresh(self) -> None:
        """Read what is suggested now."""
        for route, seconds in self._read().items():
            self._ttl.labels(route).set(seconds)
