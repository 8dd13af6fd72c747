"""Reload and stop: nothing under way is lost."""

import asyncio
import logging

import pytest

from gateway.app import Worker, WorkerSpec
from gateway.model.errors import ConfigError
from tests.support.gateway import RAG, Client, Running, field, once, post, running, settings
from tests.support.ports import free_port
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def fine(asked: Asked, wire: Wire) -> None:
    await wire.json(b"{}")


async def test_stopping_lets_requests_end_and_closes_idle_connections():
    gate = asyncio.Event()

    async def slow(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.json(b'"done"')

    async with ScriptedUpstream(slow) as upstream:
        configured = settings(upstream.url, RAG)
        worker = Worker(WorkerSpec(configured, lambda: configured))
        await worker.start()
        gateway = Running(worker, configured)
        async with Client(gateway.port) as busy, Client(gateway.port) as idle:
            await busy.send(post(b"/rag", b"{}"))
            await upstream.until(lambda: len(upstream.asked) == 1)
            stopping = asyncio.create_task(worker.stop())
            assert await idle.closed()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", gateway.port)
            gate.set()
            head, body = await busy.answer()
            assert body == b'"done"'
            assert field(head, b"connection") == b"close"
            await stopping


async def test_a_reload_swaps_routes_and_upstreams_at_once(caplog):
    async def other(asked: Asked, wire: Wire) -> None:
        await wire.json(b'"other"')

    caplog.set_level(logging.INFO)
    async with ScriptedUpstream(fine) as old, ScriptedUpstream(other) as new:
        before = settings(old.url, RAG)
        after = settings(new.url, RAG | {"cache": {"mode": "off"}}, listen=before.listen, workers=2)
        worker = Worker(WorkerSpec(before, lambda: after))
        await worker.start()
        try:
            port = int(before.listen.rpartition(":")[2])
            _, body = await once(port, post(b"/rag", b"{}"))
            assert body == b"{}"
            worker.reload()
            head, body = await once(port, post(b"/rag", b"{}"))
            assert body == b'"other"'
            assert field(head, b"cache-status") == b"ragfront; fwd=bypass; detail=mode-off"
        finally:
            await worker.stop()
    assert "a restart is needed for: workers" in caplog.text


async def test_a_bad_reload_changes_nothing_and_says_why(caplog):
    def bad():
        raise ConfigError(["gateway.yaml:3: routes[0].cache.ttl: expected a duration"])

    async with ScriptedUpstream(fine) as upstream:
        configured = settings(upstream.url, RAG)
        worker = Worker(WorkerSpec(configured, bad))
        await worker.start()
        try:
            port = int(configured.listen.rpartition(":")[2])
            worker.reload()
            head, _ = await once(port, post(b"/rag", b"{}"))
            assert head.startswith(b"HTTP/1.1 200 ")
        finally:
            await worker.stop()
    assert "not reloaded: gateway.yaml:3: routes[0].cache.ttl" in caplog.text


async def test_a_gateway_that_is_its_own_upstream_says_so_at_once():
    port = free_port()
    configured = settings(f"http://127.0.0.1:{port}", RAG, listen=f"127.0.0.1:{port}")
    async with running(configured) as gateway:
        for path in (b"/rag", b"/other"):
            head, _ = await once(gateway.port, post(path, b"{}"))
            assert head.startswith(b"HTTP/1.1 508 ")


async def test_a_gateway_before_a_gateway_passes():
    async with ScriptedUpstream(fine) as upstream, running(settings(upstream.url, RAG)) as inner:
        async with running(settings(inner.url, RAG)) as outer:
            head, _ = await once(outer.port, post(b"/rag", b"{}"))
    assert head.startswith(b"HTTP/1.1 200 ")
    assert len(upstream.asked[0].get(b"via").split(b",")) + len(upstream.asked[0].all(b"via")) > 2
