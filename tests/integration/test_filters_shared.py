"""A filter that is changed by an operator rejects alike on all hosts soon after, each with files of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from tests.support.admin import Admin, settled
from tests.support.filters import made
from tests.support.gateway import field, once, post
from tests.support.process import GatewayProcess, serving
from tests.support.redis_server import redis_cluster, redis_server
from tests.support.upstream import Asked, ScriptedUpstream, Wire

NUMBERS = count()


async def answer(asked: Asked, wire: Wire) -> None:
    await wire.json(b'{"answer": 1}')


@asynccontextmanager
async def host(folder: Path, upstream: str, l2: str, workers: int = 1) -> AsyncIterator[tuple[GatewayProcess, Admin]]:
    """A gateway with a folder and a filter of its own, which knows `old`."""
    folder.mkdir(exist_ok=True)
    file = folder / "kb.bloom"
    if not file.exists():
        made(file, ["old"])
    bloom = f'    bloom: {{sample: 0, known: {{mode: enforce, at: "/kb", file: "{file}"}}}}\n'
    async with serving(folder, upstream, l2, workers=workers, route=bloom) as gateway:
        async with aiohttp.ClientSession() as session:
            yield gateway, Admin(session, f"http://127.0.0.1:{gateway.admin}/admin")


async def rejected(gateway: GatewayProcess, kb: str, times: int = 1) -> set[bool]:
    """What becomes of questions that nobody has asked, each on a connection of its own: all workers get some."""

    async def one(_: int) -> bool:
        body = json.dumps({"query": f"question {next(NUMBERS)}", "kb": kb}).encode()
        head, _ = await once(gateway.port, post(b"/rag", body, b"Connection: close"))
        return b"bloom-known" in (field(head, b"cache-status") or b"")

    return set(await asyncio.gather(*map(one, range(times))))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["one", "cluster"])
async def test_keys_and_swaps_reach_every_worker_of_every_host(kind: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(ScriptedUpstream(answer))
        if kind == "one":
            l2 = stack.enter_context(redis_server()).url
        else:
            l2 = f'{{redis: {{url: "{stack.enter_context(redis_cluster())[0].url}", cluster: true}}}}'
        a, admin_a = await stack.enter_async_context(host(tmp_path / "a", upstream.url, l2))
        b, admin_b = await stack.enter_async_context(host(tmp_path / "b", upstream.url, l2, workers=2))
        assert await rejected(b, "new", 8) == {True}

        added = await admin_a.post("/bloom/rag/known/keys", {"keys": ["new"]})
        assert (added["added"], added["reaches"]) == (1, "all hosts")
        assert await rejected(a, "new") == {False}
        await settled(lambda: rejected(b, "new", 8), lambda told: told == {False})

        made(tmp_path / "b" / "next.bloom", ["next"])
        await admin_b.post("/bloom/rag/known/swap", {"file": "next.bloom"})
        for gateway, times in ((a, 1), (b, 8)):
            await settled(lambda g=gateway, n=times: rejected(g, "new", n), lambda told: told == {True})
            await settled(lambda g=gateway, n=times: rejected(g, "next", n), lambda told: told == {False})

        made(tmp_path / "a" / "kb.bloom", ["rebuilt"])
        await admin_a.post("/bloom/rag/known/reload", {})
        await settled(lambda: rejected(b, "rebuilt", 8), lambda told: told == {False})

        _, admin_c = await stack.enter_async_context(host(tmp_path / "c", upstream.url, l2))
        (state,) = (await admin_c.get("/bloom"))["filters"]
        assert state["items"] == 1


async def test_without_redis_it_says_that_this_host_alone_has_it(tmp_path: Path) -> None:
    async with ScriptedUpstream(answer) as upstream, host(tmp_path / "a", upstream.url, "off") as (_, admin):
        assert (await admin.post("/bloom/rag/known/keys", {"keys": ["new"]}))["reaches"] == "this host"


async def test_while_redis_is_away_nothing_is_changed(tmp_path: Path) -> None:
    with redis_server() as server:
        async with ScriptedUpstream(answer) as upstream, host(tmp_path / "a", upstream.url, server.url) as (gw, admin):
            server.kill()
            status, told = await admin.ask("POST", "/bloom/rag/known/keys", {"keys": ["new"]})
            assert (status, told["detail"].partition(":")[0]) == (503, "nothing was changed")
            assert await rejected(gw, "new") == {True}
