"""Fill: from L2 to the upstream and back, and who is told what on the way."""

import asyncio

import pytest

from gateway.cache.store import Claim
from gateway.model.outcome import Outcome, Reason
from gateway.policy.document import parse
from tests.support.eventually import eventually
from tests.support.pipeline import rigged
from tests.support.shelf import Shelf
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def fine(asked: Asked, wire: Wire) -> None:
    await wire.json(b'"fine"')


class Store(Shelf):
    """A shelf that stays usable for the next rig."""

    async def close(self) -> None:
        pass


async def test_what_another_worker_stored_is_found_and_not_asked_for():
    shelf = Store()
    async with ScriptedUpstream(fine) as service:
        async with rigged(service.url, store=shelf) as first:
            await first.ask()
        async with rigged(service.url, store=shelf) as second:
            second.clock.now += 1
            x, body = await second.ask()
            assert (x.outcome, x.tier, body) == (Outcome.HIT, "shelf", b'"fine"')
            x, _ = await second.ask()
            assert x.tier == "memory"
    assert len(service.asked) == 1


async def test_a_lease_is_taken_for_the_call_and_given_back_after_it():
    shelf = Store()
    async with ScriptedUpstream(fine) as service, rigged(service.url, store=shelf) as rig:
        x, _ = await rig.ask()
        await rig.landed()
        assert len(shelf.asked("claim")) == len(shelf.asked("release")) == 1
        assert await shelf.claim(x.key, b"other", 30) is Claim.GRANTED


async def test_a_lease_held_elsewhere_is_waited_for():
    shelf = Store()
    async with ScriptedUpstream(fine) as service:
        async with rigged(service.url, store=Store()) as other:
            x, _ = await other.ask()
        assert x.key is not None
        async with rigged(service.url, store=shelf) as rig:
            await shelf.claim(x.key, b"other", 30)
            asking = asyncio.create_task(rig.ask())
            await eventually(lambda: len(shelf.asked("claim")) > 2)
            assert not asking.done()
            await shelf.release(x.key, b"other")
            assert (await asking)[0].outcome is Outcome.MISS
    assert len(service.asked) == 2


async def test_a_key_given_up_elsewhere_is_asked_for_by_everybody():
    shelf = Store()
    async with ScriptedUpstream(fine) as service, rigged(service.url, store=shelf) as rig:
        probe = rig.exchange()
        rule = rig.pipeline.plan.match(probe.request, None)
        key = rule.keyer.key(probe.request, probe.body, parse(probe.body))
        await shelf.claim(key, b"other", 30)
        await shelf.release(key, b"other", 30)
        x, body = await rig.ask()
        assert (x.outcome, x.reason, body) == (Outcome.BYPASS, Reason.GIVEN_UP, b'"fine"')


async def test_a_store_that_is_down_is_no_reason_to_fail():
    shelf = Store()
    shelf.broken = True
    async with ScriptedUpstream(fine) as service, rigged(service.url, store=shelf) as rig:
        x, body = await rig.ask()
        assert (x.outcome, body) == (Outcome.MISS, b'"fine"')
        x, _ = await rig.ask()
        assert x.outcome is Outcome.HIT


@pytest.mark.parametrize("failing", ["503", "reset", "silence"])
async def test_a_stale_answer_stands_in_for_a_failure(failing):
    async def fails_later(asked: Asked, wire: Wire) -> None:
        if len(service.asked) == 1:
            await fine(asked, wire)
        elif failing == "503":
            await wire.json(b"busy", status=b"503 Busy")
        elif failing == "reset":
            wire.reset()
        else:
            await wire.reader.read(1)

    cache = {"ttl": "10s", "jitter": 0, "stale_while_revalidate": 0, "stale_if_error": "1m"}
    limits = {"timeouts": {"first_byte": "100ms"}}
    async with (
        ScriptedUpstream(fails_later) as service,
        rigged(service.url, {"name": "rag", "cache": cache}, **limits) as rig,
    ):
        await rig.ask()
        rig.clock.now += 30
        x, body = await rig.ask()
        assert (x.outcome, x.reason, body) == (Outcome.STALE, Reason.UPSTREAM_FAILED, b'"fine"')
        rig.clock.now += 60
        x, body = await rig.ask()
        assert x.outcome is not Outcome.STALE


async def test_what_another_process_has_asked_anew_early_is_not_asked_here_too():
    shelf = Store()
    cache = {"ttl": "100s", "jitter": 0, "l1_ttl": "10m", "early_revalidation": "100%"}

    async with ScriptedUpstream(fine) as service:

        async def slow(asked: Asked, wire: Wire) -> None:
            first.clock.now += 10
            second.clock.now = first.clock.now
            await wire.json(b'{"made": %d}' % len(service.asked))

        service.answer = slow
        async with (
            rigged(service.url, {"name": "rag", "cache": cache}, store=shelf) as first,
            rigged(service.url, {"name": "rag", "cache": cache}, store=shelf) as second,
        ):
            x, _ = await first.ask()
            await eventually(lambda: x.key in shelf.rows)
            await second.ask()
            held = second.tiers.held(x.key, second.clock.now)
            first.clock.now = second.clock.now = held.hit_until
            await first.ask()
            await first.landed()
            await eventually(lambda: len(shelf.asked("write")) == 2)
            y, body = await second.ask()
            assert (y.outcome, y.reason, body) == (Outcome.HIT, Reason.REVALIDATING_EARLY, b'{"made": 1}')
            await second.landed()
            y, body = await second.ask()
            assert (y.outcome, body) == (Outcome.HIT, b'{"made": 2}')
        assert len(service.asked) == 2
