"""What no route claims passes as if nobody stood between: the bytes that the upstream got, and the client."""

import asyncio
import re

import pytest

from tests.support.gateway import Client, field, once, running, settings
from tests.support.upstream import Asked, ScriptedUpstream, Wire

HOP = (b"connection", b"keep-alive", b"transfer-encoding")
ADDED = (b"via", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host")


def fields_of(head: bytes, without: tuple[bytes, ...] = ()) -> list[bytes]:
    return [line for line in head.split(b"\r\n")[1:] if line and line.split(b":")[0].lower() not in without]


REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n",
    b"GET /a%2Fb//c;p=1/../d?x=%20&x=1&&y HTTP/1.1\r\nHost: gw\r\n\r\n",
    b"GET /\xff\xfe/caf\xc3\xa9?\xe4 HTTP/1.1\r\nHost: gw\r\n\r\n",
    b'GET /{}|^`"<> HTTP/1.1\r\nHost: gw\r\n\r\n',
    b"BREW /pot HTTP/1.1\r\nHost: gw\r\nContent-Length: 2\r\n\r\nhi",
    b"M-SEARCH /x HTTP/1.1\r\nHost: gw\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: gw\r\n\r\n",
    b"DELETE /x HTTP/1.1\r\nHost: gw\r\n\r\n",
    b"GET / HTTP/1.1\r\nX-B: 1\r\nhOSt: gw\r\nx-b: 2\r\nX-Empty:\r\nX-Raw: \xff\xc3\xa9\r\n"
    b"Cookie: a=1\r\nCookie: b=2\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: gw\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x00",
    b"PUT /x HTTP/1.1\r\nHost: gw\r\nAccept-Encoding: br\r\nContent-Length: 5\r\n\r\n\x00\xff\r\n\x01",
    b"POST /rag HTTP/1.1\r\nHost: gw\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\nnot json!",
]


@pytest.mark.parametrize("request_bytes", REQUESTS, ids=lambda r: repr(r[:30]))
async def test_the_upstream_gets_what_the_client_sent(request_bytes):
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}")

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        await once(gateway.port, request_bytes)
    (asked,) = upstream.asked
    head, _, body = request_bytes.partition(b"\r\n\r\n")
    assert asked.line == head.split(b"\r\n")[0]
    assert fields_of(asked.head, ADDED) == [
        line if not line.startswith(b"X-Empty") else b"X-Empty: " for line in fields_of(head)
    ]
    assert asked.body == body
    assert re.fullmatch(rb"1\.1 ragfront-[0-9a-f]{8}", asked.get(b"via"))
    assert asked.get(b"x-forwarded-for") == b"127.0.0.1"


ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 299 Odd \xff reason\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n",
    b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
    b"HTTP/1.1 500 Oops\r\nContent-Length: 3\r\nX-A: 1\r\nx-a: 2\r\nX-Empty: \r\nX-Raw: \xff\r\n\r\nno!",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00",
    b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nDate: yesterday\r\nServer: \r\n"
    b"Content-Length: 1\r\n\r\nx",
    b"HTTP/1.1 302 Found\r\nLocation: /else?where\r\nContent-Length: 0\r\n\r\n",
]


@pytest.mark.parametrize("answer_bytes", ANSWERS, ids=lambda a: repr(a[:24]))
async def test_the_client_gets_byte_for_byte_what_the_upstream_sent(answer_bytes):
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(answer_bytes)

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        head, body = await once(gateway.port, b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
    assert head + body == answer_bytes


async def test_head_answers_keep_their_length():
    wire_bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"

    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(wire_bytes)

    async with (
        ScriptedUpstream(answer) as upstream,
        running(settings(upstream.url)) as gateway,
        Client(gateway.port) as client,
    ):
        for _ in range(2):
            head, _ = await client.ask(b"HEAD / HTTP/1.1\r\nHost: gw\r\n\r\n", b"HEAD")
            assert head == wire_bytes


async def test_chunked_answers_keep_body_and_trailers():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
            b"3\r\nabc\r\n1;e=1\r\nd\r\n0\r\nX-Sum: 7\r\n\r\n"
        )

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        head, body = await once(gateway.port, b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
    assert field(head, b"trailer") == b"X-Sum"
    assert field(head, b"transfer-encoding") == b"chunked"
    assert body.endswith(b"0\r\nX-Sum: 7\r\n\r\n")
    assert b"abc" in body


async def test_chunked_requests_keep_body_and_trailers():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}")

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        await once(
            gateway.port,
            b"POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
            b"3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n",
        )
    (asked,) = upstream.asked
    assert asked.body == b"abc"
    assert asked.raw.endswith(b"0\r\nX-Sum: 7\r\n\r\n")
    assert asked.all(b"transfer-encoding") == [b"chunked"]


