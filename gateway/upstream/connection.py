"""One connection to an upstream: aiohttp's client protocol with our reading of answers in it."""

import asyncio
import contextlib
import select

from aiohttp.client_proto import ResponseHandler

from gateway.wire.intake import Body, ResponseIntake
from gateway.wire.tunnel import TunnelEnd


class UpstreamConnection(ResponseHandler):
    """aiohttp keeps the connection, its pool and its flow control; ResponseIntake says what the bytes mean."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.calls = 0
        self._poller: select.poll | None = None
        self._due: float | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._intake: ResponseIntake | None = None

    def expect(self, method: bytes, *, upgrade: bool = False) -> None:
        """The next bytes answer a request with this method, that asks for another protocol or not."""
        self.calls += 1
        self._read_timeout = None
        self._intake = ResponseIntake(self, self._loop, method=method, upgrade=upgrade)
        self._parser = self._intake  # type: ignore[assignment]  # the interface, not the class, is what aiohttp uses

    @property
    def answered(self) -> bool:
        """A byte of the answer has come."""
        return self._intake is not None and self._intake.began

    @property
    def reused_in_vain(self) -> bool:
        """It served a call before, and this one has got no byte of an answer."""
        return self.calls > 1 and not self.answered

    @property
    def excess(self) -> bool:
        """Something came behind the answer's end."""
        return self._intake is not None and self._intake.excess

    @property
    def should_close(self) -> bool:
        """aiohttp's question when the connection is given back."""
        return super().should_close or self.excess

    @property
    def dead(self) -> bool:
        """An idle connection on which something came: its end (or bytes nobody asked for) waits to be read.

        One poll() closes most of the race between our next request and the upstream's keep-alive time-out;
        the loop may not have read the FIN that is already here.
        """
        if self.transport is None or self.transport.is_closing():
            return True
        if self._poller is None:
            self._poller = select.poll()
            with contextlib.suppress(OSError, ValueError):
                self._poller.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(self._poller.poll(0))

    def answer_by(self, due: float | None) -> None:
        """Until then (the loop's time) an answer's head must have come, or `read` raises TimeoutError. None: whenever.

        The timer of an earlier call is left to run, and looks when it rings what is due now: one for each
        call would be made and cancelled twice (bench/miss.py; with WholeBody, a fifth of a relay).
        """
        self._due = due
        if due is not None and (self._alarm is None or due < self._alarm.when()):
            self._ring_at(due)

    def _ring_at(self, due: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(due, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        if self._due is None:
            return
        if self._due <= self._loop.time():
            self.set_exception(TimeoutError())
        else:
            self._ring_at(self._due)

    def watch_idle(self, body: Body, seconds: float) -> None:
        """From now on, `seconds` without a byte fail the body."""
        if not body.is_eof():
            self._read_timeout = seconds
            if not self._reading_paused:  # else it is us who take nothing; the clock starts when we go on
                self.start_timeout()

    async def drain(self, seconds: float) -> None:
        """Wait until the transport takes more. TimeoutError where the upstream takes nothing for so long."""
        if self._paused:
            async with asyncio.timeout(seconds):
                await self._drain_helper()

    def tunnel(self) -> TunnelEnd:
        """After 101 (or a 2xx to CONNECT): the bytes as they come."""
        end = TunnelEnd(self, self._loop)
        self.set_parser(end, end)
        return end

    def connection_lost(self, exc: BaseException | None) -> None:
        """A reset is no end: it fails also a body that would end with the connection."""
        if self._alarm is not None:
            self._alarm.cancel()
        if exc is not None and self._intake is not None:
            self._intake.fail(exc)
        super().connection_lost(exc)
