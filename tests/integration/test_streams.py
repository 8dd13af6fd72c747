"""Streams through the gateway, over sockets: stored, replayed, shared while they come, given up, stood in for."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.support.eventually import eventually
from tests.support.gateway import RAG, Client, field, once, post, running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
DONE = b"data: [DONE]\n\n"
ASK = post(b"/rag", b'{"query": "q", "stream": true}')
FAILED = b'data: {"error": "out of memory"}\n\n'


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(number: int) -> bytes:
    return b'data: {"token": %d}\n\n' % number


def body(chunked: bytes) -> bytes:
    """What chunks hold; a body of known length as it is."""
    if not chunked.endswith(END):
        return chunked
    whole = b""
    while True:
        size, _, chunked = chunked.partition(b"\r\n")
        if not int(size, 16):
            return whole
        whole, chunked = whole + chunked[: int(size, 16)], chunked[int(size, 16) + 2 :]


def status(head: bytes) -> bytes:
    return field(head, b"cache-status") or b""


class Service:
    """Streams what it is told to, event by event, each after its gate has opened."""

    def __init__(self, *events: bytes, end: bytes = END) -> None:
        self.events = events
        self.gates = [asyncio.Event() for _ in range(len(events) + 1)]
        self.end = end
        self.gone = asyncio.Event()

    def open(self, count: int | None = None) -> None:
        for gate in self.gates[:count]:
            gate.set()

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        await wire.send(HEAD)
        for gate, each in zip(self.gates, self.events, strict=False):
            await self._opened(gate, wire)
            await wire.send(chunk(each))
        await self._opened(self.gates[-1], wire)
        await wire.send(self.end)
        if not self.end:
            wire.close()

    async def _opened(self, gate: asyncio.Event, wire: Wire) -> None:
        """The gate opens, or the other side goes away."""
        waiting = [asyncio.create_task(gate.wait()), asyncio.create_task(wire.reader.read(1))]
        done, left = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if waiting[1] in done:
            self.gone.set()
            raise ConnectionResetError


Answer = Callable[[Asked, Wire], Awaitable[None]]


async def test_a_whole_stream_is_stored_and_replayed_byte_for_byte():
    events = (b"\xef\xbb\xbf: hello\r\n\r\n", b"event: x\r\nid: 7\r\ndata: \xff\xfe\r\ndata:2\r\n\r\n", event(1), DONE)
    service = Service(*events)
    service.open()
    async with ScriptedUpstream(service) as upstream, running(settings(upstream.url, RAG)) as gateway:
        head, first = await once(gateway.port, ASK)
        assert status(head) == b"ragfront; fwd=uri-miss"
        assert body(first) == b"".join(events)
        for _ in range(3):
            head, again = await once(gateway.port, ASK)
            assert status(head).startswith(b"ragfront; hit; ttl=")
            assert field(head, b"content-type") == b"text/event-stream"
            assert body(again) == b"".join(events)
    assert len(upstream.asked) == 1


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ((event(1),), END),  # a clean end as HTTP goes, but no terminal event
        ((event(1), FAILED, DONE), END),
        ((event(1), DONE), b""),  # cut off after its terminal event
        ((event(1),), b""),
        ((b"data: " + b"x" * 3000 + b"\n\n", DONE), END),  # over max_body
    ],
)
async def test_anything_less_is_passed_on_as_it_came_and_not_stored(events, end):
    service = Service(*events, end=end)
    service.open()
    route = RAG | {"cache": {"max_body": "2KiB"}}
    async with ScriptedUpstream(service) as upstream, running(settings(upstream.url, route)) as gateway:
        for _ in range(2):
            async with Client(gateway.port) as client:
                await client.send(ASK)
                assert status(await client.head()) in (
                    b"ragfront; fwd=uri-miss",
                    b"ragfront; fwd=bypass; detail=given-up",
                )
                sent = b"".join(map(chunk, events)) + end
                got = b""
                async with asyncio.timeout(5):
                    while not got.endswith(END) and (piece := await client.reader.read(1 << 16)):
                        got += piece
                if end:
                    assert body(got) == b"".join(events)
                else:
                    assert not got.endswith(END)  # cut, never ended as if it were whole
                    assert sent.startswith(got)
    assert len(upstream.asked) == 2


@pytest.mark.parametrize("leader_leaves", [False, True])
async def test_followers_get_what_has_come_and_then_the_live_tail(leader_leaves):
    events = [event(n) for n in range(6)] + [DONE]
    service = Service(*events)
    async with ScriptedUpstream(service) as upstream, running(settings(upstream.url, RAG)) as gateway:
        clients: list[Client] = []
        for number in range(6):
            client = Client(gateway.port)
            await client.__aenter__()
            clients.append(client)
            await client.send(ASK)
            if number == 0:
                await upstream.until(lambda: len(upstream.asked) == 1)
            service.open(number + 1)
            await client.head()
            for earlier in range(number + 1):
                expected = chunk(event(earlier))
                async with asyncio.timeout(5):
                    assert await client.reader.readexactly(len(expected)) == expected
            if number == 2 and leader_leaves:
                await clients[0].__aexit__()
        service.open()
        for number, client in enumerate(clients[1:] if leader_leaves else clients, 1 if leader_leaves else 0):
            rest = b"".join(map(chunk, events[number + 1 :])) + END
            async with asyncio.timeout(5):
                assert await client.reader.readexactly(len(rest)) == rest
            await client.__aexit__()
        head, again = await once(gateway.port, ASK)
        assert status(head).startswith(b"ragfront; hit")
        assert body(again) == b"".join(events)
    assert len(upstream.asked) == 1


async def test_a_thousand_followers_of_one_stream_make_one_call():
    events = [event(n) for n in range(20)] + [DONE]
    service = Service(*events)
    async with ScriptedUpstream(service) as upstream, running(settings(upstream.url, RAG)) as gateway:

        async def follow() -> bytes:
            async with Client(gateway.port) as client:
                return body((await client.ask(ASK))[1])

        following = [asyncio.create_task(follow()) for _ in range(1000)]
        await upstream.until(lambda: len(upstream.asked) == 1)
        for number in range(len(events) + 2):
            service.open(number)
            await asyncio.sleep(0.01)
        assert set(await asyncio.gather(*following)) == {b"".join(events)}
    assert len(upstream.asked) == 1


async def test_a_stream_that_everybody_left_is_stored_all_the_same():
    service = Service(event(1), DONE)
    async with ScriptedUpstream(service) as upstream, running(settings(upstream.url, RAG)) as gateway:
        async with Client(gateway.port) as client:
            await client.send(ASK)
            service.open(1)
            await client.head()
        service.open()
        await eventually(lambda: not len(gateway.worker._pipeline.flights))
        head, _ = await once(gateway.port, ASK)
        assert status(head).startswith(b"ragfront; hit")
    assert len(upstream.asked) == 1


@pytest.mark.parametrize("opened", [0, 1])
async def test_where_only_what_is_wanted_is_finished_the_upstream_hears_that_everybody_left(opened):
    service = Service(event(1), event(2), DONE)
    route = RAG | {"cache": {"finish": "wanted"}}
    async with ScriptedUpstream(service) as upstream, running(settings(upstream.url, route)) as gateway:
        async with Client(gateway.port) as first, Client(gateway.port) as second:
            await first.send(ASK)
            await upstream.until(lambda: len(upstream.asked) == 1)
            await second.send(ASK)
            service.open(opened)
            for client in (first, second):
                await client.head()
            await first.__aexit__()
            await asyncio.sleep(0.05)
            assert not service.gone.is_set()  # somebody still follows
        await asyncio.wait_for(service.gone.wait(), 5)
        await eventually(lambda: not len(gateway.worker._pipeline.flights))
    assert len(upstream.asked) == 1


async def test_a_call_before_its_answer_began_is_given_up_too():
    asked_for, gone = asyncio.Event(), asyncio.Event()

    async def silent(asked: Asked, wire: Wire) -> None:
        asked_for.set()
        await wire.reader.read(1)
        gone.set()

    route = RAG | {"cache": {"finish": "wanted"}}
    async with ScriptedUpstream(silent) as upstream, running(settings(upstream.url, route)) as gateway:
        async with Client(gateway.port) as client:
            await client.send(ASK)
            await asyncio.wait_for(asked_for.wait(), 5)
        await asyncio.wait_for(gone.wait(), 5)


async def test_a_stream_that_will_not_be_stored_is_given_up_when_everybody_has_left():
    gone = asyncio.Event()

    async def endless(asked: Asked, wire: Wire) -> None:
        await wire.send(HEAD.replace(b"200 OK", b"500 No"))
        try:
            while True:
                await wire.send(chunk(event(1)))
                await asyncio.sleep(0.005)
        finally:
            gone.set()

    async with ScriptedUpstream(endless) as upstream, running(settings(upstream.url, RAG)) as gateway:
        async with Client(gateway.port) as client:
            await client.send(ASK)
            await client.head()
        await asyncio.wait_for(gone.wait(), 5)


async def test_a_stale_stream_stands_in_where_the_first_event_is_late_or_says_that_it_failed():
    good = Service(event(1), DONE)
    good.open()
    failing = Service(FAILED, DONE)
    failing.open()
    late = Service(event(2), DONE)
    cut = Service(end=b"")
    cut.open()
    services: list[Answer] = [good]

    async def answer(asked: Asked, wire: Wire) -> None:
        await services[-1](asked, wire)

    route = RAG | {"cache": {"ttl": "50ms", "jitter": 0, "stale_while_revalidate": 0, "stale_if_error": "1h"}}
    configured = lambda url: settings(url, route, timeouts={"first_event": "200ms"})  # noqa: E731
    async with ScriptedUpstream(answer) as upstream, running(configured(upstream.url)) as gateway:
        await once(gateway.port, ASK)
        await asyncio.sleep(0.06)
        for service in (failing, late, cut):
            services.append(service)
            head, got = await once(gateway.port, ASK)
            assert status(head).startswith(b"ragfront; hit; ttl=-")
            assert status(head).endswith(b"detail=upstream-failed")
            assert body(got) == event(1) + DONE
    assert len(upstream.asked) == 4


async def test_a_first_event_that_is_late_is_a_time_out():
    service = Service(event(1))
    configured = lambda url: settings(url, RAG, timeouts={"first_event": "100ms"})  # noqa: E731
    async with ScriptedUpstream(service) as upstream, running(configured(upstream.url)) as gateway:
        async with Client(gateway.port) as client:
            await client.send(ASK)
            await client.head()
            assert await client.closed()
        await asyncio.wait_for(service.gone.wait(), 5)


async def test_an_upstream_that_sends_json_in_pieces_is_not_taken_for_a_stream():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        await wire.send(chunk(b'{"a":') + chunk(b"1}") + END)

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url, RAG)) as gateway:
        assert (await once(gateway.port, ASK))[1] == b'{"a":1}'
        assert status((await once(gateway.port, ASK))[0]).startswith(b"ragfront; hit")
    assert len(upstream.asked) == 1


@pytest.mark.parametrize(("pace", "least"), [("recorded", 0.14), ("20/s", 0.14), ("at-once", 0.0)])
async def test_a_stored_stream_is_replayed_in_the_pace_that_the_route_names(pace, least):
    events = [event(n) for n in range(3)] + [DONE]

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(HEAD)
        for each in events:
            await wire.send(chunk(each))
            await asyncio.sleep(0.05)
        await wire.send(END)

    route = RAG | {"stream": {"replay": {"pace": pace}}}
    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url, route)) as gateway:
        await once(gateway.port, ASK)
        for _ in range(2):
            began = asyncio.get_running_loop().time()
            head, got = await once(gateway.port, ASK)
            took = asyncio.get_running_loop().time() - began
            assert status(head).startswith(b"ragfront; hit")
            assert body(got) == b"".join(events)
            assert took >= least
            if pace != "at-once":
                assert b"transfer-encoding: chunked" in head.lower()
    assert len(upstream.asked) == 1