async def test_hop_by_hop_fields_go_no_further():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(
            b"HTTP/1.1 200 OK\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
            b"X-End: 1\r\nContent-Length: 0\r\n\r\n"
        )

    request = (
        b"GET / HTTP/1.1\r\nHost: gw\r\nConnection: X-Mine, Upgrade, HTTP2-Settings\r\nX-Mine: 1\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAA\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: gzip\r\nX-End: 1\r\n\r\n"
    )
    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        head, _ = await once(gateway.port, request)
    assert head == b"HTTP/1.1 200 OK\r\nX-End: 1\r\nContent-Length: 0\r\n\r\n"
    assert fields_of(upstream.asked[0].head, ADDED) == [b"Host: gw", b"X-End: 1"]


async def test_an_absolute_target_goes_on_in_origin_form_with_its_own_host():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}")

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        await once(gateway.port, b"GET http://other:81/p?q=1 HTTP/1.1\r\nHost: gw\r\n\r\n")
    assert upstream.asked[0].line == b"GET /p?q=1 HTTP/1.1"
    assert upstream.asked[0].all(b"host") == [b"other:81"]


async def test_expect_continue_is_the_upstreams_to_answer():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}", status=b"417 Expectation Failed")

    class Deaf(ScriptedUpstream):
        async def _serve(self, reader, writer):  # answers the head, without reading the body
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(Asked(head, b"", head, 1))
            await answer(self.asked[-1], Wire(reader, writer))
            await reader.read()
            writer.close()

    async with Deaf(answer) as upstream, running(settings(upstream.url)) as gateway, Client(gateway.port) as client:
        await client.send(b"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        head, _ = await client.answer()
        assert head.startswith(b"HTTP/1.1 417 ")
    assert upstream.asked[0].get(b"expect") == b"100-continue"


async def test_continue_and_early_hints_are_passed_on():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
        await wire.json(b"{}")

    class Willing(ScriptedUpstream):
        async def _serve(self, reader, writer):
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await reader.readexactly(5)
            self.asked.append(Asked(head, body, head, 1))
            await answer(self.asked[-1], Wire(reader, writer))
            await reader.read()
            writer.close()

    async with Willing(answer) as upstream, running(settings(upstream.url)) as gateway, Client(gateway.port) as client:
        await client.send(b"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(b"hello")
        assert await client.head() == b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
        head, body = await client.answer()
        assert (head[:12], body) == (b"HTTP/1.1 200", b"{}")
    assert upstream.asked[0].body == b"hello"


async def test_a_tunnel_passes_bytes_both_ways():
    class Tunnel(ScriptedUpstream):
        async def _serve(self, reader, writer):
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(Asked(head, b"", head, 1))
            writer.write(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Accept: x\r\n\r\nfirst"
            )
            while data := await reader.read(100):
                writer.write(data.upper())
            writer.close()

    async def never(asked: Asked, wire: Wire) -> None:
        raise AssertionError

    async with Tunnel(never) as upstream, running(settings(upstream.url)) as gateway, Client(gateway.port) as client:
        await client.send(
            b"GET /ws HTTP/1.1\r\nHost: gw\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: k\r\n\r\nearly"
        )
        head = await client.head()
        assert head.startswith(b"HTTP/1.1 101 ")
        assert field(head, b"upgrade") == b"websocket"
        assert field(head, b"sec-websocket-accept") == b"x"
        assert await client.reader.readexactly(10) == b"firstEARLY"
        await client.send(b"\x81\x05more\r\n\r\n")
        assert await client.reader.readexactly(10) == b"\x81\x05MORE\r\n\r\n"
    assert upstream.asked[0].get(b"upgrade") == b"websocket"
    assert upstream.asked[0].get(b"sec-websocket-key") == b"k"


async def test_the_client_leaving_ends_the_upstream_call():
    async def answer(asked: Asked, wire: Wire) -> None:
        assert await wire.reader.read(1) == b""
        raise ConnectionResetError

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        async with Client(gateway.port) as client:
            await client.send(b"GET /slow HTTP/1.1\r\nHost: gw\r\n\r\n")
            await upstream.until(lambda: len(upstream.asked) == 1)
        await upstream.until(lambda: upstream.open == 0)


@pytest.mark.parametrize(
    "partial",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ],
)
@pytest.mark.parametrize("end", ["close", "reset"])
async def test_an_answer_that_breaks_off_is_cut_and_never_ended_as_if_whole(partial, end):
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(partial)
        await asyncio.sleep(0)
        getattr(wire, end)()

    async with (
        ScriptedUpstream(answer) as upstream,
        running(settings(upstream.url)) as gateway,
        Client(gateway.port) as client,
    ):
        await client.send(b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
        received = b""
        try:
            async with asyncio.timeout(5):
                while piece := await client.reader.read(1000):
                    received += piece
        except ConnectionResetError:
            pass
        assert b"0\r\n\r\n" not in received
        assert b"502" in received or received.endswith((b"abc", b"abc\r\n")) or not received


async def test_an_upstream_connection_that_died_idle_is_never_seen_by_a_client():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}")
        wire.close()  # without saying so in the answer

    async with (
        ScriptedUpstream(answer) as upstream,
        running(settings(upstream.url)) as gateway,
        Client(gateway.port) as client,
    ):
        for _ in range(20):
            head, _ = await client.ask(b"POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 1\r\n\r\nx")
            assert head.startswith(b"HTTP/1.1 200 ")
            await upstream.until(lambda: upstream.open == 0)
    assert len(upstream.asked) == 20


async def test_upstream_connections_are_kept():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}")

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        for _ in range(5):
            await once(gateway.port, b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
        assert upstream.connections == 1


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000, b"431"),
        (b"GET /" + b"a" * 20_000, b"414"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
async def test_refused_requests_get_an_answer_and_the_connection_is_closed(request_bytes, status):
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}")

    async with (
        ScriptedUpstream(answer) as upstream,
        running(settings(upstream.url)) as gateway,
        Client(gateway.port) as client,
    ):
        await client.send(request_bytes)
        head, body = await client.answer()
        assert head[9:12] == status
        assert field(head, b"connection") == b"close"
        assert field(head, b"content-type") == b"application/problem+json"
        assert b'"status":' + status in body
        assert await client.closed()


