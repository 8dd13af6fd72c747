"""Intake: aiohttp's parser interface over our reading of HTTP/1.1, for both of its protocols.

aiohttp's connection handling, flow control and StreamReader are kept; only what the bytes mean is decided here,
because aiohttp's own parsers drop trailers, interim answers, methods they do not know and non-UTF-8 octets.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader

from gateway.model.errors import MessageError
from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.policy.hops import wants_upgrade
from gateway.wire import framing as fr
from gateway.wire.head import ResponseHead, request_head, request_line, response_head

_BUFFER = 64 << 10  # StreamReader pauses the transport at twice this
_MAX_QUEUED = 32  # requests parsed ahead of the one being answered
_MAX_INTERIM = 100  # 1xx answers to one request; each may start the wait for the final one anew
_ANSWER_END = re.compile(rb"\n(\r?\n)")


class Body(StreamReader):
    """A body as it arrives. `trailers` are known at its end."""

    __slots__ = ("framing", "trailers")

    def __init__(self, protocol: BaseProtocol, loop: asyncio.AbstractEventLoop, framing: int | fr.Framing) -> None:
        super().__init__(protocol, _BUFFER, loop=loop)
        self.framing = framing
        self.trailers = _NO_FIELDS


class WholeBody(Body):
    """A body that came with its head, as most do, or that is none: nobody waits for it, and nothing can befall it.

    Of a StreamReader it has only the interface: making, filling and emptying two is a good part of a miss
    (bench/miss.py).
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.framing = len(data)
        self.trailers = _NO_FIELDS

    def is_eof(self) -> bool:
        return True

    def at_eof(self) -> bool:
        return not self._data

    async def read(self, n: int = -1) -> bytes:
        return self.read_nowait()

    async def readany(self) -> bytes:
        return self.read_nowait()

    def read_nowait(self, n: int = -1) -> bytes:
        """All of it, whatever `n` says; b"" from then on."""
        data, self._data = self._data, b""
        return data

    def exception(self) -> None:
        return None

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        pass

    def on_eof(self, callback: Callable[[], None]) -> None:
        callback()

    def __repr__(self) -> str:
        return f"<WholeBody {len(self._data)} bytes>"


_NO_FIELDS = Fields()


class Refused:
    """Bytes that are no acceptable request; the connection is closed after the answer."""

    __slots__ = ("detail", "status")

    def __init__(self, detail: str, status: int) -> None:
        self.detail = detail
        self.status = status


class _Intake:
    """What both directions share: a body in progress, and the hooks that aiohttp calls."""

    def __init__(self, protocol: BaseProtocol, loop: asyncio.AbstractEventLoop, max_head: int, max_fields: int) -> None:
        self._protocol = protocol
        self._loop = loop
        self._max_head = max_head
        self._max_fields = max_fields
        self._buffer = b""
        self._body: Body | None = None
        self._decoder: fr.Decoder | None = None
        self._upgraded = False
        self._dead = False  # nothing more is read

    def _open_body(self, framing: int | fr.Framing, data: bytes) -> tuple[Body, bytes]:
        """The body that `data` begins with, and what of `data` is not read yet."""
        if isinstance(framing, int) and framing <= len(data):
            return WholeBody(data[:framing]), data[framing:]
        self._body = Body(self._protocol, self._loop, framing)
        self._decoder = fr.decoder(framing, self._max_fields)
        return self._body, data

    def _feed_body(self, data: bytes) -> bytes:
        """Bytes into the body under way; returns what lies behind its end."""
        body, decoder = self._body, self._decoder
        assert body is not None
        assert decoder is not None
        try:
            pieces, rest, ended = decoder.feed(data)
        except MessageError as exc:
            self._break_body(exc)
            return b""
        for piece in pieces:
            body.feed_data(piece)
        if ended:
            self._end_body()
        return rest

    def _break_body(self, exc: MessageError) -> None:
        """A broken body is told through the body itself, to whoever reads it; nothing behind it can be trusted."""
        assert self._body is not None
        self._body.set_exception(exc)
        self._body = self._decoder = None
        self._dead = True

    def _end_body(self) -> None:
        assert self._body is not None
        assert self._decoder is not None
        self._body.trailers = self._decoder.trailers
        self._body.feed_eof()
        self._body = self._decoder = None

    def pause_reading(self) -> None:
        """aiohttp asks a parser that inflates to hold back; ours has nothing to hold."""

    def set_upgraded(self, upgraded: bool) -> None:
        """aiohttp declines an upgrade: bytes are messages again."""
        self._upgraded = upgraded


