"""Fetch: one call to an upstream, its time limits, and the one retry."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EofStream

from gateway.model.errors import UpstreamError, UpstreamReset, UpstreamTimeout, UpstreamUnreachable
from gateway.model.fields import Fields, Pairs
from gateway.model.settings import UpstreamSettings
from gateway.upstream.connection import UpstreamConnection
from gateway.upstream.pool import Pool, Replica, connected
from gateway.upstream.reply import Reply, translate
from gateway.wire import write
from gateway.wire.head import ResponseHead
from gateway.wire.intake import Body

# An upstream that ignores Expect gets the body after this long (RFC 9110 section 10.1.1).
_CONTINUE_WAIT = 1.0
_CONTINUE = ResponseHead(100, b"Continue", (1, 1), Fields())

Interim = Callable[[ResponseHead], None]


@dataclass(slots=True)
class Call:
    """What to send. `fields` gets the replica's authority. `body` is sent first, then `rest` as it comes.

    chunked: `rest` has no announced length. trailers: asked for at the end of `rest`.
    repeatable: may be sent again where no byte of an answer came (the method or the route says so).
    interim: told of each 1xx but 101. expects: send the body after 100 (Continue).
    upgrade: `fields` ask for another protocol; an upstream that changes it unasked has failed.
    """

    method: bytes
    target: bytes
    fields: Callable[[bytes], Pairs]
    body: bytes = b""
    rest: AsyncIterator[bytes] | None = None
    chunked: bool = False
    trailers: Callable[[], Pairs] = field(default=tuple)
    repeatable: bool = False
    expects: bool = False
    interim: Interim | None = None
    upgrade: bool = False


class Listener(Protocol):
    """Who is told of calls."""

    def upstream_inflight(self, upstream: str, delta: int) -> None:
        """A call began (+1) or ended (-1)."""

    def upstream_call(self, upstream: str, result: str, seconds: float) -> None:
        """A call ended. result: `2xx` and the like, the Reason of its failure, or `abandoned`."""


class Upstream:
    """A named service: its replicas, its connections, its time limits. `clock`: monotonic seconds."""

    def __init__(
        self,
        name: str,
        settings: UpstreamSettings,
        listener: Listener,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.settings = settings
        self._pool = Pool(name, settings)
        self._listener = listener
        self._clock = clock
        self._loop = asyncio.get_running_loop()  # asking for it costs a system call in Python 3.11

    @property
    def pending(self) -> int:
        """Calls under way."""
        return sum(replica.pending for replica in self._pool.replicas)

    async def fetch(self, call: Call) -> Reply:
        """Send, and wait for the answer's head. Raises UpstreamError."""
        total = self.settings.timeouts.total
        deadline = self._loop.time() + total if total else None
        replica = self._pool.pick()
        try:
            return await self._attempt(replica, call, deadline)
        except _Again as again:
            return await self._attempt(self._pool.pick(but=again.failed_replica), call, deadline, last=True)

    async def _attempt(self, replica: Replica, call: Call, deadline: float | None, last: bool = False) -> Reply:
        started = self._clock()
        replica.pending += 1
        self._listener.upstream_inflight(self.name, 1)
        ended = False

        def on_end(result: str) -> None:
            nonlocal ended
            if not ended:
                ended = True
                replica.pending -= 1
                self._listener.upstream_inflight(self.name, -1)
                self._listener.upstream_call(self.name, result, self._clock() - started)

        connection: Connection | None = None
        protocol: UpstreamConnection | None = None
        try:
            connection = await self._pool.idle(replica)
            if connection is None:
                async with asyncio.timeout_at(deadline):
                    connection = await self._pool.connect(replica)
            protocol = connected(connection)
            reply = await self._talk(replica, call, connection, protocol, deadline, on_end)
            reply.limit(deadline, self.settings.timeouts.idle)
            return reply
        except BaseException as exc:
            error = self._late(deadline) if isinstance(exc, TimeoutError) else exc
            if connection is not None:
                connection.close()
            on_end(error.reason if isinstance(error, UpstreamError) else "abandoned")
            if isinstance(error, UpstreamError) and not last:
                self._try_again(error, replica, call, protocol)
            if error is exc:
                raise
            raise error from exc

    def _try_again(
        self, error: UpstreamError, replica: Replica, call: Call, protocol: UpstreamConnection | None
    ) -> None:
        """Raises _Again where the request was not sent, or surely not worked on."""
        if protocol is None:
            if isinstance(error, UpstreamUnreachable) or len(self._pool.replicas) > 1:
                raise _Again(replica, error) from error
            return
        stale = protocol.calls > 1 and not protocol.answered
        if isinstance(error, UpstreamReset) and stale and call.repeatable and call.rest is None:
            raise _Again(None, error) from error

    def _late(self, deadline: float | None) -> UpstreamTimeout:
        limits = self.settings.timeouts
        total = deadline is not None and self._loop.time() >= deadline
        return UpstreamTimeout(self.name, f"no answer within {limits.total if total else limits.first_byte:g} s")

    def _await_first_byte(self, protocol: UpstreamConnection, deadline: float | None) -> None:
        """The request is sent: from now on, the first byte's limit counts, where it is the sooner one."""
        first_byte = self.settings.timeouts.first_byte
        due = self._loop.time() + first_byte if first_byte else deadline
        protocol.answer_by(due if deadline is None or (due is not None and due < deadline) else deadline)

    async def _talk(
        self,
        replica: Replica,
        call: Call,
        connection: Connection,
        protocol: UpstreamConnection,
        deadline: float | None,
        on_end: Callable[[str], None],
    ) -> Reply:
        protocol.expect(call.method, upgrade=call.upgrade)
        target = call.target if call.target == b"*" else replica.prefix + call.target
        head = write.request(call.method, target, call.fields(replica.authority))
        transport = protocol.transport
        if transport is None:
            raise UpstreamReset(self.name, "closed the connection without an answer")
        upload: _Upload | None = None
        if call.rest is None and not call.expects:
            transport.write(head + call.body if call.body else head)
        else:
            transport.write(head)
            protocol.answer_by(deadline)
            upload = _Upload(self.name, call, protocol, self.settings.timeouts.idle)
        try:
            answer, payload = await self._answer(call, protocol, upload, deadline)
        except BaseException:
            if upload is not None:
                upload.cancel()
            raise
        protocol.answer_by(None)
        body = payload if isinstance(payload, Body) and payload.framing != 0 else None
        return Reply(self.name, answer, body, connection, protocol, upload.task if upload else None, on_end)

    async def _answer(
        self, call: Call, protocol: UpstreamConnection, upload: "_Upload | None", deadline: float | None
    ) -> tuple[ResponseHead, object]:
        """Wait for the final head."""
        while True:
            try:
                if upload is not None:
                    await upload.sent_or_answered()
                self._await_first_byte(protocol, deadline)
                message = await (protocol.read() if upload is None else upload.answer())
            except TimeoutError:
                raise
            except (aiohttp.ClientError, HttpProcessingError, EofStream, OSError) as exc:
                raise translate(self.name, exc) from exc
            head, payload = cast(tuple[ResponseHead, object], message)
            if head.status >= 200 or head.status == 101:
                return head, payload
            if upload is not None and head.status == 100:
                upload.go_on.set()
            if call.interim is not None:
                call.interim(head)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()


