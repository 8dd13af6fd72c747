"""A crowd of clients that come and go before an upstream that does anything: afterwards all is as before."""

import asyncio
import logging
import random

import pytest

from tests.support.gateway import RAG, Client, once, post, running, settings
from tests.support.leaks import left_nothing
from tests.support.upstream import Asked, ScriptedUpstream, Wire

CLIENTS = 400
AT_ONCE = 40

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
ANSWERS = [
    (HEAD + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", "stay"),
    (HEAD + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", "close"),
    (HEAD + b"Cache-Control: private\r\nContent-Length: 2\r\n\r\n{}", "stay"),
    (HEAD + b"Vary: X-Kind\r\nContent-Length: 2\r\n\r\n{}", "stay"),
    (HEAD + b"Content-Length: 2\r\n\r\n{}and more", "stay"),
    (HEAD + b"Content-Length: 20\r\n\r\n{}", "reset"),
    (HEAD + b"Content-Length: 20\r\n\r\n{}", "close"),
    (HEAD + b"\r\nuntil the end", "close"),
    (CHUNKED + b"2\r\n{}\r\n0\r\n\r\n", "stay"),
    (CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (90_000, b"x" * 90_000), "stay"),
    (CHUNKED + b"2\r\n{}\r\n", "close"),
    (CHUNKED + b"nonsense\r\n", "stay"),
    (HEAD + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "stay"),
    (b"HTTP/1.1 103 E\r\n\r\n" + HEAD + b"Content-Length: 0\r\n\r\n", "stay"),
    (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "stay"),
    (b"", "close"),
    (b"", "reset"),
    (b"SSH-2.0\r\n\r\n", "stay"),
]
BODIES = [b'{"q": %d}' % i for i in range(6)]
REQUESTS = [
    *[post(b"/rag", body) for body in BODIES],
    *[post(b"/rag", body, b"X-Kind: %d" % i) for i, body in enumerate(BODIES)],
    *[post(b"/rag", body, b"Expect: 100-continue") for body in BODIES],
    post(b"/rag", b"{}").replace(b"1.1", b"1.0"),
    b"GET /x HTTP/1.1\r\nHost: gw\r\n\r\n" * 3,
    b"HEAD /x HTTP/1.1\r\nHost: gw\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    b"POST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n" + b"x" * 100_000,
    b"GET /x HTTP/1.1\r\nHost: gw\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nearly",
    b"nonsense\r\n\r\n",
]


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_left_of_a_crowd(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(seed)

    async def answer(asked: Asked, wire: Wire) -> None:
        if chance.random() < 0.3:
            await asyncio.sleep(chance.random() * 0.02)
        says, then = chance.choice(ANSWERS)
        at = chance.randrange(len(says) + 1)
        await wire.send(says[:at])
        await asyncio.sleep(0)
        await wire.send(says[at:])
        if then != "stay":
            getattr(wire, then)()

    async def client(port: int) -> None:
        async with Client(port) as one:
            try:
                await one.send(chance.choice(REQUESTS))
                async with asyncio.timeout(chance.choice([0.001, 0.005, 0.02, 0.1])):
                    while await one.reader.read(1 << 16):
                        pass
            except (TimeoutError, ConnectionError):
                pass
            if chance.random() < 0.5:
                one.writer.transport.abort()

    seats = asyncio.Semaphore(AT_ONCE)

    async def seated(port: int) -> None:
        async with seats:
            await client(port)

    route = RAG | {"cache": {"max_body": "64KiB", "ttl": "20ms", "stale_while_revalidate": "20ms"}}
    async with ScriptedUpstream(answer) as upstream:
        configured = settings(upstream.url, route, timeouts={"first_byte": "300ms", "idle": "300ms"})
        rag = configured.upstreams["rag"]
        pool = rag.pool.model_copy(update={"connections": 3})
        configured = configured.model_copy(update={"upstreams": {"rag": rag.model_copy(update={"pool": pool})}})
        with caplog.at_level(logging.ERROR):
            async with running(configured) as gateway:
                await asyncio.gather(*(seated(gateway.port) for _ in range(CLIENTS)))
                await left_nothing(gateway)

                async def fine(asked: Asked, wire: Wire) -> None:
                    await wire.json(b'"fine"')

                upstream.answer = fine
                for _ in range(5):
                    assert (await once(gateway.port, post(b"/rag", b'"after"')))[1] == b'"fine"'
    assert not caplog.records
