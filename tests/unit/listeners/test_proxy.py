"""Proxy: how much of a body is read, what each failure becomes, and that every request has an end."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from gateway.listeners.proxy import Proxy
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome, Reason
from gateway.model.settings.file import LimitSettings
from tests.support.eventually import eventually
from tests.support.gateway import Client, once, post
from tests.support.pipeline import rigged
from tests.support.upstream import Asked, ScriptedUpstream, Wire


class Watching:
    """Remembers the ends."""

    def __init__(self) -> None:
        self.under_way = 0
        self.ended: list[Exchange] = []
        self.refusals: list[tuple[str, int]] = []

    def begin(self) -> None:
        self.under_way += 1

    def finish(self, x: Exchange, duration: float) -> None:
        assert duration >= 0
        self.under_way -= 1
        self.ended.append(x)

    def refused(self, peer: str, status: int, detail: str) -> None:
        self.refusals.append((peer, status))

    @property
    def told(self) -> list[tuple[Outcome, Reason | None, int]]:
        return [(x.outcome, x.reason, x.status) for x in self.ended]


@asynccontextmanager
async def proxied(answer, *routes, **limits):
    watching = Watching()
    async with ScriptedUpstream(answer) as service, rigged(service.url, *routes) as rig:
        plan = rig.pipeline.plan
        plan.settings = plan.settings.model_copy(update={"limits": LimitSettings.model_validate(limits)})
        proxy = Proxy(rig.pipeline, watching)
        sockets = await asyncio.get_running_loop().create_server(proxy.server, "127.0.0.1", 0)
        try:
            yield service, sockets.sockets[0].getsockname()[1], watching
        finally:
            sockets.close()
            await proxy.server.shutdown(1)
            assert watching.under_way == 0


async def echo(asked: Asked, wire: Wire) -> None:
    await wire.json(b"%d" % len(asked.body))


def chunked(path: bytes, *pieces: bytes) -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return b"POST %b HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n%b0\r\n\r\n" % (path, body)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 5000])
@pytest.mark.parametrize("path", [b"/rag", b"/other"])
async def test_a_body_of_any_size_arrives_whole(size, path):
    route = {"name": "rag", "key": {"max_body": 100}}
    body = b"x" * size
    async with proxied(echo, route) as (_, port, watching):
        for request in (post(path, body), chunked(path, *[body[i : i + 7] for i in range(0, size, 7)])):
            assert (await once(port, request))[1] == b"%d" % size
        await eventually(lambda: len(watching.ended) == 2)
        large = path == b"/rag" and size > 100
        assert [x.reason is Reason.REQUEST_BODY_TOO_LARGE for x in watching.ended] == [large] * 2
        assert all(x.sent == len(str(size)) for x in watching.ended)


@pytest.mark.parametrize("path", [b"/rag", b"/other"])
@pytest.mark.parametrize(
    ("rest", "status", "reason"),
    [
        (b"Content-Length: 9\r\n\r\nabc", 408, Reason.CLIENT_TIMEOUT),
        (b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n", 400, Reason.BAD_REQUEST),
        (b"Transfer-Encoding: chunked\r\n\r\n30\r\n" + b"x" * 48 + b"\r\n0\r\n\r\n", 413, Reason.TOO_LARGE),
    ],
)
async def test_a_body_that_goes_wrong(path, rest, status, reason):
    async with proxied(echo, body=40, body_read="100ms") as (service, port, watching):
        async with Client(port) as client:
            head, _ = await client.ask(b"POST " + path + b" HTTP/1.1\r\nHost: gw\r\n" + rest)
            assert int(head[9:12]) == status
            assert await client.closed()
        await eventually(lambda: watching.told == [(Outcome.ERROR, reason, status)])
        await service.until(lambda: service.open == 0)


@pytest.mark.parametrize("path", [b"/rag", b"/other"])
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_continue_is_ours_to_say_only_where_we_read_the_body(path, version):
    async with proxied(echo) as (service, port, _), Client(port) as client:
        await client.send(
            b"POST %b HTTP/%b\r\nHost: gw\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n" % (path, version)
        )
        if version == b"1.1":
            assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        head, body = await client.ask(b"{}")
        assert (head[:12], body) == (b"HTTP/1.1 200", b"2")
    assert (service.asked[0].get(b"expect") is not None) == (path == b"/other" and version == b"1.1")


async def test_bytes_that_are_no_request_are_refused_once_and_the_rest_is_not_read():
    async with proxied(echo) as (service, port, watching), Client(port) as client:
        head, _ = await client.ask(b"nonsense\r\n\r\nGET / HTTP/1.1\r\nHost: gw\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert await client.closed()
    assert watching.refusals == [("127.0.0.1", 400)]
    assert not watching.ended
    assert not service.asked


async def test_a_bug_is_a_500_in_the_log_and_the_connection_is_closed(caplog, monkeypatch):
    async with proxied(echo) as (_, port, watching):

        def bug(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("gateway.pipeline.handle.loops", bug)
        async with Client(port) as client:
            head, body = await client.ask(b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 500 ")
            assert b"ZeroDivision" not in body
            assert await client.closed()
        await eventually(lambda: watching.told == [(Outcome.ERROR, Reason.INTERNAL, 500)])
    assert "a bug" in caplog.text


async def test_a_client_that_leaves_is_an_end_too():
    async def silent(asked: Asked, wire: Wire) -> None:
        await wire.reader.read(1)

    async with proxied(silent) as (service, port, watching):
        for request in (post(b"/rag", b"{}"), b"GET /other HTTP/1.1\r\nHost: gw\r\n\r\n"):
            before = len(service.asked)
            async with Client(port) as client:
                await client.send(request)
                await service.until(lambda before=before: len(service.asked) > before)
        await eventually(lambda: watching.told == [(Outcome.ERROR, Reason.CLIENT_GONE, 0)] * 2)
        await service.stop()  # nobody waits for the flight's answer, but it would be stored
        await service.start()


async def test_an_answer_that_breaks_off_is_cut():
    async def breaks(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        await asyncio.sleep(0.02)
        wire.close()

    async with proxied(breaks) as (_, port, watching), Client(port) as client:
        await client.send(b"GET /other HTTP/1.1\r\nHost: gw\r\n\r\n")
        assert await client.closed()
        await eventually(lambda: watching.told == [(Outcome.ERROR, Reason.UPSTREAM_RESET, 200)])
