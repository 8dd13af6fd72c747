"""Admit: budgets, then turns; and who is told what where one is refused."""

import asyncio
import json
from typing import Any

import pytest

from gateway.model.outcome import Outcome, Reason
from gateway.pipeline.answer import FromReply, Problem
from tests.support.eventually import eventually
from tests.support.pipeline import Rig, read, rigged
from tests.support.upstream import Asked, ScriptedUpstream, Wire

BUDGET = {"name": "rag", "budget": {"rate": "1/h", "burst": 2}}
ONE = {"concurrency": {"mode": "fixed", "limit": 1, "queue": 1, "wait": "5s"}}


class Gated:
    """A service that answers once its gate is open."""

    def __init__(self, *, is_open: bool = True, status: bytes = b"200 OK") -> None:
        self.gate = asyncio.Event()
        self.status = status
        if is_open:
            self.gate.set()

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        await self.gate.wait()
        await wire.json(b'"fine"', status=self.status)


def question(number: int) -> bytes:
    return json.dumps({"query": number}).encode()


async def asked_by(rig: Rig, peer: str, number: int, *fields: tuple[bytes, bytes], **more: Any) -> tuple[Any, bytes]:
    return await rig.ask(b"/rag", question(number), *fields, peer=peer, **more)


async def test_only_what_goes_upstream_is_paid_for():
    async with ScriptedUpstream(Gated()) as service, rigged(service.url, BUDGET) as rig:
        for number in (1, 1, 1, 2, 2, 1):
            x, _ = await asked_by(rig, "192.0.2.1", number)
            assert x.outcome in (Outcome.MISS, Outcome.HIT)
        x, body = await asked_by(rig, "192.0.2.1", 3)
        assert (x.outcome, x.reason, x.fwd) == (Outcome.SHED, Reason.BUDGET, "")
        assert b"too much" in body
        x, _ = await asked_by(rig, "192.0.2.1", 1)
        assert x.outcome is Outcome.HIT
        x, _ = await asked_by(rig, "192.0.2.2", 3)
        assert x.outcome is Outcome.MISS
    assert len(service.asked) == 3


async def test_a_refusal_says_when_to_come_again():
    async with ScriptedUpstream(Gated()) as service, rigged(service.url, BUDGET) as rig:
        for number in range(2):
            await asked_by(rig, "192.0.2.1", number)
        answer = await rig.pipeline.handle(rig.exchange(b"/rag", question(9), peer="192.0.2.1"))
        assert isinstance(answer, Problem)
        assert (answer.status, answer.title) == (429, "Too Many Requests")
        ((name, value),) = answer.fields
        assert name == b"Retry-After"
        assert 3590 <= int(value) <= 3600


async def test_what_is_passed_through_on_the_route_is_paid_for_too():
    odd = (b"Content-Encoding", b"gzip")
    async with ScriptedUpstream(Gated()) as service, rigged(service.url, BUDGET) as rig:
        outcomes = [(await asked_by(rig, "192.0.2.1", number, odd))[0].outcome for number in range(3)]
        x, _ = await rig.ask(b"/elsewhere", b"{}", peer="192.0.2.1")
    assert outcomes == [Outcome.BYPASS, Outcome.BYPASS, Outcome.SHED]
    assert x.outcome is Outcome.BYPASS  # no route, no budget


async def test_followers_are_free():
    gated = Gated(is_open=False)
    async with ScriptedUpstream(gated) as service, rigged(service.url, BUDGET) as rig:
        asking = [asyncio.create_task(asked_by(rig, "192.0.2.1", 1)) for _ in range(10)]
        await service.until(lambda: len(service.asked) == 1)
        gated.gate.set()
        await asyncio.gather(*asking)
        assert (await asked_by(rig, "192.0.2.1", 2))[0].outcome is Outcome.MISS
        assert (await asked_by(rig, "192.0.2.1", 3))[0].outcome is Outcome.SHED


