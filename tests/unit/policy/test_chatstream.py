from typing import Any

import pytest

from gateway.policy.chatstream import to_stream
from tests.support.chats import HEAD, USAGE, answer, choice, chunk, chunks_of, deltas_of, encoded, joined, tool

LONG = "It was the best of times, it was the worst of times. " * 20


def streamed(said: dict[str, Any], *, include_usage: bool = False) -> bytes:
    stream = to_stream(encoded(said), include_usage=include_usage)
    assert stream is not None
    return stream


def token(text: str) -> dict[str, Any]:
    return {"token": text, "logprob": -0.5, "bytes": list(text.encode()), "top_logprobs": []}


def test_the_whole_of_a_short_answer() -> None:
    first = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    assert chunks_of(streamed(answer())) == [
        chunk(first),
        chunk({"index": 0, "delta": {"content": "hello"}, "finish_reason": None}),
        chunk({"index": 0, "delta": {}, "finish_reason": "stop"}),
    ]


def test_events_are_spelled_as_openai_does() -> None:
    stream = streamed(answer())
    assert stream.startswith(b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,')
    assert stream.endswith(b'"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')


def test_usage_where_it_is_asked_for() -> None:
    *others, last = chunks_of(streamed(answer(), include_usage=True))
    assert last == chunk(usage=USAGE)
    assert len(others) == 3
    assert all(each["usage"] is None and len(each["choices"]) == 1 for each in others)


def test_no_usage_where_it_is_not_asked_for() -> None:
    assert b"usage" not in streamed(answer())
    assert streamed(answer()) == streamed(answer(usage=None))


@pytest.mark.parametrize("said", [answer(usage=None), {k: v for k, v in answer().items() if k != "usage"}])
def test_usage_is_not_made_up(said: dict[str, Any]) -> None:
    assert to_stream(encoded(said), include_usage=True) is None


@pytest.mark.parametrize("members", [{"system_fingerprint": "fp", "service_tier": "default"}, {"service_tier": None}])
def test_the_head_is_in_each_chunk(members: dict[str, Any]) -> None:
    for include_usage in (False, True):
        for each in chunks_of(streamed(answer(**members), include_usage=include_usage)):
            assert each["object"] == "chat.completion.chunk"
            assert {name: each[name] for name in (*HEAD, *members)} == HEAD | members


@pytest.mark.parametrize("name", ["content", "refusal", "reasoning_content", "reasoning"])
def test_texts_come_in_pieces(name: str) -> None:
    deltas = deltas_of(streamed(answer(choice(**{"content": None, name: LONG}))))
    assert joined(deltas, name) == LONG
    assert len([each for each in deltas if each.get(name)]) > 10


def test_thoughts_come_before_what_is_said() -> None:
    deltas = deltas_of(streamed(answer(choice("so", reasoning_content="hm", refusal=None))))
    assert deltas == [
        {"role": "assistant", "content": "", "refusal": None},
        {"reasoning_content": "hm"},
        {"content": "so"},
        {},
    ]


def test_several_choices_each_with_its_own_end() -> None:
    stream = streamed(answer(choice("two", index=1, finish="length"), choice("one")))
    for index, text, finish in ((0, "one", "stop"), (1, "two", "length")):
        assert joined(deltas_of(stream, index), "content") == text
        ends = [each["finish_reason"] for one in chunks_of(stream) for each in one["choices"] if each["index"] == index]
        assert ends[-1] == finish
        assert set(ends[:-1]) == {None}


def test_tool_calls_begin_with_their_name() -> None:
    arguments = '{"q":"' + LONG + '"}'
    deltas = deltas_of(streamed(answer(choice(None, finish="tool_calls", tool_calls=[tool(1, arguments), tool(2)]))))
    assert deltas[0] == {"role": "assistant", "content": None}
    calls = [call for each in deltas for call in each.get("tool_calls", ())]
    opening = tool(1, "", index=0)
    assert calls[0] == opening
    second = calls.index(tool(2, "", index=1))
    assert all(
        set(call) == {"index", "function"} and set(call["function"]) == {"arguments"} for call in calls[1:second]
    )
    assert "".join(call["function"]["arguments"] for call in calls[:second]) == arguments
    assert calls[second + 1 :] == [{"index": 1, "function": {"arguments": '{"q":"x"}'}}]


def test_a_function_call_as_it_was_before_tools() -> None:
    call = {"name": "f", "arguments": "{}"}
    deltas = deltas_of(streamed(answer(choice(None, finish="function_call", function_call=call))))
    assert deltas[1:3] == [
        {"function_call": {"name": "f", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
    ]


def test_tokens_go_with_their_words() -> None:
    words = ["lorem ", "ipsum ", "dolor "] * 20
    tokens = [token(word) for word in words]
    said = choice("".join(words)) | {"logprobs": {"content": tokens, "refusal": None}}
    listed = [each["choices"][0] for each in chunks_of(streamed(answer(said)))]
    assert listed[0]["logprobs"] == {"content": [], "refusal": None}
    assert listed[-1]["logprobs"] is None
    assert len(listed) > 5
    for each in listed[1:-1]:
        assert "".join(one["token"] for one in each["logprobs"]["content"]) == each["delta"]["content"]
        assert each["logprobs"]["refusal"] is None
    assert [one for each in listed[1:-1] for one in each["logprobs"]["content"]] == tokens


@pytest.mark.parametrize("tokens", [[token("hel"), token("\\xf0")], [{"logprob": 0}], ["hello"]])
def test_tokens_that_are_not_the_words_come_all_at_once(tokens: list[Any]) -> None:
    said = choice("hello") | {"logprobs": {"content": tokens}}
    listed = [each["choices"][0] for each in chunks_of(streamed(answer(said)))]
    assert listed[1] == {
        "index": 0,
        "delta": {"content": "hello"},
        "logprobs": {"content": tokens},
        "finish_reason": None,
    }


def test_tokens_without_a_text_have_a_chunk_of_their_own() -> None:
    said = choice(None, tool_calls=[tool(1)]) | {"logprobs": {"content": [token("x")]}}
    assert chunks_of(streamed(answer(said)))[1]["choices"][0]["delta"] == {}


def test_null_logprobs_are_in_each_chunk() -> None:
    for each in chunks_of(streamed(answer(choice() | {"logprobs": None}))):
        assert each["choices"][0]["logprobs"] is None


def test_azure_begins_with_its_filter() -> None:
    said = answer(
        choice() | {"content_filter_results": {"hate": {"filtered": False}}}, prompt_filter_results=[{"x": 1}]
    )
    first, *_, last = chunks_of(streamed(said))
    assert first == chunk(prompt_filter_results=[{"x": 1}])
    assert last["choices"][0]["content_filter_results"] == {"hate": {"filtered": False}}


def test_documents_come_before_the_text_and_annotations_after_it() -> None:
    deltas = deltas_of(
        streamed(answer(choice("hi", context={"citations": [1]}, annotations=[{"type": "url_citation"}])))
    )
    assert deltas == [
        {"role": "assistant", "content": "", "context": {"citations": [1]}},
        {"content": "hi"},
        {"annotations": [{"type": "url_citation"}]},
        {},
    ]


@pytest.mark.parametrize("include_usage", [False, True])
def test_timings_are_in_the_last_chunk(include_usage: bool) -> None:
    *others, last = chunks_of(streamed(answer(timings={"predicted_n": 1}), include_usage=include_usage))
    assert last["timings"] == {"predicted_n": 1}
    assert not any("timings" in each for each in others)


def test_stop_reason_comes_with_the_end() -> None:
    assert chunks_of(streamed(answer(choice() | {"stop_reason": 128009})))[-1]["choices"][0]["stop_reason"] == 128009


@pytest.mark.parametrize(
    "said",
    [
        answer(prompt_logprobs=None, kv_transfer_params=None),  # vLLM
        answer(choice() | {"token_ids": None}),
        answer(choice(audio=None, annotations=[], tool_calls=[], function_call=None)),
    ],
)
def test_what_is_null_and_unknown_is_left_out(said: dict[str, Any]) -> None:
    assert streamed(said) == streamed(answer())


CANNOT = {
    "no chat": {"answer": 42},
    "an error": {"error": {"message": "no"}},
    "another object": answer(object="text_completion"),
    "no object": {k: v for k, v in answer().items() if k != "object"},
    "no id": answer(id=None),
    "a text for created": answer(created="now"),
    "no choices": answer() | {"choices": []},
    "choices of another kind": answer() | {"choices": {}},
    "usage of another kind": answer(usage=5),
    "an unknown member": answer(citations=[]),
    "moderation": answer(moderation={"input": {}}),
    "metadata": answer(metadata={"a": "b"}),
    "an unknown member of a choice": answer(choice() | {"seed": 1}),
    "an unknown member of a message": answer(choice(reasoning_details=[])),
    "audio": answer(choice(None, audio={"id": "a", "data": "", "expires_at": 1, "transcript": ""})),
    "content in parts": answer(choice([{"type": "text", "text": "x"}])),  # type: ignore[arg-type]
    "no message": answer({"index": 0, "finish_reason": "stop"}),
    "no role": answer({"index": 0, "finish_reason": "stop", "message": {"content": "x"}}),
    "no finish_reason": answer(choice(finish=None)),
    "an empty finish_reason": answer(choice(finish="")),
    "finish_reason of another kind": answer(choice(finish=1)),
    "two choices of one number": answer(choice(), choice()),
    "a negative number": answer(choice(index=-1)),
    "no number": answer({k: v for k, v in choice().items() if k != "index"}),
    "a choice of another kind": answer("hello"),  # type: ignore[arg-type]
    "logprobs of another kind": answer(choice() | {"logprobs": []}),
    "logprobs of another API": answer(choice() | {"logprobs": {"tokens": ["a"]}}),
    "tokens of another kind": answer(choice() | {"logprobs": {"content": "x"}}),
    "a custom tool": answer(choice(tool_calls=[{"id": "c", "type": "custom", "custom": {"name": "n", "input": "i"}}])),
    "arguments as an object": answer(choice(tool_calls=[tool(1) | {"function": {"name": "f", "arguments": {}}}])),
    "a tool without id": answer(choice(tool_calls=[tool(1, id=None)])),
    "a tool without name": answer(choice(tool_calls=[tool(1) | {"function": {"name": "", "arguments": ""}}])),
    "a tool that counts otherwise": answer(choice(tool_calls=[tool(1, index=1)])),
    "a tool of another kind": answer(choice(tool_calls=[1])),
    "tools of another kind": answer(choice(tool_calls={"a": 1})),
    "signed thoughts": answer(choice(tool_calls=[tool(1, extra_content={"google": {"thought_signature": "x"}})])),
}


@pytest.mark.parametrize("said", CANNOT.values(), ids=CANNOT.keys())
def test_what_chunks_have_no_words_for(said: dict[str, Any]) -> None:
    assert to_stream(encoded(said), include_usage=False) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"data: {}\n\n", encoded(answer())[:-1] + b',"id":"2"}'])
def test_what_is_no_json_object(body: bytes) -> None:
    assert to_stream(body, include_usage=False) is None
