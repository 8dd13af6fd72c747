"""Metrics: what is counted, under which names, and the page that Prometheus reads.

Label sets are closed: names from the configuration, members of Outcome and Reason; never a key, a path or a
query. Where PROMETHEUS_MULTIPROC_DIR is set before this module is imported (the supervisor does it), every
worker writes its figures into that folder and each one's page shows the sum over all workers.
"""

import asyncio
import os
import time
from collections.abc import Callable
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from gateway.model.errors import StoreUnavailable
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome, Reason
from gateway.observe.drift import DriftFigures
from gateway.observe.filters import FilterMetrics
from gateway.observe.guards import GuardFigures
from gateway.observe.ledger import LedgerMetrics
from gateway.observe.replicas import ReplicaFigures
from gateway.observe.shadow import ShadowFigures
from gateway.observe.summary import Summary, summary
from gateway.observe.tally import DURATIONS, OVERHEADS, BulkHistogram, Spread, Tally

NO_ROUTE = "-"  # cannot be the name of a route
_RESULTS = frozenset({"abandoned", "1xx", "2xx", "3xx", "4xx", "5xx", *(str(reason) for reason in Reason)})
_FRESH = (Outcome.HIT, Outcome.EMPTY)
_TIER_GAUGES = {
    "entries": "Entries held",
    "bytes": "Bytes held, bookkeeping included",
    "out": "1 while its breaker keeps it out of use",
}
_TIER_COUNTERS = {
    "hits": "Look-ups that found an entry",
    "misses": "Look-ups that found none",
    "errors": "Operations that failed",
    "timeouts": "Reads that took longer than the read deadline",
    "evictions": "Entries removed to make room",
    "dropped": "Writes that were given up",
}


class _Tier(NamedTuple):
    name: str
    read: Callable[[], object]
    shared: bool


