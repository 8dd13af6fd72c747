"""The hit lane never brings two requests together that the ordinary way keeps apart, and says nothing else than it."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.listeners.hitlane import HitLane
from gateway.model.errors import MessageError
from gateway.model.settings.tiers import HitLaneSettings
from gateway.observe.tally import Tally
from gateway.policy.admission import Admission
from gateway.policy.document import parse
from gateway.policy.keying import Keyer
from gateway.policy.noise import noise
from gateway.wire.head import request_head
from tests.support.gateway import Client, Running, running
from tests.support.gateway import settings as configured
from tests.support.policy import route
from tests.support.upstream import Asked, ScriptedUpstream, Wire

ROUTE = route()
LANE = HitLane(HitLaneSettings(), lambda *_: None, lambda *_: None, lambda *_: Tally(), noise([ROUTE]), False)
NAMES = st.sampled_from(
    [b"X-Request-Id", b"traceparent", b"User-Agent", b"Authorization", b"X-Api-Key", b"Cookie", b"Accept-Encoding",
     b"Range", b"Connection", b"Transfer-Encoding", b"Content-Type", b"x-request-id ", b" X-Request-Id", b""]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from([b"1", b"2", b"close", b"chunked", b"X-Api-Key", b"a\nb: c", b"a\r\nAuthorization: x", b"\x00"]),
    st.binary(max_size=6),
)
LINES = st.lists(st.tuples(NAMES, VALUES), max_size=6)
BODIES = st.sampled_from([b'{"q":1}', b'{"q":2}', b"{}\r\n\r\n"])


def wire(lines, body) -> bytes:
    fields = b"".join(b"%b:%b\r\n" % line for line in lines)
    return b"POST /rag HTTP/1.1\r\nHost: gw\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), fields, body)


def ordinary(data: bytes):
    """What the ordinary way makes of it: the reason to bypass or the key, and the body's bytes."""
    head, _, body = data.partition(b"\r\n\r\n")
    request = request_head(head + b"\r\n", 100, 1000, "192.0.2.1")
    document = parse(body)
    return Admission(ROUTE).check(request, document), Keyer(ROUTE).key(request, body, document), body


@given(LINES, BODIES, LINES, BODIES)
@settings(max_examples=2000)
def test_folded_alike_is_asked_alike(lines, body, others, other_body):
    mixed = [line for line in lines if line[0] not in (b"X-Request-Id", b"traceparent", b"User-Agent")]
    noisy = [line for line in others if line[0] in (b"X-Request-Id", b"traceparent", b"User-Agent")]
    for second in (wire(others, other_body), wire(mixed + noisy, body), wire(noisy + mixed, body)):
        first = wire(lines, body)
        folded = LANE._fold(first)
        if folded is None or folded != LANE._fold(second):
            continue
        try:
            known = ordinary(first)
        except MessageError:
            continue  # it was refused, and so never learned
        assert ordinary(second) == known


# -- all steps together: what goes over a socket is the same with the lane and without ---------------------------------

SPELLINGS = st.sampled_from([b'{"q":1}', b'{ "q" : 1 }', b'{"q":2}', b'{"q":1,"q":2}', b"", b"[", b"\xff"])
MORE = st.sampled_from(
    [
        b"X-Unknown: 1", b"X-Request-Id: 7", b"Authorization: Bearer a", b"Accept-Encoding: gzip",
        b"Connection: keep-alive", b"Connection: X-Api-Key", b"X-Api-Key: k", b'If-None-Match: "v1"',
        b"Range: bytes=0-", b"Origin: http://a", b"Via: 1.1 someone", b"Content-Type: text/plain", b"Expect: nonsense",
        b"X-Http-Method-Override: PUT",
    ]
)  # fmt: skip
# After these the connection is closed: for HTTP/1.0, because the client says so, or because they are refused.
LAST = st.sampled_from(
    [b"Connection: close", b"Connection: close, x", b"Transfer-Encoding: chunked", b"Content-Length: 3", b"Host: other",
     b"bad line", b" folded: x", b"A : b"]
)  # fmt: skip
METHODS = st.sampled_from([b"POST", b"GET", b"HEAD", b"PUT", b"post"])
TARGETS = st.sampled_from([b"/rag", b"/rag?a=1&b=2", b"/rag?b=2&a=1", b"//rag", b"http://gw/rag", b"/other"])
FEW = st.lists(MORE, max_size=3)
REQUEST = st.tuples(METHODS, TARGETS, st.just(b"1.1"), FEW, SPELLINGS)
CLOSING = st.one_of(
    st.tuples(METHODS, TARGETS, st.just(b"1.1"), st.builds(lambda few, last: [*few, last], FEW, LAST), SPELLINGS),
    st.tuples(METHODS, TARGETS, st.just(b"1.0"), st.just([]), SPELLINGS),
    st.just((b"GET", b"/other", b"1.1", [b"Connection: close"], b"")),
)
CHANGING = re.compile(rb"(?:Age: |ttl=|dur=)-?[0-9.]+")


