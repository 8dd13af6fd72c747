"""Outgoing: the bytes of one answer, for each kind of client."""

import asyncio

import pytest

from gateway.listeners.connection import Incoming
from gateway.listeners.outgoing import Outgoing
from tests.support.gateway import Client
from tests.support.listener import listening, told

GET = b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"
OLD_KEPT = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: gw\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: gw\r\nConnection: x, Close\r\n\r\n"
LENGTH = ((b"Content-Length", b"2"),)


@pytest.mark.parametrize(
    ("request_bytes", "extra", "body", "kept"),
    [
        (GET, b"", b"ok", True),
        (LAST, b"Connection: close\r\n", b"ok", False),
        (OLD, b"Connection: close\r\n", b"ok", False),
        (OLD_KEPT, b"Connection: keep-alive\r\n", b"ok", True),
        (HEAD, b"", b"", True),
    ],
)
async def test_a_body_of_known_length(request_bytes, extra, body, kept):
    async def say(out: Outgoing) -> None:
        await out.whole(out.head(200, b"OK", LENGTH, length=2), b"ok")
        assert out.sent == len(body)

    wire, keeps = await told(request_bytes, say)
    assert (wire, keeps) == (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + extra + b"\r\n" + body, kept)


@pytest.mark.parametrize(
    ("request_bytes", "extra", "body", "kept"),
    [
        (GET, b"Transfer-Encoding: chunked\r\n", b"2\r\nok\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\n", True),
        (OLD, b"Connection: close\r\n", b"ok!", False),
        (OLD_KEPT, b"Connection: close\r\n", b"ok!", False),
        (HEAD, b"", b"", True),
    ],
)
async def test_a_body_whose_end_only_its_end_tells(request_bytes, extra, body, kept):
    async def say(out: Outgoing) -> None:
        out.write(out.head(200, b"OK", (), length=None))
        for piece in (b"ok", b"", b"!"):
            await out.body(piece)
        out.end(((b"T", b"1"),))

    wire, keeps = await told(request_bytes, say)
    assert (wire, keeps) == (b"HTTP/1.1 200 OK\r\n" + extra + b"\r\n" + body, kept)


@pytest.mark.parametrize("status", [204, 304])
async def test_some_statuses_have_no_body(status):
    async def say(out: Outgoing) -> None:
        await out.whole(out.head(status, b"", (), length=None), b"never")

    assert (await told(GET, say))[0] == b"HTTP/1.1 %d \r\n\r\n" % status


async def test_interim_answers_are_for_clients_who_know_them_and_come_before_the_head():
    async def say(out: Outgoing) -> None:
        out.interim(103, b"Early Hints", ((b"Link", b"</a>"),))
        head = out.head(200, b"OK", LENGTH, length=2)
        out.interim(103, b"Too Late", ())
        await out.whole(head, b"ok")

    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    assert (await told(GET, say))[0].startswith(hints + b"HTTP/1.1 200 OK\r\n")
    assert (await told(OLD, say))[0].startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("asked", [True, False])
async def test_a_connection_whose_client_was_never_asked_for_its_body_is_closed(asked):
    async def say(out: Outgoing) -> None:
        out.waited_for = True
        if asked:
            out.proceed()
        await out.whole(out.head(200, b"OK", LENGTH, length=2), b"ok")

    wire, kept = await told(GET, say)
    assert kept is asked
    assert (b"Connection: close" in wire) is not asked


async def test_a_large_body_is_sent_no_faster_than_it_is_taken():
    body = bytes(range(256)) * 40_000

    async def handler(incoming: Incoming) -> bool:
        out = Outgoing(incoming.connection, incoming.message)
        sending = asyncio.create_task(out.whole(out.head(200, b"OK", (), length=len(body)), body))
        while not incoming.connection.writing_paused:
            await asyncio.sleep(0)
        transport = incoming.connection.transport
        assert transport is not None
        assert transport.get_write_buffer_size() < len(body) // 2
        await sending
        return out.keep_alive

    async with listening(handler) as (_, port), Client(port) as client:
        await client.send(GET)
        await client.head()
        assert await client.reader.readexactly(len(body)) == body


async def test_who_has_gone_cannot_be_written_to():
    async def handler(incoming: Incoming) -> bool:
        out = Outgoing(incoming.connection, incoming.message)
        out.abort()
        assert not out.keep_alive
        with pytest.raises(ConnectionResetError):
            out.write(b"x")
        seen.set()
        return False

    seen = asyncio.Event()
    async with listening(handler) as (_, port), Client(port) as client:
        await client.send(GET)
        await asyncio.wait_for(seen.wait(), 5)
