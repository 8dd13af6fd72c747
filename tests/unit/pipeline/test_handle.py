"""Handle: the whole way of a request, and what is known about it at its end."""

import asyncio

import pytest

from gateway.model.fields import Fields
from gateway.model.outcome import Outcome, Reason
from gateway.pipeline.answer import FromEntry, Problem
from tests.support.pipeline import read, rigged
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def counts(asked: Asked, wire: Wire) -> None:
    fields = [b"%b: %b" % (name[8:], asked.get(name)) for name in (b"x-reply-vary",) if asked.get(name)]
    await wire.json(b'{"body": %b}' % (asked.body or b"null"), b'ETag: "e"', *fields)


async def test_miss_then_hit_then_stale_then_miss():
    route = {"name": "rag", "cache": {"ttl": "10s", "jitter": 0, "stale_while_revalidate": "5s", "stale_if_error": 0}}
    async with ScriptedUpstream(counts) as service, rigged(service.url, route) as rig:
        x, body = await rig.ask()
        assert (x.outcome, x.stored, x.fwd, x.upstream, body) == (
            Outcome.MISS,
            True,
            "uri-miss",
            "rag",
            b'{"body": {}}',
        )
        assert x.route.name == "rag"
        rig.clock.now += 9
        x, same = await rig.ask()
        assert (x.outcome, x.tier, x.ttl, same) == (Outcome.HIT, "memory", 1, body)
        rig.clock.now += 2
        x, _ = await rig.ask()
        assert (x.outcome, x.reason) == (Outcome.STALE, Reason.REVALIDATING)
        await rig.landed()
        assert len(service.asked) == 2
        rig.clock.now += 16
        x, _ = await rig.ask()
        assert x.outcome is Outcome.MISS


async def test_one_call_for_many_and_each_is_told_its_part():
    gate = asyncio.Event()

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await counts(asked, wire)

    async with ScriptedUpstream(gated) as service, rigged(service.url) as rig:
        asking = [asyncio.create_task(rig.ask()) for _ in range(5)]
        await service.until(lambda: len(service.asked) == 1)
        gate.set()
        ends = [x for x, _ in await asyncio.gather(*asking)]
        assert [x.outcome for x in ends] == [Outcome.MISS] + [Outcome.COLLAPSED] * 4
        assert len({x.key for x in ends}) == 1
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        ({"target": b"/other"}, Reason.NO_ROUTE),
        ({"method": b"DELETE"}, Reason.REQUEST_METHOD),
        ({"body": b'{"a": 1, "a": 2}'}, Reason.DUPLICATE_MEMBERS),
    ],
)
async def test_what_bypasses_says_why(ask, reason):
    async with ScriptedUpstream(counts) as service, rigged(service.url) as rig:
        for _ in range(2):
            x, _ = await rig.ask(**ask)
            assert (x.outcome, x.reason, x.fwd, x.stored) == (Outcome.BYPASS, reason, "bypass", False)
    assert len(service.asked) == 2


async def test_a_body_that_was_not_read_to_its_end_bypasses():
    async def rest():
        yield b"}"

    async with ScriptedUpstream(counts) as service, rigged(service.url) as rig:
        x = rig.exchange(body=b"{")
        x.rest, x.length = rest(), None
        x.request.fields = Fields([(b"Host", b"gw"), (b"Transfer-Encoding", b"chunked")])
        await read(await rig.pipeline.handle(x))
        assert x.reason is Reason.REQUEST_BODY_TOO_LARGE
    assert service.asked[0].body == b"{}"


async def test_a_loop_is_cut():
    async with ScriptedUpstream(counts) as service, rigged(service.url) as rig:
        ident = rig.pipeline.plan.forwarding.ident
        x = rig.exchange(b"/rag", b"{}", (b"Via", b"1.1 " + ident))
        answer = await rig.pipeline.handle(x)
        assert isinstance(answer, Problem)
        assert (answer.status, x.outcome, x.reason) == (508, Outcome.ERROR, Reason.LOOP)
    assert not service.asked


async def test_an_upstream_that_is_gone_is_a_problem_and_no_exception():
    async with ScriptedUpstream(counts) as service, rigged(service.url) as rig:
        await service.stop()
        for target in (b"/rag", b"/other"):
            x = rig.exchange(target)
            answer = await rig.pipeline.handle(x)
            assert isinstance(answer, Problem)
            assert (answer.status, x.outcome, x.reason) == (502, Outcome.ERROR, Reason.UPSTREAM_UNREACHABLE)
        await service.start()


async def test_a_client_that_has_the_answer_is_told_so():
    async with ScriptedUpstream(counts) as service, rigged(service.url) as rig:
        for expected in (False, True):
            x = rig.exchange(b"/rag", b"", (b"If-None-Match", b'W/"e"'), method=b"GET")
            answer = await rig.pipeline.handle(x)
            assert (isinstance(answer, FromEntry) and answer.not_modified) is expected
    assert service.asked[0].get(b"if-none-match") is None


async def test_a_key_that_was_given_up_goes_past_the_cache_for_a_while():
    async def private(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}", b"Cache-Control: private")

    async with ScriptedUpstream(private) as service, rigged(service.url) as rig:
        found = []
        for _ in range(3):
            x, _ = await rig.ask()
            found.append((x.outcome, x.reason))
            rig.clock.now += 5.5
        await rig.landed()
    given_up = (Outcome.BYPASS, Reason.GIVEN_UP)
    assert found == [(Outcome.MISS, Reason.PRIVATE), given_up, (Outcome.MISS, Reason.PRIVATE)]


