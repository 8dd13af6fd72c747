"""Receive: who gets an answer in which form, while it comes and after; what breaks off."""

import asyncio

import pytest

from gateway.model.errors import UpstreamReset
from gateway.pipeline.answer import FromEntry, FromRecording, FromReply
from tests.support.pipeline import read, rigged
from tests.support.upstream import Asked, ScriptedUpstream, Wire


async def fine(asked: Asked, wire: Wire) -> None:
    await wire.json(b'"fine"')


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", FromRecording),
        (b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", FromRecording),
        (b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", FromRecording),
        (b"Set-Cookie: a\r\nContent-Length: 2\r\n\r\n{}", FromReply),
    ],
)
async def test_who_gets_the_answer_in_which_form(answer, kind):
    async def says(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\n" + answer)

    async with ScriptedUpstream(says) as service, rigged(service.url) as rig:
        got = await rig.pipeline.handle(rig.exchange())
        assert isinstance(got, kind)
        assert await read(got) == b"{}"


async def test_a_text_of_unknown_length_is_passed_on_while_it_comes():
    gate = asyncio.Event()

    async def drips(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        await gate.wait()
        await wire.send(b"1\r\nb\r\n0\r\n\r\n")

    async with ScriptedUpstream(drips) as service, rigged(service.url) as rig:
        answer = await rig.pipeline.handle(rig.exchange())
        assert isinstance(answer, FromRecording)
        assert not answer.recording.done
        gate.set()
        assert await read(answer) == b"ab"
        await rig.landed()
        assert isinstance(await rig.pipeline.handle(rig.exchange()), FromEntry)


async def test_an_answer_that_breaks_off_is_not_stored():
    async def breaks(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        await asyncio.sleep(0.02)
        wire.reset()

    async with ScriptedUpstream(breaks) as service, rigged(service.url) as rig:
        for _ in range(2):
            answer = await rig.pipeline.handle(rig.exchange())
            with pytest.raises(UpstreamReset):
                await read(answer)
            await rig.landed()
    assert len(service.asked) == 2


async def test_a_bug_reaches_the_client_as_such_and_frees_the_connection(monkeypatch):
    async with ScriptedUpstream(fine) as service, rigged(service.url) as rig:
        rule = rig.pipeline.plan.match(rig.exchange().request, None)

        def bug(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(type(rule.storing), "head", bug)
        with pytest.raises(ZeroDivisionError):
            await rig.ask()
        await rig.landed()
        assert rig.upstream.pending == 0
        assert not rig.upstream._pool._connector._acquired


async def test_the_end_of_the_worker_ends_those_who_read_along():
    async def endless(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        await wire.reader.read(1)

    async with ScriptedUpstream(endless) as service, rigged(service.url) as rig:
        answer = await rig.pipeline.handle(rig.exchange())
        reading = asyncio.create_task(read(answer))
        await asyncio.sleep(0)
        await rig.pipeline.flights.close(0)
        with pytest.raises(UpstreamReset):
            await asyncio.wait_for(reading, 5)
        assert rig.upstream.pending == 0
