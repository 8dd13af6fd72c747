"""Flights that were under way when a purge came: who comes afterwards gets nothing of them that it names."""

import asyncio
import json
import time

import pytest

from gateway.model.outcome import Outcome, Reason
from gateway.policy.purges import Order, Purge, Scope
from tests.support.eventually import eventually
from tests.support.pipeline import Rig, rigged
from tests.support.upstream import Asked, ScriptedUpstream, Wire

ROUTE = {"name": "rag", "tags": ["doc:{/docs/*}"], "cache": {"ttl": "10m"}}


class Gated:
    """Each call answers with its number, once its gate is open. live: as a stream, which begins at once."""

    def __init__(self, *, live: bool = False) -> None:
        self.live = live
        self.gates: list[asyncio.Event] = []

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        number, gate = len(self.gates), asyncio.Event()
        self.gates.append(gate)
        if self.live:
            await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
            await wire.send(b"3\r\n  \n\r\n")
        await gate.wait()
        body = json.dumps({"call": number, "docs": ["a"]}).encode()
        if self.live:
            await wire.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        else:
            await wire.json(body)


def purge(rig: Rig, order: Order) -> None:
    version = rig.tiers.version + 1
    rig.tiers.sieve.purges.add(Purge(version, order, time.time()))


async def ask(rig: Rig) -> tuple[int, Outcome]:
    x, body = await rig.ask()
    return json.loads(body)["call"], x.outcome


NAMING = [Order(Scope.ALL), Order(Scope.ROUTE, "rag"), Order(Scope.TAG, "doc:a"), Order(Scope.TAG, "doc:*")]
STRANGE = [Order(Scope.ROUTE, "other"), Order(Scope.KEY, "00" * 32), Order(Scope.TAG, "doc:b")]


@pytest.mark.parametrize("order", NAMING, ids=str)
async def test_who_comes_after_the_purge_gets_an_answer_that_was_asked_for_after_it(order: Order):
    service = Gated()
    async with ScriptedUpstream(service) as upstream, rigged(upstream.url, ROUTE) as rig:
        before = asyncio.create_task(ask(rig))
        await eventually(lambda: len(service.gates) == 1)
        purge(rig, order)
        after = asyncio.create_task(ask(rig))
        await asyncio.sleep(0.02)
        service.gates[0].set()
        assert await before == (0, Outcome.MISS)
        await eventually(lambda: len(service.gates) == 2)
        late = asyncio.create_task(ask(rig))
        service.gates[1].set()
        assert (await after)[0] == (await late)[0] == 1
        assert await ask(rig) == (1, Outcome.HIT)
        assert len(service.gates) == 2


@pytest.mark.parametrize("order", STRANGE, ids=str)
async def test_a_purge_of_something_else_parts_nobody(order: Order):
    service = Gated()
    async with ScriptedUpstream(service) as upstream, rigged(upstream.url, ROUTE) as rig:
        before = asyncio.create_task(ask(rig))
        await eventually(lambda: len(service.gates) == 1)
        purge(rig, order)
        after = asyncio.create_task(ask(rig))
        await asyncio.sleep(0.02)
        service.gates[0].set()
        assert await before == (0, Outcome.MISS)
        assert await after == (0, Outcome.COLLAPSED)
        assert await ask(rig) == (0, Outcome.HIT)
        assert len(service.gates) == 1


async def test_what_was_purged_while_it_came_is_not_kept_and_says_so():
    service = Gated()
    async with ScriptedUpstream(service) as upstream, rigged(upstream.url, ROUTE) as rig:
        asking = asyncio.create_task(rig.ask())
        await eventually(lambda: len(service.gates) == 1)
        purge(rig, Order(Scope.TAG, "doc:a"))
        service.gates[0].set()
        x, _ = await asking
        assert (x.outcome, x.stored, x.reason) == (Outcome.MISS, False, Reason.PURGED)
        assert rig.tiers.stats().memory.entries == 0


@pytest.mark.parametrize("order", [*NAMING, Order(Scope.TAG, "doc:b")], ids=str)
async def test_nobody_reads_along_with_what_may_have_been_purged(order: Order):
    """Of an answer that is still being received, the tags are not known yet: any purge by tag may mean it."""
    service = Gated(live=True)
    async with ScriptedUpstream(service) as upstream, rigged(upstream.url, ROUTE) as rig:
        before = asyncio.create_task(ask(rig))
        await eventually(lambda: len(service.gates) == 1)
        await asyncio.sleep(0.02)
        purge(rig, order)
        after = asyncio.create_task(ask(rig))
        await eventually(lambda: len(service.gates) == 2)
        also = asyncio.create_task(ask(rig))
        await asyncio.sleep(0.02)
        for gate in service.gates:
            gate.set()
        assert (await before)[0] == 0
        assert (await after)[0] == (await also)[0] == 1
        assert len(service.gates) == 2


async def test_a_stale_answer_that_was_purged_stands_in_for_nothing():
    gate = asyncio.Event()

    async def fails(asked: Asked, wire: Wire) -> None:
        if len(upstream.asked) == 1:
            await wire.json(b'{"call": 0, "docs": ["a"]}')
            return
        await gate.wait()
        await wire.json(b"{}", status=b"500 Oops")

    route = {**ROUTE, "cache": {"ttl": "10s", "jitter": 0, "stale_while_revalidate": 0, "stale_if_error": "1h"}}
    async with ScriptedUpstream(fails) as upstream, rigged(upstream.url, route) as rig:
        await rig.ask()
        rig.clock.now += 20
        asking = asyncio.create_task(rig.ask())
        await eventually(lambda: len(upstream.asked) == 2)
        purge(rig, Order(Scope.TAG, "doc:a"))
        gate.set()
        x, body = await asking
        assert (x.rung, body) == ("", b"{}")


async def test_variants_go_with_their_primary_key():
    async def varies(asked: Asked, wire: Wire) -> None:
        await wire.json(b'{"call": %d}' % len(upstream.asked), b"Vary: X-Lang")

    async with ScriptedUpstream(varies) as upstream, rigged(upstream.url) as rig:
        de, en = (b"X-Lang", b"de"), (b"X-Lang", b"en")
        keys = set()
        for lang in (de, en):
            await rig.ask(b"/rag", b"{}", lang)
            x, _ = await rig.ask(b"/rag", b"{}", lang)
            assert x.outcome is Outcome.HIT
            keys.add(x.key)
        assert len(keys) == 2
        x = rig.exchange()
        primary = rig.pipeline.recall(x)[0].key
        purge(rig, Order(Scope.KEY, primary.hex()))
        for lang in (de, en):
            x, _ = await rig.ask(b"/rag", b"{}", lang)
            assert x.outcome is Outcome.MISS
