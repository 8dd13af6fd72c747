"""Deliver: each kind of answer as bytes, and what is told about it."""

import re

import pytest

from gateway.listeners.deliver import Delivery
from gateway.listeners.outgoing import Outgoing
from gateway.model.entry import Entry
from gateway.model.errors import UpstreamReset
from gateway.model.exchange import Exchange
from gateway.model.fields import Fields
from gateway.model.outcome import Outcome
from gateway.pipeline.answer import Answer, FromEntry, FromRecording, FromReply, Problem
from gateway.pipeline.plan import Plan
from gateway.pipeline.recording import Recording
from tests.support import policy
from tests.support.listener import told
from tests.support.pipeline import plan_settings
from tests.support.talk import call, upstream_of
from tests.support.upstream import Asked, ScriptedUpstream, Wire

GET = b"GET /rag HTTP/1.1\r\nHost: gw\r\n\r\n"
OLD = b"GET /rag HTTP/1.0\r\n\r\n"


async def delivered(answer: Answer, request_bytes: bytes = GET, *, routed: bool = False, **found) -> bytes:
    """What the client gets. Volatile figures are left out."""
    async with upstream_of("http://up") as (upstream, _):
        plan = Plan(plan_settings("http://up", {"name": "rag"}), {"rag": upstream})
        method = request_bytes.split()[0]
        x = Exchange(policy.request(method), 0.0, 1100.0, **found)
        x.route = plan.settings.routes[0] if routed else None

        async def say(out: Outgoing) -> None:
            await Delivery(x, out, plan).deliver(answer)

        wire, _ = await told(request_bytes, say)
    assert x.status == int(wire[9:12])
    return re.sub(rb"dur=[0-9.]+", b"dur=_", wire)


def entry(**values) -> Entry:
    return policy.entry(**{"fields": ((b"ETag", b'"e"'), (b"Content-Type", b"text/plain")), "body": b"body", **values})


async def test_an_entry_has_its_age_its_length_and_its_story():
    wire = await delivered(
        FromEntry(entry(initial_age=7.0)), routed=True, outcome=Outcome.HIT, ttl=500, tier="memory"
    )  # fmt: skip
    assert wire == (
        b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nAge: 107\r\n'
        b"Cache-Status: ragfront; hit; ttl=500\r\n"
        b'Server-Timing: ragfront;desc="hit"\r\n\r\nbody'
    )


@pytest.mark.parametrize(
    ("answer", "request_bytes", "wanted"),
    [
        (FromEntry(entry(), not_modified=True), GET, b'HTTP/1.1 304 Not Modified\r\nETag: "e"\r\nAge: 100\r\n\r\n'),
        (
            FromEntry(entry(fields=((b"Content-Length", b"99"),), body=b"")),
            b"HEAD /rag HTTP/1.1\r\nHost: gw\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nAge: 100\r\n\r\n",
        ),
        (FromEntry(entry(status=204, reason=b"", fields=(), body=b"")), GET, b"HTTP/1.1 204 \r\nAge: 100\r\n\r\n"),
        (
            FromEntry(entry(fields=())),
            OLD,
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nAge: 100\r\nConnection: close\r\n\r\nbody",
        ),
    ],
    ids=["304", "HEAD", "204", "HTTP/1.0"],
)
async def test_entries_for_all_sorts_of_requests(answer, request_bytes, wanted):
    assert await delivered(answer, request_bytes) == wanted


def recorded(
    *pieces: bytes, length: int | None = None, limit: int = 1000, trailers=(), end: bool = True
) -> FromRecording:
    made = Recording(200, b"OK", Fields(((b"X", b"y"), (b"Connection", b"close"))), limit, length)
    for piece in pieces:
        made.feed(piece)
    if end:
        made.finish(trailers)
    return FromRecording(made)


@pytest.mark.parametrize(
    ("answer", "request_bytes", "wanted"),
    [
        (recorded(b"a", b"b"), GET, b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 2\r\n\r\nab"),
        (recorded(), GET, b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 0\r\n\r\n"),
        (
            recorded(b"a", b"b", trailers=((b"T", b"1"),)),
            GET,
            b"HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\nT: 1\r\n\r\n",
        ),
        (
            recorded(b"a", b"b", limit=1),
            GET,
            b"HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
        ),
        (recorded(b"a", b"b", limit=1), OLD, b"HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\nab"),
    ],
    ids=["whole", "empty", "trailers", "over-long", "over-long for HTTP/1.0"],
)
async def test_recordings(answer, request_bytes, wanted):
    assert await delivered(answer, request_bytes) == wanted


async def test_a_recording_that_has_failed_already_says_nothing():
    answer = recorded(b"a", end=False)
    answer.recording.fail(UpstreamReset("rag", "gone"))

    async def say(out: Outgoing) -> None:
        with pytest.raises(UpstreamReset):
            await Delivery(Exchange(policy.request(), 0.0, 0.0), out, None).deliver(answer)  # type: ignore[arg-type]
        assert not out.begun
        out.abort()

    assert (await told(GET, say))[0] == b""


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        (b"Content-Length: 2\r\nKeep-Alive: 5\r\n\r\nok", b"Content-Length: 2\r\n\r\n<ok"),
        (b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", b"Content-Length: 2\r\n\r\n<ok"),
        (
            b"Content-Length: 9\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            b"X: y\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n<\r\n2\r\nok\r\n0\r\n\r\n",
        ),
    ],
)
async def test_a_reply_goes_on_as_it_came_behind_what_was_read_of_it(sent, wanted):
    async def says(asked: Asked, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\n" + sent)

    async with ScriptedUpstream(says) as service, upstream_of(service.url) as (upstream, calls):
        reply = await upstream.fetch(call())
        assert await delivered(FromReply(reply, b"<")) == b"HTTP/1.1 200 OK\r\n" + wanted
        assert (upstream.pending, calls.inflight) == (0, 0)


async def test_a_problem_is_a_document():
    wire = await delivered(
        Problem(502, "Bad Gateway", "gone", {"upstream": "rag"}, ((b"Retry-After", b"1"),), close=True)
    )
    head, _, body = wire.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/problem+json\r\n")
    assert head.endswith(b"Retry-After: 1\r\nConnection: close")
    assert body == b'{"type":"about:blank","title":"Bad Gateway","status":502,"detail":"gone","upstream":"rag"}'
