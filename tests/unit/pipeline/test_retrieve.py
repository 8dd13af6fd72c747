"""Retrieve: what is asked aside, with whose fields, and how it ends."""

import asyncio
import gzip
from typing import Any

import pytest

from gateway.model.outcome import Reason
from gateway.pipeline.job import Standby
from gateway.pipeline.retrieve import Retrieval
from gateway.policy.document import parse
from tests.support.pipeline import Rig, rigged
from tests.support.upstream import Asked, ScriptedUpstream, Wire

REQUEST = {"path": "/retrieve", "body": {"query": "{/query}"}, "documents": "/found", "timeout": "10s"}


def route(key: Any = None, **request: Any) -> dict[str, Any]:
    docs = {"request": REQUEST | request, "remember": 0}
    return {"name": "rag", "key": key or {}, "degrade": {"ladder": ["docs"], "docs": docs}}


async def look(
    rig: Rig, retrieval: Retrieval, *fields: tuple[bytes, bytes], body: bytes = b'{"query": "q"}'
) -> list[Any]:
    x = rig.exchange(b"/rag", body, *fields)
    rule, standby = rig.pipeline.plan.match(x.request, None), Standby(b"key")
    assert rule is not None
    retrieval.begin(rig.pipeline.plan, rule, x.request, parse(body).value, standby)
    assert standby.retrieval is not None
    return await standby.retrieval


class Found:
    """Answers with what it is told to."""

    def __init__(self, body: bytes = b'{"found": [1]}', *fields: bytes, status: bytes = b"200 OK") -> None:
        self.body, self.fields, self.status = body, fields, status

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        await wire.json(self.body, *self.fields, status=self.status)


@pytest.mark.parametrize(
    ("service", "documents", "result"),
    [
        (Found(), [1], "found"),
        (Found(gzip.compress(b'{"found": [1]}'), b"Content-Encoding: gzip"), [1], "found"),
        (Found(b'{"found": []}'), [], "none"),
        (Found(b'{"other": [1]}'), [], "none"),
        (Found(b"no json"), [], "failed"),
        (Found(b""), [], "failed"),
        (Found(status=b"500 Oops"), [], "failed"),
        (Found(status=b"401 Who"), [], "failed"),
        (Found(b"[" + b"1," * (3 << 20) + b"1]"), [], "failed"),
    ],
)
async def test_how_it_ends(service, documents, result):
    told = []
    async with ScriptedUpstream(service) as upstream, rigged(upstream.url, route()) as rig:
        retrieval = Retrieval(rig.tiers, lambda name, how: told.append((name, how)))
        assert await look(rig, retrieval) == documents
    assert told == [("rag", result)]


async def test_what_takes_too_long_or_breaks_is_nothing():
    async def mute(asked: Asked, wire: Wire) -> None:
        if len(upstream.asked) == 1:
            await wire.reader.read(1)
        wire.reset()

    told = []
    async with ScriptedUpstream(mute) as upstream, rigged(upstream.url, route(timeout="30ms")) as rig:
        retrieval = Retrieval(rig.tiers, lambda name, how: told.append(how))
        assert await look(rig, retrieval) == await look(rig, retrieval) == []
    assert told == ["timeout", "failed"]


async def test_a_request_that_lacks_what_is_named_is_not_asked_about():
    told = []
    async with ScriptedUpstream(Found()) as upstream, rigged(upstream.url, route()) as rig:
        retrieval = Retrieval(rig.tiers, lambda name, how: told.append(how))
        assert await look(rig, retrieval, body=b'{"question": "q"}') == []
    assert (told, upstream.asked) == (["incomplete"], [])


async def test_so_many_at_once_and_no_more():
    gate, told = asyncio.Event(), []

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.json(b'{"found": [1]}')

    async with ScriptedUpstream(gated) as upstream, rigged(upstream.url, route(most=2)) as rig:
        retrieval = Retrieval(rig.tiers, lambda name, how: told.append(how))
        looking = [asyncio.create_task(look(rig, retrieval)) for _ in range(2)]
        await upstream.until(lambda: len(upstream.asked) == 2)
        assert await look(rig, retrieval) == []
        gate.set()
        assert await asyncio.gather(*looking) == [[1], [1]]
        assert await look(rig, retrieval) == [1]
    assert told == ["busy", "found", "found", "found"]


