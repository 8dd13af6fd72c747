"""Replicas: the figures of upstreams' replicas, read from their states at each refresh.

Several workers' are added up: each judges for itself, so `healthy 3` of four workers says that one thinks otherwise.
"""

from collections.abc import Callable, Iterable

from prometheus_client import Counter, Gauge

from gateway.model.replicas import ReplicaState, UpstreamState

Read = Callable[[], Iterable[UpstreamState]]

_STATES = ("closed", "open", "half-open")
_GAUGES = {
    "calls_in_flight": "Calls to a replica under way",
    "healthy": "Workers whose health checks of a replica do not fail",
    "ejected": "Workers that send their calls elsewhere, since a replica's answers were bad",
    "drained": "Workers in which an operator has taken a replica out",
}


class ReplicaFigures:
    """`gauge` and `counter` make what their names say, by name, text and labels."""

    def __init__(self, gauge: Callable[..., Gauge], counter: Callable[..., Counter]) -> None:
        labels = ("upstream", "replica")
        self._gauges = {name: gauge(f"upstream_replica_{name}", text, *labels) for name, text in _GAUGES.items()}
        self._breaker = gauge("upstream_replica_breaker", "Workers, by what a replica's breaker is", *labels, "state")
        self._ejections = counter("upstream_replica_ejections", "Times that a replica was ejected", *labels)
        self._retries = counter("upstream_retries", "Calls that were sent once more", "upstream")
        self._refused = counter("upstream_retries_refused", "Retries for which there was no budget left", "upstream")
        self._read: Read = tuple
        self._shown: set[tuple[str, str]] = set()
        self._told: dict[tuple[str, ...], int] = {}

    def collect(self, read: Read) -> None:
        """Have `read` called at each refresh."""
        self._read = read

    def refresh(self) -> None:
        """Tell what is so now. Replicas that a reload has taken away are told as zeroes."""
        shown = set()
        for upstream in self._read():
            self._count(self._retries, upstream.retries, "retries", upstream.name)
            self._count(self._refused, upstream.retries_refused, "refused", upstream.name)
            for replica in upstream.replicas:
                self._show(upstream.name, replica)
                shown.add((upstream.name, replica.name))
        for gone in self._shown - shown:
            for gauge in self._gauges.values():
                gauge.labels(*gone).set(0)
            for state in _STATES:
                self._breaker.labels(*gone, state).set(0)
        self._shown = shown

    def _show(self, upstream: str, replica: ReplicaState) -> None:
        labels = (upstream, replica.name)
        figures = {
            "calls_in_flight": replica.pending,
            "healthy": replica.healthy,
            "ejected": replica.ejected,
            "drained": replica.drained,
        }
        for name, value in figures.items():
            self._gauges[name].labels(*labels).set(value)
        for state in _STATES:
            self._breaker.labels(*labels, state).set(replica.breaker == state)
        self._count(self._ejections, replica.ejections, "ejections", *labels)

    def _count(self, counter: Counter, total: int, *key: str) -> None:
        """`total` since the upstream was made; a reload that makes it anew begins at zero."""
        told = self._told.get(key, 0)
        counter.labels(*key[1:]).inc(total - told if total >= told else total)
        self._told[key] = total
