"""TunnelEnd: one side of a connection that has left HTTP (WebSocket, CONNECT); bytes pass both ways untouched."""

import asyncio

from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader

_BUFFER = 64 << 10


class TunnelEnd:
    """A byte stream in the place where aiohttp's protocols put their WebSocket reader."""

    def __init__(self, protocol: BaseProtocol, loop: asyncio.AbstractEventLoop) -> None:
        self._protocol = protocol
        self._reader = StreamReader(protocol, _BUFFER, loop=loop)

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """aiohttp hands in what came; (False, b"") says that there is no protocol error and no rest."""
        if not self._reader.is_eof():
            self._reader.feed_data(data)
        return False, b""

    def feed_eof(self) -> None:
        """The peer closed."""
        if not self._reader.is_eof():
            self._reader.feed_eof()

    def is_eof(self) -> bool:
        """aiohttp's question to a payload."""
        return self._reader.is_eof()

    def set_exception(self, exc: BaseException, cause: BaseException | None = None) -> None:
        """aiohttp's word to a payload: the connection failed, which for a tunnel is its end."""
        self.feed_eof()

    async def copy_to(self, other: BaseProtocol) -> None:
        """Pass everything on until the end, no faster than the other side takes it."""
        while data := await self._reader.readany():
            if other.transport is None or other.transport.is_closing():
                return
            other.transport.write(data)
            if other.writing_paused:
                await other._drain_helper()
