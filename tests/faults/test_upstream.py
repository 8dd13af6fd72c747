"""The only upstream as a failing neighbour: each way to fail, without and with a stale answer that can stand in."""

import asyncio
import re
from typing import Any

import pytest

from tests.support.gateway import RAG, Client, field, once, post, running, settings
from tests.support.leaks import left_nothing
from tests.support.upstream import Asked, ScriptedUpstream, Wire

ASK = post(b"/rag", b'{"query": "q"}')
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
LIMITS = {"connect": "500ms", "first_byte": "200ms", "idle": "200ms"}


async def fine(asked: Asked, wire: Wire) -> None:
    await wire.json(b'"fine"')


async def resets_at_once(asked: Asked, wire: Wire) -> None:
    wire.reset()


async def hangs_up_at_once(asked: Asked, wire: Wire) -> None:
    wire.close()


async def resets_in_the_body(asked: Asked, wire: Wire) -> None:
    await wire.send(HEAD + b'{"half": ')
    wire.reset()


async def says_more_than_it_sends(asked: Asked, wire: Wire) -> None:
    await wire.send(HEAD + b'{"half": 1}')
    wire.close()


async def stalls(asked: Asked, wire: Wire) -> None:
    await wire.reader.read(1)


async def stalls_in_the_head(asked: Asked, wire: Wire) -> None:
    await wire.send(HEAD[:20])
    await wire.reader.read(1)


async def stalls_in_the_body(asked: Asked, wire: Wire) -> None:
    await wire.send(HEAD + b'{"half": ')
    await wire.reader.read(1)


async def has_two_lengths(asked: Asked, wire: Wire) -> None:
    await wire.send(HEAD.replace(b"\r\n\r\n", b"\r\nContent-Length: 7\r\n\r\n") + b'{"a": 1}')


async def speaks_no_http(asked: Asked, wire: Wire) -> None:
    await wire.send(b"-ERR unknown command\r\n\r\n")
    wire.close()


async def is_too_busy(asked: Asked, wire: Wire) -> None:
    await wire.json(b'{"error": "busy"}', b"Retry-After: 7", status=b"503 Service Unavailable")


FAULTS: list[tuple[Any, int, bytes]] = [
    (resets_at_once, 502, b"upstream-reset"),
    (hangs_up_at_once, 502, b"upstream-reset"),
    (resets_in_the_body, 502, b"upstream-reset"),
    (says_more_than_it_sends, 502, b"upstream-reset"),
    (stalls, 504, b"upstream-timeout"),
    (stalls_in_the_head, 504, b"upstream-timeout"),
    (stalls_in_the_body, 504, b"upstream-timeout"),
    (has_two_lengths, 502, b"upstream-protocol"),
    (speaks_no_http, 502, b"upstream-protocol"),
    (is_too_busy, 503, b"status"),  # its own words, passed on
]
EACH = pytest.mark.parametrize(("fault", "status", "reason"), FAULTS, ids=[fault.__name__ for fault, *_ in FAULTS])


@EACH
async def test_where_nothing_can_stand_in_the_client_is_told_and_nothing_is_stored(fault, status, reason):
    async with ScriptedUpstream(fault) as upstream:
        configured = settings(upstream.url, RAG, timeouts=LIMITS)
        async with running(configured) as gateway:
            for _ in range(2):
                head, _ = await once(gateway.port, ASK)
                assert head[9:12] == b"%d" % status
                assert b"detail=" + reason in (field(head, b"cache-status") or b"")
            assert len(upstream.asked) >= 2
            upstream.answer = fine
            head, body = await once(gateway.port, ASK)
            assert (head[9:12], body) == (b"200", b'"fine"')
            await left_nothing(gateway)


@EACH
async def test_a_stale_answer_stands_in_and_says_so(fault, status, reason):
    route = RAG | {"cache": {"ttl": "50ms", "jitter": "0", "l1_ttl": "50ms", "stale_while_revalidate": 0}}
    async with ScriptedUpstream(fine) as upstream:
        configured = settings(upstream.url, route, timeouts=LIMITS)
        async with running(configured) as gateway:
            await once(gateway.port, ASK)
            await asyncio.sleep(0.1)  # the answer's own time, which is the wall clock's
            upstream.answer = fault
            head, body = await once(gateway.port, ASK)
            assert (head[9:12], body) == (b"200", b'"fine"')
            assert re.search(rb"hit; ttl=-\d+.*detail=upstream-failed", field(head, b"cache-status") or b"")
            page = gateway.worker._metrics.render()[0].decode()
            assert re.search(r'outcome="stale"\S* 1\.0', page)
            await left_nothing(gateway)


async def test_one_that_refuses_connections_is_told_at_once_and_used_again_when_it_is_back():
    async with ScriptedUpstream(fine) as upstream:
        configured = settings(upstream.url, RAG, timeouts=LIMITS)
        async with running(configured) as gateway:
            await upstream.stop()
            head, _ = await once(gateway.port, ASK)
            assert head[9:12] == b"502"
            assert b"detail=upstream-unreachable" in (field(head, b"cache-status") or b"")
            await upstream.start()
            assert (await once(gateway.port, ASK))[1] == b'"fine"'
            await left_nothing(gateway)


@pytest.mark.parametrize("fault", [resets_in_the_body, stalls_in_the_body, says_more_than_it_sends])
async def test_what_is_passed_through_is_cut_and_never_ended_as_if_it_were_whole(fault):
    async with ScriptedUpstream(fault) as upstream:
        async with running(settings(upstream.url, RAG, timeouts=LIMITS)) as gateway, Client(gateway.port) as client:
            await client.send(post(b"/other", b"{}"))
            assert b"Content-Length: 100" in await client.head()
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                async with asyncio.timeout(5):
                    await client.reader.readexactly(100)
            await left_nothing(gateway)
