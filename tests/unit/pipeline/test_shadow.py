"""Shadow: the outcome that there would have been, told of each request and served to none."""

import asyncio

import pytest

from gateway.model.outcome import Outcome, Reason
from tests.support.pipeline import rigged
from tests.support.shelf import Shelf
from tests.support.upstream import Asked, ScriptedUpstream, Wire

SHADOW = {"name": "rag", "cache": {"mode": "shadow"}}


async def counts(asked: Asked, wire: Wire) -> None:
    fields = [b"%b: %b" % (name[8:], asked.get(name)) for name in (b"x-reply-vary",) if asked.get(name)]
    await wire.json(b'{"body": %b}' % (asked.body or b"null"), *fields)


async def test_in_shadow_an_answer_gets_as_old_as_if_it_were_served():
    route = {"name": "rag", "cache": {"mode": "shadow", "ttl": "100s", "jitter": 0, "stale_while_revalidate": "50s"}}
    async with ScriptedUpstream(counts) as service, rigged(service.url, route) as rig:
        found = []
        for seconds in (0, 60, 60, 60):
            rig.clock.now += seconds
            x, _ = await rig.ask()
            found.append((x.would, x.stored))
        assert found == [(Outcome.MISS, True), (Outcome.HIT, False), (Outcome.STALE, True), (Outcome.HIT, False)]
        rig.clock.now += 500
        x, _ = await rig.ask()
        assert (x.would, x.would_save) == (Outcome.MISS, 0)
    assert len(service.asked) == 5


async def test_shadow_tells_who_would_have_waited_for_anothers_answer():
    gate = asyncio.Event()

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await counts(asked, wire)

    async with ScriptedUpstream(gated) as service, rigged(service.url, SHADOW) as rig:
        asking = [asyncio.create_task(rig.ask()) for _ in range(3)]
        await service.until(lambda: len(service.asked) == 3)
        gate.set()
        ends = [x for x, _ in await asyncio.gather(*asking)]
        assert sorted(x.would for x in ends) == [Outcome.COLLAPSED, Outcome.COLLAPSED, Outcome.MISS]
        await rig.landed()
        assert (await rig.ask())[0].would is Outcome.HIT


async def test_shadow_finds_the_variant_in_the_store():
    varies = (b"X-Reply-Vary", b"X-Lang")
    route = SHADOW | {"cache": {"mode": "shadow", "l1_ttl": 0}}
    async with ScriptedUpstream(counts) as service, rigged(service.url, route, store=Shelf()) as rig:
        found = []
        for lang in (b"en", b"de", b"en"):
            x, _ = await rig.ask(b"/rag", b"{}", varies, (b"X-Lang", lang))
            found.append(x.would)
            await rig.landed()
    assert found == [Outcome.MISS, Outcome.MISS, Outcome.HIT]


async def test_an_empty_answer_and_one_that_cannot_be_shared():
    async def answers(asked: Asked, wire: Wire) -> None:
        if asked.body == b"1":
            await wire.json(b'{"docs": []}')
        else:
            await wire.json(b"{}", b"Set-Cookie: a=b")

    route = SHADOW | {"empty": {"when": [{"pointer": "/docs", "is": []}]}}
    async with ScriptedUpstream(answers) as service, rigged(service.url, route) as rig:
        found = [(await rig.ask(b"/rag", body))[0].would for body in (b"1", b"1", b"2", b"2")]
    assert found == [Outcome.MISS, Outcome.EMPTY, Outcome.MISS, Outcome.BYPASS]


async def test_what_a_client_will_not_have_from_a_cache_would_have_been_a_miss():
    route = {"name": "rag", "cache": {"mode": "shadow", "request_directives": "respect"}}
    async with ScriptedUpstream(counts) as service, rigged(service.url, route) as rig:
        await rig.ask()
        x, _ = await rig.ask(b"/rag", b"{}", (b"Cache-Control", b"no-cache"))
        assert (x.would, x.reason, x.stored) == (Outcome.MISS, Reason.SHADOW, True)


@pytest.mark.parametrize("fails", [True, False])
async def test_a_call_that_failed_is_over(fails):
    async def resets(asked: Asked, wire: Wire) -> None:
        if fails:
            wire.reset()
        else:
            await counts(asked, wire)

    async with ScriptedUpstream(resets) as service, rigged(service.url, SHADOW) as rig:
        found = []
        for _ in range(2):
            found.append((await rig.ask())[0].would)
            await rig.landed()
    assert found == [Outcome.MISS, Outcome.MISS if fails else Outcome.HIT]
