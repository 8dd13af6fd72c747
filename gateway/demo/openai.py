"""OpenAI: the shapes of its answers, as documents to be sent as JSON. No I/O, no clock: ids and times are arguments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.demo.embedding import embed, encoded
from gateway.demo.requests import EmbeddingRequest

MODELS = ("ragfront-demo", "ragfront-demo-embedding")
_STARTED = 1_704_067_200  # when the models were "created"; any fixed moment will do


@dataclass(frozen=True, slots=True)
class Completion:
    """One chat completion. `created`: Unix seconds. `prompt`, `spoken`: counts of tokens."""

    id: str
    created: int
    model: str
    prompt: int
    spoken: int
    finish_reason: str

    def usage(self) -> dict[str, int]:
        """Tokens in and out."""
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.spoken,
            "total_tokens": self.prompt + self.spoken,
        }

    def whole(self, content: str) -> dict[str, Any]:
        """The answer of a request that does not stream."""
        message = {"role": "assistant", "content": content, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish_reason}
        return self._head("chat.completion") | {"choices": [choice], "usage": self.usage()}

    def chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        """One chunk of a stream."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._head("chat.completion.chunk") | {"choices": [choice]}

    def usage_chunk(self) -> dict[str, Any]:
        """The last chunk, where the client asked for usage."""
        return self._head("chat.completion.chunk") | {"choices": [], "usage": self.usage()}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def embeddings(asked: EmbeddingRequest) -> dict[str, Any]:
    """The vectors of all inputs, in their order."""
    data: list[dict[str, Any]] = [
        {
            "object": "embedding",
            "index": index,
            "embedding": encoded(embed(text, asked.dimensions), asked.encoding_format),
        }
        for index, text in enumerate(asked.inputs)
    ]
    words = sum(len(text.split()) for text in asked.inputs)
    return {
        "object": "list",
        "data": data,
        "model": asked.model,
        "usage": {"prompt_tokens": words, "total_tokens": words},
    }


def models() -> dict[str, Any]:
    """The list of models. Any other name is accepted too."""
    owned: Sequence[dict[str, Any]] = [
        {"id": name, "object": "model", "created": _STARTED, "owned_by": "ragfront"} for name in MODELS
    ]
    return {"object": "list", "data": owned}


def error(message: str, status: int, param: str = "") -> dict[str, Any]:
    """The body of an answer with a 4xx or 5xx status."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "param": param or None, "code": None}}
