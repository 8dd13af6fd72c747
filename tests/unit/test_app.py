"""App: what a worker is made of, what a reload keeps, and that stopping leaves nothing behind."""

import asyncio
import logging
import socket
from pathlib import Path

import pytest

from gateway.app import Worker, WorkerSpec
from gateway.cache.disk import Disk
from gateway.cache.redis import Redis
from gateway.model.settings.file import Settings
from gateway.ports import CannotListen
from tests.support.gateway import RAG, once, post, running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def fine(asked: Asked, wire: Wire) -> None:
    await wire.json(b"{}")


async def test_an_address_that_is_taken_is_said_so():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        configured = settings("http://up", listen=f"127.0.0.1:{taken.getsockname()[1]}")
        worker = Worker(WorkerSpec(configured, lambda: configured))
        try:
            with pytest.raises(CannotListen, match="in use"):
                await worker.start()
        finally:
            await worker.stop()


async def test_it_listens_on_a_unix_socket(tmp_path: Path):
    path = tmp_path / "gw.sock"
    async with ScriptedUpstream(fine) as upstream:
        configured = settings(upstream.url, listen=f"unix:{path}")
        worker = Worker(WorkerSpec(configured, lambda: configured))
        await worker.start()
        try:
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(b"GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n")
            assert (await reader.read()).endswith(b"{}")
            writer.close()
        finally:
            await worker.stop()


async def test_it_serves_on_a_socket_that_it_was_given():
    with socket.create_server(("127.0.0.1", 0)) as given:
        async with ScriptedUpstream(fine) as upstream:
            configured = settings(upstream.url)
            worker = Worker(WorkerSpec(configured, lambda: configured, socket_listen=given))
            await worker.start()
            try:
                assert (await once(given.getsockname()[1], b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n"))[1] == b"{}"
            finally:
                await worker.stop()


@pytest.mark.parametrize(
    ("l2", "kind"),
    [(None, type(None)), ({"disk": {"path": "{tmp}"}}, Disk), ({"redis": {"url": "redis://127.0.0.1:1"}}, Redis)],
)
async def test_the_second_tier_is_the_one_that_is_configured(l2, kind, tmp_path: Path):
    if l2 and "disk" in l2:
        l2 = {"disk": {"path": str(tmp_path / "cache"), "max_bytes": "8MiB"}}
    configured = settings("http://up", l2=l2)
    worker = Worker(WorkerSpec(configured, lambda: configured))
    assert isinstance(worker._store, kind)
    await worker.stop()


async def test_a_reload_keeps_the_connections_of_an_upstream_that_stays_the_same():
    async with ScriptedUpstream(fine) as upstream, ScriptedUpstream(fine) as other:
        before = settings(upstream.url, RAG)
        after = before.model_copy(
            update={
                "upstreams": {
                    **before.upstreams,
                    "other": Settings.model_validate({"upstreams": {"o": {"urls": [other.url]}}}).upstreams["o"],
                }
            }
        )
        worker = Worker(WorkerSpec(before, lambda: after))
        await worker.start()
        try:
            port = int(before.listen.rpartition(":")[2])
            await once(port, b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
            worker.reload()
            await once(port, b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
            assert upstream.connections == 1
            assert set(worker._pipeline.plan.upstreams) == {"rag", "other"}
        finally:
            await worker.stop()


async def test_stopping_leaves_no_task_and_no_connection_and_can_be_repeated(caplog):
    async with ScriptedUpstream(fine) as upstream:
        before = asyncio.all_tasks()
        with caplog.at_level(logging.WARNING):
            async with running(settings(upstream.url, RAG)) as gateway:
                await once(gateway.port, post(b"/rag", b"{}"))
            await gateway.worker.stop()
        await upstream.until(lambda: upstream.open == 0)
        assert {task for task in asyncio.all_tasks() - before if "_track" not in repr(task)} == set()
    assert not caplog.records
