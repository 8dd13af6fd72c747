import json
from typing import Any

import pytest

from gateway.policy.chatplain import to_plain
from tests.support.chats import DONE, HEAD, USAGE, answer, choice, chunk, delta, encoded, sse, tool

HELLO = (chunk(delta(role="assistant", content="")), chunk(delta(content="hel")), chunk(delta(content="lo")))
END = chunk(delta("stop"))
STREAM = sse(*HELLO, END)
PLAIN = {k: v for k, v in answer().items() if k != "usage"}


def merged(stream: bytes) -> dict[str, Any]:
    plain = to_plain(stream)
    assert plain is not None
    value: dict[str, Any] = json.loads(plain)
    return value


def message(*chunks: dict[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = merged(sse(*chunks, END))["choices"][0]["message"]
    return value


def test_the_whole_of_a_short_stream() -> None:
    assert merged(STREAM) == PLAIN


def test_members_stand_as_openai_writes_them() -> None:
    plain = to_plain(STREAM)
    assert plain is not None
    assert plain.startswith(
        b'{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m","choices":'
    )


def test_usage_where_the_stream_told_it() -> None:
    nulls = [each | {"usage": None} for each in (*HELLO, END)]
    assert merged(sse(*nulls, chunk(usage=USAGE))) == answer()
    assert merged(sse(*HELLO, END | {"usage": USAGE})) == answer()


def test_usage_that_grows() -> None:
    growing = [each | {"usage": {"total_tokens": n}} for n, each in enumerate((*HELLO, END))]
    assert merged(sse(*growing))["usage"] == {"total_tokens": 3}


FRAMINGS = {
    "CRLF": STREAM.replace(b"\n", b"\r\n"),
    "CR": STREAM.replace(b"\n", b"\r"),
    "no space": STREAM.replace(b"data: ", b"data:"),
    "BOM": b"\xef\xbb\xbf" + STREAM,
    "comments": b": OPENROUTER PROCESSING\n\n" + STREAM.replace(b"\n\n", b"\n:\n\n:ping\n\n"),
    "no DONE": STREAM.removesuffix(DONE),
    "no last empty line": STREAM[:-1],
    "no last line end": STREAM[:-2],
    "no DONE and no line end": STREAM.removesuffix(b"\n\n" + DONE),
    "names, ids and retry": STREAM.replace(b"data: ", b"event: message\nid: 1\nretry: 5\ndata: "),
    "data in several lines": STREAM.replace(b'data: {"', b'data: {\ndata: "'),
    "a ping without data": b"event: ping\n\n" + STREAM,
    "empty data": b"data:\n\n" + STREAM,
}


@pytest.mark.parametrize("stream", FRAMINGS.values(), ids=FRAMINGS.keys())
def test_the_same_events_framed_otherwise(stream: bytes) -> None:
    assert merged(stream) == PLAIN


TOLD_OTHERWISE = {
    "a clock that goes on": sse(*HELLO, END | {"created": 1_700_000_009}),
    "a role in each delta": sse(*HELLO, chunk(delta("stop", role="assistant", content=""))),
    "no role": sse(*HELLO[1:], END),
    "the end with the text": sse(HELLO[0], HELLO[1], chunk(delta("stop", content="lo"))),
    "the end twice": sse(*HELLO, END, END),
    "null deltas": sse(*HELLO, chunk({"index": 0, "delta": None, "finish_reason": "stop"})),
    "no finish_reason before the end": sse(chunk({"index": 0, "delta": {"content": "hello"}}), END),
    "padding": sse(*(each | {"obfuscation": "x7"} for each in (*HELLO, END))),
    "nulls of vLLM": sse(chunk(delta(content="", also={"token_ids": None}), prompt_token_ids=None), *HELLO, END),
    "a chunk that says nothing": sse(*HELLO, chunk(), END),
    "nulls between": sse(*HELLO, chunk(delta(content=None)), END),
}


@pytest.mark.parametrize("stream", TOLD_OTHERWISE.values(), ids=TOLD_OTHERWISE.keys())
def test_the_same_said_otherwise(stream: bytes) -> None:
    assert merged(stream) == PLAIN


def test_azure() -> None:
    first = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": [{"x": 1}]}
    safe = {"content_filter_results": {"hate": {"filtered": False}}}
    stream = sse(
        first,
        chunk(delta(role="assistant", content="", also={"content_filter_results": {}}), system_fingerprint=None),
        chunk(delta(content="hel", also=safe), system_fingerprint="fp"),
        chunk(delta(content="lo", also=safe), system_fingerprint="fp"),
        chunk(delta("stop", also={"content_filter_results": {}}), system_fingerprint="fp"),
    )
    expected = PLAIN | {"system_fingerprint": "fp", "prompt_filter_results": [{"x": 1}]}
    assert merged(stream) == expected | {"choices": [choice("hello") | safe]}


def test_several_choices_in_any_order() -> None:
    stream = sse(
        chunk(delta(index=1, content="b"), delta(index=0, content="a")),
        chunk(delta("length", index=1, content="B")),
        chunk(delta("stop", index=0, content="A")),
    )
    assert merged(stream)["choices"] == [choice("aA"), choice("bB", index=1, finish="length")]


@pytest.mark.parametrize("name", ["refusal", "reasoning_content", "reasoning"])
def test_texts(name: str) -> None:
    said = message(chunk(delta(content=None, **{name: "n"})), chunk(delta(**{name: "o"})), chunk(delta(**{name: None})))
    assert said == {"role": "assistant", "content": None, name: "no"}


def test_a_text_that_was_only_null_is_null() -> None:
    assert message(*HELLO, chunk(delta(refusal=None)))["refusal"] is None


def test_tool_calls_by_their_numbers() -> None:
    said = message(
        chunk(delta(role="assistant", content=None, tool_calls=[tool(1, "", index=1), tool(0, '{"q"', index=0)])),
        chunk(delta(tool_calls=[{"index": 0, "function": {"arguments": ':"x"}'}}])),
        chunk(delta(tool_calls=[{"index": 1, "id": "call_1", "type": None, "function": {"arguments": "{}"}}])),
        chunk(delta(tool_calls=[{"index": 1, "id": "", "function": {"name": None, "arguments": ""}}])),
        chunk(delta(tool_calls=[{"index": 1, "function": None}])),
    )
    assert said == {"role": "assistant", "content": None, "tool_calls": [tool(0), tool(1, "{}")]}


def test_a_function_call_as_it_was_before_tools() -> None:
    pieces = [{"name": "f", "arguments": ""}, {"arguments": "{"}, {"arguments": "}"}]
    said = message(*(chunk(delta(function_call=piece)) for piece in pieces))
    assert said["function_call"] == {"name": "f", "arguments": "{}"}


def test_documents_and_annotations() -> None:
    said = message(chunk(delta(role="assistant", context={"citations": [1]})), chunk(delta(annotations=[{"a": 1}])))
    assert (said["context"], said["annotations"]) == ({"citations": [1]}, [{"a": 1}])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            [{"content": [], "refusal": None}, {"content": [1], "refusal": None}, None],
            {"content": [1], "refusal": None},
        ),
        ([{"content": [1]}, {"content": [2, 3]}], {"content": [1, 2, 3]}),
        ([{"content": None}, {"content": [1]}, {"content": None}], {"content": [1]}),
        ([None, {"content": [1]}], {"content": [1]}),
        ([None, None], None),
        ([{}], {}),
    ],
)
def test_tokens(told: list[Any], expected: Any) -> None:
    chunks = [chunk(delta(content="x", also={"logprobs": each})) for each in told]
    assert merged(sse(*chunks, END))["choices"][0]["logprobs"] == expected


