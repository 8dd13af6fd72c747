"""Surrogate keys over sockets: each stored answer bears its own, however it comes; and who gets to see them."""

import json
from typing import Any

import pytest

from gateway.model.entry import EntryFlag
from tests.support.chats import answer as chat_answer
from tests.support.chats import choice, chunk, delta, sse
from tests.support.embedding import ROUTE, embeddings, listed
from tests.support.eventually import eventually
from tests.support.gateway import RAG, Client, Running, field, once, post, running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire

FIELDS = (b"Surrogate-Key: kb:1 kb:2", b"xkey: x", b"Cache-Tag: a tag, another")
OF_FIELDS = {"kb:1", "kb:2", "x", "a tag", "another"}
DOCS = [{"id": 7}, {"id": "eight", "score": 0.5}]
OF_DOCS = {"doc:7", "doc:eight"}


def tags(gateway: Running) -> list[set[str]]:
    """Of each stored answer."""
    memory = gateway.worker._tiers._memory
    found = [memory.get(key) for key in memory._entries]
    return [set(entry.tags) for entry in found if entry is not None and not entry.flags & EntryFlag.VARY]


async def stored(gateway: Running, asked: bytes, path: bytes = b"/rag") -> set[str]:
    """The tags of the one answer that is stored after this has been asked."""
    await once(gateway.port, post(path, asked))
    await eventually(lambda: len(tags(gateway)) == 1)
    return tags(gateway)[0]


