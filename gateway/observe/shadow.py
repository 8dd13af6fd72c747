"""Shadow figures: what would have become of requests if their route's cache had been on."""

from prometheus_client import CollectorRegistry, Counter

from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome

_SPARED = frozenset({Outcome.COLLAPSED, Outcome.REJECTED})


class ShadowFigures:
    """One worker's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "ragfront_shadow_requests",
            "Requests in shadow mode, by the outcome that they would have had",
            ["route", "outcome"],
            registry=registry,
        )
        self._saved = Counter(
            "ragfront_shadow_upstream_saved_seconds",
            "Time that upstreams would not have had to work",
            ["route"],
            registry=registry,
        )

    def finish(self, route: str, would: Outcome, x: Exchange) -> None:
        """Count one. What a stored answer would have saved is what it took to make; else what this request took."""
        self._requests.labels(route, would).inc()
        self._saved.labels(route).inc(x.would_save or (x.upstream_seconds if would in _SPARED else 0.0))
