"""An eventful gateway: everything that it counts has happened once, so that no figure of its page is missing.

Traffic is shadowed, degraded, refused, collapsed, retried, batched, warmed, doubted and compared.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.eventually import eventually
from tests.support.filters import made
from tests.support.ports import free_port
from tests.support.process import GatewayProcess, serving
from tests.support.upstream import Asked, ScriptedUpstream, Wire

# Goes on from `rag`, the route of every gateway in tests.support.process.
ROUTES = """\
    upstream: rag
    warm: {top: 3, rate: 100/s}
  - {name: tight, upstream: rag, match: {method: POST, path: /tight}, budget: {rate: 1/h, burst: 1}}
  - {name: busy, upstream: busy, match: {method: POST, path: /busy}}
  - {name: shadowed, upstream: rag, match: {method: POST, path: /shadowed}, cache: {mode: shadow},
     budget: {rate: 1/h, burst: 1}, drift: {sample: 100%, rate: 1000/s, accept: 100%}, shape: {answer: /answer}}
  - name: doubted
    upstream: rag
    match: {method: POST, path: /doubted}
    bloom: {known: {mode: observe, file: FILTER, at: /kb}}
    empty: {when: [{pointer: /docs, is: []}]}
  - name: late
    upstream: rag
    match: {method: POST, path: /late}
    shape: {query: /query, answer: /answer, documents: /docs}
    degrade:
      after: 300ms
      ladder: [docs, static]
      docs: {hedge_at: 50ms, request: {path: /retrieve, body: {query: "{query}"}, documents: /docs}}
      static: {body: {answer: later}}
  - {preset: openai-embeddings, upstream: rag}
  - {name: gone, upstream: gone, match: {path: /gone}}
"""
UPSTREAMS = ', busy: {urls: ["%s"], concurrency: {mode: fixed, limit: 1, queue: 1, wait: 5s}}, gone: ["%s", "%s"]'
# So that some have drifted.
_ANSWERS = cycle(["an answer of several words", "something quite different today", "something quite different again"])


async def answer(asked: Asked, wire: Wire) -> None:
    """The service behind it."""
    path, asks = asked.line.split()[1], json.loads(asked.body or b"{}")
    if path == b"/late" or asks.get("query") == "slow":
        await asyncio.sleep(1)
    if path == b"/v1/embeddings":
        texts = asks["input"] if isinstance(asks["input"], list) else [asks["input"]]
        data = [{"object": "embedding", "index": n, "embedding": [0.5]} for n, _ in enumerate(texts)]
        told: Any = {"object": "list", "model": "m", "data": data, "usage": {"prompt_tokens": 8, "total_tokens": 8}}
    else:
        docs = [] if path == b"/doubted" else [{"id": 1, "text": "t"}]
        told = {"answer": next(_ANSWERS) if path == b"/shadowed" else "an answer", "docs": docs}
    await wire.json(json.dumps(told).encode())


class Eventful:
    """A running one, its service, and what is asked of it."""

    def __init__(self, gateway: GatewayProcess, session: aiohttp.ClientSession) -> None:
        self.gateway = gateway
        self._session = session

    async def ask(self, path: str, query: str, **more: Any) -> int:
        async with self._session.post(f"{self.gateway.url}{path}", json={"query": query, **more}) as got:
            await got.read()
            return got.status

    async def page(self) -> str:
        async with self._session.get(f"http://127.0.0.1:{self.gateway.admin}/metrics") as got:
            return await got.text()

    async def counted(self, figure: str) -> bool:
        """Is it on the page, and not nothing?"""
        lines = [line for line in (await self.page()).splitlines() if figure in line and line[0] != "#"]
        return any(float(line.rpartition(" ")[2]) > 0 for line in lines)

    async def happen(self, round_: int) -> None:
        """Everything, once more. round_: questions are new in each."""
        new = f"q{round_}"
        await asyncio.gather(*(self.ask("/rag", "slow" if n < 2 else f"{new}-{n}", n=round_) for n in range(6)))
        for n in range(5):
            await self.ask("/rag", new)
            await self.ask("/shadowed", "same")
            await self.ask("/shadowed", f"{new}-{n}")
            await asyncio.sleep(0.1)  # twenty moments a second are looked at for what is asked most
        for n in range(3):
            await self.ask("/tight", f"{new}-{n}")
        await asyncio.gather(*(self.ask("/busy", "slow", n=f"{new}-{n}") for n in range(8)))
        await self.ask("/doubted", new, kb="unheard-of")
        await self.ask("/late", new)
        await self.ask("/gone", new)
        for words in (["a", f"{new}-b", f"{new}-c"], ["a", f"{new}-d", f"{new}-e"]):
            async with self._session.post(
                f"{self.gateway.url}/v1/embeddings", json={"model": "m", "input": words}
            ) as got:
                await got.read()
        async with self._session.get(f"{self.gateway.url}/elsewhere") as got:
            await got.read()
        await self._malformed()
        await self._purge()

    async def go_on(self) -> None:
        """A little more, for what wants to be seen several times by one worker: drift, and what is asked most."""
        for _ in range(5):
            await self.ask("/shadowed", "same")
            await self.ask("/rag", "asked most")
            await asyncio.sleep(0.05)
        await self._purge()

    async def _malformed(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.gateway.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n")
        await reader.read()
        writer.close()

    async def _purge(self) -> None:
        """And what was asked most is asked again by itself."""
        url = f"http://127.0.0.1:{self.gateway.admin}/admin/purge"
        async with self._session.post(url, json={"route": "rag"}) as got:
            assert got.status == 200, await got.text()


@asynccontextmanager
async def eventful(folder: Path, workers: int = 1) -> AsyncIterator[Eventful]:
    """Up, with nothing having happened yet. l2: on disk."""
    filter_ = made(folder / "known.bloom", ["kb1"])
    async with ScriptedUpstream(answer) as service, aiohttp.ClientSession() as session:
        gone = f"http://127.0.0.1:{free_port()}"
        upstreams = UPSTREAMS % (service.url, gone, f"{gone}/x")
        l2 = f'{{disk: {{path: "{folder}/l2"}}}}'
        routes = ROUTES.replace("FILTER", filter_)
        async with serving(folder, service.url, l2, workers=workers, routes=routes, upstreams=upstreams) as gateway:
            yield Eventful(gateway, session)


async def all_happened(run: Eventful) -> None:
    """Returns once what is counted behind clients' backs has been counted, too."""
    for figure in (
        'result="same",route="shadowed"',
        'result="text",route="shadowed"',
        "ragfront_warmed_total",
        "ragfront_bloom_compared_total",
        "ragfront_documents_sought_total",
        "ragfront_drift_suggested_ttl_seconds",
        "ragfront_budget_spared_total",
    ):

        async def holds(figure: str = figure) -> bool:
            if await run.counted(figure):
                return True
            await run.go_on()
            return False

        try:
            await eventually(holds, 20)
        except AssertionError:
            raise AssertionError(f"{figure} did not happen:\n{await run.page()}") from None
