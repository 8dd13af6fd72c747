"""Recording: one answer that is being received, kept from its first byte, and read by any number of readers at once.

Up to `limit` bytes all of it is kept, so a reader may come at any time and a slow one holds up nobody. Past the
limit nobody new can join, and what is kept is a window for those who read. The receiver waits for the fastest of
them; one who falls behind by more than the lag is cut off, so that it holds up nobody either.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

from gateway.model.errors import UpstreamError
from gateway.model.fields import Fields, Pairs

_WINDOW = 256 << 10  # bytes of an over-long answer that its fastest reader may be behind before more is received
_LAG = 4 << 20  # bytes that any reader of it may be behind


class TooSlow(Exception):
    """A reader fell behind the others by more than is kept."""


class Recording:
    """An answer's head and its body as far as it has come."""

    def __init__(self, status: int, reason: bytes, fields: Fields, limit: int, length: int | None = None) -> None:
        self.status = status
        self.reason = reason
        self.fields = fields
        self.length = length
        self.trailers: Pairs = ()
        self.done = False
        self.error: UpstreamError | None = None
        self.size = 0
        self._limit = limit
        self._pieces: list[bytes] = []
        self._dropped = 0  # pieces that every reader of an over-long answer has had
        self._readers: dict[object, int] = {}
        self.on_idle: Callable[[], None] | None = None  # told when the last reader leaves, until it has ended
        self._more: list[asyncio.Future[None]] = []
        self._room: asyncio.Future[None] | None = None

    @property
    def overflown(self) -> bool:
        """Larger than may be kept."""
        return self.size > self._limit

    @property
    def joinable(self) -> bool:
        """Under way, and kept from its first byte: whoever comes now may still read all of it."""
        return not (self.done or self.overflown or self.error is not None)

    @property
    def readers(self) -> int:
        """How many read it now."""
        return len(self._readers)

    @property
    def body(self) -> bytes:
        """All of it; only where it is done and not overflown."""
        assert self.done
        assert not self._dropped
        if len(self._pieces) > 1 and not self._readers:  # whose positions count pieces
            self._pieces = [b"".join(self._pieces)]
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def take(self) -> bytes:
        """What has come so far, to go on without recording."""
        return b"".join(self._pieces)

    def so_far(self) -> tuple[bytes, ...]:
        """The pieces that have come and are kept."""
        return tuple(self._pieces)

    def feed(self, piece: bytes) -> None:
        """The next bytes."""
        self._pieces.append(piece)
        self.size += len(piece)
        self._wake()

    def finish(self, trailers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """The body is whole."""
        self.trailers = tuple(trailers)
        self.done = True
        self._end()

    def fail(self, error: UpstreamError) -> None:
        """The body broke off."""
        self.error = error
        self._end()

    def _end(self) -> None:
        # Who is told knows the recording himself: the ring would keep each body until a garbage collection.
        self.on_idle = None
        self._wake()

    def _wake(self) -> None:
        waiting, self._more = self._more, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def room(self) -> bool:
        """Wait until the fastest reader of an over-long answer has caught up. False where none is left."""
        if not self.overflown:
            return True
        while self._readers:
            self._trim()
            fastest = max(self._readers.values())
            if sum(map(len, self._pieces[fastest - self._dropped :])) <= _WINDOW:
                return True
            self._room = asyncio.get_running_loop().create_future()
            await self._room
        return False

    def _trim(self) -> None:
        """Drop what all readers have had, and what only those want who are too far behind."""
        drop = max(0, min(self._readers.values()) - self._dropped)
        kept = sum(map(len, self._pieces[drop:]))
        while kept > _LAG and drop < len(self._pieces):
            kept -= len(self._pieces[drop])
            drop += 1
        del self._pieces[:drop]
        self._dropped += drop

    def _moved(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    async def read(self) -> AsyncIterator[bytes]:
        """The body from its first byte, then as it comes. Raises the UpstreamError that broke it off, and TooSlow."""
        assert not self._dropped, "a reader came after the answer had outgrown its limit"
        me = object()
        position = 0
        self._readers[me] = 0
        try:
            while True:
                while position < self._dropped + len(self._pieces):
                    if position < self._dropped:
                        raise TooSlow
                    piece = self._pieces[position - self._dropped]
                    position += 1
                    self._readers[me] = position
                    if self.overflown:
                        self._moved()
                    yield piece
                if self.done:
                    return
                if self.error is not None:
                    raise self.error
                future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._more.append(future)
                await future
        finally:
            del self._readers[me]
            self._moved()
            if self.on_idle is not None and not self._readers:
                self.on_idle()
