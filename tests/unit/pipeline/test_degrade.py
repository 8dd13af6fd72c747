"""Degrade: who waits for how long, and what is given instead. The upstream's answers come when the test says."""

import asyncio
import time
from typing import Any

import orjson
import pytest

from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome, Reason
from gateway.pipeline.answer import FromEntry, FromRecording, Problem
from tests.support.eventually import eventually
from tests.support.pipeline import Rig, read, rigged
from tests.support.upstream import Asked, ScriptedUpstream, Wire

DOCS = [{"id": "d1", "text": "one"}]
SHAPE = {"documents": "/docs", "answer": "/answer", "event_documents": "/docs", "delta": "/delta"}
RETRIEVE = {"path": "/retrieve", "body": {"query": "{/query}"}, "documents": "/found"}
ASK = b'{"query": "q"}'
SHOWN = b'{"docs":[{"id":"d1","text":"one"}],"answer":null}'
STATIC = {"status": 503, "body": {"sorry": True}}


def route(**degrade: Any) -> dict[str, Any]:
    degrade.setdefault("after", "50ms")
    return {"name": "rag", "shape": SHAPE, "degrade": degrade, "stream": {"when": [{"pointer": "/stream", "is": True}]}}


class Service:
    """Generates when `answer` is set, and finds when `find` is."""

    def __init__(self, documents: Any = DOCS) -> None:
        self.answer, self.find = asyncio.Event(), asyncio.Event()
        self.documents = documents
        self.status = b"200 OK"
        self.body = orjson.dumps({"docs": DOCS, "answer": "generated"})

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        if asked.line.startswith(b"POST /retrieve"):
            await self.find.wait()
            await wire.json(orjson.dumps({"found": self.documents}))
            return
        await self.answer.wait()
        await wire.json(self.body, status=self.status)


async def ask(rig: Rig, body: bytes = ASK, *fields: tuple[bytes, bytes]) -> tuple[Exchange, Any]:
    x = rig.exchange(b"/rag", body, *fields)
    x.started = time.monotonic()
    return x, await rig.pipeline.handle(x)


async def test_documents_are_given_when_the_answer_is_late_and_the_late_answer_is_stored():
    service = Service()
    service.find.set()
    async with ScriptedUpstream(service) as upstream:
        async with rigged(upstream.url, route(ladder=["docs"], docs={"request": RETRIEVE})) as rig:
            x, answer = await ask(rig)
            assert (x.outcome, x.reason, x.rung, x.fwd, x.stored) == (
                Outcome.DEGRADED,
                Reason.TIMEOUT,
                "docs",
                "uri-miss",
                False,
            )
            assert await read(answer) == SHOWN
            assert upstream.asked[1].body == b'{"query":"q"}'
            service.answer.set()
            await rig.landed()
            x, answer = await ask(rig)
            assert (x.outcome, await read(answer)) == (Outcome.HIT, service.body)
        assert len(upstream.asked) == 2


async def test_documents_are_asked_for_once_for_all_who_wait_and_not_where_the_answer_is_in_time():
    service = Service()
    service.find.set()
    async with ScriptedUpstream(service) as upstream:
        async with rigged(upstream.url, route(ladder=["docs"], docs={"request": RETRIEVE})) as rig:
            ends = await asyncio.gather(*(ask(rig) for _ in range(20)))
            assert {x.rung for x, _ in ends} == {"docs"}
            assert len(upstream.asked) == 2
            service.answer.set()
            await rig.landed()
            x, _ = await ask(rig, b'{"query": "in time"}')
            assert (x.outcome, x.rung) == (Outcome.MISS, "")
        assert len(upstream.asked) == 3


async def test_the_hedge_is_asked_before_the_deadline():
    service = Service()
    service.find.set()
    docs = {"request": RETRIEVE, "hedge_at": 0}
    async with ScriptedUpstream(service) as upstream:
        async with rigged(upstream.url, route(after="10m", ladder=["docs"], docs=docs)) as rig:
            asking = asyncio.create_task(ask(rig))
            await upstream.until(lambda: len(upstream.asked) == 2)
            service.answer.set()
            x, _ = await asking
            assert (x.outcome, x.rung) == (Outcome.MISS, "")


@pytest.mark.parametrize("status", [b"500 Oops", b"503 Busy"])
async def test_a_failure_is_stood_in_for_and_passed_on_where_nothing_is_there(status):
    service = Service()
    service.answer.set()
    service.find.set()
    service.status, service.body = status, b'{"error": 1}'
    async with ScriptedUpstream(service) as upstream:
        async with rigged(upstream.url, route(after=0, ladder=["docs"], docs={"request": RETRIEVE})) as rig:
            x, answer = await ask(rig)
            assert (x.outcome, x.reason, x.rung) == (Outcome.DEGRADED, Reason.UPSTREAM_FAILED, "docs")
            assert await read(answer) == SHOWN
            service.documents = []
            x, answer = await ask(rig, b'{"query": "other"}')
            assert (x.outcome, x.rung) == (Outcome.MISS, "")
            assert isinstance(answer, FromRecording)
            assert (answer.recording.status, await read(answer)) == (int(status[:3]), b'{"error": 1}')


