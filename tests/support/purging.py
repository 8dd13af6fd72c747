"""A knowledge base that changes, gateways in front of it, and clients that notice whoever still gets the old answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.control.control import Control
from gateway.policy.purges import Order
from tests.support.gateway import RAG, Client, Running, post, running, settings
from tests.support.upstream import Asked, Wire

ROUTE: dict[str, Any] = {**RAG, "key": {"body": ["/query"]}, "cache": {"ttl": "10m"}, "lease": {"ttl": "1s"}}
"""The route of tests.support.process.CONFIG; with TAGS, its `route` has to say the same."""

TAGS = ["doc:{/docs/*}"]


class Service:
    """Answers with the generation of its knowledge when it began to answer. `takes`: seconds. `live`: as a stream."""

    def __init__(self, takes: float = 0.03) -> None:
        self.generation = 0
        self.takes = takes

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        query = json.loads(asked.body)["query"]
        body = json.dumps({"generation": self.generation, "query": query, "docs": [f"kb/{query}"]}).encode()
        await asyncio.sleep(self.takes)
        if not query.startswith("live"):
            await wire.json(body)
            return
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        for byte in (body[:5], body[5:]):
            await wire.send(b"%x\r\n%b\r\n" % (len(byte), byte))
            await asyncio.sleep(self.takes)
        await wire.send(b"0\r\n\r\n")


class Readers:
    """Clients of several gateways. `confirmed`: the generation below which nobody may be answered any more."""

    def __init__(self, ports: Sequence[int], queries: Sequence[str]) -> None:
        self._ports = ports
        self._queries = queries
        self._tasks: list[asyncio.Task[None]] = []
        self._running = True
        self.confirmed = 0
        self.answers = 0
        self.hits = 0
        self.old: list[str] = []

    async def __aenter__(self) -> "Readers":
        self._tasks = [asyncio.create_task(self._read(port, number)) for port in self._ports for number in range(4)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running = False
        await asyncio.gather(*self._tasks)

    async def more(self, answers: int) -> None:
        """Until so many further answers have come."""
        goal = self.answers + answers
        async with asyncio.timeout(30):
            while self.answers < goal:
                await asyncio.sleep(0.005)

    async def _read(self, port: int, number: int) -> None:
        async with Client(port) as client:
            while self._running:
                query = self._queries[number % len(self._queries)]
                number += 1
                least = self.confirmed
                head, body = await client.ask(ask(query))
                self.answers += 1
                self.hits += b"ragfront; hit" in head
                if generation(body) < least:
                    self.old.append(f"{port}: {head!r} {body!r}, expected {least}")


def ask(query: str) -> bytes:
    return post(b"/rag", json.dumps({"query": query}).encode())


def generation(body: bytes) -> int:
    """Of a plain or a chunked answer."""
    text = body if body.startswith(b"{") else b"".join(line for line in body.split(b"\r\n")[1::2])
    return int(json.loads(text)["generation"])


@asynccontextmanager
async def worker(upstream: str, l2: Any, control: Path, **more: Any) -> AsyncIterator[tuple[Running, Control]]:
    """A worker in this process, whose facade the test may use."""
    stated = settings(upstream, {**ROUTE, "tags": TAGS}, l2=l2, control={"path": str(control), **more})
    async with running(stated) as gateway:
        yield gateway, gateway.worker.control


async def renew(service: Service, readers: Readers, control: Control, orders: Sequence[Order]) -> None:
    """The knowledge changes, and what was said of it is purged."""
    service.generation += 1
    confirmed = await control.purge(orders, wait=10)
    assert confirmed.missing == ()
    readers.confirmed = service.generation


async def fleet(control: Control, size: int) -> None:
    """Until the worker knows that so many count."""
    async with asyncio.timeout(20):
        while len(await control.members()) != size:
            await asyncio.sleep(0.02)
