"""OpenAI chats as tests need them: answers, and the streams that say the same."""

import json
from collections.abc import Sequence
from typing import Any

HEAD = {"id": "chatcmpl-1", "created": 1_700_000_000, "model": "m"}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
DONE = b"data: [DONE]\n\n"


def choice(content: str | None = "hello", *, index: int = 0, finish: Any = "stop", **message: Any) -> dict[str, Any]:
    """One choice of a plain answer. message: further members of the message."""
    said = {"role": "assistant", "content": content, **message}
    return {"index": index, "message": said, "finish_reason": finish}


def answer(*choices: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A plain answer, with usage unless told otherwise."""
    return HEAD | {"object": "chat.completion", "choices": list(choices) or [choice()], "usage": USAGE} | members


def tool(number: int, arguments: str = '{"q":"x"}', **members: Any) -> dict[str, Any]:
    return {
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": "search", "arguments": arguments},
    } | members


def delta(finish: str | None = None, *, index: int = 0, also: Any = None, **said: Any) -> dict[str, Any]:
    """One choice of a chunk. said: of its delta. also: further members of the choice."""
    return {"index": index, "delta": said, "finish_reason": finish} | (also or {})


def chunk(*choices: dict[str, Any], **members: Any) -> dict[str, Any]:
    return HEAD | {"object": "chat.completion.chunk", "choices": list(choices)} | members


def sse(*chunks: dict[str, Any]) -> bytes:
    """Chunks as a stream that ends well."""
    return b"".join(b"data: " + encoded(each) + b"\n\n" for each in chunks) + DONE


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def chunks_of(stream: bytes) -> list[dict[str, Any]]:
    """The other way. The stream must end with [DONE]."""
    *events, done, rest = stream.split(b"\n\n")
    assert (done, rest) == (b"data: [DONE]", b"")
    return [json.loads(event.removeprefix(b"data: ")) for event in events]


def deltas_of(stream: bytes, index: int = 0) -> list[dict[str, Any]]:
    """The deltas of one choice."""
    return [each["delta"] for one in chunks_of(stream) for each in one["choices"] if each["index"] == index]


def joined(deltas: Sequence[dict[str, Any]], name: str) -> str:
    return "".join(each.get(name) or "" for each in deltas)