@pytest.mark.parametrize(
    ("key", "kept", "left"),
    [
        ({}, [b"authorization", b"x-api-key"], [b"x-lang", b"x-request-id"]),
        ({"headers": ["x-lang"]}, [b"authorization", b"x-lang"], [b"x-request-id"]),
        ({"identity": "shared"}, [b"authorization"], [b"x-lang"]),
        ({"identity": ["x-lang"]}, [b"authorization", b"x-lang"], [b"x-request-id"]),
    ],
)
async def test_it_carries_credentials_and_what_is_in_the_key_and_nothing_else_of_its_client(key, kept, left):
    fields = [(name, b"secret") for name in (b"Authorization", b"X-Api-Key", b"X-Lang", b"X-Request-Id")]
    async with ScriptedUpstream(Found()) as upstream, rigged(upstream.url, route(key)) as rig:
        await look(rig, Retrieval(rig.tiers, lambda name, how: None), *fields)
    (asked,) = upstream.asked
    assert asked.line == b"POST /retrieve HTTP/1.1"
    assert asked.body == b'{"query":"q"}'
    assert [asked.get(name) for name in (b"host", b"content-type", b"accept")] == [
        b"rag.example:8080",
        *[b"application/json"] * 2,
    ]
    assert all(asked.get(name) == b"secret" for name in kept)
    assert all(asked.get(name) is None for name in left)


async def test_a_get_has_no_body():
    made = route(method="GET", path="/find?q={/query}", body=None)
    async with ScriptedUpstream(Found()) as upstream, rigged(upstream.url, made) as rig:
        assert await look(rig, Retrieval(rig.tiers, lambda name, how: None), body=b'{"query": "a&b"}') == [1]
    (asked,) = upstream.asked
    assert (asked.line, asked.body) == (b"GET /find?q=a%26b HTTP/1.1", b"")
    assert asked.get(b"content-type") is None


async def test_an_upstream_that_nobody_may_ask_is_not_asked():
    async def gone(asked: Asked, wire: Wire) -> None:
        wire.reset()

    breaker = {"failures": 1, "open": "1h"}
    told = []
    async with ScriptedUpstream(gone) as upstream, rigged(upstream.url, route(), breaker=breaker) as rig:
        x, _ = await rig.ask()
        asked = len(upstream.asked)
        retrieval = Retrieval(rig.tiers, lambda name, how: told.append(how))
        assert await look(rig, retrieval) == []
        x, _ = await rig.ask(body=b'{"other": 1}')
        assert x.reason is Reason.BREAKER_OPEN
        assert len(upstream.asked) == asked
    assert told == ["failed"]


async def test_the_end_of_the_worker_ends_it():
    async def mute(asked: Asked, wire: Wire) -> None:
        await wire.reader.read(1)

    async with ScriptedUpstream(mute) as upstream, rigged(upstream.url, route()) as rig:
        retrieval = Retrieval(rig.tiers, lambda name, how: None)
        looking = asyncio.create_task(look(rig, retrieval))
        await upstream.until(lambda: len(upstream.asked) == 1)
        await retrieval.close()
        with pytest.raises(asyncio.CancelledError):
            await looking
        assert rig.upstream.pending == 0


async def test_it_does_not_wait_behind_calls_that_hang():
    gate = asyncio.Event()

    async def hangs(asked: Asked, wire: Wire) -> None:
        if asked.line.startswith(b"POST /rag"):
            await gate.wait()
        await wire.json(b'{"found": [1]}')

    async with ScriptedUpstream(hangs) as upstream, rigged(upstream.url, route(), pool={"connections": 1}) as rig:
        asking = asyncio.create_task(rig.ask())
        await upstream.until(lambda: len(upstream.asked) == 1)
        assert await look(rig, Retrieval(rig.tiers, lambda name, how: None)) == [1]
        gate.set()
        await asking
