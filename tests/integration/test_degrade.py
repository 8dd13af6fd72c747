"""The degrade ladder over sockets: what a client sees when the model hangs, fails, or is not asked."""

# ruff: noqa: E501  a table's row is one form of an answer
import asyncio
import json
from pathlib import Path

import orjson
import pytest

from gateway.config.load import parse
from tests.support.eventually import eventually
from tests.support.gateway import RAG, field, once, post, running, settings
from tests.support.ports import free_port
from tests.support.upstream import Asked, ScriptedUpstream, Wire

DOCS = [{"id": "d1", "title": "With", "text": "The with statement."}]
ASK = post(b"/rag", b'{"query": "q"}')
SHAPE = {"query": "/query", "answer": "/response/generated_answer", "documents": "/response/retrieved_docs"}
SHOWN = {"response": {"retrieved_docs": DOCS, "generated_answer": None}}
REQUEST = {"path": "/retrieve", "body": {"query": "{query}"}, "documents": "/docs"}


class Service:
    """A RAG service whose model answers when it is told to, and whose search works."""

    def __init__(self) -> None:
        self.generate = asyncio.Event()
        self.failing = False
        self.answer = orjson.dumps({"response": {"retrieved_docs": DOCS, "generated_answer": "It closes."}})

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        if b"/retrieve" in asked.line:
            await wire.json(orjson.dumps({"docs": DOCS}))
        elif self.failing:
            await wire.json(b'{"detail": "out of memory"}', b"Set-Cookie: worker=3", status=b"500 Oops")
        else:
            await self.generate.wait()
            await wire.json(self.answer)


def route(**degrade: object) -> dict[str, object]:
    return RAG | {"shape": SHAPE, "degrade": {"after": "100ms", **degrade}}


async def test_a_hanging_model_costs_the_answer_and_not_the_documents(tmp_path: Path) -> None:
    service, log = Service(), tmp_path / "access.log"
    made = route(ladder=["stale", "docs"], docs={"request": REQUEST})
    async with ScriptedUpstream(service) as upstream:
        async with running(settings(upstream.url, made, log={"access": str(log)})) as gateway:
            head, body = await once(gateway.port, ASK, b"POST")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert json.loads(body) == SHOWN
            assert field(head, b"x-ragfront-degraded") == b"docs; reason=timeout"
            assert field(head, b"cache-status") == b"ragfront; fwd=uri-miss; detail=timeout"
            assert field(head, b"cache-control") == b"no-store"
            assert field(head, b"content-type") == b"application/json"
            service.generate.set()
            await eventually(lambda: not len(gateway.worker._pipeline.flights))
            head, body = await once(gateway.port, ASK, b"POST")
            assert body == service.answer
            assert field(head, b"x-ragfront-degraded") is None
            assert (field(head, b"cache-status") or b"").startswith(b"ragfront; hit; ttl=")
            page = gateway.worker._metrics.render()[0].decode()
        assert 'ragfront_degraded_total{reason="timeout",route="rag",rung="docs"} 1.0' in page
        assert 'ragfront_documents_sought_total{result="found",route="rag"} 1.0' in page
        assert 'ragfront_requests_total{outcome="degraded",route="rag"} 1.0' in page
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        assert [(line["outcome"], line["degraded"]) for line in lines] == [("degraded", "docs"), ("hit", None)]
        assert len(upstream.asked) == 2


async def test_a_failure_that_names_its_worker_is_nobodys_where_documents_can_stand_in() -> None:
    service = Service()
    service.failing = True
    async with ScriptedUpstream(service) as upstream:
        async with running(settings(upstream.url, route(ladder=["docs"], docs={"request": REQUEST}))) as gateway:
            for _ in range(2):
                head, body = await once(gateway.port, ASK, b"POST")
                assert (json.loads(body), field(head, b"set-cookie")) == (SHOWN, None)
                assert field(head, b"x-ragfront-degraded") == b"docs; reason=upstream-failed"


async def test_a_stale_answer_says_that_it_stands_in() -> None:
    service = Service()
    service.generate.set()
    cache = {"ttl": "1ms", "jitter": 0, "stale_while_revalidate": 0}
    async with ScriptedUpstream(service) as upstream:
        async with running(settings(upstream.url, route() | {"cache": cache})) as gateway:
            await once(gateway.port, ASK, b"POST")
            service.generate.clear()
            await asyncio.sleep(0.01)  # until it is stale
            head, body = await once(gateway.port, ASK, b"POST")
            assert body == service.answer
            assert field(head, b"x-ragfront-degraded") == b"stale; reason=timeout"
            assert b"; detail=timeout" in (field(head, b"cache-status") or b"")
            service.generate.set()


