"""Outgoing: one answer's bytes to one client: framing, connection handling, back-pressure."""

import asyncio
from collections.abc import Iterable

from aiohttp.base_protocol import BaseProtocol

from gateway.listeners.connection import ClientConnection
from gateway.model.exchange import Request
from gateway.model.fields import Pairs
from gateway.policy.hops import persistent
from gateway.wire import write
from gateway.wire.tunnel import TunnelEnd

_CLOSE = (b"Connection", b"close")
_KEEP_ALIVE = (b"Connection", b"keep-alive")
_CHUNKED = (b"Transfer-Encoding", b"chunked")
_SLICE = 64 << 10  # bytes between two looks at whether the client takes any


class Outgoing:
    """Writes one answer. `begun`: its head is on the way, so nothing else can be said any more.

    waited_for: the client holds its body back until it hears 100 (Continue).
    """

    __slots__ = ("_bodiless", "_chunked", "_connection", "_old", "begun", "keep_alive", "sent", "waited_for")

    def __init__(self, connection: ClientConnection, request: Request | None) -> None:
        self._connection = connection
        self._old = request is not None and request.version == (1, 0)
        self._chunked = False
        self._bodiless = request is not None and request.method == b"HEAD"
        self.begun = False
        self.sent = 0
        self.waited_for = False
        self.keep_alive = request is not None and persistent(request)

    @property
    def plain(self) -> bool:
        """An answer that needs nothing special: a body may follow, and the connection stays open afterwards."""
        special = self._old or self._bodiless or self.waited_for or self._connection.draining
        return self.keep_alive and not special

    def write(self, data: bytes | memoryview) -> None:
        """Bytes as they are. ConnectionResetError where the client is gone."""
        transport = self._connection.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client is gone")
        transport.write(data)

    def interim(self, status: int, reason: bytes, pairs: Pairs) -> None:
        """A 1xx answer; HTTP/1.0 clients know none (RFC 9110 section 15.2)."""
        if not self._old and not self.begun:
            self.waited_for = self.waited_for and status != 100
            self.write(write.response(status, reason, pairs))

    def proceed(self) -> None:
        """Tell a client that waits with its body to send it."""
        self.waited_for = False
        self.write(write.CONTINUE)

    def head(self, status: int, reason: bytes, pairs: Pairs, *, length: int | None) -> bytes:
        """The head's bytes. length: of the body; None where only its end will tell. `pairs` hold Content-Length."""
        self.begun = True
        # Who was never told to send its body may leave it out: what comes next could be it, or another request.
        if self._connection.draining or self.waited_for:
            self.keep_alive = False
        self._bodiless = self._bodiless or status in (204, 304)
        extra: list[tuple[bytes, bytes]] = []
        if length is None and not self._bodiless:
            if self._old:
                self.keep_alive = False
            else:
                self._chunked = True
                extra.append(_CHUNKED)
        if not self.keep_alive:
            extra.append(_CLOSE)
        elif self._old:
            extra.append(_KEEP_ALIVE)
        return write.response(status, reason, (*pairs, *extra) if extra else pairs)

    async def whole(self, head: bytes, body: bytes) -> None:
        """A head and all of its body: a small one in one go, a large one no faster than the client takes it."""
        if self._bodiless:
            body = b""
        if len(body) <= _SLICE:
            self.sent += len(body)
            self.write(head + body)
            await self._connection.drain()
            return
        self.write(head)
        view = memoryview(body)
        for at in range(0, len(body), _SLICE):
            piece = view[at : at + _SLICE]
            self.sent += len(piece)
            self.write(piece)
            await self._connection.drain()

    async def body(self, piece: bytes) -> None:
        """More of the body."""
        if self._bodiless:
            return
        for at in range(0, len(piece), _SLICE):
            part = piece[at : at + _SLICE]
            self.sent += len(part)
            self.write(write.chunk(part) if self._chunked else part)
            await self._connection.drain()

    def end(self, trailers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """The body is whole."""
        if self._chunked and not self._bodiless:
            self.write(write.last_chunk(trailers))

    def upgraded(self, status: int, reason: bytes, pairs: Pairs) -> bytes:
        """The head that ends HTTP on this connection."""
        self.begun = True
        self.keep_alive = False
        return write.response(status, reason, pairs)

    async def splice(self, far: TunnelEnd, upstream: BaseProtocol) -> None:
        """Bytes both ways until one side closes."""
        near = self._connection.tunnel()
        ways = [
            asyncio.create_task(near.copy_to(upstream)),
            asyncio.create_task(far.copy_to(self._connection)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def abort(self) -> None:
        """Cut the answer off, so that the client cannot take it for whole."""
        self.keep_alive = False
        if self._connection.transport is not None:
            self._connection.transport.abort()
