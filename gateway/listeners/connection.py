"""A client's connection: aiohttp's server protocol with our strict reading of requests and our time limits."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from gateway.listeners.hitlane import HitLane
from gateway.listeners.parselane import ParseLane
from gateway.model.exchange import Request
from gateway.model.settings.file import LimitSettings
from gateway.wire.intake import Body, Messages, RequestIntake
from gateway.wire.tunnel import TunnelEnd

# How long a refused or answered client may go on sending before the connection is closed: closing at once would
# reset it, and with that destroy the answer on its way (RFC 9112 section 9.6).
LINGER = 2.0
_JOIN = 16 << 10  # bytes up to which copying is cheaper than a second write


class ClientConnection(RequestHandler):
    """aiohttp keeps the connection, its queue of requests and its draining; RequestIntake says what bytes mean."""

    def __init__(self, server: "ClientServer", loop: asyncio.AbstractEventLoop, limits: LimitSettings) -> None:
        super().__init__(server, loop=loop, keepalive_timeout=limits.idle, lingering_time=LINGER, access_log=None)  # type: ignore[arg-type]
        self._limits = limits
        self._head_timer: asyncio.TimerHandle | None = None
        self.raw: bytes | None = None  # the bytes of the request in hand, where they were that and nothing else
        self._waits = False  # for a seat
        self._held = b""  # what came meanwhile
        self._server = server
        self.intake = RequestIntake(
            self,
            loop,
            max_head=limits.header_bytes,
            max_fields=limits.header_count,
            max_target=limits.target_bytes,
            sift=self._sift,
        )
        self._parser = self.intake  # type: ignore[assignment]  # the interface, not the class, is what aiohttp uses

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is here. Beyond the limit of connections it waits until another has left."""
        super().connection_made(transport)
        peer = self.peername
        self.intake.peer = peer[0] if isinstance(peer, tuple) else ""
        self._server.seat(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The client is gone."""
        self._stop_head_timer()
        super().connection_lost(exc)
        self._server.unseat(self)

    def data_received(self, data: bytes) -> None:
        """Bytes from the client: for the hit lane if they are a known request, else the ordinary way."""
        self.raw = None
        if self._waits:
            # uvloop reads as soon as a connection is made, whatever it was told before: this stops it.
            self._held += data
            self._pause_transport_reading()
            return
        if self._waiter is not None and self.intake.at_rest and not (self.draining or self._paused):
            lane = self._server.lane
            answer = lane.answer(data, self.intake.peer) if lane is not None else None
            if answer is not None:
                self._answer(*answer)
                return
            self.raw = data
        super().data_received(data)
        if not self.intake.between:
            self.raw = None  # no whole request, or more than one
        if self.intake.mid_head:
            if self._head_timer is None:
                self._head_timer = self._loop.call_later(self._limits.header_read, self._head_late)
        elif self._head_timer is not None:
            self._stop_head_timer()

    def _sift(self, request: Request, body: Body) -> Messages:
        """A request that came whole and alone: answered on the spot, or left to aiohttp."""
        lane = self._server.parse_lane
        if lane is None or self._waiter is None or self.draining or self._paused:
            return [(request, body)]
        asked = lane.ask(request, body, self.raw)
        if not isinstance(asked, tuple):
            return [(asked, body)]
        self.intake.message_consumed()
        self._answer(*asked)
        return []

    def await_seat(self) -> None:
        """Read nothing until `take_seat`."""
        self._waits = True
        self._pause_transport_reading()

    def take_seat(self) -> None:
        """Read, and first what came while it waited."""
        held, self._held, self._waits = self._held, b"", False
        self._resume_transport_reading()
        if held:
            self.data_received(held)

    def _answer(self, head: bytes, body: bytes) -> None:
        """Send a hit, on the spot."""
        assert self.transport is not None
        if len(body) <= _JOIN:
            self.transport.write(head + body)
        else:
            self.transport.write(head)
            self.transport.write(body)
        self._next_keepalive_close_time = self._loop.time() + self._limits.idle

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_late(self) -> None:
        self._head_timer = None
        self._messages.append(self.intake.time_out())  # type: ignore[arg-type]
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def start(self) -> None:
        """Serve one request after the other, for as long as the connection is kept.

        aiohttp's own makes a task, a writer and a response object for each, and while those end, the next request
        finds the connection still busy and misses the hit lane: under load, nearly all that follow a miss did.
        """
        while not self._force_close:
            if not self._messages:
                self._waiter = self._loop.create_future()
                try:
                    await self._waiter
                finally:
                    self._waiter = None
            message, body = self._messages.popleft()
            self.intake.message_consumed()
            if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
                self._resume_reading_if_drained()
            incoming = Incoming(message, body, self)  # type: ignore[arg-type]  # what our intake has queued
            try:
                self._keepalive = await self._handle(incoming)
                self._decline_upgrade()
                await self._linger(incoming.body)
            except Exception as exc:  # the handler lets nothing through; a body that nobody wanted may be broken
                self.log_debug("the connection failed", exc_info=exc)
                self.force_close()
            except BaseException:
                self.force_close()
                raise
            if not self._keepalive or self.draining:
                break
            self._next_keepalive_close_time = self._loop.time() + self._limits.idle
            if self._keepalive_handle is None:
                self._keepalive_handle = self._loop.call_at(self._next_keepalive_close_time, self._process_keepalive)
        if not self._force_close:
            self._task_handler = None
            if self.transport is not None:
                self.transport.close()

    async def _handle(self, incoming: "Incoming") -> bool:
        """True where the connection may serve another request. aiohttp's shutdown waits for the end of it."""
        self._request_in_progress = True
        self._current_request = incoming  # type: ignore[assignment]  # told of the connection's loss
        try:
            return await self._server.answer(incoming)
        finally:
            self._current_request = None
            self._request_in_progress = False
            if self._handler_waiter is not None:
                self._handler_waiter.set_result(None)

    def _decline_upgrade(self) -> None:
        """An upgrade was asked for and did not come about: what was held back behind it are requests again."""
        if self._upgraded and not self._messages and self._payload_parser is None and self._parser is not None:
            self.intake.set_upgraded(False)
            self._upgraded = False
            tail, self._message_tail = self._message_tail, b""
            self.data_received(tail)
            if self._buffer_paused and len(self._messages) < self._max_msg_queue_size:
                self._resume_reading_if_drained()

    async def _linger(self, body: Body) -> None:
        """Read and ignore what the client still sends of a body nobody wanted; close where it takes too long."""
        if body.is_eof() or self._force_close:
            return
        await asyncio.sleep(0)  # an upload that was just called off lets go of the body first
        try:
            async with asyncio.timeout(LINGER):
                while not body.is_eof():
                    await body.readany()
        except TimeoutError:
            self.close()

    @property
    def draining(self) -> bool:
        """No further request is taken on this connection."""
        return self._close or self._force_close

    async def drain(self) -> None:
        """Wait until the client takes more. TimeoutError where it takes nothing for too long."""
        if self._paused:
            async with asyncio.timeout(self._limits.send):
                await self._drain_helper()

    def tunnel(self) -> TunnelEnd:
        """Leave HTTP: the bytes as they come."""
        end = TunnelEnd(self, self._loop)
        self.set_parser(end)  # type: ignore[arg-type]
        return end


class Incoming:
    """What the handler gets: a message, its body, its connection."""

    __slots__ = ("body", "connection", "message")

    def __init__(self, message: Any, body: Body, connection: ClientConnection) -> None:
        self.message = message
        self.body = body
        self.connection = connection

    def _cancel(self, exc: BaseException) -> None:
        """aiohttp: the connection is lost."""
        if not self.body.is_eof():
            self.body.set_exception(exc)


Answer = Callable[[Incoming], Awaitable[bool]]


async def _not_asked(_: web.BaseRequest) -> web.StreamResponse:
    """aiohttp's handler: ClientConnection.start asks ours."""
    raise NotImplementedError


class ClientServer(web.Server):
    """Makes a ClientConnection for each client, and seats only so many at a time.

    answer: sends the answer to one message; True where the connection may serve another.
    """

    def __init__(self, answer: Answer, limits: LimitSettings) -> None:
        # A client that leaves cancels its handler: what it waited for is not worked on for nobody.
        super().__init__(_not_asked, handler_cancellation=True)
        self.answer = answer
        self.limits = limits
        self.lane: HitLane | None = None
        self.parse_lane: ParseLane | None = None
        self._seated = 0
        self._waiting: deque[ClientConnection] = deque()

    def __call__(self) -> RequestHandler:
        """A new connection's protocol."""
        return ClientConnection(self, self._loop, self.limits)

    def seat(self, connection: ClientConnection) -> None:
        """Let it be read, if there is room."""
        self._seated += 1
        if self._seated > self.limits.connections:
            self._waiting.append(connection)
            connection.await_seat()

    def unseat(self, connection: ClientConnection) -> None:
        """One left: the next may be read."""
        self._seated -= 1
        if connection in self._waiting:
            self._waiting.remove(connection)
        elif self._waiting:
            self._waiting.popleft().take_seat()
