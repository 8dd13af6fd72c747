"""Voiding: what unsafe requests make void, and for whom (RFC 9111 section 4.4)."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.model.outcome import Outcome
from gateway.policy.purges import Order, Purge, void
from tests.support.eventually import eventually
from tests.support.pipeline import Rig, rigged
from tests.support.says import HTTP, Says, answer
from tests.support.upstream import Asked, ScriptedUpstream, Wire

FRESH = answer(b"Cache-Control: max-age=60")
POSTS = {"name": "posts", "match": {"method": ["POST"], "path": "/rag"}}
READS = {**HTTP, "name": "reads", "match": {"method": ["GET"]}}


def service(done: bytes) -> Says:
    """GET brings what may be kept, anything else `done`."""
    return Says(lambda asked: FRESH if asked.line.startswith(b"GET") else done)


async def read(rig: Rig, target: bytes = b"/a", method: bytes = b"GET") -> Outcome:
    return (await rig.ask(target, b"", method=method))[0].outcome


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"PATCH", b"FROBNICATE"])
@pytest.mark.parametrize("route", [HTTP, READS], ids=["on the route", "beside it"])
async def test_what_succeeds_voids_what_is_stored(method, route):
    async with ScriptedUpstream(service(answer())) as upstream, rigged(upstream.url, route) as rig:
        await read(rig)
        await read(rig, method=method)
        assert await read(rig) is Outcome.MISS


@pytest.mark.parametrize(
    ("done", "method"),
    [
        pytest.param(answer(status=b"500 No"), b"POST", id="9111-4.4-failed"),
        pytest.param(answer(status=b"403 No"), b"DELETE", id="9111-4.4-refused"),
        pytest.param(answer(), b"OPTIONS", id="9111-4.4-safe"),
        pytest.param(answer(b"Location: http://other/a"), b"POST", id="9111-4.4-elsewhere"),
    ],
)
async def test_what_changes_nothing_here_voids_nothing(done, method):
    async with ScriptedUpstream(service(done)) as upstream, rigged(upstream.url, HTTP) as rig:
        await read(rig, b"/b" if b"Location" in done else b"/a")
        await read(rig, b"/c" if b"Location" in done else b"/a", method)
        assert await read(rig, b"/b" if b"Location" in done else b"/a") is Outcome.HIT


async def test_a_route_that_caches_what_is_posted_says_that_it_changes_nothing():
    async with ScriptedUpstream(service(answer())) as upstream, rigged(upstream.url, POSTS, READS) as rig:
        await read(rig, b"/rag")
        await rig.ask(b"/rag", b"{}")
        assert await read(rig, b"/rag") is Outcome.HIT


async def test_all_are_told_by_a_purge_before_the_answer_goes_out():
    told: list[Sequence[Order]] = []
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def purge(orders: Sequence[Order]) -> None:
        told.append(orders)
        asked.set()
        await go_on.wait()

    async with ScriptedUpstream(service(answer())) as upstream, rigged(upstream.url, HTTP) as rig:
        rig.pipeline.voids(purge)
        x, _ = await rig.ask(b"/a", b"", method=b"GET")
        posting = asyncio.create_task(read(rig, method=b"POST"))
        await asked.wait()
        assert not posting.done()
        go_on.set()
        await posting
    assert told == [[void(HTTP["name"], x.key)]]


async def test_nobody_is_told_of_what_no_route_may_have_stored():
    told: list[Sequence[Order]] = []

    async def purge(orders: Sequence[Order]) -> None:
        told.append(orders)

    docs = {**HTTP, "match": {"path": "/docs/*"}}
    async with ScriptedUpstream(service(answer(b"Location: /docs/1"))) as upstream, rigged(upstream.url, docs) as rig:
        rig.pipeline.voids(purge)
        await read(rig, b"/chat", b"POST")
    assert len(told) == len(told[0]) == 1  # the document that Location names


async def test_a_ledger_that_hangs_does_not_hold_the_answer_up():
    async def purge(orders: Sequence[Order]) -> None:
        await asyncio.Event().wait()

    async with ScriptedUpstream(service(answer())) as upstream, rigged(upstream.url, HTTP) as rig:
        rig.pipeline.voids(purge)
        await read(rig)
        assert await read(rig, method=b"POST") is Outcome.BYPASS
        assert await read(rig) is Outcome.MISS
        await rig.pipeline.close(1)


async def test_a_call_that_was_under_way_does_not_bring_the_old_answer_back():
    gate = asyncio.Event()

    async def purge(orders: Sequence[Order]) -> None:
        for order in orders:
            rig.tiers.sieve.purges.add(Purge(1, order, rig.clock.now))

    async def slow(asked: Asked, wire: Wire) -> None:
        if asked.line.startswith(b"GET"):
            await gate.wait()
        await wire.send(FRESH)

    async with ScriptedUpstream(slow) as upstream, rigged(upstream.url, HTTP) as rig:
        rig.pipeline.voids(purge)
        reading = asyncio.create_task(read(rig))
        await eventually(lambda: len(upstream.asked) == 1)
        await read(rig, method=b"POST")
        gate.set()
        assert await reading is Outcome.MISS
        assert await read(rig) is Outcome.MISS
        assert await read(rig) is Outcome.HIT


async def test_variants_are_gone_also_where_no_purge_can_be_told():
    says = Says(answer(b"Cache-Control: max-age=60", b"Vary: Accept"))
    languages = [(b"Accept", name) for name in (b"a/a", b"b/b")]
    async with ScriptedUpstream(says) as upstream, rigged(upstream.url, HTTP) as rig:
        for field in languages:
            await rig.ask(b"/a", b"", field, method=b"GET")
        await read(rig, method=b"DELETE")
        for field in languages:
            assert (await rig.ask(b"/a", b"", field, method=b"GET"))[0].outcome is Outcome.MISS


async def test_what_comes_while_one_purge_is_told_goes_with_the_next():
    told: list[Sequence[Order]] = []
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def purge(orders: Sequence[Order]) -> None:
        told.append(orders)
        asked.set()
        await go_on.wait()

    async with ScriptedUpstream(service(answer())) as upstream, rigged(upstream.url, HTTP) as rig:
        rig.pipeline.voids(purge)
        first = asyncio.create_task(read(rig, b"/0", b"POST"))
        await asked.wait()
        others = [asyncio.create_task(read(rig, b"/%d" % number, b"POST")) for number in range(3)]
        await eventually(lambda: len(rig.pipeline._voiding._orders) == 3)
        go_on.set()
        await asyncio.gather(first, *others)
    assert [len(orders) for orders in told] == [1, 3]


async def test_a_purge_that_fails_is_not_the_last_one():
    told: list[Sequence[Order]] = []

    async def purge(orders: Sequence[Order]) -> None:
        told.append(orders)
        raise RuntimeError("a bug")

    async with ScriptedUpstream(service(answer())) as upstream, rigged(upstream.url, HTTP) as rig:
        rig.pipeline.voids(purge)
        for _ in range(2):
            assert await read(rig, method=b"POST") is Outcome.BYPASS
    assert len(told) == 2
