"""Relay: an answer that one process receives, followed by others through the store while it still comes.

Who receives it gathers what came within some milliseconds and appends it to a log of the key's, which expires soon
after nothing more is appended: a log that has gone before its end says that its writer is gone. Who follows asks for
what is new, a little less often the longer nothing comes. Nothing here raises but `Broken`.
"""

import asyncio
from collections.abc import Sequence

import orjson

from gateway.cache.breaker import Breaker
from gateway.cache.store import LiveLog
from gateway.model.errors import RagfrontError, StoreUnavailable
from gateway.model.fields import Pairs

_GATHER = 0.02
_ALIVE = 10.0
"""Seconds after which a log expires that nobody appends to; half of that is the longest silence of a writer."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.1
_READ_OUT = 0.25
"""Seconds for which an earlier log of the key is left alone: who follows that may not have read its end yet."""

_FAR = b"99999999999999"  # a position behind all there are
_SECONDS = 1.0
_MOST_FAILURES = 5

_HEAD, _PIECE, _END, _FAILED = b"H", b"P", b"E", b"X"


class Broken(RagfrontError):
    """The answer that was followed broke off, or its writer is gone."""


class Relay:
    """The writer's side: tells others of one answer. Gives up, silently, where the store does not take it."""

    def __init__(self, log: LiveLog, breaker: Breaker, key: bytes, head: bytes) -> None:
        self._log = log
        self._breaker = breaker
        self._key = key
        self._news = [_HEAD + head]
        self._pieces: list[bytes] = []
        self._wake = asyncio.Event()
        self._over = False
        self.task = asyncio.get_running_loop().create_task(self._write())

    @classmethod
    def of(
        cls, log: LiveLog, breaker: Breaker, key: bytes, version: int, status: int, reason: bytes, fields: Pairs
    ) -> "Relay":
        """A relay of an answer with this head. version: the ledger's that was known when its call began."""
        lines = [text.decode("latin-1") for pair in fields for text in pair]
        return cls(log, breaker, key, orjson.dumps([version, status, reason.decode("latin-1"), lines]))

    def feed(self, piece: bytes) -> None:
        """The next bytes of its body."""
        if not self._over:
            self._pieces.append(piece)
            self._wake.set()

    def end(self, *, whole: bool) -> None:
        """The body has ended, or has broken off."""
        if not self._over:
            self._gather()
            self._news.append(_END if whole else _FAILED)
            self._over = True
            self._wake.set()

    def _gather(self) -> None:
        if self._pieces:
            self._news.append(_PIECE + b"".join(self._pieces))
            self._pieces.clear()

    async def _leave_time(self) -> None:
        """1 an answer has been told to its end; 2 it is purged; 3 somebody asks, and here comes a newer one: who
        follows the first one looks once in a while only, and would find this one's beginning in the place of its end.
        """
        async with asyncio.timeout(_SECONDS):
            _, _, there = await self._log.since(self._key, _FAR)
        if there:
            await asyncio.sleep(_READ_OUT)

    async def _write(self) -> None:
        first = True
        while True:
            self._gather()
            news, self._news, last = self._news, [], self._over
            self._wake.clear()
            try:
                if self._breaker.open:
                    raise StoreUnavailable("it is out")
                if first:
                    await self._leave_time()
                async with asyncio.timeout(_SECONDS):
                    await self._log.append(self._key, news, _ALIVE, anew=first)
            except (StoreUnavailable, TimeoutError):
                # Not the breaker's business: a user may lack the right to these commands alone. What is not told in
                # full is not told at all: the log expires without its end.
                self._over = True
                self._pieces.clear()
                return
            if last:
                return
            first = False
            await asyncio.sleep(_GATHER)
            try:
                async with asyncio.timeout(_ALIVE / 2):
                    await self._wake.wait()
            except TimeoutError:
                pass  # an empty append keeps the log alive


class Tail:
    """The follower's side: what has come, and then what comes. version: see `Relay.of`. status, reason, fields: the
    answer's head.
    """

    def __init__(self, log: LiveLog, key: bytes, rows: Sequence[bytes], position: bytes) -> None:
        self._log = log
        self._key = key
        self._position = position
        self.version, self.status, self.reason, self.fields = _head(rows[0])
        self._rows = list(rows[1:])
        self._ended = False

    @classmethod
    async def find(cls, log: LiveLog, key: bytes) -> "Tail | None":
        """The answer that another process is receiving for the key now; None where there is none to be followed."""
        try:
            async with asyncio.timeout(_SECONDS):
                rows, position, _ = await log.since(key, b"")
            return cls(log, key, rows, position) if rows and rows[-1][:1] not in (_END, _FAILED) else None
        except (StoreUnavailable, TimeoutError, ValueError, TypeError):
            return None

    async def read(self) -> bytes:
        """The next bytes, b"" at the end. Raises Broken."""
        pause = _FIRST_PAUSE
        while not self._rows:
            if self._ended:
                return b""
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            await self._ask()
        row = self._rows.pop(0)
        match row[:1]:
            case b"P":
                return row[1:]
            case b"E":
                self._ended = True
                return b""
            case _:
                raise Broken("it broke off where it was received")

    async def _ask(self) -> None:
        for attempt in range(_MOST_FAILURES):
            try:
                async with asyncio.timeout(_SECONDS):
                    rows, position, alive = await self._log.since(self._key, self._position)
            except (StoreUnavailable, TimeoutError):
                await asyncio.sleep(_LONGEST_PAUSE * (attempt + 1))
                continue
            if not rows and not alive:
                raise Broken("who received it is gone")
            self._rows += rows
            self._position = position or self._position
            return
        raise Broken("the store does not answer")


def _head(row: bytes) -> tuple[int, int, bytes, Pairs]:
    """Raises ValueError or TypeError where it is none."""
    if row[:1] != _HEAD:
        raise ValueError("no head")
    version, status, reason, lines = orjson.loads(row[1:])
    octets = [text.encode("latin-1") for text in lines]
    if not 200 <= status <= 599 or any(b"\r" in each or b"\n" in each for each in (*octets, reason.encode("latin-1"))):
        raise ValueError("no head")
    return int(version), status, reason.encode("latin-1"), tuple(zip(octets[::2], octets[1::2], strict=True))