async def test_http_1_0_clients_get_what_they_understand():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")

    async with (
        ScriptedUpstream(answer) as upstream,
        running(settings(upstream.url)) as gateway,
        Client(gateway.port) as client,
    ):
        await client.send(b"GET / HTTP/1.0\r\nHost: gw\r\nConnection: keep-alive\r\n\r\n")
        whole = await client.reader.read()
    assert whole == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"


async def test_pipelined_requests_are_answered_in_order():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(asked.line.split()[1])

    async with (
        ScriptedUpstream(answer) as upstream,
        running(settings(upstream.url)) as gateway,
        Client(gateway.port) as client,
    ):
        await client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: gw\r\n\r\n" % i for i in range(100)))
        assert [(await client.answer())[1] for _ in range(100)] == [b"/%d" % i for i in range(100)]


async def test_an_upstream_that_is_gone_is_named():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.json(b"{}")

    async with ScriptedUpstream(answer) as upstream, running(settings(upstream.url)) as gateway:
        await upstream.stop()
        head, body = await once(gateway.port, b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 502 Bad Gateway")
        assert b'"upstream":"rag"' in body
        upstream.changed.clear()
        await upstream.start()
        head, _ = await once(gateway.port, b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")


async def test_an_upstream_that_says_nothing_is_a_504():
    async def answer(asked: Asked, wire: Wire) -> None:
        await wire.reader.read(1)

    configured = settings("http://127.0.0.1:1", timeouts={"first_byte": "100ms"})
    async with ScriptedUpstream(answer) as upstream:
        configured = settings(upstream.url, timeouts={"first_byte": "100ms"})
        async with running(configured) as gateway:
            head, body = await once(gateway.port, b"GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 504 Gateway Timeout")
    assert b"no answer within 0.1 s" in body
