"""A pipeline in front of a scripted service, without a listener, with a clock that the test moves."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.cache.memory import Memory
from gateway.cache.store import Store
from gateway.cache.tiers import Tiers
from gateway.model.exchange import Exchange
from gateway.model.fields import Pairs
from gateway.model.settings.file import Settings
from gateway.pipeline.answer import Answer, FromEntry, FromRecording, FromReply
from gateway.pipeline.drift import DriftWatch
from gateway.pipeline.handle import Pipeline
from gateway.pipeline.plan import Plan
from gateway.policy.early import betas
from gateway.upstream.fetch import Upstream
from tests.support.policy import request
from tests.support.talk import Calls


class Clock:
    """Unix seconds that stand still until they are moved. They begin at the present, which stores count with."""

    def __init__(self) -> None:
        self.now = float(round(time.time()))

    def __call__(self) -> float:
        return self.now


@dataclass
class Rig:
    """A pipeline and what stands around it."""

    pipeline: Pipeline
    upstream: Upstream
    tiers: Tiers
    clock: Clock
    calls: Calls = field(default_factory=Calls)

    def exchange(
        self, target: bytes = b"/rag", body: bytes = b"{}", *fields: tuple[bytes, bytes], **more: Any
    ) -> Exchange:
        """A POST to the route, its body at hand; `more` changes the request."""
        pairs: Pairs = ((b"Host", b"gw"), (b"Content-Length", b"%d" % len(body)), *fields)
        asked = request(more.pop("method", b"POST"), target, pairs, **more)
        return Exchange(asked, 0.0, self.clock.now, body=body, length=len(body))

    async def ask(self, *args: Any, **more: Any) -> tuple[Exchange, bytes]:
        """Handle one, and read its answer to the end."""
        x = self.exchange(*args, **more)
        return x, await read(await self.pipeline.handle(x))

    async def landed(self) -> None:
        """Until no flight is under way."""
        await self.pipeline.flights.close(5)


async def read(answer: Answer) -> bytes:
    """An answer's body; a problem's detail."""
    match answer:
        case FromEntry(entry):
            return entry.body
        case FromRecording(recording):
            return b"".join([piece async for piece in recording.read()])
        case FromReply(reply, prefix):
            return prefix + b"".join([piece async for piece in reply.chunks()])
    return answer.detail.encode()


def plan_settings(url: str, *routes: dict[str, Any], **more: Any) -> Settings:
    """Settings with one upstream `rag`."""
    return Settings.model_validate(
        {
            "upstreams": {"rag": {"urls": [url], **more}},
            "routes": [{"upstream": "rag", "match": {"path": "/rag"}, **route} for route in routes],
        }
    )


@asynccontextmanager
async def rigged(
    url: str,
    *routes: dict[str, Any],
    store: Store | None = None,
    drift: Callable[..., DriftWatch] = DriftWatch,
    **upstream: Any,
) -> AsyncIterator[Rig]:
    """A rig before the service at `url`; one route `rag` for /rag unless others are named."""
    settings = plan_settings(url, *(routes or ({"name": "rag"},)), **upstream)
    clock, calls = Clock(), Calls()
    asked = Upstream("rag", settings.upstreams["rag"], calls)
    tiers = Tiers(Memory(1 << 22), store, read_timeout=1, compress_over=1 << 20, clock=clock, random=lambda: 0.5)
    tiers.early = betas(settings.routes)
    await tiers.start()
    pipeline = Pipeline(Plan(settings, {"rag": asked}), tiers, lambda: 0.5, clock, clock, drift=drift)
    try:
        yield Rig(pipeline, asked, tiers, clock, calls)
    finally:
        await pipeline.flights.close(5)
        await pipeline.drift.close()
        await tiers.close()
        await asked.close()
        assert calls.inflight == 0
