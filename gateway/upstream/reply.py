"""Reply: an upstream's answer while it is being received. Foreign exceptions stop here."""

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError

from gateway.model.errors import MessageError, UpstreamError, UpstreamProtocol, UpstreamReset, UpstreamTimeout
from gateway.model.fields import Fields
from gateway.upstream.connection import UpstreamConnection
from gateway.wire.framing import Framing
from gateway.wire.head import ResponseHead
from gateway.wire.intake import Body, WholeBody
from gateway.wire.tunnel import TunnelEnd


class Reply:
    """Head known, body to come. Whoever holds it reads it to its end or calls close()."""

    __slots__ = ("_body", "_connection", "_expiry", "_on_end", "_protocol", "_upload", "head", "upstream")

    def __init__(
        self,
        upstream: str,
        head: ResponseHead,
        body: Body | None,
        connection: Connection,
        protocol: UpstreamConnection,
        upload: asyncio.Task[None] | None,
        on_end: Callable[[str], None],
    ) -> None:
        self.upstream = upstream
        self.head = head
        self._body = body
        self._connection = connection
        self._protocol = protocol
        self._upload = upload
        self._on_end: Callable[[str], None] | None = on_end
        self._expiry: asyncio.TimerHandle | None = None
        if (body is None or body.at_eof()) and not self.upgraded:
            self._finish()

    def when_over(self, tell: Callable[[str], None]) -> None:
        """Have `tell` called, too, with the call's result once it is over; at once where it is."""
        before = self._on_end
        if before is None:
            tell(f"{self.head.status // 100}xx")
            return

        def both(result: str) -> None:
            before(result)
            tell(result)

        self._on_end = both

    @property
    def upgraded(self) -> bool:
        """The connection has left HTTP; see `tunnel`."""
        return self._protocol.upgraded

    @property
    def length(self) -> int | None:
        """Length of the body in bytes where it is known before its end."""
        if self._body is None:
            return 0
        return self._body.framing if isinstance(self._body.framing, int) else None

    @property
    def whole(self) -> bool:
        """The body ended, and its end was announced: by a length or by a last chunk (never by closing).

        A length behind which more bytes came was a lie, and chunks in HTTP/1.0 are faulty (RFC 9112 section 6.1).
        """
        if self._protocol.excess:
            return False
        if self._body is None:
            return True
        framing = self._body.framing
        faulty = framing is Framing.UNTIL_CLOSE or (framing is Framing.CHUNKED and self.head.version == (1, 0))
        return self._body.at_eof() and not faulty

    @property
    def trailers(self) -> Fields:
        """Known at the body's end."""
        return self._body.trailers if self._body is not None else Fields()

    def limit(self, deadline: float | None, idle: float) -> None:
        """Fail at `deadline` (the loop's time; None: never), or after `idle` seconds without a byte."""
        if self._body is None or self._on_end is None or self._body.is_eof():
            return
        self._protocol.watch_idle(self._body, idle)
        if deadline is not None:
            self._expiry = asyncio.get_running_loop().call_at(deadline, self._expire, self._body)

    def _expire(self, body: Body) -> None:
        body.set_exception(TimeoutError("took longer than its total time limit"))

    def due(self, seconds: float, what: str) -> asyncio.TimerHandle:
        """Fail unless the timer is cancelled within `seconds`: it did not send `what` in time."""

        def late() -> None:
            if self._body is not None and self._on_end is not None:
                self._body.set_exception(TimeoutError(f"sent no {what} within {seconds:g} s"))

        return asyncio.get_running_loop().call_later(seconds, late)

    def at_hand(self) -> bytes | None:
        """All of the body that is not read yet, where it came together with the head; else None."""
        if self._body is None:
            return b""
        if not isinstance(self._body, WholeBody):
            return None
        data = self._body.read_nowait()
        self._finish()
        return data

    async def read(self) -> bytes:
        """The next bytes, b"" at the end. Raises UpstreamReset, UpstreamTimeout, UpstreamProtocol."""
        if (data := self.at_hand()) is not None:
            return data
        assert self._body is not None
        try:
            data = await self._body.readany()
        except asyncio.CancelledError:
            self.close("abandoned")
            raise
        except Exception as exc:
            error = translate(self.upstream, exc)
            self.close(error.reason)
            raise error from exc
        if self._body.at_eof():
            self._finish()
        return data

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces as they come."""
        while data := await self.read():
            yield data

    def tunnel(self) -> tuple[TunnelEnd, UpstreamConnection]:
        """The byte stream behind a 101."""
        return self._protocol.tunnel(), self._protocol

    def _finish(self) -> None:
        if self._on_end is None:
            return
        if self._upload is not None and not self._upload.done():
            # The upstream answered without reading the whole request: the connection is in an unknown state.
            self.close(f"{self.head.status // 100}xx")
            return
        self._end(f"{self.head.status // 100}xx")
        self._connection.release()

    def close(self, result: str = "abandoned") -> None:
        """Give the answer up: the connection is closed, so that the upstream can stop working on it."""
        if self._on_end is None:
            return
        self._end(result)
        self._connection.close()

    def _end(self, result: str) -> None:
        on_end, self._on_end = self._on_end, None
        assert on_end is not None
        if self._expiry is not None:
            self._expiry.cancel()
        if self._upload is not None:
            self._upload.cancel()
        on_end(result)


def translate(upstream: str, exc: BaseException) -> UpstreamError:
    """aiohttp's and our parser's exceptions -> ours."""
    cause = exc.__cause__
    if isinstance(exc, UpstreamError):
        return exc
    if isinstance(exc, TimeoutError):
        return UpstreamTimeout(upstream, str(exc) or "did not answer in time")
    if isinstance(exc, HttpProcessingError):
        return UpstreamProtocol(upstream, f"answered with something that is not HTTP/1.1: {cause or exc}")
    if isinstance(exc, MessageError):
        return UpstreamReset(upstream, exc.detail)
    if isinstance(exc, aiohttp.ClientPayloadError):
        return UpstreamReset(upstream, str(cause or exc))
    if isinstance(exc, aiohttp.ServerDisconnectedError):
        return UpstreamReset(upstream, "closed the connection without an answer")
    return UpstreamReset(upstream, f"the connection broke: {exc}")
