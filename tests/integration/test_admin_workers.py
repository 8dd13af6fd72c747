"""What is changed through one worker's API holds in all of them."""

import json
from pathlib import Path

import aiohttp
import pytest

from tests.support.admin import Admin, outcomes, settled
from tests.support.gateway import Client, post
from tests.support.process import serving
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def answer(asked: Asked, wire: Wire) -> None:
    await wire.json(b'{"answer": 1}')


@pytest.mark.slow
async def test_policies_purges_drains_and_reloads_reach_every_worker(tmp_path: Path) -> None:
    async with (
        ScriptedUpstream(answer) as upstream,
        serving(tmp_path, upstream.url, f"{{disk: {{path: {tmp_path}/l2}}}}", workers=3) as gateway,
        aiohttp.ClientSession() as session,
    ):
        admin = Admin(session, f"http://127.0.0.1:{gateway.admin}/admin")
        fleet = await settled(lambda: admin.get("/fleet"), lambda found: len(found["members"]) == 3)
        assert len({member["pid"] for member in fleet["members"]}) == 3
        await outcomes(gateway, "a")
        assert all(b"; hit" in told for told in await outcomes(gateway, "a"))

        status, _ = await admin.ask("PATCH", "/routes/rag", {"cache": {"mode": "off"}})
        assert status == 200
        assert all(b"mode-off" in told for told in await outcomes(gateway, "a"))
        assert (await admin.ask("DELETE", "/routes/rag/override"))[0] == 200
        assert all(b"; hit" in told for told in await outcomes(gateway, "a"))

        calls = len(upstream.asked)
        assert (await admin.post("/purge", {"route": "rag", "wait": "10s"}))["confirmed"] is True
        await outcomes(gateway, "a")
        assert len(upstream.asked) == calls + 1

        await admin.post("/upstreams/rag/drain", {"replica": upstream.url})
        assert all(b"drained" in told for told in await outcomes(gateway, "new"))
        await admin.post("/upstreams/rag/enable", {"replica": upstream.url})
        assert not any(b"drained" in told for told in await outcomes(gateway, "new"))

        file = tmp_path / "gateway.yaml"
        file.write_text(file.read_text().replace("cache: {ttl: 10m}", "cache: {ttl: 10m, mode: off}"))
        dry = await admin.post("/reload?dry_run=true", {})
        assert [change["path"] for change in dry["changes"]] == ["routes.rag.cache.mode"]
        assert all(b"; hit" in told for told in await outcomes(gateway, "a"))
        assert (await admin.post("/reload", {}))["applied"] is True

        async def all_off() -> bool:
            return all(b"mode-off" in told for told in await outcomes(gateway, "a"))

        await settled(all_off, lambda off: off)


@pytest.mark.slow
async def test_what_is_each_workers_own_is_told_of_all(tmp_path: Path) -> None:
    """Memory, hottest answers, filters and the state of upstreams, also where one worker alone finds one dead."""
    dead = False

    async def mortal(asked: Asked, wire: Wire) -> None:
        if dead:
            wire.reset()
        else:
            await wire.json(b'{"answer": 1, "docs": []}')

    empty = "    empty: {when: [{pointer: /docs, is: []}]}\n    bloom: {seen_empty: {mode: observe}}\n"
    async with (
        ScriptedUpstream(mortal) as upstream,
        serving(tmp_path, upstream.url, f"{{disk: {{path: {tmp_path}/l2}}}}", workers=4, route=empty) as gateway,
        aiohttp.ClientSession() as session,
    ):
        admin = Admin(session, f"http://127.0.0.1:{gateway.admin}/admin")
        told = await settled(lambda: admin.get("/workers"), lambda found: len(found["told"]) == 4)
        assert [one["worker"] for one in told["told"]] == [0, 1, 2, 3]
        pids = {member["pid"] for member in (await admin.get("/fleet"))["members"]}
        assert {one["pid"] for one in told["told"]} == pids

        async def in_memory() -> list[int]:
            await outcomes(gateway, "a")
            return [one["entries"] for one in (await admin.get("/workers"))["told"]]

        await settled(in_memory, lambda entries: entries == [1, 1, 1, 1])
        (filter,) = (await admin.get("/bloom"))["filters"]
        assert filter["loaded"] is True

        async def hottest() -> list[dict]:
            await outcomes(gateway, "a")
            return (await admin.get("/entries/top"))["entries"]

        assert len(await settled(hottest, bool)) == 1

        dead = True
        async with Client(gateway.port) as client:  # one connection is one worker
            for number in range(12):
                await client.ask(post(b"/rag", json.dumps({"query": f"new {number}"}).encode()))

        async def replica() -> dict:
            return (await admin.get("/upstreams"))["upstreams"][0]["replicas"][0]

        found = await settled(replica, lambda one: one["breaker"] == "open" and len(one["workers"]) == 4)
        assert sorted(own["breaker"] for own in found["workers"]) == ["closed"] * 3 + ["open"]
