"""What one client may use up: time, connections, bytes."""

import asyncio

import pytest

from tests.support.gateway import RAG, Client, field, once, post, running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def fine(asked: Asked, wire: Wire) -> None:
    await wire.json(b"{}")


async def test_a_head_that_drips_in_is_answered_with_408():
    async with ScriptedUpstream(fine) as upstream:
        configured = settings(upstream.url, limits={"header_read": "200ms"})
        async with running(configured) as gateway, Client(gateway.port) as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: gw\r\nX-Slow")
            head, body = await client.answer()
            assert head.startswith(b"HTTP/1.1 408 ")
            assert b"took too long" in body
            assert await client.closed()


async def test_a_whole_head_stops_the_clock():
    async def slow(asked: Asked, wire: Wire) -> None:
        await asyncio.sleep(0.4)
        await wire.json(b"{}")

    async with ScriptedUpstream(slow) as upstream:
        configured = settings(upstream.url, limits={"header_read": "200ms"})
        async with running(configured) as gateway, Client(gateway.port) as client:
            await client.send(b"GET / HTTP/1.1\r\nHo")
            await asyncio.sleep(0.1)
            head, _ = await client.ask(b"st: gw\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("route", [None, RAG])
async def test_a_body_that_stops_is_answered_with_408(route):
    async with ScriptedUpstream(fine) as upstream:
        configured = settings(upstream.url, *([route] if route else []), limits={"body_read": "200ms"})
        async with running(configured) as gateway, Client(gateway.port) as client:
            head, _ = await client.ask(b"POST /rag HTTP/1.1\r\nHost: gw\r\nContent-Length: 10\r\n\r\nabc")
            assert head.startswith(b"HTTP/1.1 408 ")
            assert field(head, b"connection") == b"close"


async def test_an_idle_connection_is_closed():
    async with ScriptedUpstream(fine) as upstream:
        configured = settings(upstream.url, limits={"idle": "300ms"})
        async with running(configured) as gateway:
            async with Client(gateway.port) as client:
                assert await client.closed(2)
            async with Client(gateway.port) as client:
                await client.ask(b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
                assert await client.closed(2)


@pytest.mark.parametrize(
    "request_bytes",
    [
        post(b"/rag", b"x" * 2000),
        post(b"/other", b"x" * 2000),
        b"POST /other HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n"
        + b"x" * 2000
        + b"\r\n0\r\n\r\n",
        b"POST /rag HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + b"x" * 2000 + b"\r\n0\r\n\r\n",
    ],
)
async def test_a_body_over_the_limit_is_a_413(request_bytes):
    async with ScriptedUpstream(fine) as upstream:
        configured = settings(upstream.url, RAG, limits={"body": 1000})
        async with running(configured) as gateway:
            head, _ = await once(gateway.port, request_bytes)
            assert head.startswith(b"HTTP/1.1 413 ")
            assert field(head, b"connection") == b"close"


async def test_connections_over_the_limit_wait_for_one_to_leave():
    async with ScriptedUpstream(fine) as upstream:
        async with running(settings(upstream.url, limits={"connections": 2})) as gateway:
            first, second = Client(gateway.port), Client(gateway.port)
            await first.__aenter__()
            await second.__aenter__()
            for client in (first, second):
                await client.ask(b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
            async with Client(gateway.port) as third:
                await third.send(b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
                with pytest.raises(TimeoutError):
                    await third.head(0.3)
                await first.__aexit__()
                head, _ = await third.answer()
                assert head.startswith(b"HTTP/1.1 200 ")
            await second.__aexit__()


async def test_a_client_that_takes_nothing_is_cut_off():
    async def endless(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await wire.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    async with ScriptedUpstream(endless) as upstream:
        async with running(settings(upstream.url, limits={"send": "300ms"})) as gateway, Client(gateway.port) as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
            await upstream.until(lambda: upstream.connections == 1)
            client.writer.transport.pause_reading()
            await upstream.until(lambda: upstream.open == 0)


async def test_many_refusals_do_not_fill_the_log(caplog):
    async with ScriptedUpstream(fine) as upstream, running(settings(upstream.url)) as gateway:
        for _ in range(70):
            async with Client(gateway.port) as client:
                await client.send(b"nonsense\r\n\r\n")
                await client.head()
    lines = [record for record in caplog.records if "refused" in record.getMessage()]
    assert 0 < len(lines) <= 60
    assert all(record.exc_info is None for record in caplog.records)