Messages = list[tuple[Any, Body]]
"""Heads and bodies as aiohttp takes them. A head: Request, Refused, or what `sift` has made of a Request."""


class RequestIntake(_Intake):
    """Bytes from a client -> requests and their bodies, strictly. `peer` is set when the connection stands.

    sift: asked about a request that came whole and alone; returns what of it is left for aiohttp.
    """

    def __init__(
        self,
        protocol: BaseProtocol,
        loop: asyncio.AbstractEventLoop,
        *,
        max_head: int,
        max_fields: int,
        max_target: int,
        sift: Callable[[Request, Body], Messages] | None = None,
    ) -> None:
        super().__init__(protocol, loop, max_head, max_fields)
        self._max_target = max_target
        self._sift = sift
        self._queued = 0
        self.peer = ""

    @property
    def at_rest(self) -> bool:
        """Nothing is under way or waits: what comes next begins a request."""
        return not (self._buffer or self._queued or self._dead or self._upgraded) and self._body is None

    @property
    def between(self) -> bool:
        """One whole request was taken in, and nothing of another."""
        return self._queued == 1 and not (self._buffer or self._dead or self._upgraded) and self._body is None

    @property
    def mid_head(self) -> bool:
        """A request has begun, and its head is not whole yet."""
        return bool(self._buffer) and self._body is None and not self._dead and self._queued < _MAX_QUEUED

    def message_consumed(self) -> None:
        """One parsed request was taken up."""
        self._queued -= 1

    def feed_data(self, data: bytes) -> tuple[Messages, bool, bytes]:
        """Bytes in -> (messages, whether an upgrade was asked for, bytes behind the upgrade request)."""
        messages: Messages = []
        if self._dead:
            return messages, False, b""
        data = self._buffer + data if self._buffer else data
        self._buffer = b""
        try:
            while data and not self._dead and self._queued < _MAX_QUEUED:
                if self._body is not None:
                    data = self._feed_body(data)
                    continue
                if self._upgraded:
                    return messages, True, data
                data = data.removeprefix(b"\r\n")  # RFC 9112 section 2.2: one empty line before a request is ignored
                end = data.find(b"\r\n\r\n", 0, self._max_head + 4)
                if end < 0:
                    if data not in (b"", b"\r"):
                        self._check_partial(data)
                    break
                head = request_head(data[: end + 2], self._max_fields, self._max_target, self.peer)
                body, data = self._open_body(fr.request_framing(head), data[end + 4 :])
                messages.append((head, body))
                self._queued += 1
                self._upgraded = head.method == b"CONNECT" or wants_upgrade(head.fields, head.version)
        except MessageError as exc:
            messages.append(self._refuse(exc))
            return messages, False, b""
        if self._upgraded and self._body is None:
            return messages, True, data
        self._buffer = data
        if self._sift is not None and len(messages) == 1 and self.between:
            return self._sift(*messages[0]), False, b""
        return messages, False, b""

    def _check_partial(self, data: bytes) -> None:
        """Refuse as soon as it is clear that no head will come of it."""
        end = data.find(b"\r\n")
        if end >= 0:
            request_line(data, end, self._max_target)
        elif len(data) > self._max_target + 64:
            raise MessageError("request line too long", 414)
        if len(data) > self._max_head:
            raise MessageError(f"header over {self._max_head} bytes", 431)
        lone = data.find(b"\n")
        if lone == 0 or (lone > 0 and data[lone - 1] != 13) or data[:1] < b"!":
            raise MessageError("this is not HTTP/1.1")

    def _refuse(self, exc: MessageError) -> tuple[Refused, Body]:
        self._dead = True
        self._queued += 1
        return Refused(exc.detail, exc.status), WholeBody(b"")

    def time_out(self) -> tuple[Refused, Body]:
        """The head did not come in time: what to answer; nothing more is read."""
        return self._refuse(MessageError("request head took too long", 408))

    def feed_eof(self) -> None:
        """The client closed."""