async def test_a_client_over_its_budget_gets_documents() -> None:
    service = Service()
    service.generate.set()
    made = route(ladder=["docs"], docs={"request": REQUEST}) | {"budget": {"rate": "1/h", "burst": 1}}
    async with ScriptedUpstream(service) as upstream:
        async with running(settings(upstream.url, made)) as gateway:
            assert (await once(gateway.port, ASK, b"POST"))[1] == service.answer
            head, body = await once(gateway.port, post(b"/rag", b'{"query": "other"}'), b"POST")
            assert json.loads(body) == SHOWN
            assert field(head, b"x-ragfront-degraded") == b"docs; reason=budget"
            assert field(head, b"cache-status") == b"ragfront; detail=budget"


CONFIG = """
listen: 127.0.0.1:{port}
admin: {{listen: off}}
l2: off
upstreams: {{rag: "{upstream}"}}
routes:
- preset: {preset}
  upstream: rag
  degrade:
    after: 100ms
    ladder: [docs]
    docs: {{request: {{path: /retrieve, body: {{query: "{{query}}"}}, documents: /docs}}}}
"""
CHAT = {"model": "m", "messages": [{"role": "user", "content": "q"}]}


@pytest.mark.parametrize(
    ("preset", "path", "ask", "content_type", "says"),
    [
        ("openai-chat", b"/v1/chat/completions", CHAT, b"application/json", [b'"content":"[1] With\\nThe with statement."']),
        ("openai-chat", b"/v1/chat/completions", CHAT | {"stream": True}, b"text/event-stream; charset=utf-8", [b'"delta":{"content":"[1] With', b"data: [DONE]\n\n"]),
        ("vllm", b"/v1/chat/completions", CHAT | {"stream": True, "stream_options": {"include_usage": True}}, b"text/event-stream; charset=utf-8", [b'"total_tokens":0', b"data: [DONE]\n\n"]),
        ("dify", b"/v1/chat-messages", {"query": "q", "response_mode": "blocking", "inputs": {}}, b"application/json", [b'"answer":"[1] With', b'"retriever_resources":[{"id":"d1"']),
        ("dify", b"/v1/chat-messages", {"query": "q", "response_mode": "streaming", "inputs": {}}, b"text/event-stream; charset=utf-8", [b'data: {"event":"message","answer":"[1] With', b'"event":"message_end"']),
        ("langserve", b"/rag/stream", {"input": "q"}, b"text/event-stream; charset=utf-8", [b'event: data\ndata: "[1] With', b"event: end\n"]),
        ("langserve", b"/rag/invoke", {"input": "q"}, b"application/json", [b'{"output":"[1] With']),
        ("lightrag", b"/query/stream", {"query": "q", "mode": "mix"}, b"application/x-ndjson", [b'{"references":[{"id":"d1"', b'\n{"response":"[1] With']),
        ("anythingllm", b"/api/v1/workspace/w/stream-chat", {"message": "q", "mode": "query", "sessionId": "s"}, b"text/event-stream; charset=utf-8", [b'"type":"textResponseChunk","close":true', b'"textResponse":"[1] With']),
        ("rag", b"/rag", {"query": "q"}, b"application/json", [b'"generated_answer":null']),
    ],
)  # fmt: skip
async def test_documents_come_in_the_form_of_the_service(preset, path, ask, content_type, says) -> None:
    service = Service()
    async with ScriptedUpstream(service) as upstream:
        text = CONFIG.format(port=free_port(), upstream=upstream.url, preset=preset)
        async with running(parse(text, "gateway.yaml", {}).settings) as gateway:
            head, body = await once(gateway.port, post(path, json.dumps(ask).encode()), b"POST")
            assert field(head, b"x-ragfront-degraded") == b"docs; reason=timeout"
            assert field(head, b"content-type") == content_type
            assert all(text in body for text in says), body
            (asked,) = [each for each in upstream.asked if b"/retrieve" in each.line]
            assert asked.body == b'{"query":"q"}'
            service.generate.set()
