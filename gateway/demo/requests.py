"""Requests: JSON bodies -> checked values. Everything that a client can get wrong becomes one InvalidRequest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.demo.embedding import DEFAULT_DIMENSIONS, MAX_DIMENSIONS

MAX_QUERY = 8_000
MAX_TOP_K = 20
MAX_INPUTS = 2_048
MAX_ANSWER_TOKENS = 100_000


class InvalidRequest(Exception):
    """`param`: the member that is wrong, empty for the body as a whole."""

    def __init__(self, message: str, param: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.param = param


@dataclass(frozen=True, slots=True)
class RagRequest:
    """A question, and how many passages to retrieve for it."""

    query: str
    top_k: int


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What of a chat completion request matters here: the last user message, and the shape of the answer."""

    model: str
    query: str
    prompt_words: int
    stream: bool
    include_usage: bool
    max_tokens: int


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    """The texts to embed; token lists count as the text of their numbers."""

    model: str
    inputs: tuple[str, ...]
    dimensions: int
    encoding_format: str


def rag_request(body: bytes) -> RagRequest:
    """`{"query": str, "top_k": int = 3}`; further members are ignored. InvalidRequest."""
    document = _object(body)
    query = _text(document.get("query"), "query")
    return RagRequest(query, _number(document, "top_k", default=3, most=MAX_TOP_K))


def chat_request(body: bytes) -> ChatRequest:
    """An OpenAI chat completion request. InvalidRequest."""
    document = _object(body)
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest("messages: expected a list of at least one message", "messages")
    spoken = [_message(message, f"messages[{i}]") for i, message in enumerate(messages)]
    asked = [content for role, content in spoken if role == "user" and content.strip()]
    if not asked:
        raise InvalidRequest("messages: expected a user message with text", "messages")
    if len(asked[-1]) > MAX_QUERY:
        raise InvalidRequest(f"messages: expected at most {MAX_QUERY} characters in the last user message", "messages")
    _number(document, "n", default=1, most=1)
    options = document.get("stream_options")
    if options is not None and not isinstance(options, dict):
        raise InvalidRequest("stream_options: expected an object", "stream_options")
    limit = "max_completion_tokens" if document.get("max_completion_tokens") is not None else "max_tokens"
    return ChatRequest(
        model=_model(document),
        query=asked[-1],
        prompt_words=sum(len(content.split()) for _, content in spoken),
        stream=_flag(document, "stream"),
        include_usage=_flag(options or {}, "include_usage"),
        max_tokens=_number(document, limit, default=MAX_ANSWER_TOKENS, most=MAX_ANSWER_TOKENS),
    )


def embedding_request(body: bytes) -> EmbeddingRequest:
    """An OpenAI embedding request. InvalidRequest."""
    document = _object(body)
    encoding_format = document.get("encoding_format") or "float"
    if encoding_format not in ("float", "base64"):
        raise InvalidRequest("encoding_format: expected float or base64", "encoding_format")
    return EmbeddingRequest(
        model=_model(document),
        inputs=_inputs(document.get("input")),
        dimensions=_number(document, "dimensions", default=DEFAULT_DIMENSIONS, most=MAX_DIMENSIONS),
        encoding_format=str(encoding_format),
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise InvalidRequest(f"the body is not JSON: {exc}") from None
    if not isinstance(document, dict):
        raise InvalidRequest("the body: expected a JSON object")
    return document


def _text(value: object, param: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest(f"{param}: expected a string that is not empty", param)
    if len(value) > MAX_QUERY:
        raise InvalidRequest(f"{param}: expected at most {MAX_QUERY} characters", param)
    return value


def _number(document: Mapping[str, Any], param: str, default: int, most: int) -> int:
    value = document.get(param)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidRequest(f"{param}: expected a whole number from 1 to {most}", param)
    return value


def _flag(document: Mapping[str, Any], param: str) -> bool:
    value = document.get(param)
    if value is not None and not isinstance(value, bool):
        raise InvalidRequest(f"{param}: expected true or false", param)
    return bool(value)


def _model(document: Mapping[str, Any]) -> str:
    model = document.get("model")
    if not isinstance(model, str) or not model:
        raise InvalidRequest("model: expected the name of a model", "model")
    return model


def _message(message: object, param: str) -> tuple[str, str]:
    """(role, text). Content is a string, null, or a list of parts of which the text parts count."""
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise InvalidRequest(f"{param}: expected an object with a role", param)
    content = message.get("content")
    if content is None or isinstance(content, str):
        return message["role"], content or ""
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise InvalidRequest(f"{param}.content: expected a string or a list of parts", param)
    texts = [part.get("text") for part in content if part.get("type") == "text"]
    return message["role"], " ".join(text for text in texts if isinstance(text, str))


def _inputs(value: object) -> tuple[str, ...]:
    if isinstance(value, str) or _is_tokens(value):
        value = [value]
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_INPUTS:
        raise InvalidRequest(f"input: expected a string or a list of 1 to {MAX_INPUTS} strings", "input")
    inputs = []
    for item in value:
        if _is_tokens(item):
            inputs.append(" ".join(map(str, item)))
        elif isinstance(item, str) and item:
            inputs.append(item)
        else:
            raise InvalidRequest("input: expected strings that are not empty, or lists of token numbers", "input")
    return tuple(inputs)


def _is_tokens(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(type(item) is int for item in value)
