"""Converted answers as OpenAI's own SDK reads them."""

import json
from typing import Any

import openai
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from gateway.policy.chatplain import to_plain
from gateway.policy.chatstream import to_stream
from tests.support.chats import USAGE, answer, choice, encoded, tool
from tests.support.upstream import Asked, ScriptedUpstream, Wire

LONG = "Übermorgen 👩‍👩‍👧 gehen wir in die 漢字 Ausstellung. " * 30
TOKENS = [{"token": word, "logprob": -0.5, "bytes": None, "top_logprobs": []} for word in ("so ", "be ", "it")]

ANSWERS = {
    "a text": answer(choice(LONG, refusal=None), system_fingerprint="fp", service_tier="default"),
    "a refusal": answer(choice(None, refusal=LONG)),
    "tools": answer(choice(None, finish="tool_calls", tool_calls=[tool(1, json.dumps({"q": LONG})), tool(2)])),
    "a function": answer(choice(None, finish="function_call", function_call={"name": "f", "arguments": "{}"})),
    "two choices": answer(choice("one"), choice(LONG, index=1, finish="length")),
    "logprobs": answer(choice("so be it") | {"logprobs": {"content": TOKENS, "refusal": None}}),
    "an empty text": answer(choice("")),
    "thoughts": answer(choice("so", reasoning_content=LONG)),
}


@pytest.fixture(params=ANSWERS.values(), ids=ANSWERS.keys())
def said(request) -> dict[str, Any]:
    return request.param


@pytest.fixture
async def client(said):
    """A client of a server that has nothing but the converted answer."""

    async def service(asked: Asked, wire: Wire) -> None:
        body = json.loads(asked.body)
        usage = bool(body.get("stream_options"))
        stream = to_stream(encoded(said), include_usage=True if not body.get("stream") else usage)
        assert stream is not None
        made = stream if body.get("stream") else to_plain(stream)
        assert made is not None
        kind = b"text/event-stream; charset=utf-8" if body.get("stream") else b"application/json"
        await wire.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (kind, len(made), made)
        )

    async with ScriptedUpstream(service) as upstream:
        async with openai.AsyncOpenAI(base_url=f"{upstream.url}/v1", api_key="x", max_retries=0) as made:
            yield made


ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}


def known(completion: Any) -> Any:
    return completion.model_dump(exclude_none=True)


@pytest.mark.parametrize("usage", [True, False])
async def test_the_sdk_accumulates_our_stream_to_the_answer(client, said, usage):
    options = {"stream_options": {"include_usage": True}} if usage else {}
    state = ChatCompletionStreamState()
    contents: dict[int, str] = {}
    async for chunk in await client.chat.completions.create(**ASK, **options, stream=True):
        ChatCompletionChunk.model_validate(chunk.model_dump())
        state.handle_chunk(chunk)
        for each in chunk.choices:
            contents[each.index] = contents.get(each.index, "") + (each.delta.content or "")
    assert contents == {each["index"]: each["message"]["content"] or "" for each in said["choices"]}
    final = state.current_completion_snapshot.model_dump(exclude_none=True)
    expected = known(ChatCompletion.model_validate(said))
    assert final.get("usage") == (USAGE if usage else None)
    for each in final["choices"]:
        for number, call in enumerate(each["message"].get("tool_calls", ())):
            assert call.pop("index", number) == number
            call["function"].pop("parsed_arguments", None)
        each["message"].pop("parsed", None)
    assert final["choices"] == expected["choices"]
    assert {n: v for n, v in final.items() if n not in ("usage", "object", "choices")} == {
        n: v for n, v in expected.items() if n not in ("usage", "object", "choices")
    }


async def test_the_sdk_reads_our_plain_answer(client, said):
    completion = await client.chat.completions.create(**ASK)
    assert known(completion) == known(ChatCompletion.model_validate(said))


def test_a_plain_answer_without_usage_is_one_to_the_sdk(said):
    stream = to_stream(encoded(said), include_usage=False)
    assert stream is not None
    completion = ChatCompletion.model_validate_json(to_plain(stream))
    assert completion.usage is None
    assert known(completion) == known(ChatCompletion.model_validate(said | {"usage": None}))