def test_no_tokens_where_none_were_told() -> None:
    assert "logprobs" not in merged(STREAM)["choices"][0]


def test_what_comes_with_the_end() -> None:
    end = chunk(delta("stop", also={"stop_reason": 7}), timings={"predicted_n": 1})
    said = merged(sse(*HELLO, end))
    assert (said["choices"][0]["stop_reason"], said["timings"]) == (7, {"predicted_n": 1})


def told(**also: Any) -> bytes:
    return sse(*HELLO, chunk(delta(also=also)), END)


CANNOT = {
    "nothing": b"",
    "no event stream": encoded(answer()),
    "NDJSON": encoded(END) + b"\n",
    "only the end": DONE,
    "only usage": sse(chunk(usage=USAGE)),
    "cut off before the end": sse(*HELLO),
    "cut off inside an event": STREAM[:-60],
    "one of two without its end": sse(*HELLO, chunk(delta(index=1, content="x")), END),
    "text after the end": sse(*HELLO, END, HELLO[1]),
    "two ends": sse(*HELLO, END, chunk(delta("length"))),
    "an end of another kind": sse(*HELLO, chunk(delta(1))),  # type: ignore[arg-type]
    "an error event": sse(*HELLO, END).replace(DONE, b"event: error\ndata: {}\n\n"),
    "an error event without data": b"event: error\n\n" + STREAM,
    "an error": sse(*HELLO, {"error": {"message": "no"}}, END),
    "an error beside the choices": sse(*HELLO, END | {"error": {"message": "no"}}),
    "an error without data": sse(*HELLO) + encoded({"error": 1}) + b"\n\n" + STREAM,
    "another event": b"event: flowResponses\ndata: []\n\n" + STREAM,
    "an event after DONE": STREAM + b"data: {}\n\n",
    "DONE twice": STREAM + DONE,
    "invalid UTF-8": STREAM.replace(b"hel", b"h\xff"),
    "half a surrogate": STREAM.replace(b"hel", b"\\ud83d"),
    "two members of one name": STREAM.replace(b'"content": "hel"', b'"content": "hel", "content": "x"'),
    "another object": sse(*(each | {"object": "text_completion"} for each in (*HELLO, END))),
    "no object": sse(*(each | {"object": ""} for each in (*HELLO, END))),
    "two ids": sse(*HELLO, END | {"id": "chatcmpl-2"}),
    "two models": sse(*HELLO, END | {"model": "n"}),
    "no id": sse(*({k: v for k, v in each.items() if k != "id"} for each in (*HELLO, END))),
    "created of another kind": sse(*(each | {"created": "now"} for each in (*HELLO, END))),
    "usage of another kind": sse(*HELLO, END | {"usage": 3}),
    "an unknown member": sse(*HELLO, END | {"citations": []}),
    "an unknown member of a choice": told(seed=1),
    "filters that differ": sse(
        *HELLO, chunk(delta(also={"content_filter_results": {"a": 1}})),
        chunk(delta("stop", also={"content_filter_results": {"a": 2}})),
    ),
    "no choices": sse(*HELLO, {k: v for k, v in END.items() if k != "choices"}),
    "a choice of another kind": sse(*HELLO, chunk("x"), END),  # type: ignore[arg-type]
    "no number": sse(*HELLO, chunk({"delta": {}}), END),
    "a delta of another kind": told(delta=[]),
    "an unknown member of a delta": told(delta={"reasoning_details": []}),
    "audio": told(delta={"audio": {"data": "x"}}),
    "content in parts": told(delta={"content": [{"type": "text", "text": "x"}]}),
    "two roles": told(delta={"role": "tool"}),
    "a role of another kind": sse(chunk(delta(role=1)), END),
    "tokens of another kind": told(logprobs={"content": "x"}),
    "logprobs of another API": told(logprobs={"tokens": []}),
    "tools of another kind": told(delta={"tool_calls": {"index": 0}}),
    "a tool of another kind": told(delta={"tool_calls": [1]}),
    "a tool without number": told(delta={"tool_calls": [tool(0)]}),
    "a tool without id": told(delta={"tool_calls": [tool(0, index=0, id=None)]}),
    "a tool without name": told(delta={"tool_calls": [tool(0, index=0) | {"function": {"arguments": "{}"}}]}),
    "a name told twice": told(delta={"tool_calls": [tool(0, index=0), tool(0, index=0)]}),
    "two ids of one tool": told(delta={"tool_calls": [tool(0, index=0), {"index": 0, "id": "call_9"}]}),
    "a custom tool": told(delta={"tool_calls": [tool(0, index=0, type="custom")]}),
    "arguments as an object": told(delta={"tool_calls": [tool(0, index=0, function={"arguments": {"a": 1}})]}),
    "a function without name": told(delta={"function_call": {"arguments": "{}"}}),
    "two documents": sse(*(chunk(delta(context={"citations": [n]})) for n in (1, 2)), END),
}  # fmt: skip


@pytest.mark.parametrize("stream", CANNOT.values(), ids=CANNOT.keys())
def test_what_cannot_be_told_as_one(stream: bytes) -> None:
    assert to_plain(stream) is None


def test_the_tables_change_what_they_say() -> None:
    """`told` without a change is a good stream: what fails above fails for its own reason."""
    assert merged(told()) == PLAIN
    assert HEAD.items() <= PLAIN.items()
