"""Deliver: an answer of the pipeline to bytes for the client, with Age, Cache-Status and Server-Timing."""

import asyncio
import time
from email.utils import formatdate
from http import HTTPStatus

import orjson

from gateway.listeners import hits
from gateway.listeners.outgoing import Outgoing
from gateway.model.entry import Entry, EntryFlag
from gateway.model.exchange import Exchange
from gateway.model.fields import Fields, Pairs
from gateway.model.outcome import Outcome
from gateway.model.settings.stream import StreamSettings
from gateway.pipeline.answer import Answer, FromEntry, FromRecording, FromReply, Problem
from gateway.pipeline.plan import Plan
from gateway.policy import freshness
from gateway.policy.cachestatus import cache_status
from gateway.policy.pacing import beats
from gateway.policy.tags import FIELD_NAMES
from gateway.upstream.reply import Reply

_FRESH = frozenset({Outcome.HIT, Outcome.EMPTY})
_CONDITIONAL = (b"content-type", b"content-encoding", b"content-language", b"content-range")


class Delivery:
    """Delivers the answers of one exchange. Raises UpstreamError where the body broke off; `out` says if it began."""

    def __init__(self, x: Exchange, out: Outgoing, plan: Plan) -> None:
        self._x = x
        self._out = out
        self._plan = plan

    async def deliver(self, answer: Answer) -> None:
        """Send it all."""
        match answer:
            case FromEntry():
                await self._entry(answer)
            case FromRecording():
                await self._recording(answer)
            case FromReply():
                await self._reply(answer)
            case Problem():
                await self._problem(answer)

    async def _entry(self, answer: FromEntry) -> None:
        x, entry = self._x, answer.entry
        age = b"%d" % freshness.age(entry, x.now)
        if answer.not_modified:
            x.status = 304
            pairs = tuple(pair for pair in entry.fields if pair[0].lower() not in _CONDITIONAL)
            head = self._out.head(304, b"Not Modified", (*pairs, (b"Age", age), *self._told()), length=0)
            await self._out.whole(head, b"")
            return
        x.status = entry.status
        stream = x.route.stream if x.route is not None and entry.flags & EntryFlag.STREAM else None
        if stream is not None and stream.replay.pace != "at-once":
            await self._paced(entry, age, stream)
            return
        if x.outcome in _FRESH and x.reason is None and self._out.plain:
            self._out.begun = True
            await self._out.whole(hits.head(entry, x.now, self._plan.settings.server_timing), entry.body)
            return
        # The length of an entry made by HEAD is that of what GET would bring, and stands among its fields.
        bodiless = x.request.method == b"HEAD" or entry.status == 204
        length = () if bodiless else ((b"Content-Length", b"%d" % len(entry.body)),)
        pairs = (*entry.fields, *length, (b"Age", age), *self._told())
        head = self._out.head(entry.status, entry.reason, pairs, length=len(entry.body))
        await self._out.whole(head, entry.body)

    async def _paced(self, entry: Entry, age: bytes, stream: StreamSettings) -> None:
        """A stored stream, part by part, each in its time."""
        out, loop = self._out, asyncio.get_running_loop()
        out.write(out.head(entry.status, entry.reason, (*entry.fields, (b"Age", age), *self._told()), length=None))
        began = loop.time()
        for seconds, part in beats(entry, stream.replay.pace, stream.framing):
            wait = began + seconds - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            await out.body(part)
        out.end()

    async def _recording(self, answer: FromRecording) -> None:
        x, recording = self._x, answer.recording
        if recording.error is not None:
            raise recording.error
        x.status = recording.status
        length = recording.length
        pairs = self._onward(recording.fields, length)
        if recording.done and not recording.overflown and length is None and not recording.trailers:
            length = recording.size
            pairs = (*pairs, (b"Content-Length", b"%d" % length))
        head = self._out.head(recording.status, recording.reason, (*pairs, *self._told()), length=length)
        if recording.done and not recording.overflown and length is not None:
            await self._out.whole(head, recording.body)
            return
        self._out.write(head)
        async for piece in recording.read():
            await self._out.body(piece)
        self._out.end(recording.trailers)

    async def _reply(self, answer: FromReply) -> None:
        x, reply, out = self._x, answer.reply, self._out
        x.status = reply.head.status
        try:
            if reply.upgraded:
                await self._tunnel(reply)
                return
            pairs = self._onward(reply.head.fields, reply.length)
            head = out.head(x.status, reply.head.reason, (*pairs, *self._told()), length=reply.length)
            if (rest := reply.at_hand()) is not None:
                await out.whole(head, answer.prefix + rest)  # in one write (bench/miss.py)
                return
            out.write(head)
            await out.body(answer.prefix)
            while piece := await reply.read():
                await out.body(piece)
            out.end(reply.trailers)
        finally:
            x.upstream_seconds = x.upstream_seconds or time.monotonic() - x.started
            reply.close()

    async def _tunnel(self, reply: Reply) -> None:
        """Both ways at once, until one side closes; the other is closed then too."""
        out = self._out
        pairs = self._plan.forwarding.upgraded_fields(reply.head.fields)
        out.write(out.upgraded(reply.head.status, reply.head.reason, pairs))
        await out.splice(*reply.tunnel())
        reply.close(f"{reply.head.status // 100}xx")

    async def _problem(self, problem: Problem) -> None:
        self._x.status = problem.status
        self._out.keep_alive = self._out.keep_alive and not problem.close
        document = {
            "type": "about:blank",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.detail,
            **problem.members,
        }
        body = orjson.dumps(document)
        pairs = (
            (b"Content-Type", b"application/problem+json"),
            (b"Content-Length", b"%d" % len(body)),
            *problem.fields,
            *self._told(),
        )
        reason = HTTPStatus(problem.status).phrase.encode()
        await self._out.whole(self._out.head(problem.status, reason, pairs, length=len(body)), body)

    def _onward(self, fields: Fields, length: int | None) -> Pairs:
        """The upstream's fields. A length that its framing overruled, or said twice, must not reach the client."""
        stated = fields.all(b"content-length")
        if stated and (length is None or len(stated) > 1 or b"," in stated[0]):
            said = () if length is None else ((b"Content-Length", stated[0].partition(b",")[0].strip()),)
            fields = Fields((*(pair for pair in fields if pair[0].lower() != b"content-length"), *said))
        route = self._x.route
        if route is not None and not route.pass_tags:
            fields = Fields(pair for pair in fields if pair[0].lower() not in FIELD_NAMES)
        pairs = self._plan.forwarding.response_fields(fields)
        if route is not None and route.cache.rules == "http" and b"date" not in fields:
            pairs = (*pairs, (b"Date", formatdate(self._now(), usegmt=True).encode()))
        return pairs

    def _now(self) -> float:
        """Unix seconds. What had no Date when it came bears ours from there on (RFC 9110 section 6.6.1)."""
        return self._x.now + time.monotonic() - self._x.started

    def _told(self) -> Pairs:
        """What we say about a request that a route claimed; others pass as if we were not there."""
        x = self._x
        if x.route is None:
            return ()
        told: Pairs = ((b"Cache-Status", cache_status(x)),)
        if x.rung:
            told = (*told, (b"X-Ragfront-Degraded", b"%b; reason=%b" % (x.rung.encode(), (x.reason or "").encode())))
        if not self._plan.settings.server_timing:
            return told
        if x.outcome in _FRESH:  # what it took is below what a clock on the wire could tell
            return (*told, (b"Server-Timing", b'ragfront;desc="%b"' % x.outcome.encode()))
        spent = (time.monotonic() - x.started) * 1000
        return (*told, (b"Server-Timing", b'ragfront;desc="%b";dur=%.1f' % (x.outcome.encode(), spent)))
