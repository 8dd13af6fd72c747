"""Upload: a request's body on its way to the upstream."""

import asyncio
from typing import Any

from gateway.model.errors import UpstreamReset, UpstreamTimeout
from gateway.model.fields import Fields
from gateway.upstream.call import Call
from gateway.upstream.connection import UpstreamConnection
from gateway.wire import write
from gateway.wire.head import ResponseHead

# An upstream that ignores Expect gets the body after this long (RFC 9110 section 10.1.1).
_CONTINUE_WAIT = 1.0
_CONTINUE = ResponseHead(100, b"Continue", (1, 1), Fields())


class Upload:
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
