"""Itemwise: what a list's request is told about itself, and when a list stays whole."""

import asyncio
import json
from typing import Any

import pytest

from gateway.model.outcome import Outcome, Reason
from gateway.pipeline.answer import FromRecording, Problem
from tests.support.embedding import ROUTE, answer, embeddings, inputs, unless
from tests.support.pipeline import Rig, read, rigged
from tests.support.upstream import Asked, ScriptedUpstream, Wire

CACHE = {"ttl": "10s", "jitter": 0, "stale_while_revalidate": "5s", "stale_if_error": "1h"}
TARGET = b"/v1/embeddings"


def asks(*items: Any) -> bytes:
    return json.dumps({"input": list(items)}).encode()


async def ask(rig: Rig, *items: Any, fields: tuple[tuple[bytes, bytes], ...] = ()) -> Any:
    x, body = await rig.ask(TARGET, asks(*items), *fields)
    return x, json.loads(body)


async def test_the_story_of_a_list():
    async with ScriptedUpstream(answer) as service, rigged(service.url, {**ROUTE, "cache": CACHE}) as rig:
        x, body = await ask(rig, "a", "b", "a")
        assert (x.outcome, x.fwd, x.stored, x.items, x.items_cached) == (Outcome.MISS, "uri-miss", True, 3, 0)
        assert (body, x.upstream) == (embeddings(["a", "b", "a"]), "rag")
        rig.clock.now += 4
        x, _ = await ask(rig, "b", "c")
        assert (x.outcome, x.fwd, x.stored, x.items, x.items_cached) == (Outcome.MISS, "partial", True, 2, 1)
        x, body = await ask(rig, "c", "b")
        assert (x.outcome, x.tier, x.ttl, x.items_cached) == (Outcome.HIT, "memory", 6, 2)
        assert body == embeddings(["c", "b"])


async def test_stale_items_are_served_and_asked_anew_in_one_call():
    async with ScriptedUpstream(answer) as service, rigged(service.url, {**ROUTE, "cache": CACHE}) as rig:
        await ask(rig, "a", "b")
        rig.clock.now += 12
        x, body = await ask(rig, "a", "b")
        assert (x.outcome, x.reason, body) == (Outcome.STALE, Reason.REVALIDATING, embeddings(["a", "b"]))
        await rig.landed()
        assert inputs(service) == [["a", "b"], ["a", "b"]]
        x, _ = await ask(rig, "b")
        assert x.outcome is Outcome.HIT


async def test_stale_items_stand_in_where_the_service_fails():
    async with ScriptedUpstream(answer) as service, rigged(service.url, {**ROUTE, "cache": CACHE}) as rig:
        await ask(rig, "a", "b")
        rig.clock.now += 60

        async def busy(asked: Asked, wire: Wire) -> None:
            await wire.json(b"{}", status=b"503 Busy")

        service.answer = busy
        x, body = await ask(rig, "a", "b")
        assert (x.outcome, x.reason, body) == (Outcome.STALE, Reason.UPSTREAM_FAILED, embeddings(["a", "b"]))


async def test_what_fails_for_all_is_told_once():
    async def busy(asked: Asked, wire: Wire) -> None:
        await wire.json(b'{"error": "busy"}', b"Retry-After: 3", status=b"429 Too Many Requests")

    async with ScriptedUpstream(busy) as service, rigged(service.url, ROUTE) as rig:
        x = rig.exchange(TARGET, asks("a", "b"))
        got = await rig.pipeline.handle(x)
        assert isinstance(got, FromRecording)
        assert (got.recording.status, await read(got), x.outcome) == (429, b'{"error": "busy"}', Outcome.MISS)
        assert (b"Retry-After", b"3") in got.recording.fields.pairs
        assert len(service.asked) == 1


async def test_a_service_that_is_not_there_is_told_as_for_any_request():
    async with rigged("http://127.0.0.1:1", ROUTE) as rig:
        x = rig.exchange(TARGET, asks("a", "b"))
        assert isinstance(await rig.pipeline.handle(x), Problem)
        assert (x.outcome, x.reason) == (Outcome.ERROR, Reason.UPSTREAM_UNREACHABLE)


async def test_a_bad_item_gets_the_list_the_services_own_words_about_it():
    async def refuses(items: list[Any], asked: Asked, wire: Wire) -> bool:
        if "bad" in items:
            await wire.json(json.dumps({"error": f"input[{items.index('bad')}]"}).encode(), status=b"400 Bad Request")
        return "bad" in items

    async with ScriptedUpstream(unless(refuses)) as service, rigged(service.url, ROUTE) as rig:
        x, body = await ask(rig, "a", "b", "bad")
        assert (x.outcome, x.reason, body) == (Outcome.BYPASS, Reason.ITEMS_APART, {"error": "input[2]"})
        assert json.loads(service.asked[-1].body) == {"input": ["a", "b", "bad"]}
        x, _ = await ask(rig, "a", "b")
        assert x.outcome is Outcome.HIT  # they were asked again on their own


