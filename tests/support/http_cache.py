"""A gateway whose one route follows RFC 9111, for tests that ask the same twice; the route's settings are arguments."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.support.eventually import eventually
from tests.support.http_front import Front, front
from tests.support.origin import HTTP, Answer, Script, date


class Cache:
    """What stands in front of an origin."""

    def __init__(self, of: Front) -> None:
        self.front, self.origin, self.clock = of, of.origin, of.clock
        self.client, self.get, self.port = of.client, of.get, of.gateway.port

    async def twice(self, script: Script, asked: tuple[str, ...] = (), again: tuple[str, ...] = ()) -> list[Answer]:
        """The same GET, and what came of it each time. again: the fields of the second one, if they are others."""
        self.origin.answers("/a", script)
        return [await self.get("/a", *asked), await self.get("/a", *(again or asked))]

    def at(self, offset: float) -> str:
        """A moment in seconds from now, as in Date."""
        return date(self.clock.now + offset)

    @property
    def calls(self) -> int:
        """How often the origin was asked."""
        return len(self.origin.asked)

    async def until_waiting(self, clients: int) -> None:
        """Returns once so many clients wait for one answer or another."""
        flights = self.front.gateway.worker._pipeline.flights._flights
        await eventually(lambda: sum(flight.clients for flight in flights.values()) == clients)


@asynccontextmanager
async def http_cache(
    *, key: dict[str, Any] | None = None, forwarding: dict[str, Any] | None = None, **cache: Any
) -> AsyncIterator[Cache]:
    """key, cache: of the route. forwarding: of the file."""
    route = {"key": key or {}, "cache": {**HTTP["cache"], **cache}}
    async with front(route=route, forwarding=forwarding or {}) as of:
        yield Cache(of)
