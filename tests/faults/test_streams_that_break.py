"""Streams that break in every way we know of: passed on as far as they came, cut, never stored, never ended whole."""

import asyncio

import pytest

from tests.support.gateway import RAG, Client, field, post, running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire

SSE = b"Content-Type: text/event-stream\r\n"
NDJSON = b"Content-Type: application/x-ndjson\r\n"
ASK = post(b"/rag", b'{"query": "q"}')
END = b"0\r\n\r\n"


def head(fields: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + fields + b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def stalls(wire: Wire) -> None:
    await asyncio.sleep(30)


async def closes(wire: Wire) -> None:
    wire.close()


async def resets(wire: Wire) -> None:
    wire.reset()


async def ends(wire: Wire) -> None:
    await wire.send(END)


async def breaks_its_framing(wire: Wire) -> None:
    await wire.send(b"zz\r\n")


@pytest.mark.parametrize(
    ("fields", "said", "then", "whole"),
    [
        (SSE, b"data: 1\n\n", stalls, False),
        (SSE, b"data: 1\n\n", closes, False),
        (SSE, b"data: 1\n\n", resets, False),
        (SSE, b"data: [DONE]\n\n", closes, False),
        (SSE, b"data: 1\n\n", breaks_its_framing, False),
        (SSE, b'data: {"token": "tru', ends, True),
        (SSE, b'data: {"broken: JSON}\n\n', ends, True),
        (SSE, b'{"done": true}\n', ends, True),  # it has switched to lines
        (NDJSON, b'{"done": false}\n', ends, True),
        (NDJSON, b"data: [DONE]\n\n", ends, True),  # it has switched to events
        (SSE, b"", ends, True),
    ],
)
async def test_it_is_passed_on_as_far_as_it_came_and_asked_for_anew(fields, said, then, whole):
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(head(fields) + (chunk(said) if said else b""))
        await asyncio.sleep(0.01)
        await then(wire)

    route = RAG | {"stream": {"terminal": [{"data": "[DONE]"}, {"pointer": "/done", "is": True}]}}
    if fields is NDJSON:
        route = RAG | {"stream": {"terminal": [{"pointer": "/done", "is": True}]}}
    async with ScriptedUpstream(answer) as upstream:
        configured = settings(upstream.url, route, timeouts={"idle": "200ms"})
        async with running(configured) as gateway:
            for _ in range(2):
                async with Client(gateway.port) as client:
                    await client.send(ASK)
                    told = await client.head()
                    assert b"stored" not in (field(told, b"cache-status") or b"")
                    got = b""
                    async with asyncio.timeout(5):
                        try:
                            while not got.endswith(END) and (piece := await client.reader.read(1 << 16)):
                                got += piece
                        except ConnectionError:
                            pass
                    assert got.endswith(END) is whole
                    assert said in got
        assert len(upstream.asked) == 2


async def test_a_client_that_reads_nothing_does_not_hold_up_those_who_do():
    events = [b"data: %b\n\n" % (b"x" * 60_000) for _ in range(100)] + [b"data: [DONE]\n\n"]

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(head(SSE))
        for event in events:
            await wire.send(chunk(event))
        await wire.send(END)

    route = RAG | {"cache": {"max_body": "1MiB"}}
    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url, route)) as gateway:
        async with Client(gateway.port) as stuck, Client(gateway.port) as reading:
            stuck.writer.transport.pause_reading()
            await reading.send(ASK)
            await stuck.send(ASK)
            async with asyncio.timeout(20):
                await reading.head()
                got = 0
                tail = b""
                while not tail.endswith(END):
                    piece = await reading.reader.read(1 << 20)
                    assert piece, "the one who reads was cut off"
                    got += len(piece)
                    tail = (tail + piece)[-10:]
            assert got > sum(map(len, events))