class Metrics:
    """Every figure of one worker. Not thread-safe: the event loop's thread only."""

    def __init__(self, version: str = "", worker: int = 0) -> None:
        """`worker`: this worker's index; figures of tiers that workers share are told by worker 0 alone."""
        # A creation time per series would double the page, and nobody asks for it.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no annotation here
        self._multiprocess = bool(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
        self._worker = worker
        self._registry = CollectorRegistry()
        self._tallies: dict[tuple[str, Outcome, Reason | None], Tally] = {}
        self._calls: dict[tuple[str, str], Spread] = {}
        self._hits: dict[str, int] = {}
        self._clients = 0
        self._upstream_calls: dict[str, int] = {}
        self._lag = Spread(OVERHEADS)
        self._tiers: list[_Tier] = []
        self._told: dict[tuple[str, str], float] = {}
        self._declare_requests()
        self._declare_upstream()
        self._declare_process(version)
        self.guards = GuardFigures(self._counter, self._gauge, self._histogram)
        self.filters = FilterMetrics(self._registry)
        self.ledger = LedgerMetrics(self._registry)
        self.drift = DriftFigures(self._registry)
        self._shadow = ShadowFigures(self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"ragfront_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"ragfront_{name}", text, labels, registry=self._registry, multiprocess_mode="livesum")

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> BulkHistogram:
        return BulkHistogram(f"ragfront_{name}", text, labels, registry=self._registry, buckets=buckets)

    def _declare_requests(self) -> None:
        self._requests = self._counter("requests", "Requests finished, by how they were answered", "route", "outcome")
        self._reasons = self._counter("reasons", "Requests that something was decided about, by why", "route", "reason")
        self._duration = self._histogram(
            "request_duration_seconds", "From the request's head to the answer's last byte", DURATIONS, "outcome"
        )
        self._overhead = self._histogram(
            "overhead_seconds", "Time in the gateway, of requests that waited for an upstream", OVERHEADS
        )
        self._collapsed = self._counter("collapsed", "Requests answered by another request's upstream call", "route")
        self._stored = self._counter("stored", "Answers stored", "route")
        self._sent = self._counter("sent_bytes", "Bytes of answer bodies sent to clients", "route")
        self._saved = self._counter("upstream_saved_seconds", "Time that upstreams did not have to work", "route")
        self._refused = self._counter("refused", "Messages refused as malformed or too large", "status")
        self._degraded = self._counter(
            "degraded", "Requests answered by a rung of the degrade ladder, and why", "route", "rung", "reason"
        )
        self._looked = self._counter(
            "documents_sought", "Looks for documents to degrade to, and how they ended", "route", "result"
        )
        self._items = self._counter("items", "Items of lists, by where their answers were", "route", "source")
        self._warmed = self._counter(
            "warmed", "Questions to be asked before anybody does, by result", "route", "result"
        )
        self._inflight = self._gauge("requests_in_flight", "Requests not yet finished")

    def _declare_upstream(self) -> None:
        self._call_count = self._counter(
            "upstream_calls", "Calls ended, by status class or by what failed", "upstream", "result"
        )
        self._call_duration = self._histogram(
            "upstream_duration_seconds", "From a call's start to its answer's last byte", DURATIONS, "upstream"
        )
        self._batches = self._counter("upstream_batches", "Calls that stood for several", "upstream")
        self._batched = self._counter("upstream_batched_items", "Items that travelled in such calls", "upstream")
        self._call_inflight = self._gauge("upstream_calls_in_flight", "Calls under way", "upstream")
        self.replicas = ReplicaFigures(self._gauge, self._counter)
        self._tier_gauges = {n: self._gauge(f"tier_{n}", text, "tier") for n, text in _TIER_GAUGES.items()}
        self._tier_counters = {n: self._counter(f"tier_{n}", text, "tier") for n, text in _TIER_COUNTERS.items()}

    def _declare_process(self, version: str) -> None:
        self._loop_lag = self._histogram("event_loop_lag_seconds", "How late the event loop runs a timer", OVERHEADS)
        self._gauge("workers", "Worker processes that serve").set(1)
        build = Gauge(
            "ragfront_build_info", "Always 1", ["version"], registry=self._registry, multiprocess_mode="livemax"
        )
        build.labels(version).set(1)
        if not self._multiprocess:  # it knows one process only, and would pass for all of them
            ProcessCollector(registry=self._registry)

    def tally(self, route: str, outcome: Outcome) -> Tally:
        """Where finished requests of a route that ended so, without a reason, may be counted directly."""
        return self._tallies.setdefault((route, outcome, None), Tally())

    def finish(self, exchange: Exchange, duration: float) -> None:
        """Count a request that has ended. `duration`: seconds from its head to its answer's last byte."""
        route = exchange.route
        key = (NO_ROUTE if route is None else route.name, exchange.outcome, exchange.reason)
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = Tally()
        tally.requests += 1
        tally.sent += exchange.sent
        tally.duration.add(duration)
        if exchange.upstream_seconds:
            tally.overhead.add(max(0.0, duration - exchange.upstream_seconds))
        if exchange.saved_seconds:
            tally.saved += exchange.saved_seconds
        elif exchange.outcome is Outcome.COLLAPSED:
            tally.saved += exchange.upstream_seconds
        if exchange.collapsed:
            tally.collapsed += 1
        if exchange.stored:
            tally.stored += 1
        if exchange.rung:
            self._degraded.labels(key[0], exchange.rung, exchange.reason or "").inc()
        if exchange.would is not None:
            self._shadow.finish(key[0], exchange.would, exchange)
        if exchange.items:
            self._items.labels(key[0], "cached").inc(exchange.items_cached)
            self._items.labels(key[0], "asked").inc(exchange.items - exchange.items_cached)

    def hits(self, route: str) -> int:
        """How many requests of a route have been answered from a fresh entry so far."""
        waiting = (self._tallies.get((route, outcome, None)) for outcome in _FRESH)
        return self._hits.get(route, 0) + sum(tally.requests for tally in waiting if tally is not None)

    def looked(self, route: str, result: str) -> None:
        """A look for documents has ended so (pipeline/retrieve)."""
        self._looked.labels(route, result).inc()

    def upstream_call(self, upstream: str, result: str, seconds: float) -> None:
        """Count a call that has ended. `result`: `2xx` and the like, or the Reason of its failure."""
        spread = self._calls.get((upstream, result))
        if spread is None:
            label = result if result in _RESULTS else Reason.INTERNAL
            spread = self._calls.setdefault((upstream, label), Spread(DURATIONS))
        spread.add(seconds)

    def upstream_batch(self, upstream: str, items: int) -> None:
        """Count a call that stands for `items` others."""
        self._batches.labels(upstream).inc()
        self._batched.labels(upstream).inc(items)

    def upstream_inflight(self, upstream: str, delta: int) -> None:
        """A call to `upstream` began (+1) or ended (-1)."""
        self._upstream_calls[upstream] = self._upstream_calls.get(upstream, 0) + delta

    def inflight(self, delta: int) -> None:
        """A client's request began (+1) or ended (-1)."""
        self._clients += delta

    def refused(self, status: int) -> None:
        """Count a message that was refused before it became a request."""
        self._refused.labels(str(status)).inc()

    def warmed(self, route: str, result: str) -> None:
        """Count a question that was to be asked before anybody did. result: a member of pipeline.warm.Warmed."""
        self._warmed.labels(route, result).inc()

    def collect_tier(self, tier: str, read: Callable[[], object], *, shared: bool) -> None:
        """Have `read` called at each refresh for the state of `tier` ("memory", "disk", "redis").

        Of what it returns, these attributes are told where it has them and they are not None: `entries`, `bytes`
        and `out` as they are now, `hits`, `misses`, `errors`, `timeouts`, `evictions` and `dropped` as totals that
        only grow. `shared`: every worker sees the same entries, so that their number must not be added up.
        """
        self._tiers.append(_Tier(tier, read, shared))

    def refresh(self) -> None:
        """Hand over what was tallied, and read the states that are told as they are now."""
        for (route, outcome, reason), tally in self._tallies.items():
            if tally.requests:
                self._drain(route, outcome, reason, tally)
        self._lag.drain(self._loop_lag)
        self.guards.refresh()
        self._inflight.set(self._clients)
        for (upstream, result), spread in self._calls.items():
            self._call_count.labels(upstream, result).inc(sum(spread.counts))
            spread.drain(self._call_duration.labels(upstream))
        for upstream, calls in self._upstream_calls.items():
            self._call_inflight.labels(upstream).set(calls)
        self.replicas.refresh()
        for tier in self._tiers:
            self._refresh_tier(tier)
        self.filters.refresh()
        self.ledger.refresh()
        self.drift.refresh()

    def _drain(self, route: str, outcome: Outcome, reason: Reason | None, tally: Tally) -> None:
        self._requests.labels(route, outcome).inc(tally.requests)
        if reason is None and outcome in _FRESH:
            self._hits[route] = self._hits.get(route, 0) + tally.requests
        if reason is not None:
            self._reasons.labels(route, reason).inc(tally.requests)
        self._collapsed.labels(route).inc(tally.collapsed)
        self._stored.labels(route).inc(tally.stored)
        self._sent.labels(route).inc(tally.sent)
        self._saved.labels(route).inc(tally.saved)
        tally.duration.drain(self._duration.labels(outcome))
        tally.overhead.drain(self._overhead)
        tally.reset()

    def _refresh_tier(self, tier: _Tier) -> None:
        try:
            state = tier.read()
        except StoreUnavailable:
            return  # what was told last stands; that it is down is told by its errors
        if not tier.shared or self._worker == 0:
            for name, gauge in self._tier_gauges.items():
                if (value := getattr(state, name, None)) is not None:
                    gauge.labels(tier.name).set(value)
        for name, counter in self._tier_counters.items():
            if (total := getattr(state, name, None)) is not None:
                told = self._told.get((tier.name, name), 0)
                counter.labels(tier.name).inc(max(0, total - told))
                self._told[tier.name, name] = total

    async def keep_current(self, interval: float = 0.5) -> None:
        """Refresh every `interval` seconds and measure the event loop's lag, until cancelled."""
        while True:
            due = time.monotonic() + interval
            await asyncio.sleep(interval)
            self._lag.add(max(0.0, time.monotonic() - due))
            self.refresh()

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The page and its Content-Type: OpenMetrics where `accept` (a request's Accept) asks for it."""
        encode, content_type = choose_encoder(accept)
        return encode(self._all()), content_type

    def summary(self) -> Summary:
        """The same, as numbers."""
        return summary(self._all().collect())

    def _all(self) -> CollectorRegistry:
        """The figures of all workers, as they are now."""
        self.refresh()
        if not self._multiprocess:
            return self._registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no annotation here
        return registry
