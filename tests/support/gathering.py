"""A route's gathering in front of a scripted embedding service, and calls about items."""

import asyncio
import json
from contextlib import asynccontextmanager
from typing import Any

from gateway.model.settings.batch import BatchSettings
from gateway.policy.items import form_of
from gateway.upstream.batch import Gathering
from gateway.upstream.call import Call
from tests.support.embedding import ROUTE, answer
from tests.support.talk import body_of, upstream_of
from tests.support.upstream import ScriptedUpstream


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def about(item: Any, *fields: tuple[bytes, bytes], target: bytes = b"/v1/embeddings", **more: Any) -> Call:
    body = json.dumps({"input": item, **more}).encode()
    pairs = ((b"Host", b"h"), (b"Content-Length", b"%d" % len(body)), *fields)
    return Call(b"POST", target, lambda authority: pairs, body=body, repeatable=True)


@asynccontextmanager
async def gathering(script: Any = answer, route: Any = ROUTE, timeouts: Any = None, **settings: Any):
    batch = BatchSettings.model_validate({**route["batch"], "window": "30ms", **settings})
    form = form_of(batch)
    assert form is not None
    clock = Clock()
    async with ScriptedUpstream(script) as service, upstream_of(service.url, timeouts=timeouts or {}) as (up, calls):
        made = Gathering(up, batch, form, frozenset({b"x-trace"}), clock)
        made.clock, made.calls = clock, calls
        yield made, service


async def part(made: Gathering, call: Call) -> Any:
    reply = await made.fetch(call)
    return reply.head.status, json.loads(await body_of(reply))


async def parts(made: Gathering, *calls: Call) -> list[Any]:
    return await asyncio.gather(*(part(made, call) for call in calls), return_exceptions=True)
