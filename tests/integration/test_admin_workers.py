"""What is changed through one worker's API holds in all of them."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from tests.support.admin import Admin, settled
from tests.support.gateway import field, once, post
from tests.support.process import GatewayProcess, serving
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def answer(asked: Asked, wire: Wire) -> None:
    await wire.json(b'{"answer": 1}')


async def outcomes(gateway: GatewayProcess, query: str, times: int = 24) -> list[bytes]:
    """What so many clients get, each on a connection of its own: the kernel spreads them over the workers."""
    body = json.dumps({"query": query}).encode()
    asked = [once(gateway.port, post(b"/rag", body, b"Connection: close")) for _ in range(times)]
    return [field(head, b"cache-status") or b"" for head, _ in await asyncio.gather(*asked)]


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
