"""The disk fails under a whole gateway while clients ask: they get their answers, and it is told once."""

import json
import os
import re
import resource
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.support.gateway import Client, field, post
from tests.support.process import GatewayProcess, serving
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def answer(asked: Asked, wire: Wire) -> None:
    """The question, and enough beside it to fill a disk."""
    query = json.loads(asked.body)["query"]
    await wire.json(json.dumps({"query": query, "text": os.urandom(1500).hex()}).encode())


async def ask(client: Client, name: object) -> bytes:
    """Cache-Status of an answer that is right."""
    head, body = await client.ask(post(b"/rag", json.dumps({"query": f"q {name}"}).encode()))
    assert head.startswith(b"HTTP/1.1 200"), head
    assert json.loads(body)["query"] == f"q {name}"
    return field(head, b"cache-status") or b""


def disk(folder: Path, size: str = "16MiB") -> str:
    return f"{{disk: {{path: {folder / 'l2'}, max_bytes: {size}}}, compress_over: 1MiB}}"


@asynccontextmanager
async def gateway_over(folder: Path, size: str = "16MiB"):
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(ScriptedUpstream(answer))
        gateway = await stack.enter_async_context(serving(folder, upstream.url, disk(folder, size)))
        yield gateway, await stack.enter_async_context(Client(gateway.port))


def told_of(gateway: GatewayProcess, what: str) -> int:
    log = gateway.log.read_text()
    assert "Traceback" not in log
    return log.count(what)


async def errors(gateway: GatewayProcess) -> float:
    """Of the disk tier, as its metrics have it."""
    async with Client(gateway.admin) as client:
        _, page = await client.ask(b"GET /metrics HTTP/1.1\r\nHost: gw\r\n\r\n")
    found = re.search(rb'^ragfront_tier_errors_total\{tier="disk"\} (\S+)$', page, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def test_without_room_answers_go_on_and_it_is_told_once(tmp_path: Path):
    async with gateway_over(tmp_path) as (gateway, client):
        await ask(client, "before")
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
        for number in range(1500):
            await ask(client, number)
        assert (await ask(client, 1499)).startswith(b"ragfront; hit")
        assert told_of(gateway, "is out") <= 1
        assert await errors(gateway) > 0


async def test_a_map_that_is_full_makes_room_and_stays_in_use(tmp_path: Path):
    async with gateway_over(tmp_path, "1MiB") as (gateway, client):
        for number in range(1500):
            await ask(client, number)
        assert told_of(gateway, "is out") == 0
        assert await errors(gateway) == 0


async def test_a_file_that_was_damaged_while_it_was_down_is_begun_anew(tmp_path: Path):
    async with gateway_over(tmp_path) as (gateway, client):
        for number in range(200):
            await ask(client, number)
        gateway.signal(signal.SIGKILL)
        gateway.process.wait()
    data = tmp_path / "l2" / "live" / "data.mdb"
    with data.open("r+b") as file:
        file.write(os.urandom(data.stat().st_blocks * 512))
    async with gateway_over(tmp_path) as (gateway, client):
        for number in range(200):
            assert b"hit" not in await ask(client, number)
        assert (await ask(client, 0)).startswith(b"ragfront; hit")
        assert told_of(gateway, "set aside") == 1
