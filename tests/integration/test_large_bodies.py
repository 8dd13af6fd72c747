"""Bodies of any size pass in little memory, at the pace of the slower side."""

import asyncio

from tests.support.gateway import Client
from tests.support.process import serving
from tests.support.upstream import Asked, ScriptedUpstream, Wire

GIB = 1 << 30
PIECE = bytes(range(256)) * 1024  # 256 KiB
LIMIT = 100 << 20


class Bulk(ScriptedUpstream):
    """Takes and gives a GiB without keeping it."""

    received = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"PUT"):
            while self.received < GIB:
                self.received += len(await reader.read(1 << 18))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % GIB)
            for _ in range(GIB // len(PIECE)):
                writer.write(PIECE)
                await writer.drain()
        await writer.drain()
        await reader.read()
        writer.close()


async def never(asked: Asked, wire: Wire) -> None:
    raise AssertionError


async def test_a_gib_each_way_in_under_100_mib(tmp_path):
    async with Bulk(never) as upstream, serving(tmp_path, upstream.url, "off") as gateway:
        async with Client(gateway.port) as client:
            await client.send(b"PUT /up HTTP/1.1\r\nHost: gw\r\nContent-Length: %d\r\n\r\n" % GIB)
            for _ in range(GIB // len(PIECE)):
                await client.send(PIECE)
            head = await client.head(30)
            assert head.startswith(b"HTTP/1.1 200 ")
            assert upstream.received == GIB
            assert gateway.rss() < LIMIT
        async with Client(gateway.port) as client:
            await client.send(b"GET /down HTTP/1.1\r\nHost: gw\r\n\r\n")
            await client.head()
            await asyncio.sleep(0.5)  # a client that is slow at first: nothing piles up meanwhile
            assert gateway.rss() < LIMIT
            left, at = GIB, 0
            while left:
                data = await client.reader.read(1 << 20)
                assert data, "cut short"
                offset = at % 256
                assert data[:256] == (PIECE[:512])[offset : offset + 256][: len(data)]
                at += len(data)
                left -= len(data)
            assert gateway.rss() < LIMIT
