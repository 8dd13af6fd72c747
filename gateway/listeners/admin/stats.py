"""/admin/stats: figures for a console. Totals since the start, of all workers; who wants rates asks twice."""

from pydantic import BaseModel, Field

from gateway.listeners.admin.operation import Call, Operation
from gateway.listeners.admin.parts import Parts
from gateway.observe.summary import Latency, Summary, added, hit_ratio

Totals = dict[str, float]


class Durations(BaseModel):
    """Seconds, out of a histogram: as exact as its buckets."""

    number: float
    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None
    bounds: list[float] = Field(description="upper bounds of the buckets")
    counts: list[float] = Field(description="of each bucket alone; the last one is over all bounds")


class ShadowStats(BaseModel):
    """What would have become of a route's requests if its cache had been on."""

    requests: Totals = Field(description="by the outcome that they would have had")
    hit_ratio: float | None
    saved_seconds: float = Field(description="that upstreams would not have had to work")


class DriftStats(BaseModel):
    """Hits that were asked again aside."""

    compared: Totals = Field(description="by how the two answers compare: same, documents, text, other, failed")
    suggested_ttl: float | None = Field(
        description="seconds; the longest lifetime seen with which no more hits differ than the route accepts"
    )


class RouteStats(BaseModel):
    """One route; `-` is what no route takes."""

    requests: Totals = Field(description="by outcome")
    hit_ratio: float | None
    saved_seconds: float = Field(description="that upstreams did not have to work")
    stored: float = Field(description="answers")
    shadow: ShadowStats | None = Field(description="none: it never was in shadow mode")
    drift: DriftStats | None = Field(description="none: nothing was compared")


class UpstreamStats(BaseModel):
    """One upstream."""

    calls: Totals = Field(description="by status class, or by what failed")
    latency: Durations | None


class Stats(BaseModel):
    """All figures."""

    at: float = Field(description="Unix seconds")
    workers: float
    in_flight: float = Field(description="requests")
    requests: Totals = Field(description="by outcome")
    hit_ratio: float | None = Field(
        description="of the requests that were looked up, those that a stored answer did for"
    )
    saved_seconds: float
    latency: Durations | None = Field(description="of all requests")
    latency_by_outcome: dict[str, Durations]
    routes: dict[str, RouteStats]
    upstreams: dict[str, UpstreamStats]
    tiers: dict[str, Totals]


def operations(parts: Parts) -> list[Operation]:
    """The endpoint."""

    async def stats(_: Call) -> Stats:
        return _stats(parts.metrics.summary(), parts.wall())

    return [Operation("GET", "/admin/stats", "Figures of all workers since the start", stats, Stats)]


def _stats(found: Summary, now: float) -> Stats:
    together = added(found.latency.values())
    routes = {
        name: RouteStats(
            requests=outcomes,
            hit_ratio=hit_ratio(outcomes),
            saved_seconds=found.saved_seconds.get(name, 0.0),
            stored=found.stored.get(name, 0.0),
            shadow=_shadow(found, name),
            drift=_drift(found, name),
        )
        for name, outcomes in found.routes.items()
    }
    upstreams = {
        name: UpstreamStats(calls=calls, latency=_durations(found.call_latency.get(name)))
        for name, calls in found.calls.items()
    }
    by_outcome = {outcome: _durations(latency) for outcome, latency in found.latency.items()}
    return Stats(
        at=now,
        workers=found.workers,
        in_flight=found.in_flight,
        requests=found.requests,
        hit_ratio=hit_ratio(found.requests),
        saved_seconds=sum(found.saved_seconds.values()),
        latency=_durations(together),
        latency_by_outcome={outcome: made for outcome, made in by_outcome.items() if made is not None},
        routes=routes,
        upstreams=upstreams,
        tiers=found.tiers,
    )


def _shadow(found: Summary, route: str) -> ShadowStats | None:
    outcomes = found.shadow.get(route)
    if outcomes is None:
        return None
    return ShadowStats(
        requests=outcomes, hit_ratio=hit_ratio(outcomes), saved_seconds=found.shadow_saved.get(route, 0.0)
    )


def _drift(found: Summary, route: str) -> DriftStats | None:
    compared = found.drift.get(route)
    if compared is None:
        return None
    return DriftStats(compared=compared, suggested_ttl=found.suggested_ttl.get(route))


def _durations(latency: Latency | None) -> Durations | None:
    if latency is None:
        return None
    number = latency.number
    mean = latency.total / number if number else None
    return Durations(number=number, mean=mean, bounds=latency.bounds, counts=latency.counts, **latency.percentiles())
