"""A service that answers several at once badly: nobody gets another's part, and nobody pays for another's item."""

import asyncio
import gzip
import json
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.support.embedding import ROUTE, embeddings, inputs, unless
from tests.support.gateway import running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire

SLOW_WINDOW = {**ROUTE, "batch": {**ROUTE["batch"], "window": "50ms"}}


@asynccontextmanager
async def before(otherwise: Any, **more: Any):
    """A gateway before a service that fails as told, and a function that asks it."""
    async with (
        ScriptedUpstream(unless(otherwise)) as service,
        running(settings(service.url, SLOW_WINDOW, **more)) as gateway,
        httpx.AsyncClient(base_url=gateway.url) as client,
    ):

        async def embed(asked: Any) -> httpx.Response:
            return await client.post("/v1/embeddings", json={"model": "m", "input": asked})

        yield service, embed


def data(items: list[Any]) -> Any:
    return embeddings(items)["data"]


async def test_it_fails_for_one_item():
    async def fails(items: list[Any], asked: Asked, wire: Wire) -> bool:
        if "bad" in items:
            await wire.json(b'{"error": "bad"}', status=b"500 Internal Server Error")
        return "bad" in items

    async with before(fails) as (_, embed):
        texts = ["a", "b", "bad", "c", "d"]
        answers = await asyncio.gather(*(embed(text) for text in texts))
        assert [one.status_code for one in answers] == [200, 200, 500, 200, 200]
        assert [one.json()["data"] for one in answers if one.status_code == 200] == [data([t]) for t in "abcd"]
        assert (await embed(["a", "bad", "b"])).status_code == 500
        assert (await embed(["d", "a"])).headers["Cache-Status"].startswith("ragfront; hit")


async def test_it_breaks_off_in_the_middle_of_an_answer_to_several():
    async def breaks(items: list[Any], asked: Asked, wire: Wire) -> bool:
        if len(items) > 1:
            whole = json.dumps(embeddings(items)).encode()
            await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
            await wire.send(b"Content-Length: %d\r\n\r\n%b" % (len(whole), whole[: len(whole) // 2]))
            wire.reset()
        return len(items) > 1

    async with before(breaks) as (_, embed):
        answers = await asyncio.gather(*(embed(text) for text in "abc"))
        assert [one.json() for one in answers] == [embeddings([text]) for text in "abc"]
        assert (await embed(["x", "y"])).json()["data"] == data(["x", "y"])


async def test_it_ends_a_truncated_answer_as_if_it_were_whole():
    async def truncates(items: list[Any], asked: Asked, wire: Wire) -> bool:
        if len(items) > 1:
            await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
            await wire.send(json.dumps(embeddings(items)).encode()[:-70])
            wire.close()
        return len(items) > 1

    async with before(truncates) as (_, embed):
        answers = await asyncio.gather(*(embed(text) for text in "abc"))
        assert [one.json() for one in answers] == [embeddings([text]) for text in "abc"]


async def test_it_answers_in_another_order_and_says_so():
    async def backwards(items: list[Any], asked: Asked, wire: Wire) -> bool:
        whole = embeddings(items)
        await wire.json(json.dumps({**whole, "data": whole["data"][::-1]}).encode())
        return True

    async with before(backwards) as (service, embed):
        assert (await embed(["a", "b", "c"])).json() == embeddings(["a", "b", "c"])
        answers = await asyncio.gather(*(embed(text) for text in "def"))
        assert [one.json() for one in answers] == [embeddings([text]) for text in "def"]
        assert [sorted(one) for one in inputs(service)] == [["a", "b", "c"], ["d", "e", "f"]]


async def test_it_numbers_its_parts_wrongly():
    async def wrongly(items: list[Any], asked: Asked, wire: Wire) -> bool:
        whole = embeddings(items)
        for part in whole["data"]:
            part["index"] += len(items) > 1
        await wire.json(json.dumps(whole).encode())
        return True

    async with before(wrongly) as (_, embed):
        answers = await asyncio.gather(*(embed(text) for text in "abc"))
        assert [one.json() for one in answers] == [embeddings([text]) for text in "abc"]


async def test_it_compresses_its_answers_and_sends_them_in_chunks():
    async def coded(items: list[Any], asked: Asked, wire: Wire) -> bool:
        body = gzip.compress(json.dumps(embeddings(items)).encode())
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nVary: Accept-Encoding\r\n"
        )
        await wire.send(head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        return True

    async with before(coded) as (_, embed):
        assert (await embed(["a", "b"])).json() == embeddings(["a", "b"])
        assert (await embed(["c"])).json() == embeddings(["c"])
        hit = await embed(["c", "a"])
        assert hit.json() == embeddings(["c", "a"])
        assert hit.headers["Cache-Status"].startswith("ragfront; hit")
        assert "Content-Encoding" not in hit.headers


async def test_the_gateway_starts_anew_and_finds_the_items_on_disk(tmp_path):
    async def never(items: list[Any], asked: Asked, wire: Wire) -> bool:
        return False

    l2 = {"disk": {"path": str(tmp_path), "max_bytes": 1 << 24}}
    async with ScriptedUpstream(unless(never)) as service:
        for number in range(2):
            async with (
                running(settings(service.url, ROUTE, l2=l2)) as gateway,
                httpx.AsyncClient(base_url=gateway.url, headers={"Host": "embeddings"}) as client,
            ):
                asked = {"model": "m", "input": [f"t {n}" for n in range(40)]}
                answer = await client.post("/v1/embeddings", json=asked)
                assert answer.json()["data"] == data(asked["input"])
                assert answer.headers["Cache-Status"].startswith(
                    "ragfront; hit" if number else "ragfront; fwd=uri-miss"
                )
        assert len(service.asked) == 1
