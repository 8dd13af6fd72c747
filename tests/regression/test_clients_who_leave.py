"""Clients who leave, at every stage of their request: no task, connection, flight or count may stay behind."""

import asyncio

import pytest

from tests.support.gateway import RAG, Client, once, post, running, settings
from tests.support.leaks import left_nothing
from tests.support.upstream import Asked, ScriptedUpstream, Wire

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
POST = b"POST %b HTTP/1.1\r\nHost: gw\r\n"
UPGRADE = b"GET /ws HTTP/1.1\r\nHost: gw\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


class Stalls:
    """Answers as far as `says`, and then waits until the gateway hangs up or the gate opens."""

    def __init__(self, says: bytes) -> None:
        self.says = says
        self.gate = asyncio.Event()

    async def __call__(self, asked: Asked, wire: Wire) -> None:
        await wire.send(self.says)
        waiting = {asyncio.create_task(wire.reader.read(1)), asyncio.create_task(self.gate.wait())}
        _, late = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in late:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        wire.close()


STAGES = {
    "in the head": (b"GET / HT", b""),
    "before its body": (POST % b"/rag" + b"Content-Length: 9\r\n\r\n", b""),
    "in a body that is buffered": (POST % b"/rag" + b"Content-Length: 9\r\n\r\nabc", b""),
    "in a body that is streamed": (POST % b"/x" + b"Content-Length: 9\r\n\r\nabc", b""),
    "in a chunk": (POST % b"/x" + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", b""),
    "before 100": (POST % b"/x" + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n", b""),
    "waiting for a relay": (b"GET /x HTTP/1.1\r\nHost: gw\r\n\r\n", b""),
    "waiting for a flight": (post(b"/rag", b"{}"), b""),
    "after an interim answer": (b"GET /x HTTP/1.1\r\nHost: gw\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "in a relayed answer": (b"GET /x HTTP/1.1\r\nHost: gw\r\n\r\n", CHUNKED + b"3\r\nabc\r\n"),
    "in a recorded answer": (post(b"/rag", b"{}"), CHUNKED + b"3\r\nabc\r\n"),
    "in an event stream": (
        post(b"/rag", b"{}"),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n",
    ),
    "in a tunnel": (UPGRADE, b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw"),
    "with more requests behind": (b"GET /x HTTP/1.1\r\nHost: gw\r\n\r\n" * 50, b""),
    "with nonsense behind": (b"GET /x HTTP/1.1\r\nHost: gw\r\n\r\nnonsense", b""),
}


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("stage", STAGES)
async def test_nothing_stays_behind_a_client_who_leaves(stage: str, how: str) -> None:
    request, says = STAGES[stage]
    stalls = Stalls(says)
    async with ScriptedUpstream(stalls) as upstream, running(settings(upstream.url, RAG)) as gateway:
        for _ in range(3):
            async with Client(gateway.port) as client:
                await client.send(request)
                if says:
                    await client.head()
                elif request.endswith(b"\r\n\r\n{}"):
                    await upstream.until(lambda: bool(upstream.asked))
                else:
                    await asyncio.sleep(0.02)
                if how == "reset":
                    client.writer.transport.abort()
        stalls.gate.set()  # flights go on for the cache's sake
        await left_nothing(gateway)
        await upstream.until(lambda: upstream.open == 0)
        stalls.says = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        assert (await once(gateway.port, b"GET /x HTTP/1.1\r\nHost: gw\r\n\r\n"))[1] == b"ok"


@pytest.mark.parametrize("delay", range(12))
async def test_clients_who_leave_in_any_turn_of_the_loop_around_the_landing(delay: int) -> None:
    gate = asyncio.Event()

    async def private(asked: Asked, wire: Wire) -> None:
        await gate.wait()
        await wire.json(b"{}", b"Cache-Control: private")

    async with ScriptedUpstream(private) as upstream, running(settings(upstream.url, RAG)) as gateway:
        clients = [Client(gateway.port) for _ in range(4)]
        for client in clients:
            await client.__aenter__()
            await client.send(post(b"/rag", b"{}"))
        await upstream.until(lambda: len(upstream.asked) == 1)
        gate.set()
        for _ in range(delay):
            await asyncio.sleep(0)
        for client in clients[:-1]:
            client.writer.transport.abort()
        assert (await clients[-1].answer())[1] == b"{}"
        await clients[-1].__aexit__()
        await left_nothing(gateway)


async def test_an_answer_before_the_request_is_whole_leaves_nothing() -> None:
    class Hasty(ScriptedUpstream):
        async def _serve(self, reader, writer):
            self.asked.append(Asked(await reader.readuntil(b"\r\n\r\n"), b"", b"", 1))
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
            await reader.read()

    async with Hasty(Stalls(b"")) as upstream, running(settings(upstream.url)) as gateway:
        async with Client(gateway.port) as client:
            await client.send(POST % b"/x" + b"Content-Length: 10\r\n\r\nabc")
            head, body = await client.answer()
            assert (head[9:12], body) == (b"413", b"no")
            await client.send(b"defghijGET /y HTTP/1.1\r\nHost: gw\r\n\r\n")
            head, body = await client.answer()
            assert (head[9:12], body) == (b"413", b"no")
        await left_nothing(gateway)
    assert [asked.line for asked in upstream.asked] == [b"POST /x HTTP/1.1", b"GET /y HTTP/1.1"]
