"""/admin/explain: what would become of a request, and why, by the same enum as Cache-Status, metrics and logs."""

from typing import Any

from pydantic import BaseModel, Field

from gateway.listeners.admin.entries import Found, described
from gateway.listeners.admin.operation import Call, Operation
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.sample import Sample, exchange
from gateway.pipeline import explain as pipeline
from gateway.pipeline.explain import Explained


class Tried(BaseModel):
    """A route that was tried, in order."""

    route: str
    takes: bool
    objection: str | None = Field(description="the first part of its `match` that does not hold")


class Opinion(BaseModel):
    """What a filter says."""

    kind: str
    mode: str
    against: bool = Field(description="it says that there is no answer")


class Explanation(BaseModel):
    """What would become of the request now, in the worker that serves this API."""

    outcome: str
    reason: str | None
    tried: list[Tried]
    route: str | None
    mode: str | None
    canonical: dict[str, Any] | None = Field(description="what the key is made of; credentials as their SHA-256")
    key: str | None = Field(description="SHA-256, hexadecimal; none: not looked up")
    primary: str | None = Field(description="the key before Vary, where they differ")
    vary: list[str] = Field(description="fields on which the stored answers differ")
    tier: str | None = Field(description="where the answer would come from; none: from the upstream")
    ttl: int | None = Field(description="seconds of freshness left; negative: stale for so long")
    entries: list[Found] = Field(description="what each tier has, the first to be asked first")
    filters: list[Opinion]


_ANSWERED = frozenset({"hit", "stale", "empty"})


def operations(parts: Parts) -> list[Operation]:
    """The endpoint."""

    async def explain(call: Call) -> Explanation:
        now = parts.wall()
        x = exchange(call.body, parts.settings().listen, now)
        told = await pipeline.explain(x, parts.pipeline.question(x), parts.inspector)
        return _explanation(told, now)

    return [
        Operation(
            "POST", "/admin/explain", "Say what would become of a request, and why", explain, Explanation, Sample,
            description="Nobody is asked and nothing is changed.",
        )
    ]  # fmt: skip


def _explanation(told: Explained, now: float) -> Explanation:
    entries = [described(held, now) for held in told.held]
    first = entries[0] if entries and told.outcome in _ANSWERED else None
    return Explanation(
        outcome=told.outcome,
        reason=told.reason,
        tried=[Tried(route=route, takes=not why, objection=why or None) for route, why in told.tried],
        route=told.route,
        mode=told.mode,
        canonical=told.canonical,
        key=told.key.hex() or None,
        primary=told.primary.hex() if told.primary != told.key else None,
        vary=[name.decode("latin-1") for name in told.vary],
        tier=first.tier if first else None,
        ttl=first.ttl if first else None,
        entries=entries,
        filters=[Opinion(kind=kind, mode=mode, against=against) for kind, mode, against in told.filters],
    )
