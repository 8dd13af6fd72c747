"""Neighbours that are slow, full or silent: every wait has an end, and nobody pays for another."""

import asyncio

import pytest

from gateway.model.errors import UpstreamTimeout
from tests.support.eventually import eventually
from tests.support.gateway import RAG, Client, field, once, post, running, settings
from tests.support.leaks import left_nothing
from tests.support.talk import body_of, call, upstream_of
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def fine(asked: Asked, wire: Wire) -> None:
    await wire.json(b"{}")


async def silent(asked: Asked, wire: Wire) -> None:
    await wire.reader.read(1)


async def test_waiting_for_a_free_connection_counts_for_the_total_limit():
    """Nothing limited the queue: where all connections were taken, calls waited as long as it took."""
    limits = {"pool": {"connections": 1}, "timeouts": {"total": "300ms"}}
    async with ScriptedUpstream(silent) as service, upstream_of(service.url, **limits) as (upstream, calls):
        asking = [asyncio.create_task(upstream.fetch(call())) for _ in range(3)]
        errors = await asyncio.gather(*asking, return_exceptions=True)
        assert [type(error) for error in errors] == [UpstreamTimeout] * 3
        assert upstream.pending == calls.inflight == 0
    assert {result for _, result in calls.ended} == {"upstream-timeout"}


async def test_the_total_limit_runs_from_the_beginning():
    async def drips(asked: Asked, wire: Wire) -> None:
        await asyncio.sleep(0.2)
        await wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await wire.send(b"1\r\nx\r\n")
            await asyncio.sleep(0.02)

    limits = {"timeouts": {"total": "400ms"}}
    loop = asyncio.get_running_loop()
    async with ScriptedUpstream(drips) as service, upstream_of(service.url, **limits) as (upstream, _):
        began = loop.time()
        with pytest.raises(UpstreamTimeout):
            await body_of(await upstream.fetch(call()))
        assert loop.time() - began < 0.55


async def test_a_free_connection_is_not_lost_on_a_client_who_left():
    """A waiter that was called up and left in the same moment called up nobody: the next one waited on."""
    gate = asyncio.Event()

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.json(b"{}")

    limits = {"pool": {"connections": 1}}
    async with ScriptedUpstream(gated) as service, upstream_of(service.url, **limits) as (upstream, _):
        first = await _asking(upstream)
        await service.until(lambda: len(service.asked) == 1)
        second, third = await _asking(upstream), await _asking(upstream)
        connector = upstream._pool._connector
        release = connector._release_waiter

        def release_and_leave() -> None:
            release()
            second.cancel()

        connector._release_waiter = release_and_leave
        gate.set()
        await first
        del connector._release_waiter
        assert await asyncio.wait_for(third, 5) == b"{}"
        assert second.cancelled()
        assert upstream.pending == 0


async def _asking(upstream) -> asyncio.Task[bytes]:
    async def ask() -> bytes:
        return await body_of(await upstream.fetch(call()))

    task = asyncio.create_task(ask())
    while not upstream._pool._connector._waiters and upstream.pending > 1:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def test_an_upstream_that_takes_no_more_of_a_request_is_a_timeout():
    """Only clients had a limit on how long they might hold up a body."""

    class Deaf(ScriptedUpstream):
        async def _serve(self, reader, writer):
            writer.transport.pause_reading()
            await self.changed_for_ever.wait()

        changed_for_ever = asyncio.Event()

    async def endless():
        while True:
            yield b"x" * 65_536

    limits = {"timeouts": {"idle": "200ms"}}
    async with Deaf(fine) as service, upstream_of(service.url, **limits) as (upstream, _):
        with pytest.raises(UpstreamTimeout, match="took no more"):
            await upstream.fetch(call(b"POST", rest=endless(), chunked=True))
        assert upstream.pending == 0


async def test_a_client_that_waits_for_continue_gets_it_though_the_upstream_says_nothing():
    """The upstream waited for the body, the client for a word, and both for the time-out."""

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(asked.body)

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        async with Client(gateway.port) as client:
            await client.send(b"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
            head, body = await client.ask(b"{}")
            assert body == b"{}"
            assert field(head, b"connection") is None


async def test_the_connection_ends_where_a_client_may_have_left_its_body_out():
    """What it sent next was taken for the body that it had never been asked for."""

    class Refuses(ScriptedUpstream):
        async def _serve(self, reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
            await reader.read()

    async with Refuses(fine) as upstream, running(settings(upstream.url)) as gateway:
        async with Client(gateway.port) as client:
            head, _ = await client.ask(
                b"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n"
            )
            assert head.startswith(b"HTTP/1.1 417 ")
            assert field(head, b"connection") == b"close"
        await left_nothing(gateway)


async def test_early_hints_reach_a_client_that_sent_no_body():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n")
        await wire.json(b"{}")

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        async with Client(gateway.port) as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
            assert await client.head() == b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            assert (await client.answer())[1] == b"{}"


async def test_a_slow_client_that_goes_on_taking_a_large_hit_is_not_cut_off():
    """The limit on taking nothing was a limit on taking everything."""
    size = 12_000_000

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b'"' + b"x" * size + b'"')

    route = RAG | {"cache": {"max_body": "16MiB"}}
    async with ScriptedUpstream(answer) as upstream:
        async with running(settings(upstream.url, route, limits={"send": "400ms"})) as gateway:
            await once(gateway.port, post(b"/rag", b"{}"))
            async with Client(gateway.port) as client:
                await client.send(post(b"/rag", b"{}"))
                head = await client.head()
                assert b"hit" in field(head, b"cache-status")
                got = 0
                while got < size + 2:
                    got += len(await client.reader.readexactly(min(500_000, size + 2 - got)))
                    await asyncio.sleep(0.03)
            await left_nothing(gateway)


async def test_another_replica_is_asked_where_one_does_not_take_connections():
    """A full listen queue looks like a host that is gone: silence. Only refusals were tried elsewhere."""
    async with ScriptedUpstream(fine) as service:
        limits = {"timeouts": {"connect": "200ms"}}
        async with upstream_of("http://127.0.0.1:9", service.url, **limits) as (upstream, _):
            connect = upstream._pool._connector._wrap_create_connection

            async def black_hole(*args, req, **more):
                if req.url.port == 9:
                    await asyncio.Event().wait()
                return await connect(*args, req=req, **more)

            upstream._pool._connector._wrap_create_connection = black_hole
            for _ in range(2):
                assert await body_of(await upstream.fetch(call(b"POST"))) == b"{}"
            assert upstream.pending == 0


async def test_clients_who_leave_while_they_queue_leave_nothing():
    gate = asyncio.Event()

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.json(b"{}")

    async with ScriptedUpstream(gated) as upstream:
        configured = settings(upstream.url)
        rag = configured.upstreams["rag"]
        pool = rag.pool.model_copy(update={"connections": 2})
        configured = configured.model_copy(update={"upstreams": {"rag": rag.model_copy(update={"pool": pool})}})
        async with running(configured) as gateway:
            clients = [Client(gateway.port) for _ in range(20)]
            for client in clients:
                await client.__aenter__()
                await client.send(b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
            await eventually(lambda: gateway.worker._metrics._clients == 20)
            for client in clients[::2]:
                await client.__aexit__()
            gate.set()
            for client in clients[1::2]:
                assert (await client.answer())[1] == b"{}"
                await client.__aexit__()
            await left_nothing(gateway)
