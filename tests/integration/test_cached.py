"""Cached routes, over sockets: what a client gets, what the upstream is asked, what is told about it."""

import asyncio
import gzip
import json

import pytest

from tests.support.gateway import RAG, Client, field, once, post, running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire

ANSWER = b'{"query": "q", "response": {"retrieved_docs": [{"id": 1}], "generated_answer": "a"}}'


class Rag:
    """An upstream that counts, and answers what it is told to, when it is told to."""

    def __init__(self, body: bytes = ANSWER, *fields: bytes, status: bytes = b"200 OK") -> None:
        self.body = body
        self.fields = fields
        self.status = status
        self.gate: asyncio.Event | None = None

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        if self.gate is not None:
            await self.gate.wait()
        await wire.json(self.body, *self.fields, status=self.status)


def ask(query: str = "q", *fields: bytes, **more: object) -> bytes:
    return post(b"/rag", json.dumps({"query": query, **more}).encode(), *fields)


def status(head: bytes) -> bytes | None:
    return field(head, b"cache-status")


async def test_a_repeat_is_a_hit_with_the_same_body():
    async with ScriptedUpstream(Rag()) as upstream, running(settings(upstream.url, RAG)) as gateway:
        first, body = await once(gateway.port, ask())
        again, same = await once(gateway.port, ask())
    assert body == same == ANSWER
    assert status(first) == b"ragfront; fwd=uri-miss; stored"
    assert status(again).startswith(b"ragfront; hit; ttl=")
    assert field(again, b"age") == b"0"
    assert len(upstream.asked) == 1


@pytest.mark.parametrize(
    "body", [b'{"query":"q","top_k":3}', b'{ "top_k" : 3.0, "query" : "\\u0071" }', b'{"top_k":3e0,"query":"q"}']
)
async def test_spelling_of_json_does_not_matter(body):
    async with ScriptedUpstream(Rag()) as upstream, running(settings(upstream.url, RAG)) as gateway:
        await once(gateway.port, post(b"/rag", b'{"query": "q", "top_k": 3}'))
        head, _ = await once(gateway.port, post(b"/rag", body))
    assert b"hit" in status(head)


@pytest.mark.parametrize(
    "other",
    [
        ask("q", b"Authorization: Bearer b"),
        ask("q", b"Cookie: session=2"),
        ask("q", b"X-Api-Key: k"),
        ask("other"),
        ask("q", top_k=4),
        post(b"/rag?tenant=2", b'{"query": "q"}'),
        post(b"/rag", b'{"query": "q", "query": "r"}'),
        post(b"/rag", b"not json"),
    ],
)
async def test_whatever_may_change_the_answer_is_asked_for_anew(other):
    async with ScriptedUpstream(Rag()) as upstream, running(settings(upstream.url, RAG)) as gateway:
        await once(gateway.port, ask("q", b"Authorization: Bearer a"))
        await once(gateway.port, ask("q"))
        before = len(upstream.asked)
        head, _ = await once(gateway.port, other)
    assert b"hit" not in status(head)
    assert len(upstream.asked) == before + 1


@pytest.mark.parametrize("count", [10, 1000])
async def test_identical_requests_at_once_make_one_upstream_call(count):
    rag = Rag()
    rag.gate = asyncio.Event()
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, RAG)) as gateway:
        waiting = [asyncio.create_task(once(gateway.port, ask())) for _ in range(count)]
        await upstream.until(lambda: len(upstream.asked) == 1)
        while sum(flight.clients for flight in gateway.worker._pipeline.flights._flights.values()) < count:
            await asyncio.sleep(0.01)
        rag.gate.set()
        answers = await asyncio.gather(*waiting)
    assert {body for _, body in answers} == {ANSWER}
    assert len(upstream.asked) == 1
    assert sum(b"collapsed" in status(head) for head, _ in answers) == count - 1


async def test_the_first_client_may_leave_without_ending_the_call_for_the_others():
    rag = Rag()
    rag.gate = asyncio.Event()
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, RAG)) as gateway:
        async with Client(gateway.port) as leader:
            await leader.send(ask())
            await upstream.until(lambda: len(upstream.asked) == 1)
            follower = asyncio.create_task(once(gateway.port, ask()))
            while sum(f.clients for f in gateway.worker._pipeline.flights._flights.values()) < 2:
                await asyncio.sleep(0.01)
        rag.gate.set()
        _, body = await follower
    assert body == ANSWER
    assert len(upstream.asked) == 1


NOT_STORED = [
    (Rag(ANSWER, b"Cache-Control: no-store"), b"no-store"),
    (Rag(ANSWER, b"Cache-Control: private"), b"private"),
    (Rag(ANSWER, b"Set-Cookie: a=1"), b"set-cookie"),
    (Rag(ANSWER, b"Vary: *"), b"vary-star"),
    (Rag(ANSWER, status=b"500 Oops"), b"status"),
    (Rag(ANSWER, status=b"404 Not Found"), b"status"),
    (Rag(ANSWER, b"Cache-Control: max-age=0"), b"not-fresh"),
    (Rag(b'{"error": "boom"}'), b"store-unless"),
    (Rag(b'{"x": "' + b"a" * 70_000 + b'"}'), b"answer-too-large"),
]


