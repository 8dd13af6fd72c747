"""A scripted embedding service in OpenAI's shape: a text's vector is its own, and its tokens are its words."""

import json
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from tests.support.upstream import Asked, ScriptedUpstream, Wire

ROUTE: dict[str, Any] = {
    "name": "embed",
    "match": {"method": ["POST"], "path": "/v1/embeddings"},
    "batch": {
        "items": "/input",
        "parts": "/data",
        "index": "/index",
        "usage": ["/usage"],
        "whole": ["/object", "/model"],
    },
}
TEI: dict[str, Any] = {"name": "tei", "match": {"path": "/embed"}, "batch": {"items": "/inputs"}}
LANGSERVE: dict[str, Any] = {
    "name": "langserve",
    "match": {"path": "/{chain}/invoke"},
    "batch": {"items": "/input", "path": "batch", "list": "/inputs", "parts": "/output", "part": "/output"},
}


def vector(item: Any) -> list[float]:
    return [zlib.crc32(json.dumps(item).encode()) / 7, 0.5]


def listed(asked: Any) -> list[Any]:
    """OpenAI's `input` as a list of items."""
    return asked if isinstance(asked, list) and asked and not isinstance(asked[0], int) else [asked]


def tokens(item: Any) -> int:
    return len(item) if isinstance(item, list) else len(item.split())


def embeddings(items: list[Any], model: str = "m") -> dict[str, Any]:
    data = [{"object": "embedding", "index": index, "embedding": vector(item)} for index, item in enumerate(items)]
    took = sum(map(tokens, items))
    return {"object": "list", "data": data, "model": model, "usage": {"prompt_tokens": took, "total_tokens": took}}


async def answer(asked: Asked, wire: Wire) -> None:
    """All three services, each as it is."""
    body = json.loads(asked.body)
    if asked.line.startswith(b"POST /embed "):
        await wire.json(json.dumps([vector(item) for item in listed(body["inputs"])]).encode())
    elif b"/batch" in asked.line:
        outputs = [{"said": item} for item in body["inputs"]]
        await wire.json(json.dumps({"output": outputs, "metadata": {"run_ids": ["r"] * len(outputs)}}).encode())
    elif b"/invoke" in asked.line:
        await wire.json(json.dumps({"output": {"said": body["input"]}, "metadata": {"run_id": "r"}}).encode())
    else:
        await wire.json(json.dumps(embeddings(listed(body["input"]), body.get("model", "m"))).encode())


def inputs(service: ScriptedUpstream) -> list[Any]:
    """What each call asked about."""
    return [json.loads(asked.body)["input"] for asked in service.asked]


Otherwise = Callable[[list[Any], Asked, Wire], Awaitable[bool]]


def unless(otherwise: Otherwise) -> Callable[[Asked, Wire], Awaitable[None]]:
    """The embedding service, but for calls that `otherwise` says it has answered itself."""

    async def scripted(asked: Asked, wire: Wire) -> None:
        if not await otherwise(listed(json.loads(asked.body)["input"]), asked, wire):
            await answer(asked, wire)

    return scripted