async def test_an_upstream_that_forbids_storing_is_asked_once_for_each_list():
    async def private(items: list[Any], asked: Asked, wire: Wire) -> bool:
        await wire.json(json.dumps(embeddings(items)).encode(), b"Cache-Control: no-store", b"X-Call: 1")
        return True

    async with ScriptedUpstream(unless(private)) as service, rigged(service.url, ROUTE) as rig:
        x, body = await ask(rig, "a", "b")
        assert (x.outcome, x.stored, body) == (Outcome.MISS, False, embeddings(["a", "b"]))
        x, body = await ask(rig, "a", "c")
        assert (x.outcome, body) == (Outcome.BYPASS, embeddings(["a", "c"]))
        assert len(service.asked) == 2


async def test_answers_of_two_models_are_not_put_together():
    model = ["one"]

    async def renamed(items: list[Any], asked: Asked, wire: Wire) -> bool:
        await wire.json(json.dumps(embeddings(items, model[0])).encode())
        return True

    async with ScriptedUpstream(unless(renamed)) as service, rigged(service.url, ROUTE) as rig:
        await ask(rig, "a")
        model[0] = "two"
        x, body = await ask(rig, "a", "b")
        assert (x.reason, body) == (Reason.ITEMS_APART, embeddings(["a", "b"], "two"))
        assert inputs(service) == ["a", "b", ["a", "b"]]


async def test_a_service_that_knows_no_lists_is_left_in_peace():
    async def one_only(items: list[Any], asked: Asked, wire: Wire) -> bool:
        await wire.json(json.dumps(embeddings(items[:1])).encode())
        return True

    async with ScriptedUpstream(unless(one_only)) as service, rigged(service.url, ROUTE) as rig:
        x, body = await ask(rig, "a", "b")
        assert body["data"] == embeddings(["a", "b"])["data"]  # each asked alone
        before = len(service.asked)
        x, body = await ask(rig, "c", "d")
        assert body == embeddings(["c"])  # as it came, whatever it is
        assert (x.outcome, len(service.asked)) == (Outcome.MISS, before + 1)


@pytest.mark.parametrize("fields", [((b"Content-MD5", b"x"),), ((b"Digest", b"x"),)])
async def test_a_list_that_vouches_for_its_bytes_stays_whole(fields):
    async with ScriptedUpstream(answer) as service, rigged(service.url, ROUTE) as rig:
        await ask(rig, "a", "b", fields=fields)
        x, _ = await ask(rig, "b", fields=fields)
        assert x.outcome is Outcome.MISS
        assert service.asked[0].body == asks("a", "b")


async def test_a_list_beside_which_much_is_said_stays_whole():
    async with ScriptedUpstream(answer) as service, rigged(service.url, ROUTE) as rig:
        body = json.dumps({"input": [f"t {n}" for n in range(200)], "instruction": "y" * 50_000}).encode()
        x, _ = await rig.ask(TARGET, body)
        assert (x.outcome, x.items) == (Outcome.MISS, 0)
        assert service.asked[0].body == body


async def test_in_shadow_everything_is_asked_as_it_comes():
    async with ScriptedUpstream(answer) as service, rigged(service.url, {**ROUTE, "cache": {"mode": "shadow"}}) as rig:
        for _ in range(2):
            x, body = await ask(rig, "a", "b")
            assert (x.outcome, x.reason, body) == (Outcome.BYPASS, Reason.SHADOW, embeddings(["a", "b"]))
        await asyncio.gather(*(rig.ask(TARGET, b'{"input": "%d"}' % n) for n in range(3)))
        assert len(service.asked) == 5


async def test_a_request_that_wants_new_answers_gets_them():
    route = {**ROUTE, "cache": {"request_directives": "respect"}}
    async with ScriptedUpstream(answer) as service, rigged(service.url, route) as rig:
        await ask(rig, "a", "b")
        x, _ = await ask(rig, "a", "b", fields=((b"Cache-Control", b"no-cache"),))
        assert (x.outcome, x.reason) == (Outcome.MISS, Reason.REQUEST_NO_CACHE)
        assert inputs(service) == [["a", "b"], ["a", "b"]]


async def test_followers_of_a_list_get_their_item():
    gate = asyncio.Event()

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await answer(asked, wire)

    async with ScriptedUpstream(gated) as service, rigged(service.url, ROUTE) as rig:
        leader = asyncio.create_task(ask(rig, "a", "b"))
        await service.until(lambda: len(service.asked) == 1)
        single = asyncio.create_task(rig.ask(TARGET, b'{"input": "b"}'))
        both = asyncio.create_task(ask(rig, "b", "a"))
        await asyncio.sleep(0)
        gate.set()
        x, body = await single
        assert (x.outcome, json.loads(body)) == (Outcome.COLLAPSED, embeddings(["b"]))
        x, body = await both
        assert (x.outcome, x.collapsed, body) == (Outcome.COLLAPSED, True, embeddings(["b", "a"]))
        assert (await leader)[1] == embeddings(["a", "b"])
        assert len(service.asked) == 1
