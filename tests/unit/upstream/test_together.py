"""Together: what each caller gets of one call for many, and what becomes of one that fails."""

import asyncio
import json
from typing import Any

import pytest

from gateway.model.errors import UpstreamError, UpstreamTimeout
from gateway.upstream.together import ALONE_FOR
from tests.support.embedding import LANGSERVE, answer, embeddings, unless
from tests.support.gathering import about, gathering, parts
from tests.support.upstream import Asked, Wire


async def test_langserve_has_a_place_of_its_own_for_several():
    async with gathering(route=LANGSERVE) as (made, service):
        found = await parts(made, *(about([n], target=b"/a/chain/invoke?x=1") for n in range(3)))
        assert found == [(200, {"output": {"said": [n]}}) for n in range(3)]
        assert service.asked[0].line == b"POST /a/chain/batch?x=1 HTTP/1.1"


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