async def test_answers_that_vary_on_something_else_each_time_find_an_end():
    async def fickle(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}", b"Vary: X-%d" % len(service.asked))

    async with ScriptedUpstream(fickle) as service, rigged(service.url) as rig:
        asking = [
            asyncio.create_task(rig.ask(b"/rag", b"{}", *((b"X-%d" % n, b"%d" % i) for n in range(9))))
            for i in range(6)
        ]
        ends = [x.outcome for x, _ in await asyncio.wait_for(asyncio.gather(*asking), 5)]
        assert set(ends) <= {Outcome.MISS, Outcome.COLLAPSED, Outcome.BYPASS, Outcome.HIT}


async def test_shadow_tells_what_would_have_been_and_serves_none_of_it():
    route = {"name": "rag", "cache": {"mode": "shadow"}}
    async with ScriptedUpstream(counts) as service, rigged(service.url, route) as rig:
        for would in (Outcome.MISS, Outcome.HIT):
            x, _ = await rig.ask()
            assert (x.outcome, x.reason, x.would) == (Outcome.BYPASS, Reason.SHADOW, would)
    assert len(service.asked) == 2


async def test_a_plan_that_is_swapped_counts_for_the_next_request():
    async with (
        ScriptedUpstream(counts) as service,
        rigged(service.url) as rig,
        rigged(service.url, {"name": "new"}) as other,
    ):
        await rig.ask()
        rig.pipeline.plan = other.pipeline.plan
        x, _ = await rig.ask()
        assert (x.route.name, x.outcome) == ("new", Outcome.MISS)


EARLY = {"ttl": "100s", "jitter": 0, "stale_while_revalidate": 0, "stale_if_error": 0, "early_revalidation": "100%"}


async def test_a_hit_near_the_end_has_its_entry_asked_anew_and_waits_for_nothing():
    async with ScriptedUpstream(counts) as service, rigged(service.url, {"name": "rag", "cache": EARLY}) as rig:
        gate = asyncio.Event()

        async def slow(asked: Asked, wire: Wire) -> None:
            rig.clock.now += 10  # what the answer takes
            if len(service.asked) > 1:
                await gate.wait()
            await wire.json(b'{"made": %d}' % len(service.asked))

        service.answer = slow
        x, first = await rig.ask()
        stored = rig.clock.now
        entry = rig.tiers.held(x.key, stored)
        due = entry.hit_until
        assert stored + 50 <= due < stored + 100

        rig.clock.now = due - 0.5
        x, _ = await rig.ask()
        assert (x.outcome, x.reason) == (Outcome.HIT, None)
        rig.clock.now = due
        for reason in (Reason.REVALIDATING_EARLY, None):  # the second one is not told: it has opened nothing
            x, body = await rig.ask()
            assert (x.outcome, x.reason, body) == (Outcome.HIT, reason, first)
        await service.until(lambda: len(service.asked) == 2)
        gate.set()
        await rig.landed()
        x, body = await rig.ask()
        assert (x.outcome, body) == (Outcome.HIT, b'{"made": 2}')
        assert len(service.asked) == 2


async def test_an_entry_that_nobody_asks_for_any_more_is_let_go():
    async with ScriptedUpstream(counts) as service, rigged(service.url, {"name": "rag", "cache": EARLY}) as rig:

        async def slow(asked: Asked, wire: Wire) -> None:
            rig.clock.now += 10
            await wire.json(b"{}")

        service.answer = slow
        await rig.ask()
        rig.clock.now += 1000
        await rig.landed()
        assert len(service.asked) == 1


async def test_an_early_call_that_fails_leaves_the_entry_as_it_was():
    async with ScriptedUpstream(counts) as service, rigged(service.url, {"name": "rag", "cache": EARLY}) as rig:

        async def once(asked: Asked, wire: Wire) -> None:
            rig.clock.now += 10
            await wire.json(b"{}", status=b"200 OK" if len(service.asked) == 1 else b"503 Busy")

        service.answer = once
        x, first = await rig.ask()
        entry = rig.tiers.held(x.key, rig.clock.now)
        rig.clock.now = entry.hit_until
        await rig.ask()
        await rig.landed()
        assert len(service.asked) == 2
        rig.clock.now = entry.fresh_until - 0.5
        x, body = await rig.ask()
        assert (x.outcome, body) == (Outcome.HIT, first)


async def test_an_early_call_spends_no_budget_and_takes_no_turn_that_others_wait_for():
    route = {"name": "rag", "cache": EARLY, "budget": {"rate": "1/h", "burst": 1}}
    limit = {"concurrency": {"mode": "fixed", "limit": 1, "wait": "10s"}}
    async with ScriptedUpstream(counts) as service, rigged(service.url, route, **limit) as rig:
        gate, busy = asyncio.Event(), asyncio.Event()

        async def slow(asked: Asked, wire: Wire) -> None:
            rig.clock.now += 10
            if asked.body == b"1":
                busy.set()
                await gate.wait()
            await wire.json(b"{}")

        service.answer = slow
        x, _ = await rig.ask()  # the budget's only token
        entry = rig.tiers.held(x.key, rig.clock.now)
        other = asyncio.create_task(rig.ask(b"/elsewhere", b"1"))  # the only turn
        await busy.wait()
        rig.clock.now = entry.hit_until
        x, _ = await rig.ask()
        assert (x.outcome, x.reason) == (Outcome.HIT, Reason.REVALIDATING_EARLY)
        await rig.landed()
        assert len(service.asked) == 2
        gate.set()
        await other
        rig.clock.now = entry.hit_until
        await rig.ask()
        await rig.landed()
        assert len(service.asked) == 3