class ResponseIntake(_Intake):
    """Bytes from an upstream -> answer heads (interim ones too) and one body.

    upgrade: the request asked for another protocol. excess: something came behind the answer's end, so that its
    length cannot be trusted, and the connection serves no further request.
    """

    def __init__(
        self,
        protocol: BaseProtocol,
        loop: asyncio.AbstractEventLoop,
        *,
        method: bytes,
        upgrade: bool = False,
        max_head: int = 1 << 18,
        max_fields: int = 2000,
    ) -> None:
        super().__init__(protocol, loop, max_head, max_fields)
        self._method = method
        self._may_upgrade = upgrade
        self._interims = 0
        self._done = False
        self.began = False  # a byte of the answer has come
        self.excess = False

    def message_consumed(self) -> None:
        """Part of aiohttp's interface; answers are not queued."""

    def feed_data(self, data: bytes) -> tuple[list[tuple[ResponseHead, Body]], bool, bytes]:
        """As RequestIntake.feed_data. Raises MessageError where it is no HTTP."""
        messages: list[tuple[ResponseHead, Body]] = []
        self.began = self.began or bool(data)
        data = self._buffer + data if self._buffer else data
        self._buffer = b""
        while data and not self._dead:
            if self._body is not None:
                data = self._feed_body(data)
                continue
            if self._upgraded:
                return messages, True, data
            if self._done:
                self.excess = self._dead = True
                if not messages:
                    raise MessageError("bytes behind the answer's end")
                break  # services that send a body with HEAD or 204 do so: the answer stands
            end = _ANSWER_END.search(data, 0, self._max_head)
            if end is None:
                if len(data) > self._max_head:
                    raise MessageError(f"header over {self._max_head} bytes")
                break
            head = response_head(data[: end.start(1)], self._max_fields)
            data = self._take(head, data[end.end() :], messages)
        self._buffer = b"" if self._dead else data
        return messages, self._upgraded and self._body is None, b""

    def _take(self, head: ResponseHead, data: bytes, messages: list[tuple[ResponseHead, Body]]) -> bytes:
        """One head. Returns what of the `data` behind it is not read yet."""
        if head.status == 101 and not self._may_upgrade:
            raise MessageError("101 (Switching Protocols) without being asked")
        if head.status == 101 or (self._method == b"CONNECT" and 200 <= head.status < 300):
            self._upgraded = True
            messages.append((head, WholeBody(b"")))
            return data
        self._done = head.status >= 200
        self._interims += not self._done
        if self._interims > _MAX_INTERIM:
            raise MessageError(f"more than {_MAX_INTERIM} interim answers")
        body, data = self._open_body(fr.response_framing(head, self._method), data)
        messages.append((head, body))
        return data

    def fail(self, exc: BaseException) -> None:
        """The connection broke: a body under way is not whole, whatever its framing."""
        if self._body is not None:
            self._break_body(MessageError(f"the connection broke inside the body: {exc}"))

    def feed_eof(self) -> None:
        """The upstream closed. Raises MessageError where the answer is not whole; aiohttp hands it to the body."""
        if self._body is not None:
            assert self._decoder is not None
            if not self._decoder.close():
                raise MessageError("the connection ended inside the body")
            self._end_body()