async def test_a_stale_answer_stands_in_and_is_free():
    route = BUDGET | {"cache": {"ttl": "10s", "jitter": 0, "stale_while_revalidate": "10s", "stale_if_error": "1h"}}
    async with ScriptedUpstream(Gated()) as service, rigged(service.url, route) as rig:
        for number in (1, 2):
            await asked_by(rig, "192.0.2.1", number)
        rig.clock.now += 15
        x, _ = await asked_by(rig, "192.0.2.1", 1)
        assert (x.outcome, x.reason) == (Outcome.STALE, Reason.REVALIDATING)
        await rig.landed()
        assert len(service.asked) == 3  # asked anew, although this client owes: nobody waits for it
        rig.clock.now += 100
        x, body = await asked_by(rig, "192.0.2.1", 2)
        assert (x.outcome, x.reason, body) == (Outcome.STALE, Reason.BUDGET, b'"fine"')
    assert len(service.asked) == 3


async def test_shadow_pays_only_for_what_would_have_been_asked_and_refuses_nobody():
    route = BUDGET | {"cache": {"mode": "shadow"}}
    spared: list[str] = []
    async with ScriptedUpstream(Gated()) as service, rigged(service.url, route) as rig:
        rig.pipeline.plan.guards.figures.budget_spared = spared.append
        for _ in range(5):
            x, _ = await asked_by(rig, "192.0.2.1", 1)
            assert x.outcome is Outcome.BYPASS
        await asked_by(rig, "192.0.2.1", 2)
        assert not spared
        assert (await asked_by(rig, "192.0.2.1", 3))[0].outcome is Outcome.BYPASS
        assert (await asked_by(rig, "192.0.2.1", 4, (b"Content-Encoding", b"gzip")))[0].outcome is Outcome.BYPASS
        assert spared == ["rag", "rag"]
    assert len(service.asked) == 8


async def in_debt(rig: Rig, *peers: str) -> None:
    """These have spent all that they may."""
    for number, peer in enumerate(peers):
        for turn in range(2):
            await asked_by(rig, peer, 1000 + 10 * number + turn)


async def test_one_clients_budget_never_decides_anothers_request():
    """The interleaving of `Flight.hand_over`: A owes and opens, B follows, A is refused, C comes between."""
    gated = Gated()
    async with ScriptedUpstream(gated) as service, rigged(service.url, BUDGET) as rig:
        await in_debt(rig, "192.0.2.1")
        before = len(service.asked)
        gated.gate.clear()
        a = asyncio.create_task(asked_by(rig, "192.0.2.1", 1))
        b = asyncio.create_task(asked_by(rig, "192.0.2.2", 1))
        x, _ = await a
        assert (x.outcome, x.collapsed) == (Outcome.SHED, False)
        assert not b.done()
        c = asyncio.create_task(asked_by(rig, "192.0.2.1", 1))  # owes, too, but only follows
        await service.until(lambda: len(service.asked) == before + 1)
        await asyncio.sleep(0.01)
        gated.gate.set()
        assert [(await task)[0].outcome for task in (b, c)] == [Outcome.MISS, Outcome.COLLAPSED]
        assert service.asked[-1].get(b"x-forwarded-for") == b"192.0.2.2"  # it is B's request that was sent
    assert len(service.asked) == before + 1


async def test_all_who_owe_are_told_at_once_and_the_one_who_does_not_is_served():
    async with ScriptedUpstream(Gated()) as service, rigged(service.url, BUDGET) as rig:
        await in_debt(rig, "192.0.2.1", "192.0.2.2")
        before = len(service.asked)
        peers = ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1", "192.0.2.4"]
        answers = await asyncio.gather(*(asked_by(rig, peer, 1) for peer in peers))
        outcomes = [x.outcome for x, _ in answers]
        assert outcomes == [Outcome.SHED] * 3 + [Outcome.MISS, Outcome.SHED, Outcome.COLLAPSED]
        peers = ["192.0.2.1", "192.0.2.2", "192.0.2.1"]
        answers = await asyncio.gather(*(asked_by(rig, peer, 2) for peer in peers))
        assert [x.outcome for x, _ in answers] == [Outcome.SHED] * 3
        assert not len(rig.pipeline.flights)
    assert len(service.asked) == before + 1


