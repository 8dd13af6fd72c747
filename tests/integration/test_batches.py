"""Lists item by item, and single calls as one, over sockets: what clients get, and what the service is asked."""

import asyncio
import json
from typing import Any

import httpx
import openai
import pytest

from tests.support.embedding import LANGSERVE, ROUTE, TEI, answer, embeddings, inputs, listed, vector
from tests.support.gateway import Running, running, settings
from tests.support.redis_server import redis_server
from tests.support.upstream import Asked, ScriptedUpstream, Wire


class Rig:
    """A gateway with the three services' routes, and a client."""

    def __init__(self, gateway: Running, service: ScriptedUpstream, client: httpx.AsyncClient) -> None:
        self.gateway = gateway
        self.service = service
        self.client = client

    async def embed(self, asked: Any, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        body = {"model": "m", "input": asked, **more}
        return await self.client.post("/v1/embeddings", json=body, headers=headers)


@pytest.fixture
async def rig():
    async with (
        ScriptedUpstream(answer) as service,
        running(settings(service.url, ROUTE, TEI, LANGSERVE)) as gateway,
        httpx.AsyncClient(base_url=gateway.url) as client,
    ):
        yield Rig(gateway, service, client)


def status(response: httpx.Response) -> str:
    return response.headers["Cache-Status"]


async def test_a_list_is_cached_item_by_item_and_only_what_is_missing_is_asked(rig):
    first = await rig.embed(["one", "two words"])
    assert first.json() == embeddings(["one", "two words"])
    assert status(first) == "ragfront; fwd=uri-miss; stored"
    second = await rig.embed(["three", "two words", "four", "three", "one"])
    assert second.json() == embeddings(["three", "two words", "four", "three", "one"])
    assert status(second) == "ragfront; fwd=partial; stored"
    third = await rig.embed(["four", "one"])
    assert third.json() == embeddings(["four", "one"])
    assert "hit; ttl=" in status(third)
    assert int(third.headers["Age"]) < 5
    assert inputs(rig.service) == [["one", "two words"], ["three", "four"]]


async def test_lists_and_single_calls_serve_each_other(rig):
    await rig.embed(["a", "b"])
    single = await rig.embed("b")
    assert single.json() == embeddings(["b"])
    assert "hit" in status(single)
    await rig.embed("c")
    assert "hit" in status(await rig.embed(["c", "a"]))
    assert "hit" in status(await rig.embed(["c"]))
    assert inputs(rig.service) == [["a", "b"], "c"]


async def test_token_ids(rig):
    await rig.embed([[1, 2], [3]])
    single = await rig.embed([1, 2])
    assert "hit" in status(single)
    assert single.json() == embeddings([[1, 2]])
    assert single.json()["usage"]["prompt_tokens"] == 2


async def test_what_is_asked_beside_the_item_is_part_of_the_key(rig):
    for more in ({}, {"encoding_format": "base64"}, {"dimensions": 2}):
        assert "fwd=uri-miss" in status(await rig.embed(["a", "b"], **more))
    assert "fwd=uri-miss" in status(await rig.embed(["a", "b"], headers={"Authorization": "Bearer x"}))
    assert len(rig.service.asked) == 4


async def test_single_calls_that_come_together_travel_as_one(rig):
    texts = [f"text {number}" for number in range(20)]
    answers = await asyncio.gather(*(rig.embed(text) for text in texts))
    assert [one.json()["data"] for one in answers] == [embeddings([text])["data"] for text in texts]
    assert sum(one.json()["usage"]["prompt_tokens"] for one in answers) == 40  # as the service has counted
    assert len(rig.service.asked) < 20
    assert any(isinstance(asked, list) for asked in inputs(rig.service))
    again = await asyncio.gather(*(rig.embed(text) for text in texts))
    assert all("hit" in status(one) for one in again)


async def test_calls_of_different_clients_or_models_do_not_travel_together(rig):
    await asyncio.gather(
        *(rig.embed(f"text {n}", headers={"Authorization": f"Bearer {n % 2}"}) for n in range(8)),
        *(rig.embed(f"text {n}", model="other") for n in range(4)),
        *(rig.embed([n, n + 1]) for n in range(4)),
    )
    for asked in rig.service.asked:
        body, bearer = json.loads(asked.body), asked.get(b"authorization")
        items = body["input"] if isinstance(body["input"][0], (str, list)) and body["input"] != "" else [body["input"]]
        if isinstance(body["input"], str):
            items = [body["input"]]
        if bearer is not None:
            assert {int(item.split()[1]) % 2 for item in items} == {int(bearer.split()[1])}
        assert len({type(item) for item in items}) == 1


async def test_tei(rig):
    first = await rig.client.post("/embed", json={"inputs": ["a", "b"], "truncate": True})
    second = await rig.client.post("/embed", json={"inputs": ["b", "c", "a"], "truncate": True})
    single = await rig.client.post("/embed", json={"inputs": "c", "truncate": True})
    assert first.json() == [vector("a"), vector("b")]
    assert second.json() == [vector("b"), vector("c"), vector("a")]
    assert single.json() == [vector("c")]
    assert "hit" in status(single)
    assert [json.loads(asked.body)["inputs"] for asked in rig.service.asked] == [["a", "b"], "c"]


async def test_langserve_invocations_travel_as_a_batch(rig):
    asking = [rig.client.post("/chain/invoke", json={"input": {"q": n}, "config": {}}) for n in range(6)]
    answers = await asyncio.gather(*asking)
    assert [one.json()["output"] for one in answers] == [{"said": {"q": n}} for n in range(6)]
    batches = [asked for asked in rig.service.asked if asked.line == b"POST /chain/batch HTTP/1.1"]
    assert batches
    assert len(rig.service.asked) < 6
    assert json.loads(batches[0].body)["config"] == {}
    again = await rig.client.post("/chain/invoke", json={"input": {"q": 3}, "config": {}})
    assert "hit" in status(again)


@pytest.mark.parametrize("asked", [[], ["a", [1, 2]], ["a", 1], [1.5], {"text": "a"}, [[]], 7, None])
async def test_what_is_no_list_of_items_passes_as_it_is(asked):
    async def echo(question: Asked, wire: Wire) -> None:
        await wire.json(question.body, status=b"400 Bad Request")

    async with (
        ScriptedUpstream(echo) as service,
        running(settings(service.url, ROUTE)) as gateway,
        httpx.AsyncClient(base_url=gateway.url) as client,
    ):
        response = await client.post("/v1/embeddings", json={"input": asked})
        assert (response.status_code, response.json()) == (400, {"input": asked})
        assert len(service.asked) == 1


async def test_a_list_of_ten_thousand_is_one_question_like_any_other(rig):
    many = [f"t {number}" for number in range(10_000)]
    response = await rig.embed(many)
    assert response.json() == embeddings(many)
    assert inputs(rig.service) == [many]
    assert "hit" in status(await rig.embed(many))


async def test_a_list_longer_than_a_call_may_be_is_asked_in_several():
    route = {**ROUTE, "batch": {**ROUTE["batch"], "max_items": 10}}
    async with (
        ScriptedUpstream(answer) as service,
        running(settings(service.url, route)) as gateway,
        httpx.AsyncClient(base_url=gateway.url) as client,
    ):
        texts = [f"t {number}" for number in range(25)]
        response = await client.post("/v1/embeddings", json={"model": "m", "input": texts})
        assert response.json() == embeddings(texts)
        assert sorted(len(asked) for asked in inputs(service)) == [5, 10, 10]


@pytest.mark.parametrize("window", [0, "5ms"])
async def test_one_call_per_item_whatever_is_asked_at_once(window):
    route = {**ROUTE, "batch": {**ROUTE["batch"], "window": window}}
    gate = asyncio.Event()

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await answer(asked, wire)

    async with (
        ScriptedUpstream(gated) as service,
        running(settings(service.url, route)) as gateway,
        httpx.AsyncClient(base_url=gateway.url) as client,
    ):
        asked: list[Any] = [["a", "b"], ["b", "c"], "a", ["c", "a", "b"], "c"]
        posts = [client.post("/v1/embeddings", json={"model": "m", "input": one}) for one in asked]
        tasks = [asyncio.create_task(post) for post in posts]
        await service.until(lambda: len(service.asked) >= 2)
        await asyncio.sleep(0.05)
        gate.set()
        answers = [one.json() for one in await asyncio.gather(*tasks)]
        assert answers == [embeddings(one if isinstance(one, list) else [one]) for one in asked]
        seen = [item for one in inputs(service) for item in (one if isinstance(one, list) else [one])]
        assert sorted(seen) == ["a", "b", "c"]


async def test_a_client_that_leaves_disturbs_no_other(rig):
    gate = asyncio.Event()

    async def gated(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await answer(asked, wire)

    rig.service.answer = gated
    leaver = asyncio.create_task(rig.embed(["a", "b"]))
    single = asyncio.create_task(rig.embed("c"))
    await rig.service.until(lambda: len(rig.service.asked) == 2)
    follower = asyncio.create_task(rig.embed(["b", "c"]))
    await asyncio.sleep(0.02)
    leaver.cancel()
    await asyncio.sleep(0.02)
    gate.set()
    assert (await follower).json() == embeddings(["b", "c"])
    assert (await single).json() == embeddings(["c"])
    assert "hit" in status(await rig.embed("a"))


async def test_one_call_per_item_among_replicas_that_share_a_redis():
    async def slow(asked: Asked, wire: Wire) -> None:
        await asyncio.sleep(0.2)
        await answer(asked, wire)

    with redis_server() as redis:
        l2 = {"redis": {"url": redis.url}, "read_timeout": "1s"}
        async with (
            ScriptedUpstream(slow) as service,
            running(settings(service.url, ROUTE, l2=l2)) as one,
            running(settings(service.url, ROUTE, l2=l2)) as other,
            httpx.AsyncClient(headers={"Host": "embeddings"}) as client,
        ):
            for replica in (one, other):  # both have met Redis before it counts how long it takes to answer
                await client.post(f"{replica.url}/v1/embeddings", json={"model": "m", "input": replica.url})
            texts = [f"t {number}" for number in range(30)]
            asking = [
                client.post(f"{replica.url}/v1/embeddings", json={"model": "m", "input": wanted})
                for replica in (one, other)
                for wanted in (texts[:20], texts[10:], texts[15])
            ]
            for response in await asyncio.gather(*asking):
                assert response.status_code == 200
                assert all(part["embedding"] in map(vector, texts) for part in response.json()["data"])
            seen = [item for asked in inputs(service) for item in listed(asked)]
            assert sorted(seen) == sorted([*texts, one.url, other.url])


async def test_the_openai_sdk(rig):
    async with openai.AsyncOpenAI(base_url=f"{rig.gateway.url}/v1", api_key="k", max_retries=0) as client:
        many = await client.embeddings.create(model="m", input=["a b", "c"], encoding_format="float")
        one = await client.embeddings.create(model="m", input="c", encoding_format="float")
        assert [part.index for part in many.data] == [0, 1]
        assert [part.embedding for part in many.data] == [vector("a b"), vector("c")]
        assert (many.usage.prompt_tokens, one.usage.prompt_tokens) == (3, 1)
        assert one.data[0].embedding == vector("c")
        raw = await client.embeddings.with_raw_response.create(model="m", input=["c", "a b"], encoding_format="float")
        assert "hit" in raw.headers["Cache-Status"]
        assert len(rig.service.asked) == 1
