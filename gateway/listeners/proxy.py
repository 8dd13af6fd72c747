"""Proxy: the client listener. Bytes -> Exchange -> pipeline -> bytes, and the end of the story told once."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from gateway.listeners.connection import LINGER, ClientServer, Incoming
from gateway.listeners.deliver import Delivery
from gateway.listeners.hitlane import HitLane
from gateway.listeners.outgoing import Outgoing
from gateway.listeners.parselane import Asked, ParseLane
from gateway.model.errors import MessageError, UpstreamError
from gateway.model.exchange import Exchange, Request
from gateway.model.fields import Fields
from gateway.model.outcome import Outcome, Reason
from gateway.pipeline.answer import FromEntry, Problem, failure
from gateway.pipeline.handle import Pipeline
from gateway.pipeline.recording import TooSlow
from gateway.wire.intake import Body, Refused

_log = logging.getLogger("ragfront.proxy")


class Observer(Protocol):
    """Who is told."""

    def begin(self) -> None:
        """A request is here."""

    def finish(self, x: Exchange, duration: float) -> None:
        """It ended, this or that way. duration: seconds."""

    def refused(self, peer: str, status: int, detail: str) -> None:
        """Bytes that were no request."""


class Proxy:
    """Handles the requests of all client connections of one worker. wall: Unix seconds."""

    def __init__(
        self,
        pipeline: Pipeline,
        observer: Observer,
        lane: HitLane | None = None,
        parse_lane: ParseLane | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._pipeline = pipeline
        self._observer = observer
        self._wall = wall
        self.limits = pipeline.plan.settings.limits
        self.server = ClientServer(self.handle, self.limits)
        self.server.lane = lane
        self.server.parse_lane = parse_lane

    async def handle(self, incoming: Incoming) -> bool:
        """Answer one message of one client. True where its connection may serve another."""
        message = incoming.message
        if isinstance(message, Refused):
            return await self._refuse(incoming, message)
        asked = message if isinstance(message, Asked) else None
        x = asked.x if asked is not None else Exchange(message, time.monotonic(), self._wall())
        out = Outgoing(incoming.connection, x.request)
        x.interim = out.interim
        self._observer.begin()
        try:
            await self._serve(x, asked, incoming, out)
        finally:
            x.sent = out.sent
            self._observer.finish(x, time.monotonic() - x.started)
        return out.keep_alive

    async def _serve(self, x: Exchange, asked: Asked | None, incoming: Incoming, out: Outgoing) -> None:
        """Answer, whatever happens: with the pipeline's answer, with a problem, or by cutting off what had begun."""
        question = asked.question if asked is not None else None
        plan = question.plan if question is not None else self._pipeline.plan
        delivery, raw = Delivery(x, out, plan), incoming.connection.raw
        try:
            problem = None if asked is not None else await self._take_body(x, incoming.body, out)
            answer = problem or await self._pipeline.handle(x, question)
            if raw is not None and isinstance(answer, FromEntry) and out.plain and plan is self._pipeline.plan:
                self._teach(raw, x, answer)
            await delivery.deliver(answer)
        except asyncio.CancelledError:
            x.outcome, x.reason = Outcome.ERROR, Reason.CLIENT_GONE
            raise
        except UpstreamError as exc:
            x.outcome, x.reason = Outcome.ERROR, exc.reason
            await self._last_word(delivery, out, failure(exc))
        except ConnectionError:
            x.outcome, x.reason = Outcome.ERROR, Reason.CLIENT_GONE
            out.abort()
        except TooSlow:
            x.outcome, x.reason = Outcome.ERROR, Reason.CLIENT_TIMEOUT
            out.abort()
        except _BodyError as exc:
            x.outcome, x.reason = Outcome.ERROR, exc.reason
            await self._last_word(delivery, out, Problem(exc.status, exc.title, exc.detail, close=True))
        except TimeoutError:
            x.outcome, x.reason = Outcome.ERROR, Reason.CLIENT_TIMEOUT
            out.abort()
        except Exception:
            _log.exception("a bug: please report it")
            x.outcome, x.reason = Outcome.ERROR, Reason.INTERNAL
            failed = Problem(500, "Internal Server Error", "the gateway failed; its log says how", close=True)
            await self._last_word(delivery, out, failed)

    def _teach(self, raw: bytes, x: Exchange, answer: FromEntry) -> None:
        """Let the hit lane know what request these bytes are."""
        if self.server.lane is not None and answer.known and not answer.not_modified:
            self.server.lane.learn(raw, x, answer.entry)

    async def _last_word(self, delivery: Delivery, out: Outgoing, problem: Problem) -> None:
        if out.begun:
            out.abort()
            return
        try:
            await delivery.deliver(problem)
        except (ConnectionError, TimeoutError):
            out.abort()

    async def _take_body(self, x: Exchange, body: Body, out: Outgoing) -> Problem | None:
        """Buffer the body as far as a route needs it for its key; leave the rest to be streamed."""
        framing = body.framing
        if framing == 0:
            x.length = 0
            return None
        x.length = framing if isinstance(framing, int) else None
        largest = self.limits.body
        if largest and x.length is not None and x.length > largest:
            return _too_large(largest)
        request = x.request
        expects = request.version != (1, 0) and (request.fields.get(b"expect") or b"").lower() == b"100-continue"
        out.waited_for = expects
        wanted = self._pipeline.plan.needs_body(request)
        if not wanted or (x.length is not None and x.length > wanted):
            x.readable = False
            if x.length is not None and x.length <= _AT_ONCE and body.is_eof():
                x.body = body.read_nowait()  # it came with its head: nothing to wait for, nothing to stream
                return None
            x.rest, x.expects = self._pieces(body), expects
            x.trailers = lambda: body.trailers.pairs
            return None
        if expects:
            out.proceed()
        if x.length is not None and body.is_eof():
            x.body = body.read_nowait()
            return None
        pieces = self._pieces(body)
        held: list[bytes] = []
        size = 0
        async for piece in pieces:
            held.append(piece)
            size += len(piece)
            if size > wanted:
                x.readable, x.rest = False, pieces
                x.trailers = lambda: body.trailers.pairs
                break
        x.body = held[0] if len(held) == 1 else b"".join(held)
        return None

    async def _pieces(self, body: Body) -> AsyncIterator[bytes]:
        """A request body as it comes, within its limits of size and time."""
        size, largest = 0, self.limits.body
        while not body.at_eof():
            try:
                async with asyncio.timeout(self.limits.body_read):
                    piece = await body.readany()
            except TimeoutError:
                raise _BodyError(408, Reason.CLIENT_TIMEOUT, "Request Timeout", "the request body stopped") from None
            except MessageError as exc:
                raise _BodyError(400, Reason.BAD_REQUEST, "Bad Request", exc.detail) from exc
            size += len(piece)
            if largest and size > largest:
                raise _BodyError(
                    413, Reason.TOO_LARGE, "Content Too Large", f"the request body is over {largest} bytes"
                )
            if piece:
                yield piece

    async def _refuse(self, incoming: Incoming, refused: Refused) -> bool:
        """Bytes that are no request: one answer, one line, and the connection is closed."""
        connection = incoming.connection
        out = Outgoing(connection, None)
        self._observer.refused(connection.intake.peer, refused.status, refused.detail)
        nobody = Exchange(_NO_REQUEST, 0, 0)
        delivery = Delivery(nobody, out, self._pipeline.plan)
        title = _TITLES.get(refused.status, "Bad Request")
        await self._last_word(delivery, out, Problem(refused.status, title, refused.detail, close=True))
        transport = connection.transport
        if transport is not None and transport.can_write_eof() and not transport.is_closing():
            transport.write_eof()
            await asyncio.sleep(LINGER)  # the connection's loss cancels this
        return False


_AT_ONCE = 64 << 10  # bytes of a body that is taken whole, if it is all there, whoever wants it
_NO_REQUEST = Request(b"", b"", (1, 1), Fields(), b"", None, b"", b"http", "")
_TITLES = {
    408: "Request Timeout",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
    505: "HTTP Version Not Supported",
}


class _BodyError(Exception):
    """The request body broke off, is malformed or too large."""

    def __init__(self, status: int, reason: Reason, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.title = title
        self.detail = detail


def _too_large(largest: int) -> Problem:
    return Problem(413, "Content Too Large", f"the request body is over {largest} bytes", close=True)
