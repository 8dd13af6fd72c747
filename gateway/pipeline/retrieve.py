"""Retrieve: the documents for a question, asked for aside while its answer is late or after it has failed.

First those that an earlier answer to the same question came from; then the service's own retrieval endpoint. One look
per flight, bounded in time, size and number. It takes no turn of the upstream's concurrency: whoever was refused one
is just who needs documents, and searching costs a service a fraction of what generating does.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson

from gateway.cache.tiers import Tiers
from gateway.model.errors import UpstreamError
from gateway.model.exchange import Request
from gateway.pipeline import calls
from gateway.pipeline.job import Standby
from gateway.pipeline.plan import Plan, Rule
from gateway.policy.coding import codings, decode
from gateway.policy.documents import read
from gateway.policy.freshness import Verdict, classify
from gateway.policy.keying import documents_key
from gateway.policy.ladder import RetrievalRequest
from gateway.upstream.reply import Reply

_LARGEST = 4 << 20  # bytes of documents

Told = Callable[[str, str], None]
"""(route, how a look for documents ended): remembered, found, none, incomplete, busy, timeout or failed."""


class Retrieval:
    """Looks for documents. `wall`: Unix seconds."""

    def __init__(self, tiers: Tiers, told: Told, wall: Callable[[], float] = time.time) -> None:
        self._tiers = tiers
        self._told = told
        self._wall = wall
        self._tasks: set[asyncio.Task[list[Any]]] = set()
        self._under_way: Counter[str] = Counter()

    def begin(
        self, plan: Plan, rule: Rule, request: Request, asked: Any, standby: Standby, primary: bytes = b""
    ) -> None:
        """Have the documents looked for, once. asked: the request's JSON value. primary: its key, before Vary."""
        if standby.retrieval is None:
            standby.version = self._tiers.version
            named = (standby.key, primary)
            task = asyncio.create_task(self._look(plan, rule, request, asked, named))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            standby.retrieval = task

    async def _look(
        self, plan: Plan, rule: Rule, request: Request, asked: Any, named: tuple[bytes, bytes]
    ) -> list[Any]:
        documents, result = await self._remembered(rule, named), "remembered"
        if not documents and rule.ladder.request is not None:
            documents, result = await self._ask(plan, rule, request, asked, rule.ladder.request)
        self._told(rule.route.name, result if documents or result != "remembered" else "none")
        return documents

    async def _remembered(self, rule: Rule, named: tuple[bytes, bytes]) -> list[Any]:
        if not rule.ladder.remember:
            return []
        now = self._wall()
        found = await self._tiers.find(documents_key(named[0]), now, rule.route.cache.l1_ttl, named=named)
        entry = found.entry
        return read(entry) if entry is not None and classify(entry, now) is Verdict.FRESH else []

    async def _ask(
        self, plan: Plan, rule: Rule, request: Request, asked: Any, wanted: RetrievalRequest
    ) -> tuple[list[Any], str]:
        filled, name = wanted.fill(asked), rule.route.name
        if filled is None:
            return [], "incomplete"
        if self._under_way[name] >= wanted.settings.most:
            return [], "busy"
        upstream = plan.upstreams[wanted.settings.upstream] if wanted.settings.upstream else rule.upstream
        call = calls.for_retrieval(
            plan, request, rule.keyer.carried, upstream, wanted.settings.method.encode(), *filled
        )
        self._under_way[name] += 1
        try:
            async with asyncio.timeout(wanted.settings.timeout):
                documents = wanted.documents.find(await _json(await upstream.fetch(call)))
        except TimeoutError:
            return [], "timeout"
        except (UpstreamError, ValueError):
            return [], "failed"
        finally:
            self._under_way[name] -= 1
        return documents, "found" if documents else "none"

    async def close(self) -> None:
        """End what is under way: nobody waits for it any more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _json(reply: Reply) -> Any:
    """What an answer says, where it says anything. ValueError where not."""
    try:
        body, size = [], 0
        while piece := await reply.read():
            body.append(piece)
            size += len(piece)
            if size > _LARGEST:
                raise ValueError("larger than documents may be")
    finally:
        reply.close()
    if reply.head.status != 200:
        raise ValueError("no success")
    coding = b", ".join(codings(reply.head.fields.joined(b"content-encoding")))
    plain = decode(b"".join(body), coding, _LARGEST) if coding else b"".join(body)
    return orjson.loads(plain or b"")