@pytest.mark.parametrize(("rag", "reason"), NOT_STORED, ids=[reason.decode() for _, reason in NOT_STORED])
async def test_what_may_not_be_stored_is_passed_on_and_asked_for_again(rag, reason):
    route = RAG | {"cache": {"max_body": "64KiB", "store_unless": [{"pointer": "/error", "exists": True}]}}
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, route)) as gateway:
        first, body = await once(gateway.port, ask())
        again, same = await once(gateway.port, ask())
    assert body == same == rag.body
    assert reason in status(first)
    assert b"hit" not in status(again)
    assert len(upstream.asked) == 2


async def test_unsharable_answers_are_not_given_to_those_who_wait():
    rag = Rag(ANSWER, b"Set-Cookie: session=1")
    rag.gate = asyncio.Event()
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, RAG)) as gateway:
        waiting = [asyncio.create_task(once(gateway.port, ask())) for _ in range(5)]
        await upstream.until(lambda: len(upstream.asked) == 1)
        while sum(f.clients for f in gateway.worker._pipeline.flights._flights.values()) < 5:
            await asyncio.sleep(0.01)
        rag.gate.set()
        await asyncio.gather(*waiting)
    assert len(upstream.asked) == 5


async def test_an_empty_answer_is_remembered_briefly_and_told_as_such():
    route = RAG | {"empty": {"when": [{"pointer": "/docs", "is": []}], "ttl": "90s"}}
    async with ScriptedUpstream(Rag(b'{"docs": []}')) as upstream, running(settings(upstream.url, route)) as gateway:
        await once(gateway.port, ask())
        head, body = await once(gateway.port, ask())
    assert body == b'{"docs": []}'
    assert status(head).startswith(b"ragfront; hit; ttl=")
    assert int(status(head).rpartition(b"=")[2].split(b";")[0]) <= 100


async def test_stale_while_one_asks_anew():
    rag = Rag()
    route = RAG | {"cache": {"ttl": "50ms", "jitter": 0, "stale_while_revalidate": "1m"}}
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, route)) as gateway:
        await once(gateway.port, ask())
        await asyncio.sleep(0.1)
        rag.body, rag.gate = b'{"new": 1}', asyncio.Event()
        stale, body = await once(gateway.port, ask())
        assert body == ANSWER
        assert b"hit; ttl=-" in status(stale)
        await once(gateway.port, ask())
        rag.gate.set()
        await upstream.until(lambda: len(upstream.asked) == 2)
        while gateway.worker._pipeline.flights:
            await asyncio.sleep(0.01)
        _, body = await once(gateway.port, ask())
    assert body == b'{"new": 1}'
    assert len(upstream.asked) <= 3


async def test_stale_rather_than_an_error():
    rag = Rag()
    route = RAG | {"cache": {"ttl": "50ms", "jitter": 0, "stale_while_revalidate": 0, "stale_if_error": "1h"}}
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, route)) as gateway:
        await once(gateway.port, ask())
        await asyncio.sleep(0.1)
        rag.status = b"503 Busy"
        head, body = await once(gateway.port, ask())
        assert (head[:12], body) == (b"HTTP/1.1 200", ANSWER)
        assert b"detail=upstream-failed" in status(head)
        await upstream.stop()
        head, body = await once(gateway.port, ask())
        assert (head[:12], body) == (b"HTTP/1.1 200", ANSWER)
        head, body = await once(gateway.port, ask("unknown"))
        assert head.startswith(b"HTTP/1.1 502 ")
        await upstream.start()


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
    ],
)
async def test_only_whole_answers_are_stored(broken):
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(broken)
        wire.close()

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url, RAG)) as gateway:
        for _ in range(2):
            head, _ = await once(gateway.port, ask())
            assert b"hit" not in status(head)
            assert b"stored" not in status(head)
    assert len(upstream.asked) == 2


async def test_vary_keeps_variants_apart():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b'"%b"' % (asked.get(b"accept-language") or b"-"), b"Vary: Accept-Language")

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url, RAG)) as gateway:
        for expected_hit in (False, True):
            for language in (b"de", b"fr"):
                head, body = await once(gateway.port, ask("q", b"Accept-Language: " + language))
                assert body == b'"%b"' % language
                assert (b"hit" in status(head)) is expected_hit
    assert len(upstream.asked) == 2


async def test_collapsed_requests_that_turn_out_to_vary_ask_for_themselves():
    gate = asyncio.Event()

    async def answer(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.json(b'"%b"' % (asked.get(b"accept-language") or b"-"), b"Vary: Accept-Language")

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url, RAG)) as gateway:
        languages = [b"de", b"fr", b"de", b"it", b"fr"]
        waiting = [asyncio.create_task(once(gateway.port, ask("q", b"Accept-Language: " + x))) for x in languages]
        while sum(f.clients for f in gateway.worker._pipeline.flights._flights.values()) < 5:
            await asyncio.sleep(0.01)
        gate.set()
        assert [body for _, body in await asyncio.gather(*waiting)] == [b'"%b"' % x for x in languages]
    assert len(upstream.asked) == 3


