"""/admin/upstreams: the replicas as all workers see them, and taking one out of use."""

from collections.abc import Mapping
from dataclasses import asdict

from pydantic import BaseModel, Field

from gateway.guard.concurrency import Limiter
from gateway.listeners.admin.operation import Call, Operation
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.problem import Refused, Wrong
from gateway.listeners.admin.views import Replica, Turns, UpstreamView
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.base import Frozen
from gateway.upstream.fetch import Upstream


class ReplicaOfWorker(BaseModel):
    """A replica as one worker sees it."""

    worker: int
    pending: int
    healthy: bool
    ejected: bool
    breaker: str


class ReplicaReport(Replica):
    """One base URL. The worst that any worker says of it; figures are of all together."""

    workers: list[ReplicaOfWorker] = Field(description="each worker's own view, where they differ; else none")


class UpstreamReport(UpstreamView):
    """One upstream."""

    replicas: list[ReplicaReport]


class UpstreamReports(BaseModel):
    """As all workers see them, each of which judges for itself; those of others as of a second ago."""

    workers: int
    upstreams: list[UpstreamReport]


class Which(Frozen):
    """A replica."""

    replica: str = Field(min_length=1, max_length=2048, description="its name or its URL")


def operations(parts: Parts) -> list[Operation]:
    """The endpoints."""

    def told() -> list[UpstreamReport]:
        return together({view.worker: view.upstreams for view in parts.views()})

    def state(name: str) -> UpstreamReport:
        return next(upstream for upstream in told() if upstream.name == name)

    async def states(_: Call) -> UpstreamReports:
        return UpstreamReports(workers=parts.workers, upstreams=told())

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


def seen(parts: Parts) -> list[UpstreamView]:
    """What this worker sees."""
    limiters = parts.pipeline.plan.guards.limiters
    return [_view(upstream, limiters.get(name)) for name, upstream in parts.upstreams().items()]


def _view(upstream: Upstream, limiter: Limiter | None) -> UpstreamView:
    state = upstream.state()
    turns = None
    if limiter is not None:
        turns = Turns(limit=limiter.limit, in_flight=limiter.in_flight, queued=limiter.queued, shed=limiter.shed)
    return UpstreamView(
        name=state.name,
        replicas=[Replica(**asdict(replica)) for replica in state.replicas],
        retries=state.retries,
        retries_refused=state.retries_refused,
        concurrency=turns,
    )


def together(views: Mapping[int, list[UpstreamView]]) -> list[UpstreamReport]:
    """What workers see, by their numbers. The first one's upstreams are told of: others may not have reloaded yet."""
    made = []
    for first in next(iter(views.values())):
        same = {w: upstream for w, view in views.items() for upstream in view if upstream.name == first.name}
        turns = [upstream.concurrency for upstream in same.values() if upstream.concurrency is not None]
        made.append(
            UpstreamReport(
                name=first.name,
                replicas=[_replica_of(replica, same) for replica in first.replicas],
                retries=sum(upstream.retries for upstream in same.values()),
                retries_refused=sum(upstream.retries_refused for upstream in same.values()),
                concurrency=_added(turns) if turns else None,
            )
        )
    return made


def _replica_of(first: Replica, views: Mapping[int, UpstreamView]) -> ReplicaReport:
    every = {w: replica for w, view in views.items() for replica in view.replicas if replica.name == first.name}
    each = list(every.values())
    differ = len({(one.healthy, one.ejected, one.breaker) for one in each}) > 1
    fields = set(ReplicaOfWorker.model_fields) - {"worker"}
    own = [ReplicaOfWorker(worker=w, **one.model_dump(include=fields)) for w, one in every.items()]
    return ReplicaReport(
        name=first.name, url=first.url, drained=first.drained,
        pending=sum(one.pending for one in each),
        healthy=all(one.healthy for one in each),
        ejected=any(one.ejected for one in each),
        breaker=max((one.breaker for one in each), key=_WORSE.index),
        ejections=sum(one.ejections for one in each),
        workers=own if differ else [],
    )  # fmt: skip


_WORSE = ("closed", "half-open", "open")


def _added(turns: list[Turns]) -> Turns:
    return Turns(**{name: sum(getattr(one, name) for one in turns) for name in Turns.model_fields})
