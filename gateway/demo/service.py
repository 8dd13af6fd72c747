"""Service: the example RAG service as an aiohttp application. Retrieval is real, the time it takes is an option."""

import asyncio
import functools
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

import orjson
from aiohttp import web

from gateway.demo import openai, requests
from gateway.demo.answer import generate
from gateway.demo.corpus import load_corpus
from gateway.demo.options import DemoOptions
from gateway.demo.retrieval import Index, Scored
from gateway.demo.timing import Generator, tokens

_CHAT_TOP_K = 3
_NOTHING_FOUND = "I found nothing about that in the Python documentation."
_HELP = """\
The example RAG service of ragfront: it answers questions about Python from Python's own documentation.

  POST /rag                   {"query": "How does the with statement work?", "top_k": 3}
  POST /retrieve              the same request, documents only
  POST /v1/chat/completions   OpenAI's shape, streaming and not
  POST /v1/embeddings         OpenAI's shape
  GET  /v1/models, GET /health
"""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@functools.cache
def shared_index() -> Index:
    """The index of this process: built once, in a second or two. NoCorpus."""
    return Index(load_corpus())


def create_app(options: DemoOptions, index: Index | None = None) -> web.Application:
    """The application; `index` defaults to the shared one. NoCorpus.

    Run it with `handler_cancellation=True` (as `gateway.demo.serve` does), so that a client that leaves frees its
    generation slot at once.
    """
    service = Service(options, index or shared_index())
    app = web.Application(middlewares=[json_errors], client_max_size=4 << 20)
    app.add_routes(
        [
            web.get("/", service.help),
            web.get("/health", service.health),
            web.post("/rag", service.rag),
            web.post("/retrieve", service.retrieve),
            web.get("/v1/models", service.models),
            web.post("/v1/chat/completions", service.chat),
            web.post("/v1/embeddings", service.embeddings),
        ]
    )
    return app


@web.middleware
async def json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever is wrong with a request is told as JSON."""
    try:
        return await handler(request)
    except requests.InvalidRequest as exc:
        return _json(openai.error(exc.message, 400, exc.param), 400)
    except web.RequestPayloadError as exc:
        return _json(openai.error(f"the body cannot be read: {exc}", 400), 400)
    except web.HTTPException as exc:
        if exc.status < 400:
            raise
        answer = _json(openai.error(exc.reason, exc.status), exc.status)
        if "Allow" in exc.headers:
            answer.headers["Allow"] = exc.headers["Allow"]
        return answer


class Service:
    """The handlers, and what they share."""

    def __init__(self, options: DemoOptions, index: Index) -> None:
        self._options = options
        self._index = index
        self._generator = Generator(options)

    async def help(self, request: web.Request) -> web.Response:
        return web.Response(text=_HELP)

    async def health(self, request: web.Request) -> web.Response:
        return _json(
            {
                "status": "ok",
                "passages": len(self._index.passages),
                "generating": self._generator.generating,
                "waiting": self._generator.waiting,
            }
        )

    async def models(self, request: web.Request) -> web.Response:
        return _json(openai.models())

    async def rag(self, request: web.Request) -> web.Response:
        asked = requests.rag_request(await request.read())
        found = await self._search(asked.query, asked.top_k)
        # As in most services, the model is not asked where there is nothing to answer from.
        answer = await self._generator.whole(tokens(generate(asked.query, found))) if found else None
        response = {"retrieved_docs": _documents(found), "generated_answer": answer}
        return _json({"query": asked.query, "response": response})

    async def retrieve(self, request: web.Request) -> web.Response:
        asked = requests.rag_request(await request.read())
        found = await self._search(asked.query, asked.top_k)
        return _json({"query": asked.query, "retrieved_docs": _documents(found)})

    async def embeddings(self, request: web.Request) -> web.Response:
        asked = requests.embedding_request(await request.read())
        await asyncio.sleep(self._options.retrieval)
        return _json(openai.embeddings(asked))

    async def chat(self, request: web.Request) -> web.StreamResponse:
        asked = requests.chat_request(await request.read())
        found = await self._search(asked.query, _CHAT_TOP_K)
        full = tokens(generate(asked.query, found) or _NOTHING_FOUND)
        spoken = full[: asked.max_tokens]
        completion = openai.Completion(
            id=f"chatcmpl-{uuid.uuid4().hex}",
            created=int(time.time()),
            model=asked.model,
            prompt=asked.prompt_words,
            spoken=len(spoken),
            finish_reason="length" if len(spoken) < len(full) else "stop",
        )
        if asked.stream:
            return await self._streamed(request, completion, spoken, asked.include_usage)
        return _json(completion.whole(await self._generator.whole(spoken)))

    async def _streamed(
        self, request: web.Request, completion: openai.Completion, spoken: Sequence[str], include_usage: bool
    ) -> web.StreamResponse:
        """Server-sent events: the role, each token when it is due, the reason of the end, [DONE]."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
        try:
            await response.write(_event(completion.chunk({"role": "assistant", "content": ""})))
            async with aclosing(self._generator.stream(spoken)) as stream:
                async for token in stream:
                    await response.write(_event(completion.chunk({"content": token})))
            await response.write(_event(completion.chunk({}, completion.finish_reason)))
            if include_usage:
                await response.write(_event(completion.usage_chunk()))
            await response.write(b"data: [DONE]\n\n")
        except ConnectionError:  # the client has left: nobody to tell
            return response
        await response.write_eof()
        return response

    async def _search(self, query: str, top_k: int) -> list[Scored]:
        await asyncio.sleep(self._options.retrieval)
        return self._index.search(query, top_k)


def _documents(found: Sequence[Scored]) -> list[dict[str, Any]]:
    return [
        {"id": hit.passage.id, "title": hit.passage.title, "score": hit.score, "text": hit.passage.text}
        for hit in found
    ]


def _event(document: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(document) + b"\n\n"


def _json(document: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(document), status=status, content_type="application/json")
