"""A chat answer in both forms, through the gateway, with OpenAI's SDK: asked once upstream, whatever form is wanted."""

import asyncio
import json

import openai
import pytest

from tests.support.gateway import field, once, post, running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire

WORDS = ["The ", "with ", "statement ", "wraps ", "a ", "block."]
TEXT = "".join(WORDS)
USAGE = {"prompt_tokens": 9, "completion_tokens": 6, "total_tokens": 15}
SAME = {"id": "chatcmpl-1", "created": 1700000000, "model": "demo"}


def sse(*chunks: dict) -> bytes:
    return b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks) + b"data: [DONE]\n\n"


def chunk(delta: dict, finish: str | None = None) -> dict:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return SAME | {"object": "chat.completion.chunk", "choices": [choice]}


async def chat(asked: Asked, wire: Wire) -> None:
    request = json.loads(asked.body)
    finish = request.get("user") or "stop"
    if request.get("stream"):
        chunks = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": word}) for word in WORDS)]
        chunks.append(chunk({}, finish))
        if request.get("stream_options", {}).get("include_usage"):
            chunks.append(SAME | {"object": "chat.completion.chunk", "choices": [], "usage": USAGE})
        body = sse(*chunks)
        await wire.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        )
        return
    message = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": finish}
    await wire.json(json.dumps(SAME | {"object": "chat.completion", "choices": [message], "usage": USAGE}).encode())


def route(both: bool = True) -> dict:
    return {
        "name": "chat",
        "match": {"path": "/v1/chat/completions"},
        "key": {"ignore": ["/user"], "defaults": {"/stream": False}},
        "stream": {"both_forms": both},
        "cache": {"store_unless": [{"pointer": "/choices/*/finish_reason", "is": "length"}]},
    }


QUESTION = {"model": "demo", "messages": [{"role": "user", "content": "What does with do?"}]}


async def plain(client: openai.AsyncOpenAI, **more: object) -> tuple[str | None, str, object]:
    answer = await client.chat.completions.create(**QUESTION, **more)
    return answer.choices[0].message.content, answer.choices[0].finish_reason, answer.usage


async def streamed(client: openai.AsyncOpenAI, **more: object) -> tuple[str, str | None, object]:
    text, finish, usage = "", None, None
    async for each in await client.chat.completions.create(**QUESTION, stream=True, **more):
        usage = each.usage or usage
        for choice in each.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
    return text, finish, usage


@pytest.mark.parametrize("first", ["plain", "stream", "stream with usage"])
async def test_one_call_for_all_forms_that_can_be_made_of_its_answer(first):
    async with ScriptedUpstream(chat) as upstream, running(settings(upstream.url, route())) as gateway:
        async with openai.AsyncOpenAI(api_key="k", base_url=f"{gateway.url}/v1", max_retries=0) as client:
            match first:
                case "plain":
                    await plain(client)
                case "stream":
                    await streamed(client)
                case _:
                    await streamed(client, stream_options={"include_usage": True})
            for _ in range(2):
                assert (await plain(client))[:2] == (TEXT, "stop")
                assert (await streamed(client))[:2] == (TEXT, "stop")
            assert len(upstream.asked) == 1
            _, _, usage = await streamed(client, stream_options={"include_usage": True})
            assert usage.total_tokens == 15
            assert len(upstream.asked) == (2 if first == "stream" else 1)  # usage is never made up


async def test_a_made_answer_is_a_hit_in_its_own_form():
    body = json.dumps(QUESTION).encode()
    stream = json.dumps(QUESTION | {"stream": True}).encode()
    async with ScriptedUpstream(chat) as upstream, running(settings(upstream.url, route())) as gateway:
        await once(gateway.port, post(b"/v1/chat/completions", body))
        for _ in range(3):
            head, got = await once(gateway.port, post(b"/v1/chat/completions", stream))
            assert (field(head, b"cache-status") or b"").startswith(b"ragfront; hit; ttl=")
            assert (field(head, b"content-type") or b"").startswith(b"text/event-stream")
            assert got.endswith(b"data: [DONE]\n\n")
    assert len(upstream.asked) == 1


@pytest.mark.parametrize(("both", "who"), [(False, "stop"), (True, "length")])
async def test_not_where_the_route_does_not_say_so_nor_of_what_is_not_stored(both, who):
    async with ScriptedUpstream(chat) as upstream, running(settings(upstream.url, route(both))) as gateway:
        async with openai.AsyncOpenAI(api_key="k", base_url=f"{gateway.url}/v1", max_retries=0) as client:
            await streamed(client, user=who)
            await asyncio.sleep(0.05)
            assert (await plain(client, user=who))[0] == TEXT
    assert len(upstream.asked) == 2
