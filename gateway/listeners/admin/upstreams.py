"""/admin/upstreams: the replicas as this worker sees them, and taking one out of use."""

from dataclasses import asdict

from pydantic import BaseModel, Field

from gateway.guard.concurrency import Limiter
from gateway.listeners.admin.operation import Call, Operation
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.problem import Refused, Wrong
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.base import Frozen
from gateway.upstream.fetch import Upstream


class Replica(BaseModel):
    """One base URL."""

    name: str
    url: str
    pending: int = Field(description="calls under way")
    healthy: bool = Field(description="its health checks say so, or there are none")
    ejected: bool = Field(description="calls go elsewhere for a while, since its answers were bad")
    drained: bool = Field(description="an operator has taken it out")
    breaker: str = Field(description="closed, open or half-open")
    ejections: int = Field(description="since the start")


class Turns(BaseModel):
    """How many calls it gets at once, of this worker."""

    limit: int
    in_flight: int
    queued: int
    shed: int = Field(description="refused, since the start")


class UpstreamReport(BaseModel):
    """One upstream."""

    name: str
    replicas: list[Replica]
    retries: int = Field(description="since the start")
    retries_refused: int
    concurrency: Turns | None = Field(description="none: no limit")


class UpstreamReports(BaseModel):
    """As the worker sees them that serves this API; each worker judges for itself."""

    worker: int
    workers: int
    upstreams: list[UpstreamReport]


class Which(Frozen):
    """A replica."""

    replica: str = Field(min_length=1, max_length=2048, description="its name or its URL")


def operations(parts: Parts) -> list[Operation]:
    """The endpoints."""

    def state(name: str) -> UpstreamReport:
        return _state(parts.upstreams()[name], parts.pipeline.plan.guards.limiters.get(name))

    async def states(_: Call) -> UpstreamReports:
        found = [state(name) for name in parts.upstreams()]
        return UpstreamReports(worker=0, workers=parts.workers, upstreams=found)

    async def one(call: Call) -> UpstreamReport:
        _find(parts, call.path["name"])
        return state(call.path["name"])

    async def turn(call: Call, drained: bool) -> UpstreamReport:
        upstream = _find(parts, call.path["name"])
        replica = _replica(upstream, call.body.replica)
        call.before = {"drained": sorted(upstream.drained)}
        try:
            await parts.drain(upstream.name, replica, drained, call.caller.name)
        except StoreUnavailable as exc:
            raise Refused(503, f"the ledger is away, and nothing was changed: {exc}") from None
        call.after = {"drained": sorted(upstream.drained)}
        return state(upstream.name)

    async def drain(call: Call) -> UpstreamReport:
        return await turn(call, drained=True)

    async def enable(call: Call) -> UpstreamReport:
        return await turn(call, drained=False)

    missing = {404: "No such upstream"}
    refusals = missing | {503: "The ledger is away; nothing was changed"}
    return [
        Operation("GET", "/admin/upstreams", "All upstreams", states, UpstreamReports),
        Operation("GET", "/admin/upstreams/{name}", "One upstream", one, UpstreamReport, refusals=missing),
        Operation(
            "POST", "/admin/upstreams/{name}/drain", "Send a replica no new calls; those under way end",
            drain, UpstreamReport, Which, refusals=refusals, changes=True,
        ),
        Operation(
            "POST", "/admin/upstreams/{name}/enable", "Let a drained replica in again",
            enable, UpstreamReport, Which, refusals=refusals, changes=True,
        ),
    ]  # fmt: skip


def _find(parts: Parts, name: str) -> Upstream:
    upstream = parts.upstreams().get(name)
    if upstream is None:
        raise Refused(404, f"no upstream of this name; there are {', '.join(parts.upstreams())}")
    return upstream


def _replica(upstream: Upstream, named: str) -> str:
    replicas = upstream.state().replicas
    for replica in replicas:
        if named in (replica.name, replica.url):
            return replica.name
    detail = f"no replica of this name or URL; there are {', '.join(replica.name for replica in replicas)}"
    raise Refused(422, detail, [Wrong(pointer="/replica", detail=detail)])


def _state(upstream: Upstream, limiter: Limiter | None) -> UpstreamReport:
    state = upstream.state()
    turns = None
    if limiter is not None:
        turns = Turns(limit=limiter.limit, in_flight=limiter.in_flight, queued=limiter.queued, shed=limiter.shed)
    return UpstreamReport(
        name=state.name,
        replicas=[Replica(**asdict(replica)) for replica in state.replicas],
        retries=state.retries,
        retries_refused=state.retries_refused,
        concurrency=turns,
    )
