"""Drift: a hit is asked again aside, compared with what was served, and changes nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from gateway.model.outcome import Outcome
from gateway.model.settings.route import RouteSettings
from gateway.pipeline.drift import DriftWatch
from gateway.policy.drift import Drift, Seen
from tests.support.eventually import eventually
from tests.support.pipeline import Rig, rigged
from tests.support.upstream import Asked, ScriptedUpstream, Wire

SHAPE = {"answer": "/answer", "documents": "/docs", "delta": "/delta", "event_documents": "/docs"}
DRIFT = {"name": "rag", "shape": SHAPE, "cache": {"jitter": 0}, "drift": {"sample": "100%", "rate": "100/s"}}
SHADOW = DRIFT | {"cache": {"mode": "shadow", "jitter": 0}}


class Service:
    """Says what it is set to say: JSON, or with `stream` a piece at a time."""

    def __init__(self) -> None:
        self.says: dict[str, Any] = {"answer": "it is so", "docs": [{"id": 1, "score": 0.3}]}
        self.status = b"200 OK"
        self.fields: tuple[bytes, ...] = ()
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        await self.gate.wait()
        if asked.get(b"x-stream") is None:
            await wire.json(json.dumps(self.says).encode(), *self.fields, status=self.status)
            return
        events = [{"docs": self.says["docs"]}, *({"delta": piece} for piece in self.says["answer"]), "[DONE]"]
        lines = [b"data: %b\n\n" % (e.encode() if isinstance(e, str) else json.dumps(e).encode()) for e in events]
        body = b"".join(b"%x\r\n%b\r\n" % (len(line), line) for line in lines)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        await wire.send(head + body + b"0\r\n\r\n")


Told = list[tuple[str, str, str]]


@asynccontextmanager
async def watched(
    service: ScriptedUpstream, route: dict[str, Any] = DRIFT, **more: Any
) -> AsyncIterator[tuple[Rig, Told]]:
    told: Told = []
    hits = iter(range(1_000_000))
    drift = partial(DriftWatch, told=lambda *each: told.append(each), hits=lambda _: next(hits))
    async with rigged(service.url, route, drift=drift, **more) as rig:
        yield rig, told


async def noted(rig: Rig, told: Told, *args: Any) -> tuple[str, str, str]:
    """Ask for what is stored, be drawn, and be compared."""
    before = len(told)
    x, _ = await rig.ask(*args)
    assert x.outcome is Outcome.HIT
    rig.pipeline.drift.note(rig.pipeline.plan, x)
    await eventually(lambda: len(told) > before)
    return told[-1]


@pytest.mark.parametrize("fields", [(), ((b"X-Stream", b"1"),)])
async def test_what_is_served_is_compared_with_what_the_upstream_says_now(fields):
    service = Service()
    args = (b"/rag", b"{}", *fields)
    async with ScriptedUpstream(service) as upstream, watched(upstream) as (rig, told):
        await rig.ask(*args)
        await rig.landed()
        served = (await rig.ask(*args))[1]
        rig.clock.now += 1
        service.says = service.says | {"took": 3, "docs": [{"id": 1, "score": 0.9}]}
        assert await noted(rig, told, *args) == ("rag", Drift.SAME, "10s")
        rig.clock.now += 30
        service.says = service.says | {"answer": "something else altogether"}
        assert await noted(rig, told, *args) == ("rag", Drift.TEXT, "1m")
        rig.clock.now += 300
        service.says = service.says | {"docs": [{"id": 2}]}
        assert await noted(rig, told, *args) == ("rag", Drift.DOCUMENTS, "15m")
        assert (await rig.ask(*args))[1] == served, "nothing of it is stored"
    assert len(upstream.asked) == 4


@pytest.mark.parametrize(
    ("status", "result"),
    [(b"404 Not Found", Drift.OTHER), (b"500 Oops", Drift.FAILED), (b"429 Too Many Requests", Drift.FAILED)],
)
async def test_an_answer_of_another_kind(status, result):
    service = Service()
    async with ScriptedUpstream(service) as upstream, watched(upstream) as (rig, told):
        await rig.ask()
        service.status = status
        rig.clock.now += 1
        assert await noted(rig, told) == ("rag", result, "10s")
        assert (await rig.ask())[0].outcome is Outcome.HIT


async def test_an_upstream_that_cannot_be_asked_is_no_drift():
    async with ScriptedUpstream(Service()) as upstream, watched(upstream) as (rig, told):
        await rig.ask()
        await upstream.stop()
        assert (await noted(rig, told))[1] is Drift.FAILED
        assert rig.pipeline.drift.suggestions() == {}


async def test_large_answers_are_compared_too():
    service = Service()
    service.says = {"answer": "word " * 10_000, "docs": []}
    async with ScriptedUpstream(service) as upstream, watched(upstream) as (rig, told):
        await rig.ask()
        assert (await noted(rig, told))[1] is Drift.SAME


async def test_no_more_than_so_many_are_asked_at_once_and_none_beside_a_flight():
    service = Service()
    route = DRIFT | {"drift": DRIFT["drift"] | {"at_once": 2}}
    async with ScriptedUpstream(service) as upstream, watched(upstream, route) as (rig, told):
        drawn = []
        for number in range(4):
            await rig.ask(b"/rag", b"%d" % number)
            drawn.append((await rig.ask(b"/rag", b"%d" % number))[0])
        service.gate.clear()
        for x in drawn:
            rig.clock.now += 1
            rig.pipeline.drift.note(rig.pipeline.plan, x)
        await upstream.until(lambda: len(upstream.asked) == 6)
        service.gate.set()
        await eventually(lambda: len(told) == 2)
        service.gate.clear()
        new = asyncio.create_task(rig.ask(b"/rag", b"3", (b"X-No", b"1")))
        await asyncio.wait((new,), timeout=0.01)
        rig.pipeline.flights.open(drawn[3].key, lambda flight: service.gate.wait())
        rig.clock.now += 1
        rig.pipeline.drift.note(rig.pipeline.plan, drawn[3])
        service.gate.set()
        await new
        await rig.landed()
    assert len(told) == 2
    assert len(upstream.asked) == 6


async def test_it_keeps_to_its_rate_and_share():
    route = DRIFT | {"drift": {"sample": "50%", "rate": "1/s"}}
    async with ScriptedUpstream(Service()) as upstream, watched(upstream, route) as (rig, told):
        await rig.ask()
        x, _ = await rig.ask()
        for _ in range(10):
            rig.pipeline.drift.note(rig.pipeline.plan, x)
        await eventually(lambda: len(told) == 1)
        for _ in range(3):
            rig.clock.now += 1
            rig.pipeline.drift.note(rig.pipeline.plan, x)
            await rig.landed()
        await eventually(lambda: len(told) == 4)
    assert len(upstream.asked) == 5


@pytest.mark.parametrize(
    ("route", "outcome"),
    [(DRIFT, Outcome.MISS), (DRIFT, Outcome.BYPASS), (DRIFT | {"drift": {}}, Outcome.HIT), (SHADOW, Outcome.HIT)],
)
async def test_what_is_not_drawn(route, outcome):
    async with ScriptedUpstream(Service()) as upstream, watched(upstream, route) as (rig, told):
        x, _ = await rig.ask()
        x.outcome = outcome
        rig.pipeline.drift.note(rig.pipeline.plan, x)
        await rig.landed()
    assert len(upstream.asked) == 1
    assert told == []


async def test_samples_are_wanted_where_a_route_draws_some():
    async with ScriptedUpstream(Service()) as upstream:
        for route, wanted in ((DRIFT, True), (SHADOW, False), ({"name": "rag"}, False)):
            async with watched(upstream, route) as (rig, _):
                assert rig.pipeline.drift.wanted(rig.pipeline.plan) is wanted


async def test_a_stop_waits_for_no_such_call():
    service = Service()
    async with ScriptedUpstream(service) as upstream, watched(upstream) as (rig, told):
        await rig.ask()
        x, _ = await rig.ask()
        service.gate.clear()
        rig.pipeline.drift.note(rig.pipeline.plan, x)
        await upstream.until(lambda: len(upstream.asked) == 2)
        await rig.pipeline.close(60)
        assert rig.calls.inflight == 0
        service.gate.set()
    assert told == []


async def test_in_shadow_each_would_be_hit_is_compared_without_a_further_call():
    service = Service()
    async with ScriptedUpstream(service) as upstream, watched(upstream, SHADOW) as (rig, told):
        await rig.ask()
        for docs in ([{"id": 1}], [{"id": 2}], [{"id": 2}]):
            rig.clock.now += 1
            service.says = service.says | {"docs": docs}
            _, body = await rig.ask()
            assert json.loads(body)["docs"] == docs
        await eventually(lambda: len(told) == 3)
        assert [each[1] for each in told] == [Drift.SAME, Drift.DOCUMENTS, Drift.DOCUMENTS]
    assert len(upstream.asked) == 4


async def test_a_lifetime_is_suggested_once_enough_is_known():
    service = Service()
    route = DRIFT | {"drift": DRIFT["drift"] | {"accept": "10%"}}
    async with ScriptedUpstream(service) as upstream, watched(upstream, route) as (rig, told):
        await rig.ask()
        for _ in range(30):
            rig.clock.now += 1
            await noted(rig, told)
        assert rig.pipeline.drift.suggestions() == {"rag": 30}
        assert rig.pipeline.drift.seen() == {"rag": [Seen(10, 10, 0), Seen(30, 20, 0)]}
        service.says = service.says | {"docs": []}
        rig.clock.now += 100
        for _ in range(9):
            rig.clock.now += 1
            await noted(rig, told)
        assert rig.pipeline.drift.suggestions() == {"rag": 30}


async def test_what_was_found_out_is_kept_over_a_change_of_lifetimes_only():
    async with ScriptedUpstream(Service()) as upstream, watched(upstream) as (rig, told):
        await rig.ask()
        await noted(rig, told)
        watch, route = rig.pipeline.drift, rig.pipeline.plan.settings.routes[0]
        longer = route.model_copy(update={"cache": route.cache.model_copy(update={"ttl": 9.0})})
        assert watch._of(longer).evidence.seen()
        other = RouteSettings.model_validate(DRIFT | {"upstream": "rag", "shape": {"answer": "/other"}})
        assert not watch._of(other).evidence.seen()
