"""What an operator does at one gateway holds at all: each worker of one, and several over one Redis or a Cluster."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.support.admin import Admin, outcomes, settled
from tests.support.process import GatewayProcess, serving
from tests.support.purging import Readers, Service
from tests.support.redis_server import redis_cluster, redis_server
from tests.support.upstream import ScriptedUpstream

QUERIES = ["a", "b", "live c", "d"]
ORDERS = [{"route": "rag"}, {"tags": [f"doc:kb/{query}" for query in QUERIES]}, {"tags": ["doc:kb/*"]}, {"all": True}]


class Scene:
    """Gateways, their APIs, and the service behind them."""

    def __init__(self, gateways: list[GatewayProcess], admins: list[Admin], service: Service, url: str) -> None:
        self.gateways = gateways
        self.admins = admins
        self.service = service
        self.upstream = url

    async def all_say(self, text: bytes, query: str = "a") -> bool:
        told = [told for gateway in self.gateways for told in await outcomes(gateway, query, 12)]
        return all(text in one for one in told)


@asynccontextmanager
async def scene(place: str, folder: Path) -> AsyncIterator[Scene]:
    service = Service(takes=0.01)
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(ScriptedUpstream(service))
        number, workers = (1, 4) if place == "four workers" else (2, 2)
        if place == "four workers":
            l2 = f'{{disk: {{path: "{folder}/l2", max_bytes: 64MiB}}}}'
        elif place == "Redis":
            l2 = stack.enter_context(redis_server()).url
        else:
            l2 = f'{{redis: {{url: "{stack.enter_context(redis_cluster())[0].url}", cluster: true}}}}'
        tags = '    tags: ["doc:{/docs/*}"]\n'
        gateways = [
            await stack.enter_async_context(
                serving(folder, upstream.url, l2, workers=workers, name=f"gw{n}", route=tags)
            )
            for n in range(number)
        ]
        session = await stack.enter_async_context(aiohttp.ClientSession())
        admins = [Admin(session, f"http://127.0.0.1:{gateway.admin}/admin") for gateway in gateways]
        for admin in admins:
            await settled(lambda one=admin: one.get("/fleet"), lambda found: len(found["members"]) == number * workers)
        yield Scene(gateways, admins, service, upstream.url)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("place", ["four workers", "Redis", "Cluster"])
async def test_purges_overrides_and_drains_hold_everywhere(place: str, tmp_path: Path) -> None:
    async with scene(place, tmp_path) as it:
        first, last = it.admins[0], it.admins[-1]
        async with Readers([gateway.port for gateway in it.gateways], QUERIES) as readers:
            await readers.more(50)
            for number, order in enumerate(ORDERS):
                it.service.generation += 1
                purged = await it.admins[number % len(it.admins)].post("/purge", order | {"wait": "20s"})
                assert purged["confirmed"] is True
                readers.confirmed = it.service.generation
                await readers.more(50)
        assert readers.old == []

        would = (await last.post("/purge", {"route": "rag", "dry_run": True}))["would"]
        assert (would["entries"], would["complete"]) == (len(QUERIES), True)

        async with aiohttp.ClientSession() as session, session.get(f"{first.url}/routes/rag") as answer:
            seen = {"If-Match": answer.headers["ETag"]}
        off = {"cache": {"mode": "off"}}
        changed = await asyncio.gather(*(a.ask("PATCH", "/routes/rag", off, headers=seen) for a in (first, last)))
        assert sorted(status for status, _ in changed) == [200, 412]
        assert await it.all_say(b"mode-off")
        assert (await last.ask("DELETE", "/routes/rag/override"))[0] == 200
        await settled(lambda: it.all_say(b"; hit"), bool)

        await last.post("/upstreams/rag/drain", {"replica": it.upstream})
        assert await it.all_say(b"drained", "new")
        assert await it.all_say(b"; hit")
        await first.post("/upstreams/rag/enable", {"replica": it.upstream})
        await settled(lambda: it.all_say(b"; hit", "new"), bool)
