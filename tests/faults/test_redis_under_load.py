"""Redis dies, freezes, comes back empty, while clients are asking: they do not see it."""

import asyncio
import itertools
import json

import httpx
import pytest

from tests.support.gateway import field, once, post
from tests.support.process import serving
from tests.support.redis_server import redis_server
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def echo(asked: Asked, wire: Wire) -> None:
    await wire.json(asked.body)


class Load:
    """Clients that ask new and old questions all the time, and remember what went wrong."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answered = 0
        self.failed: list[str] = []
        self.slowest = 0.0
        self._numbers = itertools.count()
        self._running = True
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Load":
        self._tasks = [asyncio.create_task(self._client()) for _ in range(8)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running = False
        await asyncio.gather(*self._tasks)

    async def answers(self, more: int, seconds: float = 20) -> None:
        goal = self.answered + more
        async with asyncio.timeout(seconds):
            while self.answered < goal and not self.failed:
                await asyncio.sleep(0.01)

    async def _client(self) -> None:
        loop = asyncio.get_running_loop()
        async with httpx.AsyncClient(timeout=10) as client:
            while self._running:
                number = next(self._numbers)
                query = {"query": f"q{number if number % 3 else number % 50}"}
                began = loop.time()
                try:
                    answer = await client.post(self.url, json=query)
                    if answer.status_code != 200 or answer.json() != query:
                        self.failed.append(f"{answer.status_code} {answer.text[:100]}")
                except httpx.HTTPError as exc:
                    self.failed.append(repr(exc))
                self.answered += 1
                self.slowest = max(self.slowest, loop.time() - began)


@pytest.mark.parametrize("fault", ["kill", "restart empty", "freeze", "not there at start"])
async def test_clients_do_not_see_it(fault, tmp_path):
    with redis_server() as server:
        if fault == "not there at start":
            server.kill()
        async with (
            ScriptedUpstream(echo) as upstream,
            serving(tmp_path, upstream.url, server.url) as gateway,
            Load(f"{gateway.url}/rag") as load,
        ):
            await load.answers(300)
            if fault == "freeze":
                server.freeze()
            elif fault != "not there at start":
                server.kill()
            await load.answers(500)
            if fault == "freeze":
                server.thaw()
            elif fault != "kill":
                server.start()
            await load.answers(300)
            assert load.failed == []
            assert load.slowest < 5
        assert "Traceback" not in gateway.log.read_text()


async def test_redis_is_used_again_by_itself(tmp_path):
    with redis_server() as server:
        server.kill()
        async with ScriptedUpstream(echo) as upstream, serving(tmp_path, upstream.url, server.url) as gateway:
            await once(gateway.port, post(b"/rag", b'{"query": "before"}'))
            server.start()
            async with asyncio.timeout(30):
                for number in itertools.count():
                    asked = post(b"/rag", json.dumps({"query": f"n{number}"}).encode())
                    await once(gateway.port, asked)
                    if server.client().keys("ragfront:entry:*"):
                        break
                    await asyncio.sleep(0.2)
            head, _ = await once(gateway.port, asked)
            assert field(head, b"cache-status").startswith(b"ragfront; hit")
        log = gateway.log.read_text()
        for told in ("L2 redis is out", "L2 redis is back", "ledger redis: away", "ledger redis: back"):
            assert log.count(told) == 1, log  # one line for each change
