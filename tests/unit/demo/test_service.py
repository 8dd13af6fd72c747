"""Service: each endpoint's answers, over loopback and without delays."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import orjson
import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient, TestServer

from gateway.demo.options import DemoOptions
from gateway.demo.service import create_app

AT_ONCE = DemoOptions(slots=4, retrieval=0, first_token=0, per_token=0)
QUESTION = "How does the with statement work?"
CHAT = {"model": "m", "messages": [{"role": "user", "content": QUESTION}]}


@pytest.fixture
async def client() -> AsyncIterator[TestClient[Any, Any]]:
    server = TestServer(create_app(AT_ONCE))
    await server.start_server(auto_decompress=False)
    async with TestClient(server) as client:
        yield client


async def test_rag_answers_from_the_documents_it_shows(client: TestClient[Any, Any]) -> None:
    answer = await client.post("/rag", json={"query": QUESTION, "top_k": 2})
    body = await answer.read()
    document = orjson.loads(body)
    assert answer.status == 200
    assert answer.content_type == "application/json"
    assert 1_000 < len(body) < 4_000
    assert list(document) == ["query", "response"]
    assert document["query"] == QUESTION
    assert [list(found) for found in document["response"]["retrieved_docs"]] == [["id", "title", "score", "text"]] * 2
    assert document["response"]["generated_answer"].startswith("The `with` statement is used to")


async def test_retrieve_gives_the_documents_that_rag_gives(client: TestClient[Any, Any]) -> None:
    asked = {"query": QUESTION}
    rag = await (await client.post("/rag", json=asked)).json()
    retrieved = await (await client.post("/retrieve", json=asked)).json()
    assert retrieved == {"query": QUESTION, "retrieved_docs": rag["response"]["retrieved_docs"]}
    assert len(retrieved["retrieved_docs"]) == 3


async def test_an_unknown_topic_is_answered_empty(client: TestClient[Any, Any]) -> None:
    asked = {"query": "recipe for lasagne with spinach"}
    rag = await (await client.post("/rag", json=asked)).json()
    assert rag["response"] == {"retrieved_docs": [], "generated_answer": None}
    assert (await (await client.post("/retrieve", json=asked)).json())["retrieved_docs"] == []
    chat = await client.post(
        "/v1/chat/completions", json={"model": "m", "messages": [{"role": "user", "content": "zxqv blorp"}]}
    )
    assert "found nothing" in (await chat.json())["choices"][0]["message"]["content"]


async def test_a_stream_says_what_the_whole_answer_says(client: TestClient[Any, Any]) -> None:
    whole = await (await client.post("/v1/chat/completions", json=CHAT)).json()
    answer = await client.post(
        "/v1/chat/completions", json=CHAT | {"stream": True, "stream_options": {"include_usage": True}}
    )
    assert answer.headers["Content-Type"] == "text/event-stream"
    events = (await answer.text()).split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [orjson.loads(event.removeprefix("data: ")) for event in events[:-2]]
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks[:-1])
    assert said == whole["choices"][0]["message"]["content"]
    assert chunks[-2]["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    assert chunks[-1]["usage"] == whole["usage"]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_token_limit_ends_the_answer(client: TestClient[Any, Any], stream: bool) -> None:
    answer = await client.post("/v1/chat/completions", json=CHAT | {"max_tokens": 3, "stream": stream})
    text = await answer.text()
    assert '"finish_reason":"length"' in text
    assert "statement" in text
    assert "used" not in text


async def test_embeddings_models_health_and_help(client: TestClient[Any, Any]) -> None:
    answer = await client.post("/v1/embeddings", json={"model": "m", "input": ["a", "b"], "dimensions": 8})
    assert [len(item["embedding"]) for item in (await answer.json())["data"]] == [8, 8]
    assert (await (await client.get("/v1/models")).json())["object"] == "list"
    health = await (await client.get("/health")).json()
    assert (health["status"], health["generating"], health["waiting"]) == ("ok", 0, 0)
    assert health["passages"] > 3000
    assert "POST /rag" in await (await client.get("/")).text()


@pytest.mark.parametrize("path", ["/rag", "/retrieve", "/v1/chat/completions", "/v1/embeddings"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"{}", b"[" * 100_000, b'{"query": "\\ud800"}'])
async def test_bad_bodies_are_refused_with_a_json_error(client: TestClient[Any, Any], path: str, body: bytes) -> None:
    answer = await client.post(path, data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert (await answer.json())["error"]["message"]


async def test_what_cannot_be_read_is_refused_with_a_json_error(client: TestClient[Any, Any]) -> None:
    encoded = await client.post("/rag", data=b"not gzip", headers={"Content-Encoding": "gzip"})
    assert encoded.status == 400
    assert (await encoded.json())["error"]["type"] == "invalid_request_error"
    large = await client.post("/rag", data=BytesIO(b"x" * (5 << 20)))
    assert large.status == 413
    assert (await large.json())["error"]["message"]
    form = await client.post("/rag", data=FormData({"query": "x"}))
    assert form.status == 400


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nope", 404), ("GET", "/rag", 405), ("PUT", "/", 405)])
async def test_unknown_paths_and_methods_are_json_errors(
    client: TestClient[Any, Any], method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert answer.status == status
    assert (await answer.json())["error"]["type"] == "invalid_request_error"
    assert ("Allow" in answer.headers) is (status == 405)