async def test_turns_count_whatever_goes_to_the_upstream_until_it_is_over():
    gated = Gated(is_open=False)
    async with ScriptedUpstream(gated) as service, rigged(service.url, **ONE) as rig:
        limiter = rig.pipeline.plan.guards.limiters["rag"]
        first = asyncio.create_task(asked_by(rig, "192.0.2.1", 1))
        await service.until(lambda: len(service.asked) == 1)
        second = asyncio.create_task(rig.ask(b"/elsewhere"))
        await eventually(lambda: limiter.queued == 1)
        x, body = await asked_by(rig, "192.0.2.1", 2)
        assert (x.outcome, x.reason) == (Outcome.SHED, Reason.CONCURRENCY)
        assert b"busy" in body
        gated.gate.set()
        assert (await first)[0].outcome is Outcome.MISS
        assert (await second)[0].outcome is Outcome.BYPASS
        await eventually(lambda: limiter.in_flight == 0)
    assert len(service.asked) == 2


async def test_a_turn_is_held_until_the_body_has_ended_or_is_given_up():
    gate = asyncio.Event()

    async def drips(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        await gate.wait()
        await wire.send(b"1\r\nb\r\n0\r\n\r\n")

    async with ScriptedUpstream(drips) as service, rigged(service.url, **ONE) as rig:
        limiter = rig.pipeline.plan.guards.limiters["rag"]
        answer = await rig.pipeline.handle(rig.exchange(b"/elsewhere"))
        assert limiter.in_flight == 1
        gate.set()
        assert await read(answer) == b"ab"
        assert limiter.in_flight == 0
        gate.clear()
        answer = await rig.pipeline.handle(rig.exchange(b"/elsewhere"))
        assert isinstance(answer, FromReply)
        answer.reply.close()
        assert limiter.in_flight == 0


async def test_a_client_that_leaves_the_queue_leaves_its_place():
    gated = Gated(is_open=False)
    async with ScriptedUpstream(gated) as service, rigged(service.url, **ONE) as rig:
        limiter = rig.pipeline.plan.guards.limiters["rag"]
        first = asyncio.create_task(asked_by(rig, "192.0.2.1", 1))
        await service.until(lambda: len(service.asked) == 1)
        second = asyncio.create_task(rig.ask(b"/elsewhere"))
        await eventually(lambda: limiter.queued == 1)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        assert limiter.queued == 0
        gated.gate.set()
        await first
        await eventually(lambda: limiter.in_flight == 0)


async def test_a_full_queue_is_no_reason_for_a_follower_of_a_higher_class():
    gated = Gated(is_open=False)
    some = {"concurrency": ONE["concurrency"] | {"priority_header": "x-priority"}}
    async with ScriptedUpstream(gated) as service, rigged(service.url, **some) as rig:
        first = asyncio.create_task(asked_by(rig, "192.0.2.1", 1))
        await service.until(lambda: len(service.asked) == 1)
        low, high = (b"X-Priority", b"low"), (b"X-Priority", b"high")
        waits = asyncio.create_task(asked_by(rig, "192.0.2.1", 2, low))
        await eventually(lambda: rig.pipeline.plan.guards.limiters["rag"].queued == 1)
        leads = asyncio.create_task(asked_by(rig, "192.0.2.1", 3, low))
        follows = asyncio.create_task(asked_by(rig, "192.0.2.1", 3, high))
        assert (await leads)[0].outcome is Outcome.SHED
        assert (await waits)[0].outcome is Outcome.SHED  # the higher class took its place
        gated.gate.set()
        assert (await follows)[0].outcome is Outcome.MISS
        await first


@pytest.mark.parametrize("status", [b"503 Busy", b"500 Oops"])
async def test_an_upstream_that_says_it_is_busy_is_asked_less_and_one_with_a_bug_is_not(status):
    adaptive = {"concurrency": {"mode": "adaptive", "limit": 10}}
    async with ScriptedUpstream(Gated(status=status)) as service, rigged(service.url, **adaptive) as rig:
        for number in range(25):
            await asked_by(rig, "192.0.2.1", number)
        assert (rig.pipeline.plan.guards.limiters["rag"].limit < 10) is (status == b"503 Busy")
