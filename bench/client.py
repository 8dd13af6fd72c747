"""A client that asks a given number of requests and looks at each answer; wrk knows only how long it is to ask."""

import asyncio
import http.client
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

_PATIENCE = 60.0  # seconds for one answer


@dataclass(slots=True)
class Answer:
    """status 0: the connection broke off. first, whole: seconds until the body's first byte, and until its last."""

    status: int
    head: bytes
    body: bytes
    first: float
    whole: float


_POST = b"POST /rag HTTP/1.1\r\nHost: %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


def post(body: bytes, url: str) -> bytes:
    """The bytes of a request to /rag. url: gives Host, which is part of what is asked."""
    return _POST % (urlsplit(url).netloc.encode(), len(body), body)


def get(url: str, path: str) -> bytes:
    """The body of one GET; OSError where it is no 200."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise OSError(f"{url}{path}: {response.status}")
        return response.read()
    finally:
        connection.close()


def calls(url: str) -> int:
    """How many calls a bench.service has had."""
    return int(get(url, "/-/calls"))


class Connection:
    """One connection to a server: HTTP/1.1, kept alive, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, url: str) -> "Connection":
        """OSError where nobody is there."""
        address = urlsplit(url)
        return cls(*await asyncio.open_connection(address.hostname, address.port))

    async def ask(self, request: bytes) -> Answer:
        """TimeoutError where the answer is not whole in a minute."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE):
                self._writer.write(request)
                head = await self._reader.readuntil(b"\r\n\r\n")
                body, first = await self._body(head.lower())
        except (asyncio.IncompleteReadError, ConnectionError):
            return Answer(0, b"", b"", 0.0, time.monotonic() - began)
        return Answer(int(head.split(None, 2)[1]), head, body, first - began, time.monotonic() - began)

    async def _body(self, head: bytes) -> tuple[bytes, float]:
        if b"transfer-encoding: chunked" in head:
            return await self._chunks()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        first = await self._reader.readexactly(min(1, length))
        at = time.monotonic()
        return first + await self._reader.readexactly(length - len(first)), at

    async def _chunks(self) -> tuple[bytes, float]:
        pieces, first = [], 0.0
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            first = first or time.monotonic()
            pieces.append((await self._reader.readexactly(size + 2))[:-2])
        await self._reader.readexactly(2)
        return b"".join(pieces), first

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


async def at_once(urls: Sequence[str], request: bytes, count: int) -> list[Answer]:
    """The same request on `count` connections at one moment, spread over `urls`."""
    connections = [await Connection.to(urls[number % len(urls)]) for number in range(count)]
    try:
        return await asyncio.gather(*(connection.ask(request) for connection in connections))
    finally:
        await asyncio.gather(*(connection.close() for connection in connections))


async def each(url: str, requests: Iterable[bytes], connections: int = 32) -> int:
    """Every request once; how many answers were no 200."""
    left = iter(requests)

    async def work() -> int:
        connection, wrong = await Connection.to(url), 0
        for request in left:
            if (await connection.ask(request)).status != 200:
                wrong += 1
        await connection.close()
        return wrong

    return sum(await asyncio.gather(*(work() for _ in range(connections))))
