"""An Upstream of ours in front of a scripted service, without a gateway around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gateway.model.settings.upstream import UpstreamSettings
from gateway.upstream.call import Call
from gateway.upstream.fetch import Upstream
from gateway.upstream.reply import Reply


class Calls:
    """What the upstream's listener was told."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, str]] = []
        self.inflight = 0
        self.batches: list[int] = []

    def upstream_inflight(self, upstream: str, delta: int) -> None:
        self.inflight += delta
        assert self.inflight >= 0

    def upstream_call(self, upstream: str, result: str, seconds: float) -> None:
        assert seconds >= 0
        self.ended.append((upstream, result))

    def upstream_batch(self, upstream: str, items: int) -> None:
        self.batches.append(items)


@asynccontextmanager
async def upstream_of(*urls: str, **settings: Any) -> AsyncIterator[tuple[Upstream, Calls]]:
    calls = Calls()
    upstream = Upstream("rag", UpstreamSettings.model_validate({"urls": urls, **settings}), calls)
    try:
        yield upstream, calls
    finally:
        await upstream.close()


def call(method: bytes = b"GET", target: bytes = b"/", **more: Any) -> Call:
    return Call(method, target, lambda authority: ((b"Host", authority),), **more)


async def body_of(reply: Reply) -> bytes:
    return b"".join([piece async for piece in reply.chunks()])
