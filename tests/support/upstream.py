"""A scripted upstream: raw TCP, so that it can say anything, right or wrong, and remembers what it was asked."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass
class Asked:
    """One request as the upstream got it. `body` is decoded, `raw` is not."""

    head: bytes
    body: bytes
    raw: bytes
    connection: int

    @property
    def line(self) -> bytes:
        return self.head.split(b"\r\n", 1)[0]

    def all(self, name: bytes) -> list[bytes]:
        lines = self.head.split(b"\r\n")[1:]
        return [v.strip() for n, _, v in (line.partition(b":") for line in lines) if n.lower() == name]

    def get(self, name: bytes) -> bytes | None:
        found = self.all(name)
        return found[0] if found else None


class Wire:
    """The upstream's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def json(self, body: bytes, *fields: bytes, status: bytes = b"200 OK") -> None:
        lines = b"".join(field + b"\r\n" for field in fields)
        await self.send(
            b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n%b"
            % (status, len(body), lines, body)
        )

    def reset(self) -> None:
        """RST instead of FIN."""
        linger_for_0_s = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_0_s)
        self.writer.transport.abort()

    def close(self) -> None:
        self.writer.close()


Answer = Callable[[Asked, Wire], Awaitable[None]]


class ScriptedUpstream:
    """Listens on 127.0.0.1; each request goes to `answer`, which writes bytes or breaks the connection."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.connections = 0
        self.open = 0
        self.port = 0
        self.changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> "ScriptedUpstream":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._track, "127.0.0.1", self.port, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until(self, condition: Callable[[], bool], seconds: float = 5) -> None:
        """Wait for something that a request changes."""
        async with asyncio.timeout(seconds):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def _track(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        self.changed.set()
        try:
            await self._serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            self.changed.set()
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, wire = self.connections, Wire(reader, writer)
        while not writer.is_closing():
            asked = await _read(reader, number)
            self.asked.append(asked)
            self.changed.set()
            await self.answer(asked, wire)


async def _read(reader: asyncio.StreamReader, number: int) -> Asked:
    head = await reader.readuntil(b"\r\n\r\n")
    asked = Asked(head, b"", head, number)
    length = asked.get(b"content-length")
    if length is not None:
        asked.body = await reader.readexactly(int(length))
        asked.raw += asked.body
    elif (asked.get(b"transfer-encoding") or b"").lower() == b"chunked":
        while True:
            line = await reader.readuntil(b"\r\n")
            asked.raw += line
            size = int(line.split(b";")[0], 16)
            if not size:
                break
            piece = await reader.readexactly(size + 2)
            asked.raw += piece
            asked.body += piece[:-2]
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
            asked.raw += line
        asked.raw += b"\r\n"
    return asked
