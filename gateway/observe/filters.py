"""Figures of the filters: what they were against, what came of it, and what they hold. Read when a page is made."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

_ACTIONS = ("rejected", "observed", "sampled")
_RESULTS = ("empty", "found", "unknown")
Read = Callable[[], Iterable[tuple[str, str, object]]]


class FilterMetrics:
    """One worker's. `read` gives route, kind and an object with the totals and states that are named here."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["route", "kind"]
        self._doubts = Counter(
            "ragfront_bloom_doubts",
            "Requests that a filter was against: rejected, or let through as it only observes or as a sample",
            [*labels, "action"],
            registry=registry,
        )
        self._compared = Counter(
            "ragfront_bloom_compared",
            "Of those let through, the answers that upstreams gave: empty as the filter had said; found: it was wrong",
            [*labels, "result"],
            registry=registry,
        )
        self._refused = Counter(
            "ragfront_bloom_refused_files", "Files that could not be used", labels, registry=registry
        )
        self._states = {
            name: Gauge(f"ragfront_bloom_{name}", text, labels, registry=registry, multiprocess_mode="livemax")
            for name, text in (
                ("items", "Held, by the worker that holds most"),
                ("capacity", "Held at most"),
                ("loaded", "1 where the filter is in force"),
            )
        }
        self._read: Read = tuple
        self._told: dict[tuple[str, str, str], int] = {}

    def collect(self, read: Read) -> None:
        """Have `read` called at each refresh."""
        self._read = read

    def refresh(self) -> None:
        """Hand over what has come since."""
        for route, kind, figures in self._read():
            for action in _ACTIONS:
                self._doubts.labels(route, kind, action).inc(self._news(route, kind, action, figures))
            for result in _RESULTS:
                self._compared.labels(route, kind, result).inc(self._news(route, kind, result, figures))
            self._refused.labels(route, kind).inc(self._news(route, kind, "refused", figures))
            for name, gauge in self._states.items():
                gauge.labels(route, kind).set(getattr(figures, name))

    def _news(self, route: str, kind: str, name: str, figures: object) -> int:
        total: int = getattr(figures, name)
        news = max(0, total - self._told.get((route, kind, name), 0))
        self._told[route, kind, name] = total
        return news