async def test_a_coded_answer_reaches_only_clients_that_accept_it():
    packed = gzip.compress(ANSWER)

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(packed, b"Content-Encoding: gzip", b'ETag: "x"')

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url, RAG)) as gateway:
        head, body = await once(gateway.port, ask("q", b"Accept-Encoding: gzip"))
        assert body == packed
        head, body = await once(gateway.port, ask("q", b"Accept-Encoding: gzip"))
        assert (body, field(head, b"content-encoding")) == (packed, b"gzip")
        head, body = await once(gateway.port, ask("q"))
        assert (body, field(head, b"content-encoding")) == (ANSWER, None)
        assert b"hit" in status(head)
        assert field(head, b"etag") == b'W/"x"'
    assert len(upstream.asked) == 1


async def test_fields_about_one_call_are_not_replayed():
    rag = Rag(
        ANSWER, b"X-Request-Id: 1", b"X-RateLimit-Remaining: 9", b"X-Model: m", b"Date: Mon, 01 Jan 2024 00:00:00 GMT"
    )
    async with ScriptedUpstream(rag) as upstream, running(settings(upstream.url, RAG)) as gateway:
        first, _ = await once(gateway.port, ask())
        again, _ = await once(gateway.port, ask())
    assert field(first, b"x-request-id") == b"1"
    assert field(again, b"x-request-id") is None
    assert field(again, b"x-ratelimit-remaining") is None
    assert field(again, b"x-model") == b"m"
    assert field(again, b"date") == b"Mon, 01 Jan 2024 00:00:00 GMT"


async def test_shadow_serves_nothing_and_stores_all_the_same():
    route = RAG | {"cache": {"mode": "shadow"}}
    async with ScriptedUpstream(Rag()) as upstream, running(settings(upstream.url, route)) as gateway:
        for _ in range(2):
            head, body = await once(gateway.port, ask())
            assert body == ANSWER
            assert b"fwd=bypass" in status(head)
            assert b"detail=shadow" in status(head)
    assert len(upstream.asked) == 2


async def test_mode_off_passes_through():
    route = RAG | {"cache": {"mode": "off"}}
    async with ScriptedUpstream(Rag()) as upstream, running(settings(upstream.url, route)) as gateway:
        for _ in range(2):
            head, _ = await once(gateway.port, ask())
            assert status(head) == b"ragfront; fwd=bypass; detail=mode-off"
    assert len(upstream.asked) == 2


async def test_a_stream_is_passed_on_event_by_event():
    gate = asyncio.Event()

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"9\r\ndata: 1\n\n\r\n"
        )
        await gate.wait()
        await wire.send(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")

    async with (
        ScriptedUpstream(answer) as upstream,
        running(settings(upstream.url, RAG)) as gateway,
        Client(gateway.port) as client,
    ):
        await client.send(ask())
        head = await client.head()
        assert status(head) == b"ragfront; fwd=uri-miss"
        assert await client.reader.readexactly(14) == b"9\r\ndata: 1\n\n\r\n"
        gate.set()
        assert await client.reader.readexactly(19) == b"9\r\ndata: 2\n\n\r\n0\r\n\r\n"
    assert len(upstream.asked) == 1


async def test_a_large_body_bypasses_and_arrives_whole():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b"%d" % len(asked.body))

    route = RAG | {"key": {"max_body": "1KiB"}}
    big = json.dumps({"query": "x" * 300_000}).encode()
    chunked = (
        b"POST /rag HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"%x\r\n%b\r\n" % (len(big[i : i + 500]), big[i : i + 500]) for i in range(0, len(big), 500))
        + b"0\r\n\r\n"
    )
    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url, route)) as gateway:
        for request in (post(b"/rag", big), chunked):
            head, body = await once(gateway.port, request)
            assert int(body) == len(big)
            assert status(head) == b"ragfront; fwd=bypass; detail=request-body-too-large"
    assert [asked.body == big for asked in upstream.asked] == [True, True]


BAD_BODIES = [
    b"",
    b"not json",
    b"\xff\xfe\x00",
    b"[" * 100 + b"]" * 100,
    b"[" * 50_000,
    b'{"n": 1' + b"0" * 5000 + b"}",
    b'{"a": 1, "a": 2}',
    b'{"a": NaN}',
    b'"\\ud800"',
    b"null",
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda b: repr(b[:20]))
async def test_odd_bodies_are_forwarded_as_they_came_and_never_meet(body):
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(json.dumps(asked.body.hex()[:200]).encode())

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url, RAG)) as gateway:
        for other in BAD_BODIES:
            await once(gateway.port, post(b"/rag", other))
        head, got = await once(gateway.port, post(b"/rag", body))
        assert head.startswith(b"HTTP/1.1 200 ")
        assert json.loads(got) == body.hex()[:200]
    assert upstream.asked[BAD_BODIES.index(body)].body == body
