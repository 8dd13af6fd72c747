"""A gateway in this process, on free ports of 127.0.0.1, and raw clients for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from gateway.app import Worker, WorkerSpec
from gateway.model.settings.file import Settings
from tests.support.ports import free_port

LANE: dict[str, bool] = {}
"""Put over every gateway's `hit_lane`; the integration suite runs with the lane on and off (conftest)."""


def settings(upstream: str, *routes: dict[str, Any], **more: Any) -> Settings:
    """Settings with one upstream, no L2 unless stated, and free ports. The ledger stands beside the disk's folder."""
    timeouts = more.pop("timeouts", {})
    disk = (more.get("l2") or {}).get("disk")
    return Settings.model_validate(
        {
            "listen": f"127.0.0.1:{free_port()}",
            "admin": {"listen": "off"},
            "upstreams": {"rag": {"urls": [upstream], "timeouts": timeouts}},
            "routes": [{"upstream": "rag", **route} for route in routes],
            "l2": None,
            "control": {"path": f"{disk['path']}-control" if disk else "off"},
            "hit_lane": LANE,
            **more,
        }
    )


RAG: dict[str, Any] = {"name": "rag", "match": {"method": ["POST"], "path": "/rag"}}


class Running:
    """A started worker and where it listens."""

    def __init__(self, worker: Worker, configured: Settings) -> None:
        self.worker = worker
        self.settings = configured
        self.port = int(configured.listen.rpartition(":")[2])
        self.url = f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def running(configured: Settings, wall: Callable[[], float] = time.time) -> AsyncIterator[Running]:
    """A worker that listens. wall: its clock, Unix seconds."""
    worker = Worker(WorkerSpec(configured, lambda: configured, wall=wall))
    await worker.start()
    try:
        yield Running(worker, configured)
    finally:
        await worker.stop()


class Client:
    """A raw HTTP/1.1 client connection: sends bytes, reads answers apart without judging them."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def __aenter__(self) -> "Client":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, seconds: float = 10) -> bytes:
        async with asyncio.timeout(seconds):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def answer(self, method: bytes = b"GET", seconds: float = 10) -> tuple[bytes, bytes]:
        """One answer: head and raw body (chunked: as on the wire)."""
        async with asyncio.timeout(seconds):
            head = await self.head(seconds)
            low = head.lower()
            if method == b"HEAD" or head[9:12] in (b"204", b"304") or head[9:10] == b"1":
                return head, b""
            if b"\r\ntransfer-encoding: chunked" in low:
                body = b""
                while not body.endswith(b"0\r\n\r\n") and not _ends_with_trailers(body):
                    piece = await self.reader.read(1 << 16)
                    if not piece:
                        raise asyncio.IncompleteReadError(body, None)
                    body += piece
                return head, body
            for line in low.split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    return head, await self.reader.readexactly(int(line.split(b":")[1]))
            return head, await self.reader.read(-1)

    async def ask(self, data: bytes, method: bytes = b"GET") -> tuple[bytes, bytes]:
        await self.send(data)
        return await self.answer(method)

    async def closed(self, seconds: float = 5) -> bool:
        """Whether the other side closes (whatever it still sends)."""
        async with asyncio.timeout(seconds):
            try:
                while await self.reader.read(1 << 16):
                    pass
            except ConnectionError:
                return True
            return True


def _ends_with_trailers(body: bytes) -> bool:
    return body.endswith(b"\r\n\r\n") and b"\r\n0\r\n" in body


async def once(port: int, data: bytes, method: bytes = b"GET") -> tuple[bytes, bytes]:
    """One request on a connection of its own."""
    async with Client(port) as client:
        return await client.ask(data, method)


def post(path: bytes, body: bytes, *fields: bytes) -> bytes:
    lines = b"".join(field + b"\r\n" for field in fields)
    return b"POST %b HTTP/1.1\r\nHost: gw\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n%b" % (
        path,
        len(body),
        lines,
        body,
    )


def field(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    return None
