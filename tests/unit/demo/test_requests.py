"""Requests: what is accepted, and what is refused with the name of the wrong member."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from gateway.demo.requests import (
    MAX_QUERY,
    ChatRequest,
    InvalidRequest,
    RagRequest,
    chat_request,
    embedding_request,
    rag_request,
)

USER = {"role": "user", "content": "What is a set?"}


def test_a_question() -> None:
    assert rag_request(b'{"query": "What?", "user": 1}') == RagRequest("What?", 3)
    assert rag_request(b'{"query": "What?", "top_k": 5}') == RagRequest("What?", 5)
    assert rag_request(b'{"query": "What?", "top_k": null}') == RagRequest("What?", 3)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", ""),
        (b"{", ""),
        (b"\xff", ""),
        (b"[" * 5000, ""),
        (b"[]", ""),
        (b"null", ""),
        (b"{}", "query"),
        (b'{"query": null}', "query"),
        (b'{"query": 1}', "query"),
        (b'{"query": ["x"]}', "query"),
        (b'{"query": " \\n"}', "query"),
        (b'{"query": "%s"}' % (b"x" * (MAX_QUERY + 1)), "query"),
        (b'{"query": "x", "top_k": 0}', "top_k"),
        (b'{"query": "x", "top_k": 21}', "top_k"),
        (b'{"query": "x", "top_k": 1e400}', ""),
        (b'{"query": "x", "top_k": 99999999999999999999999}', "top_k"),
        (b'{"query": "x", "top_k": 2.0}', "top_k"),
        (b'{"query": "x", "top_k": true}', "top_k"),
        (b'{"query": "x", "top_k": "3"}', "top_k"),
    ],
)
def test_questions_that_are_refused(body: bytes, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        rag_request(body)
    assert caught.value.param == param


def chat(**members: Any) -> ChatRequest:
    return chat_request(orjson.dumps({"model": "m", "messages": [USER]} | members))


def test_the_last_user_message_is_the_question() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "First?"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "user", "content": [{"type": "text", "text": "Second?"}, {"type": "image_url", "image_url": {}}]},
    ]
    asked = chat(messages=messages)
    assert (asked.query, asked.prompt_words, asked.stream) == ("Second?", 4, False)


def test_the_newer_name_of_the_token_limit_wins() -> None:
    assert chat(max_tokens=5).max_tokens == 5
    assert chat(max_tokens=5, max_completion_tokens=7).max_tokens == 7


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [USER, {"content": "x"}]}, "messages[1]"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]}, "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": "x" * (MAX_QUERY + 1)}]}, "messages"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": 1}, "stream_options"),
        ({"stream_options": {"include_usage": 1}}, "include_usage"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"n": 2}, "n"),
    ],
)
def test_chats_that_are_refused(members: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        chat(**members)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("value", "inputs"),
    [("a", ("a",)), (["a", "b"], ("a", "b")), ([1, 2], ("1 2",)), ([[1], [2, 3]], ("1", "2 3"))],
)
def test_inputs_of_embeddings(value: object, inputs: tuple[str, ...]) -> None:
    assert embedding_request(orjson.dumps({"model": "m", "input": value})).inputs == inputs


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": [""]}, "input"),
        ({"input": [True]}, "input"),
        ({"input": [[]]}, "input"),
        ({"input": {"a": 1}}, "input"),
        ({"input": ["a"] * 2049}, "input"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": 4000}, "dimensions"),
        ({"encoding_format": "int8"}, "encoding_format"),
        ({"encoding_format": []}, None),
        ({"encoding_format": {"a": 1}}, "encoding_format"),
        ({"model": 1}, "model"),
    ],
)
def test_embeddings_that_are_refused(members: dict[str, Any], param: str | None) -> None:
    body = orjson.dumps({"model": "m", "input": "a"} | members)
    if param is None:  # empty counts as not given
        assert embedding_request(body).encoding_format == "float"
        return
    with pytest.raises(InvalidRequest) as caught:
        embedding_request(body)
    assert caught.value.param == param


@pytest.mark.parametrize("parse", [rag_request, chat_request, embedding_request])
def test_a_message_says_what_was_expected(parse: Callable[[bytes], object]) -> None:
    with pytest.raises(InvalidRequest, match="expected a JSON object"):
        parse(b"3")
