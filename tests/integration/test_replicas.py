"""Several replicas over sockets: who gets which call, drain and enable, reload."""

import asyncio

import pytest

from gateway.app import Worker, WorkerSpec
from tests.support.gateway import RAG, Client, Running, once, post, running, settings
from tests.support.leaks import left_nothing
from tests.support.upstream import Asked, ScriptedUpstream, Wire

UNCACHED = RAG | {"cache": {"mode": "off"}}


async def fine(asked: Asked, wire: Wire) -> None:
    await wire.json(b"{}")


def of(*urls: str, route=UNCACHED, **upstream):
    return settings("", route, upstreams={"rag": {"urls": urls, **upstream}})


def name(service: ScriptedUpstream) -> str:
    return service.url.removeprefix("http://")


async def ask(gateway: Running, times: int, body: bytes = b"{}") -> None:
    for _ in range(times):
        head, _ = await once(gateway.port, post(b"/rag", body))
        assert head.startswith(b"HTTP/1.1 200 ")


async def test_calls_spread():
    async with ScriptedUpstream(fine) as a, ScriptedUpstream(fine) as b, running(of(a.url, b.url)) as gateway:
        await ask(gateway, 60)
        assert min(len(a.asked), len(b.asked)) > 10


async def test_a_busy_replica_gets_no_more_than_the_other():
    gate = asyncio.Event()

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.json(b"{}")

    async with ScriptedUpstream(gated) as a, ScriptedUpstream(gated) as b, running(of(a.url, b.url)) as gateway:
        asking = [asyncio.create_task(ask(gateway, 1)) for _ in range(20)]
        await a.until(lambda: len(a.asked) == 10)
        await b.until(lambda: len(b.asked) == 10)
        gate.set()
        await asyncio.gather(*asking)
        await left_nothing(gateway)


async def test_draining_lets_running_calls_end_and_sends_no_new_ones():
    gate = asyncio.Event()

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.json(b'"late"')

    async with ScriptedUpstream(gated) as a, ScriptedUpstream(fine) as b, running(of(a.url, b.url)) as gateway:
        upstream = gateway.worker._upstreams["rag"]
        upstream.drain(name(b))
        async with Client(gateway.port) as client:
            await client.send(post(b"/rag", b"{}"))
            await a.until(lambda: len(a.asked) == 1)
            upstream.drain(name(b), drained=False)
            upstream.drain(name(a))
            await ask(gateway, 20)
            assert (len(a.asked), len(b.asked)) == (1, 20)
            assert upstream.state().replicas[0].pending == 1
            gate.set()
            assert (await client.answer())[1] == b'"late"'
        upstream.drain(name(a), drained=False)
        while len(a.asked) == 1:
            await ask(gateway, 1)
        with pytest.raises(LookupError, match="rag has no replica c; it has 127"):
            upstream.drain("c")


async def test_all_drained_is_a_503_that_says_so():
    async with ScriptedUpstream(fine) as a, running(of(a.url)) as gateway:
        gateway.worker._upstreams["rag"].drain(name(a))
        head, body = await once(gateway.port, post(b"/rag", b"{}"))
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 5\r\n" in head
        assert b"detail=drained" in head
        assert b"all its replicas are drained" in body


@pytest.mark.parametrize("route", [RAG, UNCACHED], ids=["cached", "uncached"])
async def test_requests_that_begin_alike_meet_at_one_replica(route):
    balance = {"mode": "hash", "pointer": "/messages", "prefix": 40}
    async with ScriptedUpstream(fine) as a, ScriptedUpstream(fine) as b, ScriptedUpstream(fine) as c:
        async with running(of(a.url, b.url, c.url, balance=balance, route=route)) as gateway:
            met = []
            for system in range(12):
                before = [len(one.asked) for one in (a, b, c)]
                for turn in range(4):
                    body = b'{"n": %d, "messages": [{"role": "system", "content": "%040d"}, "%d"]}'
                    head, _ = await once(gateway.port, post(b"/rag", body % (turn, system * 10**30, turn)))
                    assert head.startswith(b"HTTP/1.1 200 ")
                gained = [len(one.asked) - was for one, was in zip((a, b, c), before, strict=True)]
                assert sorted(gained) == [0, 0, 4]
                met.append(gained.index(4))
            assert len(set(met)) > 1


async def test_a_reload_keeps_connections_of_unchanged_upstreams_and_what_is_drained():
    async with ScriptedUpstream(fine) as a, ScriptedUpstream(fine) as b:
        before = of(a.url, b.url)
        loads = [before, of(a.url, b.url, timeouts={"total": "5s"})]
        worker = Worker(WorkerSpec(before, lambda: loads.pop(0)))
        await worker.start()
        try:
            gateway = Running(worker, before)
            await worker._drain("rag", name(a), True, "ann")
            await ask(gateway, 3)
            worker.reload()
            await ask(gateway, 3)
            assert b.connections == 1
            worker.reload()
            await ask(gateway, 3)
            assert b.connections == 2
            assert a.asked == []
        finally:
            await worker.stop()
