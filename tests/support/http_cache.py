"""A gateway with one route under RFC 9111, its origin, a client, and a clock that all go by."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.gateway import Client, Running, running, settings
from tests.support.origin import HTTP, Answer, Clock, Origin, Script, ask, date


@dataclass
class Cache:
    """What `http_cache` has started."""

    origin: Origin
    gateway: Running
    client: Client
    clock: Clock

    async def get(self, target: str = "/a", *fields: str) -> Answer:
        return await ask(self.client, "GET", target, *fields)

    async def twice(self, script: Script, asked: tuple[str, ...] = (), again: tuple[str, ...] = ()) -> list[Answer]:
        """The same GET, and what came of it each time. again: the fields of the second one, if they are others."""
        self.origin.answers("/a", script)
        return [await self.get("/a", *asked), await self.get("/a", *(again or asked))]

    def at(self, offset: float) -> str:
        """A moment in seconds from now, as in Date."""
        return date(self.clock.now + offset)

    @property
    def calls(self) -> int:
        return len(self.origin.asked)


@asynccontextmanager
async def http_cache(
    *, key: dict[str, Any] | None = None, more: dict[str, Any] | None = None, **cache: Any
) -> AsyncIterator[Cache]:
    """cache, key: settings of the route; more: those beside it."""
    clock = Clock()
    route = {**HTTP, "key": key or {}, "cache": {**HTTP["cache"], **cache}}
    async with (
        Origin() as origin,
        running(settings(origin.url, route, **(more or {})), clock) as gateway,
        Client(gateway.port) as client,
    ):
        yield Cache(origin, gateway, client, clock)
