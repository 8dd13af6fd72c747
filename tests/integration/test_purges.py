"""Purged means gone: once it is confirmed, no process serves an old answer, also not one that was on its way."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.policy.purges import Order, Scope
from tests.support.eventually import eventually
from tests.support.gateway import field, once
from tests.support.process import serving
from tests.support.purging import Readers, Service, ask, fleet, generation, renew, worker
from tests.support.redis_server import redis_cluster, redis_server
from tests.support.upstream import Asked, ScriptedUpstream, Wire

QUERIES = ["a", "b", "live c", "live d", "e"]
ROUTE = 'tags: ["doc:{/docs/*}"]'

ALL = [Order(Scope.ALL)]
RAG = [Order(Scope.ROUTE, "rag")]
DOCS = [Order(Scope.TAG, f"doc:kb/{query}") for query in QUERIES]
PREFIX = [Order(Scope.TAG, "doc:kb/*")]


@pytest.fixture(params=["redis", "disk"])
def l2(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, str, int]]:
    """As a worker in this process has it, as a file has it, and how many other processes there are to be."""
    if request.param == "disk":
        folder = {"path": f"{tmp_path}/cache", "max_bytes": "64MiB"}
        yield {"disk": folder}, f'{{disk: {{path: "{tmp_path}/cache", max_bytes: 64MiB}}}}', 1
    else:
        with redis_server() as server:
            yield {"redis": {"url": server.url}}, server.url, 2


@pytest.mark.parametrize("orders", [ALL, RAG, DOCS, PREFIX], ids=["all", "route", "tags", "prefix"])
async def test_after_a_confirmation_nobody_gets_an_old_answer(l2, orders: list[Order], tmp_path: Path):
    ours, theirs, others = l2
    service = Service()
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(ScriptedUpstream(service))
        here, control = await stack.enter_async_context(worker(upstream.url, ours, tmp_path / "control"))
        processes = [
            await stack.enter_async_context(
                serving(tmp_path, upstream.url, theirs, name=f"gw{number}", route=f"    {ROUTE}\n")
            )
            for number in range(others)
        ]
        await fleet(control, others + 1)
        ports = [here.port, *(process.port for process in processes)]
        readers = await stack.enter_async_context(Readers(ports, QUERIES))
        for _ in range(4):
            await readers.more(300)
            for _ in range(8):  # soon after one another: what is asked anew is on its way when the next one comes
                await renew(service, readers, control, orders)
                await readers.more(6)
        await readers.more(300)
    assert readers.old == []
    assert readers.hits > readers.answers / 4  # it was a cache all the while


async def test_what_is_expired_is_asked_anew_and_stands_in_until_then(tmp_path: Path):
    service = Service()
    async with ScriptedUpstream(service) as upstream:
        async with worker(upstream.url, None, tmp_path / "control") as (here, control):
            await once(here.port, ask("a"))
            service.generation = 1
            await control.purge([Order(Scope.TAG, "doc:kb/a", expire=True)])
            head, body = await once(here.port, ask("a"))
            assert generation(body) == 0
            assert b"ttl=-" in field(head, b"cache-status")
            await upstream.until(lambda: len(upstream.asked) == 2)

            async def renewed() -> bool:
                return generation((await once(here.port, ask("a")))[1]) == 1

            await eventually(renewed)
            assert len(upstream.asked) == 2


@pytest.mark.parametrize("asked_at", ["here", "there"])
async def test_nobody_waits_for_a_call_of_before_a_purge(l2, asked_at: str, tmp_path: Path):
    ours, theirs, _ = l2
    gate, service = asyncio.Event(), Service(takes=0)

    async def slow_at_first(asked: Asked, wire: Wire) -> None:
        if service.generation == 0:
            await gate.wait()
            await wire.json(b'{"generation": 0, "query": "a", "docs": []}')
        else:
            await service(asked, wire)

    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(ScriptedUpstream(slow_at_first))
        here, control = await stack.enter_async_context(worker(upstream.url, ours, tmp_path / "control"))
        there = await stack.enter_async_context(serving(tmp_path, upstream.url, theirs))
        await fleet(control, 2)
        before = asyncio.create_task(once(here.port, ask("a")))
        await upstream.until(lambda: len(upstream.asked) == 1)
        service.generation = 1
        assert (await control.purge(RAG)).missing == ()
        async with asyncio.timeout(5):
            _, body = await once({"here": here, "there": there}[asked_at].port, ask("a"))
        assert generation(body) == 1
        gate.set()
        assert generation((await before)[1]) == 0  # it had asked before
        assert [generation((await once(port, ask("a")))[1]) for port in (here.port, there.port)] == [1, 1]
        assert len(upstream.asked) == 2


async def test_purges_are_confirmed_over_a_cluster_too(tmp_path: Path):
    service = Service()
    with redis_cluster() as nodes:
        l2 = {"redis": {"url": nodes[0].url, "cluster": True}}
        async with ScriptedUpstream(service) as upstream:
            file = f'{{redis: {{url: "{nodes[0].url}", cluster: true}}}}'
            async with worker(upstream.url, l2, tmp_path / "control") as (here, control):
                async with serving(tmp_path, upstream.url, file, route=f"    {ROUTE}\n") as process:
                    await fleet(control, 2)
                    async with Readers([here.port, process.port], QUERIES) as readers:
                        for _ in range(3):
                            await readers.more(100)
                            await renew(service, readers, control, DOCS)
                        await readers.more(100)
                    assert readers.old == []


async def test_workers_of_one_gateway_confirm_for_themselves(tmp_path: Path):
    service = Service()
    async with ScriptedUpstream(service) as upstream:
        l2 = f'{{disk: {{path: "{tmp_path}/cache", max_bytes: 64MiB}}}}'
        ours = {"disk": {"path": f"{tmp_path}/cache", "max_bytes": "64MiB"}}
        async with worker(upstream.url, ours, tmp_path / "control") as (_, control):
            async with serving(tmp_path, upstream.url, l2, workers=2, route=f"    {ROUTE}\n") as process:
                await fleet(control, 3)
                async with Readers([process.port] * 2, QUERIES) as readers:
                    for _ in range(3):
                        await readers.more(100)
                        await renew(service, readers, control, RAG)
                    await readers.more(100)
                assert readers.old == []
            await fleet(control, 1)  # they have said goodbye


async def test_overrides_reach_other_processes_and_are_kept_over_restarts(tmp_path: Path):
    service = Service()
    with redis_server() as server:
        async with ScriptedUpstream(service) as upstream:
            async with worker(upstream.url, {"redis": {"url": server.url}}, tmp_path / "control") as (_, control):
                async with serving(tmp_path, upstream.url, server.url) as process:
                    await fleet(control, 2)
                    assert (await control.override("rag", {"cache": {"mode": "off"}}, None, "", "")).missing == ()
                    for _ in range(2):
                        head, _ = await once(process.port, ask("a"))
                        assert b"detail=mode-off" in field(head, b"cache-status")
                async with serving(tmp_path, upstream.url, server.url) as process:
                    head, _ = await once(process.port, ask("a"))
                    assert b"detail=mode-off" in field(head, b"cache-status")
                    await fleet(control, 2)
                    assert (await control.override("rag", None, None, "", "")).missing == ()
                    await once(process.port, ask("a"))
                    head, _ = await once(process.port, ask("a"))
                    assert b"ragfront; hit" in field(head, b"cache-status")
