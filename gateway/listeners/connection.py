"""A client's connection: aiohttp's server protocol with our strict reading of requests and our time limits."""

import asyncio
from collections import deque
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from gateway.listeners.hitlane import HitLane
from gateway.listeners.parselane import ParseLane
from gateway.model.exchange import Request
from gateway.model.settings import LimitSettings
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

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """aiohttp tells of what a handler let through; ours lets nothing through but a client's broken body."""
        self.log_debug(*args, **kw)


class Incoming:
    """What aiohttp hands to the handler: a message, its body, its connection."""

    __slots__ = ("_task", "body", "connection", "message")

    def __init__(self, message: Any, body: Body, connection: ClientConnection, _writer: Any, task: Any) -> None:
        self.message = message
        self.body = body
        self.connection = connection
        self._task = task

    def _cancel(self, exc: BaseException) -> None:
        """aiohttp: the connection is lost."""
        if not self.body.is_eof():
            self.body.set_exception(exc)

    def _finish(self) -> None:
        """aiohttp: the answer is complete."""


class Delivered:
    """What the handler returns to aiohttp: everything is sent already."""

    __slots__ = ("keep_alive",)

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive

    async def prepare(self, request: Any) -> None:
        """Nothing left to do."""

    async def write_eof(self) -> None:
        """Nothing left to do."""


class ClientServer(web.Server):
    """Makes a ClientConnection for each client, and seats only so many at a time."""

    def __init__(self, handler: Any, limits: LimitSettings) -> None:
        # A client that leaves cancels its handler: what it waited for is not worked on for nobody.
        super().__init__(handler, request_factory=Incoming, handler_cancellation=True)  # type: ignore[arg-type]
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
