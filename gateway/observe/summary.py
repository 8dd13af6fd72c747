"""Summary: the figures of all workers as plain numbers, for consoles. Read out of what Prometheus is told."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from prometheus_client.metrics_core import Metric

from gateway.policy.percentiles import percentile

_STORED = ("hit", "stale", "empty")
_LOOKED_UP = (*_STORED, "miss", "collapsed", "degraded", "shed")
_SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


@dataclass(slots=True)
class Latency:
    """Observations in seconds. counts: of each bucket alone, one more than bounds."""

    bounds: list[float]
    counts: list[float]
    total: float = 0.0

    @property
    def number(self) -> float:
        return sum(self.counts)

    def percentiles(self) -> dict[str, float | None]:
        """p50, p90 and p99, in seconds."""
        return {name: percentile(self.bounds, self.counts, share) for name, share in _SHARES.items()}


@dataclass(slots=True)
class Summary:
    """Totals since the start, by the names of metrics. routes: route -> outcome -> requests."""

    routes: dict[str, dict[str, float]] = field(default_factory=dict)
    latency: dict[str, Latency] = field(default_factory=dict)  # by outcome
    saved_seconds: dict[str, float] = field(default_factory=dict)  # by route
    stored: dict[str, float] = field(default_factory=dict)
    calls: dict[str, dict[str, float]] = field(default_factory=dict)  # upstream -> result
    call_latency: dict[str, Latency] = field(default_factory=dict)
    tiers: dict[str, dict[str, float]] = field(default_factory=dict)
    shadow: dict[str, dict[str, float]] = field(default_factory=dict)  # route -> the outcome that would have been
    shadow_saved: dict[str, float] = field(default_factory=dict)  # by route; seconds that would have been saved
    drift: dict[str, dict[str, float]] = field(default_factory=dict)  # route -> how hits asked again compare
    suggested_ttl: dict[str, float] = field(default_factory=dict)  # by route, in seconds
    in_flight: float = 0.0
    workers: float = 0.0

    @property
    def requests(self) -> dict[str, float]:
        """By outcome, over all routes."""
        summed: defaultdict[str, float] = defaultdict(float)
        for outcomes in self.routes.values():
            for outcome, count in outcomes.items():
                summed[outcome] += count
        return dict(summed)


def hit_ratio(outcomes: dict[str, float]) -> float | None:
    """Of the requests that were looked up, those that a stored answer did for; None where there were none."""
    looked_up = sum(outcomes.get(outcome, 0) for outcome in _LOOKED_UP)
    return sum(outcomes.get(outcome, 0) for outcome in _STORED) / looked_up if looked_up else None


def summary(families: Iterable[Metric]) -> Summary:
    """What metrics' families say."""
    found = Summary()
    for family in families:
        name = family.name.removeprefix("ragfront_")
        if family.type == "histogram":
            if name == "request_duration_seconds":
                found.latency = _latencies(family, "outcome")
            elif name == "upstream_duration_seconds":
                found.call_latency = _latencies(family, "upstream")
            continue
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                _take(found, name, sample.labels, sample.value)
    return found


def _take(found: Summary, name: str, labels: dict[str, str], value: float) -> None:
    match name:
        case "requests":
            found.routes.setdefault(labels["route"], {})[labels["outcome"]] = value
        case "upstream_saved_seconds":
            found.saved_seconds[labels["route"]] = value
        case "stored":
            found.stored[labels["route"]] = value
        case "upstream_calls":
            found.calls.setdefault(labels["upstream"], {})[labels["result"]] = value
        case "shadow_requests":
            found.shadow.setdefault(labels["route"], {})[labels["outcome"]] = value
        case "shadow_upstream_saved_seconds":
            found.shadow_saved[labels["route"]] = value
        case "drift_compared":
            results = found.drift.setdefault(labels["route"], {})
            results[labels["result"]] = results.get(labels["result"], 0.0) + value
        case "drift_suggested_ttl_seconds":
            found.suggested_ttl[labels["route"]] = value
        case "requests_in_flight":
            found.in_flight = value
        case "workers":
            found.workers = value
        case _ if name.startswith("tier_"):
            found.tiers.setdefault(labels["tier"], {})[name.removeprefix("tier_")] = value


def _latencies(family: Metric, label: str) -> dict[str, Latency]:
    """By the label's values. Buckets are told accumulated."""
    upto: dict[str, list[tuple[float, float]]] = {}
    totals: dict[str, float] = {}
    for sample in family.samples:
        of = sample.labels[label]
        if sample.name.endswith("_bucket"):
            upto.setdefault(of, []).append((float(sample.labels["le"]), sample.value))
        elif sample.name.endswith("_sum"):
            totals[of] = sample.value
    made = {}
    for of, pairs in upto.items():
        pairs.sort()
        counts = [count - before for (_, count), before in zip(pairs, [0.0, *(c for _, c in pairs)], strict=False)]
        made[of] = Latency([bound for bound, _ in pairs[:-1]], counts, totals.get(of, 0.0))
    return made


def added(latencies: Iterable[Latency]) -> Latency | None:
    """Several as one; None where there are none."""
    parts = list(latencies)
    if not parts:
        return None
    counts = [sum(column) for column in zip(*(part.counts for part in parts), strict=True)]
    return Latency(parts[0].bounds, counts, sum(part.total for part in parts))