async def echoing(asked: Asked, wire: Wire) -> None:
    """Whatever could be read differently stands in the answer."""
    told = asked.line + b"|" + b"|".join(asked.all(b"authorization") + asked.all(b"x-api-key")) + b"|" + asked.body
    body = b"" if asked.line.startswith(b"HEAD") else b"%r" % told
    length = b"Content-Length: %d" % len(b"%r" % told)
    await wire.send(b'HTTP/1.1 200 OK\r\nETag: "v1"\r\nVary: Accept-Encoding\r\n%b\r\n\r\n%b' % (length, body))


def spelled(method: bytes, target: bytes, version: bytes, lines: list[bytes], body: bytes) -> bytes:
    head = b"".join(line + b"\r\n" for line in (b"Host: gw", b"Content-Length: %d" % len(body), *lines))
    return b"%b %b HTTP/%b\r\n%b\r\n%b" % (method, target, version, head, body)


async def said(port: int, pieces: list[bytes]) -> bytes:
    """All that comes back until the connection is closed, but for what changes with time."""
    async with Client(port) as client:
        for piece in pieces:
            await client.send(piece)
            await asyncio.sleep(0.001)
        async with asyncio.timeout(5):
            return CHANGING.sub(b"", await client.reader.read())


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, list[int]]]:
    """Ports of gateways before one service: all steps, the parse step only, no lane; each from memory and from disk."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def start() -> list[int]:
            service = await stack.enter_async_context(ScriptedUpstream(echoing))
            lanes = ({}, {"memo": False}, {"memo": False, "parse": False})
            rag = {"name": "rag", "match": {"path": "/rag"}}
            for lane in lanes:
                disk = {"disk": {"path": str(tmp_path_factory.mktemp("l2")), "max_bytes": "64MiB"}}
                distrust = rag | {"cache": {"l1_ttl": 0}}  # each hit is one from disk
                for route, l2 in ((rag, None), (distrust, disk)):
                    gateway = running(configured(service.url, route, hit_lane=lane, l2=l2))
                    started.append(await stack.enter_async_context(gateway))
            return [gateway.port for gateway in started]

        started: list[Running] = []
        yield runner, runner.run(start())
        assert all(gateway.worker._tiers.stats().store.hits > 100 for gateway in started[1::2])
        runner.run(stack.aclose())


@given(st.lists(REQUEST, max_size=3), CLOSING, st.integers(1, 400), st.booleans())
@settings(max_examples=100)
def test_with_the_lane_and_without_the_same_is_said(gateways, asked, closing, cut, pipelined):
    runner, ports = gateways
    first, last = [spelled(*each) for each in asked], spelled(*closing)
    pieces = [b"".join(first), last] if pipelined else [*first, last]
    pieces = [part for piece in pieces[:-1] for part in (piece[:cut], piece[cut:]) if part] + pieces[-1:]

    async def compare() -> None:
        for _ in range(3):  # a miss, a hit that is learned from, a hit
            answers = [await said(port, pieces) for port in ports]
            assert all(answer == answers[0] for answer in answers)

    runner.run(compare())
