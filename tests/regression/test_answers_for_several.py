"""One answer for several clients: each gets what is meant for it, all of it, and nobody waits for ever."""

import asyncio
import gzip

import pytest

from gateway.pipeline.flight import Flights
from tests.support.eventually import eventually
from tests.support.gateway import RAG, Client, Running, field, once, post, running, settings
from tests.support.leaks import left_nothing
from tests.support.upstream import Asked, ScriptedUpstream, Wire

STREAMED = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n"


def ask(*fields: bytes) -> bytes:
    return post(b"/rag", b'{"query": "q"}', *fields)


def waiting_in(gateway: Running) -> int:
    flights: Flights = gateway.worker._pipeline.flights
    return sum(flight.clients for flight in flights._flights.values())


class Gated:
    """Answers once the gate is open."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.gate = asyncio.Event()

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        await self.gate.wait()
        await self.answer(asked, wire)


@pytest.mark.parametrize("count", [1, 3])
async def test_a_text_over_its_limit_in_one_piece_arrives(count):
    """It was given up before those who waited for it had begun to read, and they waited for ever."""
    text = b"x" * 40_000
    route = RAG | {"cache": {"max_body": "1KiB"}}
    scripted = Gated(lambda _, wire: wire.send(STREAMED + b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(text), text)))
    async with ScriptedUpstream(scripted) as upstream, running(settings(upstream.url, route)) as gateway:
        asking = [asyncio.create_task(once(gateway.port, ask())) for _ in range(count)]
        await eventually(lambda: waiting_in(gateway) == count)
        scripted.gate.set()
        for head, body in await asyncio.gather(*asking):
            assert head.startswith(b"HTTP/1.1 200 ")
            assert body.count(b"x") == len(text)
        await left_nothing(gateway)
    assert len(upstream.asked) == 1


@pytest.mark.parametrize("status", [b"200 OK", b"404 Not Found"])
@pytest.mark.parametrize("kind", [b"text/plain", b"application/json"])
async def test_those_who_wait_get_their_own_variant(status, kind):
    """An answer passed on while it came, or not stored for its status, went to clients of other languages, too."""

    async def answer(asked: Asked, wire: Wire) -> None:
        language = asked.get(b"accept-language")
        await wire.send(
            b"HTTP/1.1 %b\r\nContent-Type: %b\r\nVary: Accept-Language\r\nTransfer-Encoding: chunked\r\n\r\n"
            b'4\r\n"%b"\r\n0\r\n\r\n' % (status, kind, language)
        )

    scripted = Gated(answer)
    languages = [b"de", b"fr", b"de", b"it"]
    async with ScriptedUpstream(scripted) as upstream, running(settings(upstream.url, RAG)) as gateway:
        asking = [asyncio.create_task(once(gateway.port, ask(b"Accept-Language: " + x))) for x in languages]
        await eventually(lambda: waiting_in(gateway) == 4)
        scripted.gate.set()
        for language, (_, body) in zip(languages, await asyncio.gather(*asking), strict=True):
            assert b'"%b"' % language in body
        await left_nothing(gateway)
    assert len(upstream.asked) == 3


@pytest.mark.parametrize("status", [b"200 OK", b"404 Not Found"])
async def test_those_who_wait_get_no_coding_that_they_do_not_take(status):
    """A shared answer that was not stored went out coded to clients that had not asked for that."""
    packed = gzip.compress(b"plain")

    async def answer(asked: Asked, wire: Wire) -> None:
        coded = b"gzip" in (asked.get(b"accept-encoding") or b"")
        body = packed if coded else b"plain"
        coding = b"Content-Encoding: gzip\r\n" if coded else b""
        await wire.send(
            b"HTTP/1.1 %b\r\nContent-Type: text/plain\r\n%bTransfer-Encoding: chunked\r\n\r\n"
            b"%x\r\n%b\r\n0\r\n\r\n" % (status, coding, len(body), body)
        )

    scripted = Gated(answer)
    async with ScriptedUpstream(scripted) as upstream, running(settings(upstream.url, RAG)) as gateway:
        leader = asyncio.create_task(once(gateway.port, ask(b"Accept-Encoding: gzip")))
        await eventually(lambda: waiting_in(gateway) == 1)
        follower = asyncio.create_task(once(gateway.port, ask()))
        await eventually(lambda: waiting_in(gateway) == 2)
        scripted.gate.set()
        assert packed in (await leader)[1]
        head, body = await follower
        assert field(head, b"content-encoding") is None
        assert b"plain" in body
        await left_nothing(gateway)


async def test_an_answer_made_for_one_who_left_goes_to_nobody_else():
    """A private answer, made with the cookies of a client who had left, went to the next one who waited."""

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b'"for %b"' % (asked.get(b"cookie") or b"-"), b"Cache-Control: private")

    scripted = Gated(answer)
    route = RAG | {"key": {"identity": "shared"}}
    async with ScriptedUpstream(scripted) as upstream, running(settings(upstream.url, route)) as gateway:
        async with Client(gateway.port) as leaves:
            await leaves.send(ask(b"Cookie: a"))
            await eventually(lambda: waiting_in(gateway) == 1)
            stays = asyncio.create_task(once(gateway.port, ask(b"Cookie: b")))
            await eventually(lambda: waiting_in(gateway) == 2)
        await eventually(lambda: waiting_in(gateway) == 1)
        scripted.gate.set()
        assert (await stays)[1] == b'"for b"'
        await left_nothing(gateway)


async def test_who_comes_while_a_text_is_being_received_reads_along():
    """The flight had landed with the head, so each one who came after that made a call of his own."""
    go_on = asyncio.Event()

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(STREAMED + b"\r\n3\r\none\r\n")
        await go_on.wait()
        await wire.send(b"3\r\ntwo\r\n0\r\n\r\n")

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url, RAG)) as gateway:
        async with Client(gateway.port) as first, Client(gateway.port) as second:
            await first.send(ask())
            await first.reader.readuntil(b"one\r\n")
            await second.send(ask())
            assert b"collapsed" in field(await second.head(), b"cache-status")
            await second.reader.readuntil(b"one\r\n")
            go_on.set()
            for client in (first, second):
                assert await client.reader.readuntil(b"0\r\n\r\n") == b"3\r\ntwo\r\n0\r\n\r\n"
        head, body = await once(gateway.port, ask())
        assert (b"hit" in field(head, b"cache-status"), body) == (True, b"onetwo")
    assert len(upstream.asked) == 1


async def test_an_answer_that_breaks_off_before_anybody_was_told_is_a_502():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(STREAMED + b"\r\nzz\r\n")

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url, RAG)) as gateway:
        async with Client(gateway.port) as client:
            await client.send(ask())
            assert (await client.reader.read()).startswith((b"HTTP/1.1 502 ", b"HTTP/1.1 200 "))
        await left_nothing(gateway)


@pytest.mark.parametrize("directive", [b"no-cache", b"max-age=0", b"min-fresh=86400"])
async def test_a_client_that_wants_a_new_answer_gets_it_also_where_only_the_disk_has_one(directive, tmp_path):
    """The client's directives were weighed against memory alone; an entry from the second tier was served."""
    route = RAG | {"cache": {"request_directives": "respect"}}

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b"%d" % len(upstream.asked))

    async with ScriptedUpstream(answer) as upstream:
        more = {"l2": {"disk": {"path": str(tmp_path), "max_bytes": "8MiB"}}}
        async with running(settings(upstream.url, route, **more)) as gateway:
            assert (await once(gateway.port, ask()))[1] == b"1"
        if directive == b"max-age=0":
            await asyncio.sleep(1.1)  # an age is counted in whole seconds
        async with running(settings(upstream.url, route, **more)) as gateway:
            head, body = await once(gateway.port, ask(b"Cache-Control: " + directive))
            assert body == b"2"
            assert b"detail=request-no-cache" in field(head, b"cache-status")
            head, body = await once(gateway.port, ask())
            assert (body, b"hit" in field(head, b"cache-status")) == (b"2", True)
            head, _ = await once(gateway.port, ask(b"Cache-Control: no-store"))
            assert b"detail=request-no-store" in field(head, b"cache-status")
