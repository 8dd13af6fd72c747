"""Several processes, as they are deployed: one upstream call for all, one cache, nothing lost at a restart."""

import asyncio
import contextlib
import json
import signal
from contextlib import AsyncExitStack

import pytest

from tests.support.gateway import Client, field, once, post
from tests.support.process import serving
from tests.support.redis_server import redis_server
from tests.support.upstream import Asked, ScriptedUpstream, Wire


class Slow:
    """Answers when told to."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        await self.gate.wait()
        await wire.json(b'{"answer": %d}' % len(asked.body))


def ask(query: str = "q") -> bytes:
    return post(b"/rag", json.dumps({"query": query}).encode())


@pytest.fixture(params=["disk", "redis"])
def l2(request, tmp_path):
    if request.param == "disk":
        yield f'{{disk: {{path: "{tmp_path}/cache", max_bytes: 64MiB}}}}'
    else:
        with redis_server() as server:
            yield server.url


async def test_a_thousand_identical_requests_over_two_processes_make_one_upstream_call(l2, tmp_path):
    service = Slow()
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(ScriptedUpstream(service))
        gateways = [
            await stack.enter_async_context(serving(tmp_path, upstream.url, l2, name=f"gw{i}")) for i in range(2)
        ]
        asking = [asyncio.create_task(once(gateways[i % 2].port, ask())) for i in range(1000)]
        await upstream.until(lambda: len(upstream.asked) == 1)
        await asyncio.sleep(0.5)  # the others are on their way; however many have arrived, one call is made
        service.gate.set()
        answers = await asyncio.gather(*asking)
        assert {body for _, body in answers} == {b'{"answer": 14}'}
        assert len(upstream.asked) == 1
        head, _ = await once(gateways[1].port, ask())
        assert field(head, b"cache-status").startswith(b"ragfront; hit")


async def test_an_answer_outlives_a_restart(l2, tmp_path):
    service = Slow()
    service.gate.set()
    async with ScriptedUpstream(service) as upstream:
        async with serving(tmp_path, upstream.url, l2) as gateway:
            await once(gateway.port, ask())
        async with serving(tmp_path, upstream.url, l2) as gateway:
            head, body = await once(gateway.port, ask())
    assert field(head, b"cache-status").startswith(b"ragfront; hit")
    assert body == b'{"answer": 14}'
    assert len(upstream.asked) == 1


async def test_an_answer_outlives_a_worker_that_is_killed(l2, tmp_path):
    service = Slow()
    service.gate.set()
    async with ScriptedUpstream(service) as upstream:
        async with serving(tmp_path, upstream.url, l2) as gateway:
            await once(gateway.port, ask())
            await asyncio.sleep(0.3)  # written behind the client's back, within some milliseconds
            gateway.signal(signal.SIGKILL)
            await asyncio.to_thread(gateway.process.wait)
        async with serving(tmp_path, upstream.url, l2) as gateway:
            head, _ = await once(gateway.port, ask())
    assert field(head, b"cache-status").startswith(b"ragfront; hit")


async def test_the_lease_of_a_dead_process_is_taken_over(l2, tmp_path):
    service = Slow()
    async with ScriptedUpstream(service) as upstream, AsyncExitStack() as stack:
        first = await stack.enter_async_context(serving(tmp_path, upstream.url, l2, name="a"))
        second = await stack.enter_async_context(serving(tmp_path, upstream.url, l2, name="b"))
        leader = asyncio.create_task(once(first.port, ask()))
        await upstream.until(lambda: len(upstream.asked) == 1)
        follower = asyncio.create_task(once(second.port, ask()))
        await asyncio.sleep(0.3)
        assert len(upstream.asked) == 1
        first.signal(signal.SIGKILL)
        await asyncio.gather(leader, return_exceptions=True)
        service.gate.set()
        _, body = await asyncio.wait_for(follower, 45)
    assert body == b'{"answer": 14}'
    assert len(upstream.asked) == 2


async def test_workers_share_port_and_cache_and_metrics(tmp_path):
    service = Slow()
    service.gate.set()
    l2 = f'{{disk: {{path: "{tmp_path}/cache", max_bytes: 64MiB}}}}'
    async with ScriptedUpstream(service) as upstream, serving(tmp_path, upstream.url, l2, workers=2) as gateway:
        await once(gateway.port, ask())
        await asyncio.sleep(0.3)
        for _ in range(40):
            head, _ = await once(gateway.port, ask())
            assert field(head, b"cache-status").startswith(b"ragfront; hit")
        assert len(upstream.asked) == 1
        await asyncio.sleep(1.5)  # workers hand their figures over every half second
        _, page = await once(gateway.admin, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b'ragfront_requests_total{outcome="hit",route="rag"} 40.0' in page
        assert b'ragfront_requests_total{outcome="miss",route="rag"} 1.0' in page


SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Streaming:
    """Events one at a time, each when told to."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[bytes] = asyncio.Queue()

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        await wire.send(SSE)
        while piece := await self.said.get():
            await wire.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        await wire.send(b"0\r\n\r\n")


async def readuntil(client: Client, text: bytes) -> None:
    async with asyncio.timeout(10):
        await client.reader.readuntil(text)


async def test_a_stream_is_followed_in_another_process_while_it_comes(tmp_path):
    service = Streaming()
    with redis_server() as server:
        async with AsyncExitStack() as stack:
            upstream = await stack.enter_async_context(ScriptedUpstream(service))
            one, two = [
                await stack.enter_async_context(serving(tmp_path, upstream.url, server.url, name=f"gw{i}"))
                for i in range(2)
            ]
            leader = await stack.enter_async_context(Client(one.port))
            await leader.send(ask())
            await service.said.put(b"data: 1\n\n")
            await readuntil(leader, b"data: 1\n\n")
            follower = await stack.enter_async_context(Client(two.port))
            await follower.send(ask())
            assert b"collapsed" in (field(await follower.head(), b"cache-status") or b"")
            await readuntil(follower, b"data: 1\n\n")
            for word in (b"data: 2\n\n", b"data: [DONE]\n\n"):
                await service.said.put(word)
                await readuntil(leader, word)
                await readuntil(follower, word)
            await service.said.put(b"")
            await readuntil(leader, b"0\r\n\r\n")
            await readuntil(follower, b"0\r\n\r\n")
            head, body = await once(two.port, ask())
            assert field(head, b"cache-status").startswith(b"ragfront; hit")
            assert body == b"data: 1\n\ndata: 2\n\ndata: [DONE]\n\n"
        assert len(upstream.asked) == 1


async def test_a_stream_whose_receiver_dies_is_cut_for_those_who_follow_elsewhere(tmp_path):
    service = Streaming()
    with redis_server() as server:
        async with AsyncExitStack() as stack:
            upstream = await stack.enter_async_context(ScriptedUpstream(service))
            one, two = [
                await stack.enter_async_context(serving(tmp_path, upstream.url, server.url, name=f"gw{i}"))
                for i in range(2)
            ]
            leader = await stack.enter_async_context(Client(one.port))
            await leader.send(ask())
            await service.said.put(b"data: 1\n\n")
            await readuntil(leader, b"data: 1\n\n")
            follower = await stack.enter_async_context(Client(two.port))
            await follower.send(ask())
            await readuntil(follower, b"data: 1\n\n")
            one.signal(signal.SIGKILL)
            async with asyncio.timeout(30):
                with contextlib.suppress(ConnectionError):
                    assert not (await follower.reader.read()).endswith(b"0\r\n\r\n")
