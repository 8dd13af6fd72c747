"""A gateway whose one route follows RFC 9111, before a scripted origin, with a clock that the test moves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.support.gateway import Client, Running, once, running, settings
from tests.support.origin import HTTP, Answer, Clock, Origin, ask
from tests.support.upstream import Asked, Wire


class Front:
    """They, and a client that keeps its connection."""

    def __init__(self, origin: Origin, gateway: Running, client: Client, clock: Clock) -> None:
        self.origin = origin
        self.gateway = gateway
        self.client = client
        self.clock = clock

    def passes(self, seconds: float) -> None:
        """Have time pass, and the ledger be seen as lately as before."""
        self.clock.passes(seconds)
        self.gateway.worker._tiers.sieve.until += seconds

    async def get(self, target: str = "/a", *fields: str, method: str = "GET", body: bytes = b"") -> Answer:
        return await ask(self.client, method, target, *fields, body=body)

    async def raw(self, target: str = "/a", *fields: str) -> tuple[bytes, bytes]:
        """An answer's head and body as they go over the wire, on a connection of its own."""
        lines = "".join(f"{field}\r\n" for field in fields)
        return await once(self.gateway.port, f"GET {target} HTTP/1.1\r\nHost: gw\r\n{lines}\r\n".encode())


@asynccontextmanager
async def front(clock: Clock | None = None, origin: Origin | None = None, **more: Any) -> AsyncIterator[Front]:
    """more: of the settings; `route`: of the route's."""
    clock, route = clock or Clock(), {**HTTP, **more.pop("route", {})}
    async with origin or Origin() as service:
        async with running(settings(service.url, route, **more), clock) as gateway, Client(gateway.port) as client:
            yield Front(service, gateway, client, clock)


def tagged(tag: str, *fields: str, body: bytes = b"body") -> Any:
    """A resource that bears an entity tag, and says 304 to those who name it."""

    async def script(asked: Asked, wire: Wire) -> None:
        lines = "".join(f"{field}\r\n" for field in (f"ETag: {tag}", *fields))
        known = tag.removeprefix("W/").encode() in (asked.get(b"if-none-match") or b"")
        if known:
            await wire.send(f"HTTP/1.1 304 Not Modified\r\n{lines}\r\n".encode())
            return
        head = f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode()
        await wire.send(head if asked.line.startswith(b"HEAD") else head + body)

    return script


def echoing(name: str, *fields: str) -> Any:
    """A resource that says what a request field says."""

    async def script(asked: Asked, wire: Wire) -> None:
        body = asked.get(name.lower().encode()) or b"-"
        lines = "".join(f"{field}\r\n" for field in fields)
        await wire.send(f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    return script
