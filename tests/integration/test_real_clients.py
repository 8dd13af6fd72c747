"""Real clients through the gateway, in front of the example service's shapes."""

import asyncio
import json
import shutil
import subprocess

import aiohttp
import httpx
import openai
import pytest
import requests

from tests.support.gateway import running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire

CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


def chunk(content: str | None, finish: str | None = None) -> bytes:
    delta = {} if content is None else {"content": content}
    piece = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(piece).encode() + b"\n\n"


async def service(asked: Asked, wire: Wire) -> None:
    body = json.loads(asked.body)
    if body.get("stream"):
        events = [chunk("hel"), chunk("lo"), chunk(None, "stop"), b"data: [DONE]\n\n"]
        await wire.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"".join(b"%x\r\n%b\r\n" % (len(event), event) for event in events)
            + b"0\r\n\r\n"
        )
    else:
        await wire.json(json.dumps(CHAT if "messages" in body else {"answer": 42}).encode())


ROUTES = [
    {"name": "rag", "match": {"method": ["POST"], "path": "/rag"}},
    {"name": "chat", "match": {"method": ["POST"], "path": "/v1/chat/completions"}},
]


@pytest.fixture
async def gateway():
    async with ScriptedUpstream(service) as upstream, running(settings(upstream.url, *ROUTES)) as running_gateway:
        running_gateway.upstream = upstream
        yield running_gateway


def hit(headers) -> bool:
    return "hit" in headers["Cache-Status"]


async def test_httpx(gateway):
    async with httpx.AsyncClient() as client:
        answers = [await client.post(f"{gateway.url}/rag", json={"q": "x"}) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"answer": 42}] * 2
    assert [hit(answer.headers) for answer in answers] == [False, True]


async def test_requests(gateway):
    def work():
        with requests.Session() as session:
            return [session.post(f"{gateway.url}/rag", json={"q": "x"}) for _ in range(2)]

    answers = await asyncio.to_thread(work)
    assert [answer.json() for answer in answers] == [{"answer": 42}] * 2
    assert [hit(answer.headers) for answer in answers] == [False, True]


async def test_aiohttp_httpx_and_requests_share_an_answer(gateway):
    async with aiohttp.ClientSession() as session, session.post(f"{gateway.url}/rag", json={"q": "x"}) as answer:
        assert await answer.json() == {"answer": 42}
        assert not hit(answer.headers)
    async with httpx.AsyncClient() as client:
        assert hit((await client.post(f"{gateway.url}/rag", json={"q": "x"})).headers)
    assert hit((await asyncio.to_thread(requests.post, f"{gateway.url}/rag", json={"q": "x"})).headers)


async def test_openai_sdk_plain_and_streaming(gateway):
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="sk-test") as client:
        messages = [{"role": "user", "content": "hi"}]
        for _ in range(2):
            answer = await client.chat.completions.create(model="m", messages=messages)
            assert answer.choices[0].message.content == "hello"
        assert len(gateway.upstream.asked) == 1
        stream = await client.chat.completions.create(model="m", messages=messages, stream=True)
        text = "".join([piece.choices[0].delta.content or "" async for piece in stream])
        assert text == "hello"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
async def test_curl(gateway):
    def run(*arguments: str) -> str:
        command = ["curl", "-sS", "-i", "--max-time", "10", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    post = ("-H", "Content-Type: application/json", "-d", '{"q": "x"}', f"{gateway.url}/rag")
    assert "uri-miss; stored" in await asyncio.to_thread(run, *post)
    assert "ragfront; hit" in await asyncio.to_thread(run, "--http2", *post)
    assert "ragfront; hit" in await asyncio.to_thread(run, "--http1.0", *post)
    big = "{" + f'"q": "{"x" * 1_500_000}"' + "}"
    command = ["curl", "-sS", "-i", "--max-time", "20", "-d", "@-", *post[:2], f"{gateway.url}/rag"]
    out = (
        await asyncio.to_thread(subprocess.run, command, input=big, capture_output=True, text=True, check=True)
    ).stdout
    assert "request-body-too-large" in out
    assert '{"answer": 42}' in out
