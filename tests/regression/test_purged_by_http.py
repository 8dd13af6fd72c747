"""Purged means gone, on routes by RFC 9111, too: for who joins a flight late, in place of an error, and by a 304."""

import asyncio
import time

import pytest

from gateway.cache.store import Claim
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome
from gateway.policy.purges import Order, Purge, Scope
from tests.support.eventually import eventually
from tests.support.pipeline import Rig, rigged
from tests.support.says import HTTP, RESET, Says, answer
from tests.support.shelf import Shelf
from tests.support.upstream import ScriptedUpstream

TAGGED = (b"Cache-Control: max-age=60, stale-if-error=600", b"Surrogate-Key: t")


def purge(rig: Rig, order: Order) -> None:
    rig.tiers.sieve.purges.add(Purge(rig.tiers.version + 1, order, time.time()))


@pytest.mark.parametrize("order", [Order(Scope.ALL), Order(Scope.TAG, "t"), Order(Scope.ROUTE, "rag")], ids=str)
async def test_who_comes_after_a_purge_does_not_get_what_was_asked_for_before_it(order: Order):
    service = Says(answer(*TAGGED, body=b"old"), answer(*TAGGED, body=b"new"))
    service.gate.clear()
    async with ScriptedUpstream(service) as upstream, rigged(upstream.url, HTTP) as rig:
        before = asyncio.create_task(rig.ask(b"/a", b"", method=b"GET"))
        await eventually(lambda: len(upstream.asked) == 1)
        purge(rig, order)
        after = asyncio.create_task(rig.ask(b"/a", b"", method=b"GET"))
        await asyncio.sleep(0)
        service.gate.set()
        await before
        assert (await after)[1] == b"new"


class Queue(Shelf):
    """A store whose leases are granted when a test lets them be."""

    def __init__(self) -> None:
        super().__init__()
        self.granted = asyncio.Event()
        self.granted.set()

    async def claim(self, key: bytes, token: bytes, ttl: float) -> Claim:
        self.calls.append(("claim", 1))
        await self.granted.wait()
        return await super().claim(key, token, ttl)

    async def close(self) -> None:
        pass


async def purged_while_it_waited(service: Says) -> tuple[Exchange, bytes, bytes]:
    """What a client gets, and the next one, where a purge comes when what is stored was found, and not asked about."""
    shelf = Queue()
    async with ScriptedUpstream(service) as upstream:
        async with rigged(upstream.url, HTTP, store=shelf) as before:
            await before.ask(b"/a", b"", method=b"GET")
        async with rigged(upstream.url, HTTP, store=shelf) as rig:
            rig.clock.now += 70
            shelf.granted.clear()
            waits = asyncio.create_task(rig.ask(b"/a", b"", method=b"GET"))
            await eventually(lambda: shelf.calls.count(("claim", 1)) == 3)
            purge(rig, Order(Scope.ROUTE, "rag"))
            shelf.granted.set()
            x, body = await waits
            return x, body, (await rig.ask(b"/a", b"", method=b"GET"))[1]


async def test_what_was_purged_does_not_stand_in_for_an_error():
    service = Says(answer(*TAGGED, body=b"old"), RESET, RESET, RESET, answer(*TAGGED, body=b"new"))
    x, body, _ = await purged_while_it_waited(service)
    assert x.outcome is Outcome.ERROR
    assert b"old" not in body


async def test_a_304_does_not_bring_back_what_was_purged():
    tag = b'ETag: "1"'
    asked_about = answer(*TAGGED, tag, status=b"304 Not Modified")
    service = Says(answer(*TAGGED, tag, body=b"old"), asked_about, answer(*TAGGED, tag, body=b"new"))
    x, body, again = await purged_while_it_waited(service)
    assert (x.outcome, body, again) == (Outcome.MISS, b"new", b"new")
