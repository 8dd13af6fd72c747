"""Recall: what can be had at once, from memory or from a store that does not suspend, and what it leaves behind."""

import asyncio

import pytest

from gateway.model.outcome import Outcome
from tests.support.eventually import eventually
from tests.support.pipeline import Rig, read, rigged
from tests.support.shelf import OpenShelf
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def counts(asked: Asked, wire: Wire) -> None:
    fields = [b"%b: %b" % (name[8:], asked.get(name)) for name in (b"x-reply-vary",) if asked.get(name)]
    await wire.json(b'{"body": %b}' % (asked.body or b"null"), b'ETag: "e"', *fields)


DISTRUST = {"name": "rag", "cache": {"l1_ttl": 0}}


def said_by(service: ScriptedUpstream, *routes: dict, shelf: OpenShelf):
    return rigged(service.url, *(routes or (DISTRUST,)), store=shelf)


async def settled(rig: Rig, shelf: OpenShelf, rows: int) -> None:
    """So many rows are in the store, and nothing is on its way."""
    await eventually(lambda: len(shelf.rows) == rows and rig.tiers._shared.writes._task is None)


async def test_recall_answers_from_a_store_and_tells_the_tier():
    shelf = OpenShelf()
    async with ScriptedUpstream(counts) as service, said_by(service, shelf=shelf) as rig:
        await rig.ask()
        await settled(rig, shelf, 1)
        shelf.calls.clear()
        x = rig.exchange()
        _, entry = rig.pipeline.recall(x)
        assert entry is not None
        assert (x.outcome, x.tier, x.route.name, x.stored) == (Outcome.HIT, "shelf", "rag", False)
        assert rig.tiers.stats().store.hits == 1
        assert shelf.asked("read") == [1]
    assert len(service.asked) == 1


async def test_a_marker_in_the_store_leads_to_the_variant():
    shelf, vary, german = OpenShelf(), (b"X-Reply-Vary", b"Accept-Language"), (b"Accept-Language", b"de")
    async with ScriptedUpstream(counts) as service, said_by(service, {"name": "rag"}, shelf=shelf) as rig:
        await rig.ask(b"/rag", b"{}", vary, german)
        await settled(rig, shelf, 2)
        async with said_by(service, {"name": "rag"}, shelf=shelf) as other:
            x = other.exchange(b"/rag", b"{}", vary, german)
            question, entry = other.pipeline.recall(x)
            assert entry is not None
            assert (x.tier, x.key == question.key) == ("shelf", False)
            x = other.exchange(b"/rag", b"{}", vary, german)
            assert other.pipeline.recall(x)[1] is entry
            assert x.tier == "memory"  # both are kept there by now
            x = other.exchange(b"/rag", b"{}", vary, (b"Accept-Language", b"en"))
            assert other.pipeline.recall(x)[1] is None
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [((), Outcome.MISS), (((b"If-None-Match", b'"e"'),), Outcome.HIT)],
)
async def test_what_is_looked_for_on_the_short_way_is_read_and_counted_once(fields, outcome):
    shelf = OpenShelf()
    shelf.alone = True
    async with ScriptedUpstream(counts) as service, said_by(service, shelf=shelf) as rig:
        if outcome is Outcome.HIT:
            await rig.ask(b"/rag", b"", method=b"GET")
            await settled(rig, shelf, 1)
        before, memory = rig.tiers.stats().store, rig.tiers.stats().memory
        shelf.calls.clear()
        x = rig.exchange(b"/rag", b"", *fields, method=b"GET")
        question, entry = rig.pipeline.recall(x)
        assert entry is None
        await read(await rig.pipeline.handle(x, question))
        assert (x.outcome, x.tier) == (outcome, "shelf" if outcome is Outcome.HIT else "")
        after = rig.tiers.stats().store
        assert shelf.asked("read") == [1]
        assert after.hits + after.misses == before.hits + before.misses + 1
        assert rig.tiers.stats().memory.misses == memory.misses + 1


async def test_what_was_stored_since_the_short_way_is_found_though_memory_is_not_trusted():
    shelf = OpenShelf()
    shelf.alone = True  # no lease, and so no second look
    async with ScriptedUpstream(counts) as service, said_by(service, shelf=shelf) as rig:
        x = rig.exchange()
        question, entry = rig.pipeline.recall(x)
        assert entry is None
        await rig.ask()
        await settled(rig, shelf, 1)
        await read(await rig.pipeline.handle(x, question))
        assert (x.outcome, x.tier) == (Outcome.HIT, "shelf")
    assert len(service.asked) == 1


async def test_a_store_is_not_asked_at_once_for_what_the_ordinary_way_would_not_ask_it():
    gate = asyncio.Event()

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.json(b"{}", b"Cache-Control: private")

    shelf = OpenShelf()
    async with ScriptedUpstream(gated) as service, said_by(service, shelf=shelf) as rig:
        asking = asyncio.create_task(rig.ask())
        await service.until(lambda: len(service.asked) == 1)
        shelf.calls.clear()
        for _ in ("a flight is under way", "its answer could not be shared"):
            question, entry = rig.pipeline.recall(rig.exchange())
            assert (entry, question.said, shelf.asked("read")) == (None, {}, [])
            gate.set()
            await asking
            await rig.landed()


async def test_a_stale_entry_in_memory_is_served_before_a_store_is_asked():
    route = {"name": "rag", "cache": {"ttl": "10s", "jitter": 0, "stale_while_revalidate": "60s"}}
    shelf = OpenShelf()
    async with ScriptedUpstream(counts) as service, said_by(service, route, shelf=shelf) as rig:
        await rig.ask()
        await settled(rig, shelf, 1)
        shelf.calls.clear()
        rig.clock.now += 11
        x = rig.exchange()
        question, entry = rig.pipeline.recall(x)
        assert (entry, shelf.asked("read")) == (None, [])
        assert rig.pipeline.seek(x.route or question.rule.route, question.key, x.now, lambda _: True) is None
        assert shelf.asked("read") == []


async def test_seek_finds_by_the_key_what_fits():
    shelf = OpenShelf()
    async with ScriptedUpstream(counts) as service, said_by(service, shelf=shelf) as rig:
        x, body = await rig.ask()
        await settled(rig, shelf, 1)
        assert rig.pipeline.seek(x.route, x.key, x.now, lambda _: False) is None
        found = rig.pipeline.seek(x.route, x.key, x.now, lambda _: True)
        assert found is not None
        assert (found[0].body, found[1]) == (body, "shelf")
        assert rig.tiers.stats().store.hits == 1
        assert rig.pipeline.seek(x.route, x.key, x.now + 9999, lambda _: True) is None
        assert rig.pipeline.seek(x.route, b"?" * 32, x.now, lambda _: True) is None