class _Upload:
    """A request body on its way to the upstream, as the client sends it and no faster than it is taken."""

    def __init__(self, name: str, call: Call, protocol: UpstreamConnection, idle: float) -> None:
        self._name = name
        self._protocol = protocol
        self._idle = idle
        self._reading: asyncio.Future[Any] | None = None
        self.go_on = asyncio.Event()
        self.task = asyncio.create_task(self._run(call, protocol))
        self.task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        # An upstream that was promised a body must not wait for what will never come.
        if not task.cancelled() and task.exception() is not None:
            self._protocol.abort()

    async def sent_or_answered(self) -> None:
        """Until the body is sent, or the upstream answers before that. Raises what broke the body off."""
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._protocol.read())
        if not self.task.done():
            await asyncio.wait((self._reading, self.task), return_when=asyncio.FIRST_COMPLETED)
        if self.task.done() and (not self._reading.done() or self._reading.exception() is not None):
            self.task.result()

    async def answer(self) -> object:
        """The answer's next head and body."""
        assert self._reading is not None
        reading, self._reading = self._reading, None
        return await reading

    def cancel(self) -> None:
        """Stop sending, stop waiting."""
        self.task.cancel()
        if self._reading is not None:
            self._reading.cancel()

    async def _run(self, call: Call, protocol: UpstreamConnection) -> None:
        if call.expects:
            try:
                async with asyncio.timeout(_CONTINUE_WAIT):
                    await self.go_on.wait()
            except TimeoutError:  # the upstream waits for the body, and the client for a word: somebody has to begin
                if call.interim is not None:
                    call.interim(_CONTINUE)
        encode = write.chunk if call.chunked else bytes
        if call.body:
            self._send(protocol, encode(call.body))
        if call.rest is not None:
            async for piece in call.rest:
                self._send(protocol, encode(piece))
                try:
                    await protocol.drain(self._idle)
                except TimeoutError as exc:
                    raise UpstreamTimeout(self._name, f"took no more of the request for {self._idle:g} s") from exc
        if call.chunked:
            self._send(protocol, write.last_chunk(call.trailers()))

    def _send(self, protocol: UpstreamConnection, data: bytes) -> None:
        if protocol.transport is None or protocol.transport.is_closing():
            raise UpstreamReset(self._name, "closed the connection while the request was being sent")
        protocol.transport.write(data)


class _Again(Exception):
    """The request was not sent, or surely not worked on: try once more."""

    def __init__(self, failed_replica: Replica | None, error: UpstreamError) -> None:
        super().__init__(str(error))
        self.failed_replica = failed_replica  # another one is asked, if there is one
