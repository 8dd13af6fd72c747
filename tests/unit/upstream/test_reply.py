"""Reply: whole, cut short, too slow; whatever happens, its connection is given back or closed."""

import asyncio

import pytest

from gateway.model.errors import UpstreamReset, UpstreamTimeout
from tests.support.talk import body_of, call, upstream_of
from tests.support.upstream import Asked, ScriptedUpstream, Wire

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def says(*parts: bytes, then: str = "stay"):
    async def answer(asked: Asked, wire: Wire) -> None:
        for part in parts:
            await wire.send(part)
        if then != "stay":
            getattr(wire, then)()

    return answer


@pytest.mark.parametrize(
    ("answer", "whole", "length"),
    [
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), True, 3),
        (says(CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"), True, None),
        (says(CHUNKED.replace(b"1.1", b"1.0", 1) + b"3\r\nabc\r\n0\r\n\r\n", then="close"), False, None),
        (says(b"HTTP/1.1 200 OK\r\n\r\nabc", then="close"), False, None),
    ],
)
async def test_whether_an_answer_is_known_to_be_whole(answer, whole, length):
    async with ScriptedUpstream(answer) as service, upstream_of(service.url) as (upstream, _):
        reply = await upstream.fetch(call())
        assert reply.length == length
        assert await body_of(reply) == b"abc"
        assert reply.whole is whole


@pytest.mark.parametrize(
    "answer",
    [
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", then="close"),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", then="reset"),
        says(CHUNKED + b"3\r\nabc\r\n", then="close"),
        says(CHUNKED + b"3\r\nabcX\r\n"),
        says(b"HTTP/1.1 200 OK\r\n\r\nabc", then="reset"),
    ],
)
async def test_an_answer_cut_short_is_a_reset(answer):
    async with ScriptedUpstream(answer) as service, upstream_of(service.url) as (upstream, calls):
        with pytest.raises(UpstreamReset):
            await body_of(await upstream.fetch(call()))
        assert upstream.pending == 0
    assert calls.ended == [("rag", "upstream-reset")]


@pytest.mark.parametrize("limit", [{"idle": "50ms"}, {"total": "50ms"}])
async def test_a_body_that_stops_is_a_timeout(limit):
    async def stops(asked: Asked, wire: Wire) -> None:
        await wire.send(CHUNKED + b"3\r\nabc\r\n")
        await wire.reader.read(1)

    async with ScriptedUpstream(stops) as service, upstream_of(service.url, timeouts=limit) as (upstream, calls):
        reply = await upstream.fetch(call())
        assert await reply.read() == b"abc"
        with pytest.raises(UpstreamTimeout):
            await reply.read()
        await service.until(lambda: service.open == 0)
    assert calls.ended == [("rag", "upstream-timeout")]


async def test_a_slow_reader_is_no_idle_upstream():
    answer = says(CHUNKED, *[b"20000\r\n" + b"x" * 0x20000 + b"\r\n"] * 20, b"0\r\n\r\n")
    async with ScriptedUpstream(answer) as service, upstream_of(service.url, timeouts={"idle": "200ms"}) as (up, _):
        reply = await up.fetch(call())
        await reply.read()
        await asyncio.sleep(0.5)
        assert len(await body_of(reply)) > 1 << 20
        assert reply.whole


async def test_giving_up_closes_the_connection():
    async def endless(asked: Asked, wire: Wire) -> None:
        await wire.send(CHUNKED + b"3\r\nabc\r\n")
        await wire.reader.read(1)

    async with ScriptedUpstream(endless) as service, upstream_of(service.url) as (upstream, calls):
        reply = await upstream.fetch(call())
        reply.close("abandoned")
        reply.close("again")
        await service.until(lambda: service.open == 0)
    assert calls.ended == [("rag", "abandoned")]


async def test_trailers_are_known_at_the_end():
    answer = says(CHUNKED + b"1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n")
    async with ScriptedUpstream(answer) as service, upstream_of(service.url) as (upstream, _):
        reply = await upstream.fetch(call())
        await body_of(reply)
        assert reply.trailers.pairs == ((b"X-Sum", b"1"),)


async def test_what_came_with_the_head_is_at_hand_once_and_frees_the_connection():
    answer = says(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
    async with ScriptedUpstream(answer) as service, upstream_of(service.url) as (upstream, calls):
        reply = await upstream.fetch(call())
        assert (reply.at_hand(), reply.at_hand()) == (b"abc", b"")
        assert reply.whole
        assert calls.ended == [("rag", "2xx")]


async def test_what_is_still_to_come_is_not_at_hand():
    gate = asyncio.Event()

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na")
        await gate.wait()
        await wire.send(b"bc")

    async with ScriptedUpstream(answer) as service, upstream_of(service.url) as (upstream, _):
        reply = await upstream.fetch(call())
        assert reply.at_hand() is None
        gate.set()
        assert await body_of(reply) == b"abc"
