"""Answers whose framing is odd: each client must be able to tell where the body ends, and nobody may be fooled."""

import pytest

from tests.support.gateway import RAG, Client, field, once, post, running, settings
from tests.support.leaks import left_nothing
from tests.support.upstream import Asked, ScriptedUpstream, Wire

GET = b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n"
JSON = b"Content-Type: application/json\r\n"


def says(wire_bytes: bytes, *, close: bool = False):
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(wire_bytes)
        if close:
            wire.close()

    return answer


EMPTY = [
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", False),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 0\r\n\r\n", False),
    (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", False),
    (b"HTTP/1.1 200 OK\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", False),
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", True),
    (b"HTTP/1.0 200 OK\r\n\r\n", True),
]


@pytest.mark.parametrize(("wire_bytes", "close"), EMPTY)
@pytest.mark.parametrize("request_bytes", [GET, post(b"/rag", b"{}")])
async def test_an_empty_body_of_unknown_length_ends(wire_bytes, close, request_bytes):
    """It came in one piece with the head, was taken for no body at all, and the client waited for its end."""
    async with ScriptedUpstream(says(wire_bytes, close=close)) as upstream:
        async with running(settings(upstream.url, RAG)) as gateway, Client(gateway.port) as client:
            for _ in range(2):
                head, body = await client.ask(request_bytes)
                assert head.startswith(b"HTTP/1.1 200 ")
                assert body in (b"", b"0\r\n\r\n", b"0\r\nX-Sum: 0\r\n\r\n")
                assert (field(head, b"content-length") == b"0") is (body == b"")
            await left_nothing(gateway)


@pytest.mark.parametrize("request_bytes", [GET, post(b"/rag", b"{}")])
@pytest.mark.parametrize("kind", [b"text/plain", b"application/json"])
async def test_a_length_that_chunks_overrule_does_not_reach_the_client(request_bytes, kind):
    """Both framings went on together: the next hop could take the length, and the rest for another answer."""
    confused = (
        b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\n12345\r\n0\r\n\r\n" % kind
    )
    async with ScriptedUpstream(says(confused)) as upstream, running(settings(upstream.url, RAG)) as gateway:
        head, body = await once(gateway.port, request_bytes)
        assert (field(head, b"content-length") is None) or (field(head, b"transfer-encoding") is None)
        assert body in (b"5\r\n12345\r\n0\r\n\r\n", b"12345")
        old, plain = await once(gateway.port, b"GET / HTTP/1.0\r\n\r\n")
        assert field(old, b"content-length") is None
        assert plain == b"12345"
        await upstream.until(lambda: upstream.open == 0)


@pytest.mark.parametrize("lines", [b"Content-Length: 2\r\nContent-Length: 2\r\n", b"Content-Length: 2, 2\r\n"])
async def test_a_repeated_length_reaches_the_client_once(lines):
    answer = says(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\nok")
    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        assert await once(gateway.port, GET) == (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ok")


BEHIND = [
    (
        b"GET",
        b"HTTP/1.1 200 OK\r\n" + JSON + b"Content-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    ),
    (b"HEAD", b"HTTP/1.1 200 OK\r\n" + JSON + b"Content-Length: 2\r\n\r\n{}"),
    (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n{}"),
    (b"GET", b"HTTP/1.1 304 Not Modified\r\n\r\n{}"),
]


@pytest.mark.parametrize(("method", "wire_bytes"), BEHIND)
async def test_bytes_behind_an_answer_reach_nobody(method, wire_bytes):
    """A service that sends a body with HEAD or 204 got its client a 502; now the answer stands, and only that."""
    request = b"%b /get HTTP/1.1\r\nHost: gw\r\n\r\n" % method
    route = {"name": "get", "match": {"method": ["GET", "HEAD"], "path": "/get"}}
    async with ScriptedUpstream(says(wire_bytes)) as upstream:
        for routes in ([], [route]):
            async with running(settings(upstream.url, *routes)) as gateway:
                before = len(upstream.asked)
                for _ in range(3):
                    head, body = await once(gateway.port, request, method)
                    assert head.split(b"\r\n")[0] == wire_bytes.split(b"\r\n")[0]
                    assert body in (b"", b"{}")
                    assert b"stored" not in (field(head, b"cache-status") or b"")
                assert len(upstream.asked) == before + 3
                await upstream.until(lambda: upstream.open == 0)
                await left_nothing(gateway)


@pytest.mark.parametrize(
    "wire_bytes",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw",
        b"HTTP/1.1 099 Odd\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000 + b"\r\n\r\n",
    ],
    ids=["unasked 101", "status 99", "1xx flood", "field flood", "huge field"],
)
@pytest.mark.parametrize("request_bytes", [GET, post(b"/rag", b"{}")])
async def test_nonsense_instead_of_an_answer_is_a_502(wire_bytes, request_bytes):
    """An unasked 101 was passed on as final, and kept its connection for ever; 1xx answers had no end."""
    async with ScriptedUpstream(says(wire_bytes)) as upstream, running(settings(upstream.url, RAG)) as gateway:
        async with Client(gateway.port) as client:
            await client.send(request_bytes)
            while (head := await client.head())[9:10] == b"1":
                pass
            assert head.startswith(b"HTTP/1.1 502 ")
        await left_nothing(gateway)


async def test_trailers_that_would_change_the_message_stay_behind():
    """A service that merges trailers into the head would have read another length or host in them."""

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
            b"0\r\nContent-Length: 9\r\nX-Sum: 1\r\nTransfer-Encoding: gzip\r\n\r\n"
        )

    request = (
        b"POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
        b"0\r\nHost: evil\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n"
    )
    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        _, body = await once(gateway.port, request)
    assert body.endswith(b"\r\n0\r\nX-Sum: 1\r\n\r\n")
    assert upstream.asked[0].raw.endswith(b"\r\n0\r\nX-Sum: 1\r\n\r\n")


async def test_chunk_extensions_are_no_way_to_send_a_gigabyte():
    flood = (b"1;" + b"x" * 4000 + b"\r\na\r\n") * 30
    async with ScriptedUpstream(says(b"")) as upstream, running(settings(upstream.url, RAG)) as gateway:
        head, body = await once(
            gateway.port, b"POST /rag HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n" + flood
        )
        assert head.startswith(b"HTTP/1.1 400 ")
        assert b"chunk extensions" in body
        await left_nothing(gateway)


@pytest.mark.parametrize("path", [b"/rag", b"/other"])
async def test_chunks_that_end_with_lf_are_refused_at_once(path):
    """They were waited for until the body's time limit, and answered with 408."""
    head = b"POST %b HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n" % path
    async with ScriptedUpstream(says(b"")) as upstream, running(settings(upstream.url, RAG)) as gateway:
        answer, _ = await once(gateway.port, head + b"3\nabc\n0\n\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
        await left_nothing(gateway)
