"""The ledger is away, is lost, or a worker does not hear: nothing purged comes back, overrides stay, nobody is told yes
who should not be.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from gateway.control.control import Control
from gateway.model.errors import StoreUnavailable
from gateway.policy.purges import Order, Scope
from tests.support.eventually import eventually
from tests.support.gateway import Client, Running, field, once
from tests.support.process import GatewayProcess, serving
from tests.support.purging import Service, ask, fleet, generation, worker
from tests.support.redis_server import RedisServer, redis_server
from tests.support.upstream import ScriptedUpstream

RAG = [Order(Scope.ROUTE, "rag")]
OFF = {"cache": {"mode": "off"}}


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


class Scene:
    """A worker in this process, one in another, and the service behind them."""

    def __init__(self, here: Running, control: Control, there: GatewayProcess, service: Service) -> None:
        self.here = here
        self.control = control
        self.there = there
        self.service = service

    @property
    def ports(self) -> tuple[int, int]:
        return self.here.port, self.there.port

    async def fill(self) -> None:
        """Both have an answer in memory."""
        for port in self.ports:
            await once(port, ask("a"))
            await eventually(lambda port=port: hit(port))

    async def generations(self) -> list[int]:
        return [generation((await once(port, ask("a")))[1]) for port in self.ports]


async def hit(port: int) -> bool:
    return b"ragfront; hit" in (field((await once(port, ask("a")))[0], b"cache-status") or b"")


@asynccontextmanager
async def scene(server: RedisServer, folder: Path, **control: object) -> AsyncIterator[Scene]:
    service = Service(takes=0)
    l2 = {"redis": {"url": server.url}}
    more = "".join(f", {name}: {str(value).lower()}" for name, value in control.items())
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(ScriptedUpstream(service))
        here, facade = await stack.enter_async_context(worker(upstream.url, l2, folder / "control", **control))
        there = await stack.enter_async_context(serving(folder, upstream.url, server.url, control=more))
        await fleet(facade, 2)
        yield Scene(here, facade, there, service)


@pytest.mark.parametrize("lost", ["emptied", "restarted empty", "rows deleted", "rows deleted after a purge elsewhere"])
async def test_a_ledger_that_is_lost_is_written_back(server: RedisServer, tmp_path: Path, lost: str, caplog):
    async with scene(server, tmp_path) as it:
        await it.fill()
        it.service.generation = 1
        assert (await it.control.purge(RAG)).missing == ()
        await it.control.override("rag", {"cache": {"ttl": "1h"}}, None, "kept", "me")
        version = it.control.version
        client = server.client()
        with caplog.at_level(logging.ERROR):
            if lost == "restarted empty":
                server.kill()
                server.start()
            elif lost == "emptied":
                client.flushall()
            else:
                client.delete("ragfront:{ledger}:rows")
        await eventually(lambda: it.control.up and client.exists("ragfront:{ledger}:rows"))
        await eventually(lambda: it.control.version >= version)
        assert min(await it.generations()) == 1
        assert it.control.overrides["rag"].reason == "kept"
        it.service.generation = 2
        await fleet(it.control, 2)
        confirmed = await it.control.purge(RAG, wait=5)
        assert confirmed.missing == ()
        assert confirmed.version > version
        assert await it.generations() == [2, 2]
        client.close()


async def test_a_worker_that_starts_after_a_loss_hears_of_what_was_before(server: RedisServer, tmp_path: Path):
    async with scene(server, tmp_path) as it:
        await it.control.override("rag", OFF, None, "", "")
        client = server.client()
        client.flushall()
        await eventually(lambda: client.exists("ragfront:{ledger}:rows"))
        client.close()
        async with serving(tmp_path, f"http://127.0.0.1:{it.there.port}", server.url, name="late") as late:
            head, _ = await once(late.port, ask("a"))
            assert b"detail=mode-off" in field(head, b"cache-status")


async def test_purges_are_heard_where_connections_are_cut(server: RedisServer, tmp_path: Path):
    async with scene(server, tmp_path) as it:
        client = server.client()
        for number in range(1, 4):
            await it.fill()
            it.service.generation = number
            for connection in client.client_list():
                if connection["cmd"].startswith("xread"):
                    client.client_kill_filter(_id=connection["id"])
            assert (await it.control.purge(RAG, wait=5)).missing == ()
            assert await it.generations() == [number, number]
        client.close()


async def test_who_stands_still_is_missing_and_serves_nothing_purged_afterwards(server: RedisServer, tmp_path: Path):
    async with scene(server, tmp_path) as it:
        await it.fill()
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(Client(it.there.port)) for _ in range(8)]
            for client in clients:
                assert generation((await client.ask(ask("a")))[1]) == 0
            it.there.signal(signal.SIGSTOP)
            try:
                await asyncio.sleep(0.1)
                it.service.generation = 1
                confirmed = await it.control.purge(RAG)
                assert [member.pid for member in confirmed.missing] == [it.there.process.pid]
                assert generation((await once(it.here.port, ask("a")))[1]) == 1
                await asyncio.sleep(8)
                for client in clients:  # they lie in its socket, to be read the moment it goes on
                    await client.send(ask("a"))
            finally:
                it.there.signal(signal.SIGCONT)
            answers = [await client.answer() for client in clients]
            assert [generation(body) for _, body in answers] == [1] * 8
        assert (await it.control.purge(RAG, wait=10)).missing == ()


async def test_who_was_written_off_comes_back_by_itself_and_knows(server: RedisServer, tmp_path: Path):
    async with scene(server, tmp_path) as it:
        await it.fill()
        it.there.signal(signal.SIGSTOP)
        try:
            it.service.generation = 1
            missing = (await it.control.purge(RAG, wait=0.1)).missing
            assert await it.control.write_off(missing[0].id)
            assert (await it.control.purge(RAG, wait=0.1)).missing == ()
            await asyncio.sleep(2.5)
        finally:
            it.there.signal(signal.SIGCONT)
        assert await it.generations() == [1, 1]
        await fleet(it.control, 2)


async def test_who_was_killed_holds_up_no_confirmation(server: RedisServer, tmp_path: Path):
    async with scene(server, tmp_path) as it:
        it.there.process.kill()
        it.there.process.wait()
        assert (await it.control.purge(RAG)).missing == ()


async def test_while_redis_is_away_answers_are_served_and_no_purge_is_confirmed(server: RedisServer, tmp_path: Path):
    async with scene(server, tmp_path) as it:
        await it.fill()
        server.kill()
        with pytest.raises(StoreUnavailable):
            await it.control.purge(RAG)
        await asyncio.sleep(3)
        assert [await hit(port) for port in it.ports] == [True, True]
        assert not it.control.up
        server.start()
        await eventually(lambda: it.control.up)
        it.service.generation = 1
        await fleet(it.control, 2)
        assert (await it.control.purge(RAG, wait=5)).missing == ()
        assert await it.generations() == [1, 1]


async def test_a_strict_worker_serves_nothing_stored_while_it_does_not_see_the_ledger(
    server: RedisServer, tmp_path: Path
):
    async with scene(server, tmp_path, strict=True) as it:
        await it.fill()
        server.kill()
        await asyncio.sleep(2.5)
        assert [await hit(port) for port in it.ports] == [False, False]
        server.start()
        await it.fill()


async def test_a_redis_that_freezes_costs_clients_nothing(server: RedisServer, tmp_path: Path):
    async with scene(server, tmp_path) as it:
        await it.fill()
        server.freeze()
        try:
            with pytest.raises(StoreUnavailable):
                await it.control.purge(RAG)
            assert [await hit(port) for port in it.ports] == [True, True]
        finally:
            server.thaw()
        await eventually(lambda: it.control.up)
        assert (await it.control.purge(RAG, wait=5)).missing == ()