async def streamed(wire: Wire, content_type: bytes, body: bytes, *fields: bytes) -> None:
    head = b"\r\n".join((b"HTTP/1.1 200 OK", b"Content-Type: " + content_type, b"Transfer-Encoding: chunked", *fields))
    halves = body[: len(body) // 2], body[len(body) // 2 :]  # an event is cut in two
    await wire.send(
        head + b"\r\n\r\n" + b"".join(b"%x\r\n%b\r\n" % (len(half), half) for half in halves) + b"0\r\n\r\n"
    )


def lines(*values: Any) -> list[bytes]:
    return [json.dumps(value).encode() for value in values]


EVENTS = lines({"docs": DOCS[:1]}, {"delta": "it is"}, {"docs": DOCS[1:]}, {"done": True})
KINDS = {
    "json": (b"application/json", json.dumps({"docs": DOCS}).encode()),
    "sse": (b"text/event-stream", b"".join(b"data: %b\n\n" % line for line in EVENTS)),
    "ndjson": (b"application/x-ndjson", b"\n".join(EVENTS)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fields", [(), FIELDS])
async def test_from_fields_and_from_what_answers_and_events_say(kind, fields):
    content_type, body = KINDS[kind]

    async def says(asked: Asked, wire: Wire) -> None:
        await streamed(wire, content_type, body, *fields)

    route = RAG | {"tags": ["doc:{/docs/*/id}"], "stream": {"terminal": [{"pointer": "/done", "is": True}]}}
    async with ScriptedUpstream(says) as service, running(settings(service.url, route)) as gateway:
        assert await stored(gateway, b"{}") == OF_DOCS | (OF_FIELDS if fields else set())


async def test_from_fields_alone_where_the_route_says_nothing():
    async def says(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}", *FIELDS)

    async with ScriptedUpstream(says) as service, running(settings(service.url, RAG)) as gateway:
        assert await stored(gateway, b"{}") == OF_FIELDS


CITED = [{"id": "a"}, {"id": "b"}]
CHAT_TAGS = ["doc:{/choices/*/message/context/*/id}", "doc:{/choices/*/delta/context/*/id}"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_chat_in_either_form_bears_what_it_cites(stream):
    async def says(asked: Asked, wire: Wire) -> None:
        if json.loads(asked.body)["stream"]:
            body = sse(chunk(delta(context=CITED)), chunk(delta(content="hello")), chunk(delta("stop")))
            await streamed(wire, b"text/event-stream", body)
        else:
            await wire.json(json.dumps(chat_answer(choice(context=CITED))).encode())

    route = {"name": "chat", "match": {"path": "/v1/chat/completions"}, "tags": CHAT_TAGS}
    async with ScriptedUpstream(says) as service, running(settings(service.url, route)) as gateway:
        asked = json.dumps({"model": "m", "messages": [], "stream": stream}).encode()
        assert await stored(gateway, asked, b"/v1/chat/completions") == {"doc:a", "doc:b"}


async def test_a_chat_that_is_made_from_its_other_form_bears_the_same():
    async def says(asked: Asked, wire: Wire) -> None:
        await wire.json(json.dumps(chat_answer()).encode(), b"Surrogate-Key: kb:1")

    route = {
        "name": "chat",
        "match": {"path": "/v1/chat/completions"},
        "stream": {"both_forms": True},
        "key": {"defaults": {"/stream": False}},
    }
    async with ScriptedUpstream(says) as service, running(settings(service.url, route)) as gateway:
        for stream in (False, True):
            asked = json.dumps({"model": "m", "messages": [], "stream": stream}).encode()
            head, _ = await once(gateway.port, post(b"/v1/chat/completions", asked))
        assert b"hit" in (field(head, b"cache-status") or b"")
        assert tags(gateway) == [{"kb:1"}, {"kb:1"}]
        assert len(service.asked) == 1


async def test_each_item_of_a_list_bears_its_own():
    """And what the fields of the whole call say: they may be about any of them."""

    async def says(asked: Asked, wire: Wire) -> None:
        items = listed(json.loads(asked.body)["input"])
        answer = embeddings(items)
        for item, part in zip(items, answer["data"], strict=True):
            part["of"] = item
        await wire.json(json.dumps(answer).encode(), b"Surrogate-Key: model:m")

    route = ROUTE | {"tags": ["item:{/data/*/of}"]}
    async with ScriptedUpstream(says) as service, running(settings(service.url, route)) as gateway:
        await once(gateway.port, post(b"/v1/embeddings", b'{"model": "m", "input": ["a", "b"]}'))
        await once(gateway.port, post(b"/v1/embeddings", b'{"model": "m", "input": ["b", "c"]}'))
        assert sorted(map(sorted, tags(gateway))) == [[f"item:{name}", "model:m"] for name in "abc"]


SURROGATES = (b"surrogate-key", b"xkey", b"cache-tag")


@pytest.mark.parametrize("passed", [True, False])
@pytest.mark.parametrize("kind", KINDS)
async def test_clients_see_them_where_the_route_says_so(passed, kind):
    """On a miss, a hit on each way, and what is passed through on the route; always where no route claims it."""
    content_type, body = KINDS[kind]

    async def says(asked: Asked, wire: Wire) -> None:
        await streamed(wire, content_type, body, *FIELDS)

    route = RAG | {"pass_tags": passed, "stream": {"terminal": [{"pointer": "/done", "is": True}]}}
    async with ScriptedUpstream(says) as service, running(settings(service.url, route)) as gateway:
        async with Client(gateway.port) as client:
            for outcome in (b"fwd=uri-miss", b"hit", b"hit", b"hit"):
                head, _ = await client.ask(post(b"/rag", b"{}"))
                assert outcome in (field(head, b"cache-status") or b"")
                assert [field(head, name) is not None for name in SURROGATES] == [passed] * 3
            head, _ = await client.ask(post(b"/rag", b"{}", b"Content-Encoding: gzip"))
            assert b"fwd=bypass" in (field(head, b"cache-status") or b"")
            assert [field(head, name) is not None for name in SURROGATES] == [passed] * 3
            head, _ = await client.ask(post(b"/elsewhere", b"{}"))
            assert [field(head, name) is not None for name in SURROGATES] == [True] * 3
        assert OF_FIELDS in tags(gateway)