async def test_an_upstream_that_is_gone_leaves_the_documents_that_are_remembered():
    service = Service()
    service.answer.set()
    cache = {"ttl": "1s", "jitter": 0, "stale_while_revalidate": 0, "stale_if_error": 0}
    async with ScriptedUpstream(service) as upstream:
        async with rigged(
            upstream.url, route(ladder=["stale", "docs", "static"], static=STATIC) | {"cache": cache}
        ) as rig:
            x, _ = await ask(rig)
            assert x.stored
            await upstream.stop()
            rig.clock.now += 3600
            x, answer = await ask(rig)
            assert (x.outcome, x.rung, x.reason) == (Outcome.DEGRADED, "docs", Reason.UPSTREAM_FAILED)
            assert await read(answer) == SHOWN
            rig.clock.now += 86_400
            x, answer = await ask(rig)
            assert (x.rung, await read(answer)) == ("static", b'{"sorry":true}')
            await upstream.start()


async def test_the_rungs_are_tried_in_the_order_of_the_route():
    service = Service()
    service.answer.set()
    cache = {"ttl": "1s", "jitter": 0, "stale_while_revalidate": 0}
    found = []
    async with ScriptedUpstream(service) as upstream:
        for ladder in (["stale", "docs"], ["docs", "stale"], ["static", "stale"]):
            service.answer.set()
            async with rigged(upstream.url, route(ladder=ladder, static=STATIC) | {"cache": cache}) as rig:
                await ask(rig)
                service.answer.clear()
                rig.clock.now += 5
                x, _ = await ask(rig)
                found.append((x.outcome, x.rung, x.reason))
                service.answer.set()
    assert found == [
        (Outcome.STALE, "stale", Reason.TIMEOUT),
        (Outcome.DEGRADED, "docs", Reason.TIMEOUT),
        (Outcome.DEGRADED, "static", Reason.TIMEOUT),
    ]


async def test_who_has_nothing_better_to_give_waits_for_the_answer_or_the_documents():
    async with ScriptedUpstream(Service()) as upstream:
        service: Service = upstream.answer  # type: ignore[assignment]
        async with rigged(
            upstream.url, route(after="1ms", ladder=["stale", "docs"], docs={"request": RETRIEVE})
        ) as rig:
            asking = asyncio.create_task(ask(rig))
            await upstream.until(lambda: len(upstream.asked) == 2)
            await asyncio.sleep(0.05)
            assert not asking.done()
            service.find.set()
            x, answer = await asking
            assert (x.rung, x.reason, await read(answer)) == ("docs", Reason.TIMEOUT, SHOWN)
            service.find.clear()
            asking = asyncio.create_task(ask(rig, b'{"query": "other"}'))
            await upstream.until(lambda: len(upstream.asked) == 4)
            service.answer.set()
            x, answer = await asking
            assert (x.outcome, x.rung, await read(answer)) == (Outcome.MISS, "", service.body)
            service.find.set()


async def test_nobody_waits_for_documents_where_a_static_answer_is_below_them():
    async with ScriptedUpstream(Service()) as upstream:
        docs = {"request": RETRIEVE | {"timeout": "60s"}}
        async with rigged(upstream.url, route(ladder=["docs", "static"], docs=docs, static=STATIC)) as rig:
            x, answer = await ask(rig)
            assert (x.rung, await read(answer)) == ("static", b'{"sorry":true}')


async def test_a_call_is_shed_and_its_client_gets_documents_without_having_been_asked_for():
    service = Service()
    service.find.set()
    concurrency = {"mode": "fixed", "limit": 1, "queue": 0}
    async with ScriptedUpstream(service) as upstream:
        degrade = route(after=0, ladder=["docs"], docs={"request": RETRIEVE})
        async with rigged(upstream.url, degrade, concurrency=concurrency) as rig:
            first = asyncio.create_task(ask(rig))
            await upstream.until(lambda: len(upstream.asked) == 1)
            x, answer = await ask(rig, b'{"query": "other"}')
            assert (x.outcome, x.rung, x.reason, x.fwd) == (Outcome.DEGRADED, "docs", Reason.CONCURRENCY, "")
            assert await read(answer) == SHOWN
            service.answer.set()
            assert (await first)[0].outcome is Outcome.MISS


async def test_a_call_whose_clients_have_got_something_worse_goes_on_also_where_only_wanted_ones_do():
    service = Service()
    wanted = route(ladder=["static"], static=STATIC) | {"cache": {"finish": "wanted"}}
    async with ScriptedUpstream(service) as upstream, rigged(upstream.url, wanted) as rig:
        x, _ = await ask(rig)
        assert x.rung == "static"
        service.answer.set()
        await rig.landed()
        x, answer = await ask(rig)
        assert (x.outcome, await read(answer)) == (Outcome.HIT, service.body)


