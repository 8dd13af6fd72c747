"""Batch: who travels with whom, what each gets, and what becomes of a call for many that fails."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from gateway.model.errors import UpstreamError, UpstreamTimeout
from gateway.model.party import Party, Seat
from gateway.model.settings import BatchSettings
from gateway.policy.items import form_of
from gateway.upstream.batch import ALONE_FOR, Gathering, sealed
from gateway.upstream.fetch import Call
from tests.support.embedding import LANGSERVE, ROUTE, answer, embeddings, inputs, unless
from tests.support.talk import body_of, upstream_of
from tests.support.upstream import Asked, ScriptedUpstream, Wire


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def about(item: Any, *fields: tuple[bytes, bytes], target: bytes = b"/v1/embeddings", **more: Any) -> Call:
    body = json.dumps({"input": item, **more}).encode()
    pairs = ((b"Host", b"h"), (b"Content-Length", b"%d" % len(body)), *fields)
    return Call(b"POST", target, lambda authority: pairs, body=body, repeatable=True)


@asynccontextmanager
async def gathering(script: Any = answer, route: Any = ROUTE, timeouts: Any = None, **settings: Any):
    batch = BatchSettings.model_validate({**route["batch"], "window": "30ms", **settings})
    form = form_of(batch)
    assert form is not None
    clock = Clock()
    async with ScriptedUpstream(script) as service, upstream_of(service.url, timeouts=timeouts or {}) as (up, calls):
        made = Gathering(up, batch, form, frozenset({b"x-trace"}), clock)
        made.clock, made.calls = clock, calls
        yield made, service


async def part(made: Gathering, call: Call) -> Any:
    reply = await made.fetch(call)
    return reply.head.status, json.loads(await body_of(reply))


async def parts(made: Gathering, *calls: Call) -> list[Any]:
    return await asyncio.gather(*(part(made, call) for call in calls), return_exceptions=True)


async def test_calls_that_differ_in_the_item_alone_travel_as_one():
    async with gathering() as (made, service):
        found = await parts(made, about("a"), about("b", (b"X-Trace", b"1")), about("c"))
        assert found == [(200, embeddings([text])) for text in "abc"]
        assert inputs(service) == [["a", "b", "c"]]
        assert service.asked[0].all(b"content-length") == [b"%d" % len(service.asked[0].body)]
        assert made.calls.batches == [3]


async def test_one_alone_goes_as_it_came():
    async with gathering() as (made, service):
        assert await parts(made, about("a", model="x")) == [(200, embeddings(["a"], "x"))]
        assert service.asked[0].body == b'{"input": "a", "model": "x"}'
        assert made.calls.batches == []


@pytest.mark.parametrize(
    "other",
    [
        about("b", model="x"),
        about("b", (b"Authorization", b"x")),
        about("b", (b"Accept", b"x")),
        about([1, 2]),
        about("b", target=b"/v1/embeddings?v=2"),
        replace(about("b"), method=b"PUT"),
        about(["b"]),
        about({"text": "b"}),
        about("b", (b"Content-Digest", b"x")),
        replace(about("b"), body=b"no JSON at all"),
    ],
)
async def test_calls_that_differ_in_anything_else_do_not(other):
    async def echo(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}")

    async with gathering(echo) as (made, service):
        assert await parts(made, about("a"), other) == [(200, {})] * 2
        assert len(service.asked) == 2


async def test_a_group_that_is_full_does_not_wait():
    async with gathering(window="1s", max_items=2) as (made, service):
        async with asyncio.timeout(0.5):
            await parts(made, *(about(text) for text in "abcd"))
        assert sorted(inputs(service)) == [["a", "b"], ["c", "d"]]


async def test_a_group_is_bounded_in_bytes():
    async with gathering(window="1s") as (made, service):
        async with asyncio.timeout(0.9):
            await parts(made, *(about(text * 300_000, more="y" * 700_000) for text in "abcde"))
        assert [len(asked) for asked in inputs(service)] == [5]


async def test_without_a_window_nobody_waits():
    async with gathering(window=0) as (made, service):
        await parts(made, about("a"), about("b"))
        assert sorted(inputs(service)) == ["a", "b"]


async def test_a_party_travels_once_all_have_come_or_found_their_answers():
    async with gathering(window="1s") as (made, service):
        party = Party(3)
        seats = [Seat(party) for _ in range(3)]
        asked = [replace(about(text), seat=seat) for text, seat in zip("ab", seats, strict=False)]
        asking = asyncio.gather(*(part(made, call) for call in asked))
        await asyncio.sleep(0.02)
        assert service.asked == []
        async with asyncio.timeout(0.5):
            seats[2].settle()
            await asking
        assert inputs(service) == [["a", "b"]]


async def test_langserve_has_a_place_of_its_own_for_several():
    async with gathering(route=LANGSERVE) as (made, service):
        found = await parts(made, *(about([n], target=b"/a/chain/invoke?x=1") for n in range(3)))
        assert found == [(200, {"output": {"said": [n]}}) for n in range(3)]
        assert service.asked[0].line == b"POST /a/chain/batch?x=1 HTTP/1.1"


async def test_only_what_ends_as_the_route_says_is_gathered():
    async with gathering(route=LANGSERVE, ending="/invoke") as (made, service):
        await parts(made, *(about(n, target=b"/c/invoke?a/b") for n in range(2)))
        found = await parts(made, *(about(n, target=b"/c/invoke/more") for n in range(2)))
        assert [asked.line.split()[1] for asked in service.asked] == [b"/c/batch?a/b"] + [b"/c/invoke/more"] * 2
        assert [status for status, _ in found] == [200, 200]


async def test_one_bad_item_fails_only_its_caller():
    async def refuses(items: list[Any], asked: Asked, wire: Wire) -> bool:
        if "bad" in items:
            await wire.json(b'{"error": 1}', status=b"400 Bad Request")
        return "bad" in items

    async with gathering(unless(refuses)) as (made, service):
        texts = [f"t{n}" for n in range(39)]
        found = await parts(made, *(about(text) for text in [*texts[:20], "bad", *texts[20:]]))
        assert found.pop(20) == (400, {"error": 1})
        assert [body["data"] for _, body in found] == [embeddings([text])["data"] for text in texts]
        assert len(service.asked) < 20
        assert made.works(b"/v1/embeddings", {"input": "z"})


async def test_how_often_a_failed_call_is_sent_again_is_limited():
    async def refuses(items: list[Any], asked: Asked, wire: Wire) -> bool:
        await wire.json(b'{"error": 1}', status=b"422 Unprocessable")
        return True

    async with gathering(unless(refuses)) as (made, service):
        found = await parts(made, *(about(f"t{n}") for n in range(120)))
        assert len(service.asked) <= 65
        assert {one[0] if isinstance(one, tuple) else type(one).__name__ for one in found} == {422, "UpstreamProtocol"}


@pytest.mark.parametrize("status", [b"429 Too Many Requests", b"503 Busy", b"401 Unauthorized", b"404 Not Found"])
async def test_what_is_about_the_service_is_told_to_all_and_not_asked_again(status):
    async def refuses(items: list[Any], asked: Asked, wire: Wire) -> bool:
        await wire.json(b'{"busy": 1}', b"Retry-After: 7", status=status)
        return True

    async with gathering(unless(refuses)) as (made, service):
        assert await parts(made, about("a"), about("b")) == [(int(status[:3]), {"busy": 1})] * 2
        assert len(service.asked) == 1


def spoiled(items: list[Any]) -> dict[str, bytes]:
    whole = embeddings(items)
    return {
        "too few": json.dumps({**whole, "data": whole["data"][:-1]}).encode(),
        "an index twice": json.dumps({**whole, "data": [whole["data"][0]] * len(items)}).encode(),
        "no json": b"<html>",
        "an error": b'{"error": "no lists"}',
    }


@pytest.mark.parametrize("how", ["too few", "an index twice", "no json", "an error"])
async def test_an_answer_that_cannot_be_taken_apart_sends_all_alone_for_a_while(how):
    async def wrong(items: list[Any], asked: Asked, wire: Wire) -> bool:
        if len(items) > 1:
            await wire.json(spoiled(items)[how])
        return len(items) > 1

    async with gathering(unless(wrong)) as (made, service):
        assert await parts(made, about("a"), about("b")) == [(200, embeddings(["a"])), (200, embeddings(["b"]))]
        assert not made.works(b"/v1/embeddings", {"input": "z"})
        assert made.works(b"/v1/embeddings", {"input": "z", "dimensions": 2})
        await parts(made, about("c"), about("d"))
        assert len(service.asked) == 5
        made.clock.now += ALONE_FOR
        assert made.works(b"/v1/embeddings", {"input": "z"})


async def test_a_place_that_is_not_there_is_not_asked_again():
    async def no_batch(asked: Asked, wire: Wire) -> None:
        if b"/batch" in asked.line:
            await wire.json(b"{}", status=b"404 Not Found")
        else:
            await answer(asked, wire)

    async with gathering(no_batch, LANGSERVE) as (made, service):
        found = await parts(made, about(1, target=b"/c/invoke"), about(2, target=b"/c/invoke"))
        assert [body["output"]["said"] for _, body in found] == [1, 2]
        assert (len(service.asked), made.works(b"/v1/embeddings", {"input": 3})) == (3, False)


async def test_a_cookie_for_several_clients_is_given_to_none():
    async def cookie(items: list[Any], asked: Asked, wire: Wire) -> bool:
        await wire.json(json.dumps(embeddings(items)).encode(), b"Set-Cookie: s=%d" % len(service.asked))
        return True

    async with gathering(unless(cookie)) as (made, service):
        first, second = await asyncio.gather(made.fetch(about("a")), made.fetch(about("b")))
        assert first.head.fields.get(b"set-cookie") != second.head.fields.get(b"set-cookie")
        first.close()
        second.close()


async def test_a_service_that_an_item_kills_is_asked_for_each_and_one_that_is_slow_is_not():
    async def dies(items: list[Any], asked: Asked, wire: Wire) -> bool:
        if "deadly" in items:
            wire.reset()
        elif "slow" in items:
            await asyncio.sleep(1)
        return "deadly" in items or "slow" in items

    async with gathering(unless(dies), timeouts={"first_byte": "200ms"}) as (made, service):
        one, two = await parts(made, about("a"), about("deadly"))
        assert one == (200, embeddings(["a"]))
        assert isinstance(two, UpstreamError)
        before = len(service.asked)
        assert [type(one) for one in await parts(made, about("b"), about("slow"))] == [UpstreamTimeout] * 2
        assert len(service.asked) == before + 1


async def test_an_answer_that_is_too_large_is_not_taken_apart():
    async with gathering(max_body=10) as (made, service):
        assert await parts(made, about("a"), about("b")) == [(200, embeddings(["a"])), (200, embeddings(["b"]))]
        assert len(service.asked) == 3


async def test_who_leaves_is_not_asked_for_and_the_last_ends_the_call():
    async with gathering() as (made, service):
        tasks = [asyncio.create_task(part(made, about(text))) for text in "abc"]
        await asyncio.sleep(0)
        tasks[1].cancel()
        assert await tasks[0] == (200, embeddings(["a"]))
        assert await tasks[2] == (200, embeddings(["c"]))
        assert inputs(service) == [["a", "c"]]

        async def never(asked: Asked, wire: Wire) -> None:
            await asyncio.sleep(60)

        service.answer = never
        tasks = [asyncio.create_task(part(made, about(text))) for text in "de"]
        await service.until(lambda: len(service.asked) == 2)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0.02)
        assert (made.calls.inflight, made.calls.ended[-1]) == (0, ("rag", "abandoned"))


def test_a_request_that_vouches_for_its_bytes_is_left_as_it_is():
    assert sealed(((b"Content-MD5", b"x"),))
    assert sealed(((b"Authorization", b"AWS4-HMAC-SHA256 x"),))
    assert not sealed(((b"Authorization", b"Bearer x"),))