async def test_a_client_that_leaves_while_documents_are_looked_for_leaves_no_trace():
    async with ScriptedUpstream(Service()) as upstream:
        service: Service = upstream.answer  # type: ignore[assignment]
        async with rigged(upstream.url, route(after="1ms", ladder=["docs"], docs={"request": RETRIEVE})) as rig:
            asking = asyncio.create_task(ask(rig))
            await upstream.until(lambda: len(upstream.asked) == 2)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert all(flight.clients == 0 for flight in rig.pipeline.flights._flights.values())
            service.answer.set()
            service.find.set()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
STREAM = b'{"query": "q", "stream": true}'
EVENTS = {"events": [{"data": {"docs": "{documents}"}}, {"data": "[DONE]"}]}


class Stream:
    """Says its first events, and the others when `rest` is set."""

    def __init__(self, first: bytes, rest: bytes = b'data: {"delta": "x"}\n\ndata: [DONE]\n\n') -> None:
        self.first, self.said = first, rest
        self.rest = asyncio.Event()

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        await wire.send(HEAD + _chunk(self.first))
        await self.rest.wait()
        await wire.send(_chunk(self.said) + b"0\r\n\r\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


@pytest.mark.parametrize("first", [b"", b": ping\n\n"])
async def test_a_stream_whose_first_event_is_late_is_stood_in_for_and_stored(first):
    service = Stream(first)
    made = route(ladder=["static"], static={"body": {}, **EVENTS})
    async with ScriptedUpstream(service) as upstream, rigged(upstream.url, made) as rig:
        x, answer = await ask(rig, STREAM)
        assert (x.outcome, x.rung) == (Outcome.DEGRADED, "static")
        assert isinstance(answer, FromEntry)
        assert await read(answer) == b'data: {"docs":"{documents}"}\n\ndata: [DONE]\n\n'
        service.rest.set()
        await rig.landed()
        x, answer = await ask(rig, STREAM)
        assert (x.outcome, await read(answer)) == (Outcome.HIT, first + service.said)


async def test_documents_out_of_a_streams_beginning_are_shown_where_its_answer_hangs():
    service = Stream(b'data: {"docs": [{"id": "d1", "text": "one"}]}\n\n')
    made = route(ladder=["docs"], docs={"answer": {"body": {}, **EVENTS}})
    async with ScriptedUpstream(service) as upstream, rigged(upstream.url, made) as rig:
        x, answer = await ask(rig, STREAM)
        assert (x.outcome, x.rung, x.reason) == (Outcome.DEGRADED, "docs", Reason.TIMEOUT)
        assert await read(answer) == b'data: {"docs":[{"id":"d1","text":"one"}]}\n\ndata: [DONE]\n\n'
        service.rest.set()
        await rig.landed()
        x, answer = await ask(rig, STREAM)
        assert (x.outcome, await read(answer)) == (Outcome.HIT, service.first + service.said)


async def test_a_stream_that_answers_in_time_is_passed_on_from_its_first_event():
    service = Stream(b'data: {"docs": [1]}\n\ndata: {"delta": "a"}\n\n')
    made = route(after="10m", ladder=["docs"], docs={"answer": {"body": {}, **EVENTS}})
    async with ScriptedUpstream(service) as upstream, rigged(upstream.url, made) as rig:
        x, answer = await ask(rig, STREAM)
        assert (x.outcome, x.rung) == (Outcome.MISS, "")
        assert isinstance(answer, FromRecording)
        pieces = answer.recording.read()
        assert await anext(pieces) == service.first
        service.rest.set()
        assert b"".join([piece async for piece in pieces]) == service.said


async def test_a_stream_that_begins_with_a_failure_is_stood_in_for_or_told_as_it_is():
    service = Stream(b'data: {"error": "out of memory"}\n\n', b"")
    service.rest.set()
    for static, rung in (({"body": {}, **EVENTS}, "static"), ({"body": {}}, "")):
        made = route(after=0, ladder=["static"], static=static)
        async with ScriptedUpstream(service) as upstream, rigged(upstream.url, made) as rig:
            x, answer = await ask(rig, STREAM)
            assert x.rung == rung
            if not rung:
                assert await read(answer) == service.first
            await eventually(lambda: not len(rig.pipeline.flights))


async def test_what_breaks_off_before_it_began_is_stood_in_for():
    async def cut(asked: Asked, wire: Wire) -> None:
        await wire.send(HEAD)
        wire.reset()

    made = route(after=0, ladder=["static"], static={"body": {}, **EVENTS})
    async with ScriptedUpstream(cut) as upstream, rigged(upstream.url, made) as rig:
        x, _ = await ask(rig, STREAM)
        assert (x.outcome, x.rung, x.reason) == (Outcome.DEGRADED, "static", Reason.UPSTREAM_FAILED)


async def test_without_a_ladder_nothing_changes():
    async def gone(asked: Asked, wire: Wire) -> None:
        wire.reset()

    async with ScriptedUpstream(gone) as upstream, rigged(upstream.url, route(after=0, ladder=[])) as rig:
        x, answer = await ask(rig)
        assert isinstance(answer, Problem)
        assert (x.outcome, x.rung) == (Outcome.ERROR, "")
