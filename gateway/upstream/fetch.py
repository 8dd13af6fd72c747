"""Fetch: one call to an upstream, its time limits, and the one retry."""

import asyncio
import random
import time
from collections.abc import Callable, Collection
from typing import cast

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EofStream

from gateway.model.errors import NoReplica, UpstreamError, UpstreamReset, UpstreamTimeout, UpstreamUnreachable
from gateway.model.replicas import UpstreamState
from gateway.model.settings.upstream import UpstreamSettings
from gateway.policy.affinity import Affinity
from gateway.policy.retries import RetryBudget
from gateway.upstream.attempt import Attempt, Listener
from gateway.upstream.balance import Balance
from gateway.upstream.call import Call
from gateway.upstream.connection import UpstreamConnection
from gateway.upstream.health import HealthChecks
from gateway.upstream.pool import Pool, connected
from gateway.upstream.replica import Replica, replicas_of
from gateway.upstream.reply import Reply, translate
from gateway.upstream.upload import Upload
from gateway.wire import write
from gateway.wire.head import ResponseHead
from gateway.wire.intake import Body


class Upstream:
    """A named service: its replicas, its connections, its time limits.

    clock: monotonic seconds. random: [0, 1). drained: names of replicas that an operator has taken out.
    """

    def __init__(
        self,
        name: str,
        settings: UpstreamSettings,
        listener: Listener,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
        drained: Collection[str] = (),
    ) -> None:
        self.name = name
        self.settings = settings
        self.affinity = Affinity(settings.balance, len(settings.urls))
        self._replicas = replicas_of(settings)
        self._pool = Pool(name, settings)
        self._aside: Pool | None = None  # made where it is needed
        self._balance = Balance(name, self._replicas, settings, random)
        self._budget = RetryBudget(settings.retries, clock())
        self._health: HealthChecks | None = None
        self._listener = listener
        self._clock = clock
        self._loop = asyncio.get_running_loop()  # asking for it costs a system call in Python 3.11
        for replica in self._replicas:
            if replica.name in drained:
                self._balance.drain(replica, True, clock())
        if settings.health.path is not None:
            self._health = HealthChecks(name, settings, self._balance.checked, random, clock)
            self._health.start(self._replicas)

    @property
    def pending(self) -> int:
        """Calls under way."""
        return sum(replica.pending for replica in self._replicas)

    @property
    def drained(self) -> frozenset[str]:
        """Names of the replicas that are drained."""
        return frozenset(replica.name for replica in self._replicas if replica.drained)

    def drain(self, replica: str, drained: bool = True) -> None:
        """No new calls to it, until it is enabled (`drained`: False); those under way end. LookupError: no such one."""
        for one in self._replicas:
            if one.name == replica:
                self._balance.drain(one, drained, self._clock())
                return
        raise LookupError(f"{self.name} has no replica {replica}; it has {', '.join(r.name for r in self._replicas)}")

    def state(self) -> UpstreamState:
        """What is known about it now."""
        now = self._clock()
        replicas = tuple(replica.state(now) for replica in self._replicas)
        return UpstreamState(self.name, replicas, self._budget.allowed, self._budget.refused)

    def batched(self, items: int) -> None:
        """The next call stands for so many."""
        self._listener.upstream_batch(self.name, items)

    async def fetch(self, call: Call) -> Reply:
        """Send, and wait for the answer's head. Raises UpstreamError."""
        total = self.settings.timeouts.total
        deadline = self._loop.time() + total if total else None
        now = self._clock()
        self._budget.called()
        replica = self._balance.pick(now, call.affinity)
        try:
            return await self._attempt(replica, call, deadline, now)
        except _Again as again:
            now = self._clock()
            try:
                replica = self._balance.pick(now, call.affinity, but=replica)
            except NoReplica:
                raise again.error from None
            return await self._attempt(replica, call, deadline, now, last=True)

    async def _attempt(
        self, replica: Replica, call: Call, deadline: float | None, started: float, last: bool = False
    ) -> Reply:
        attempt = Attempt(self.name, replica, self._balance, self._listener, self._clock, started)
        connection: Connection | None = None
        protocol: UpstreamConnection | None = None
        try:
            pool = self._pool_aside() if call.aside else self._pool
            connection = await pool.idle(replica)
            if connection is None:
                async with asyncio.timeout_at(deadline):
                    connection = await pool.connect(replica)
            protocol = connected(connection)
            reply = await self._talk(replica, call, connection, protocol, deadline, attempt)
            reply.limit(deadline, self.settings.timeouts.idle)
            return reply
        except BaseException as exc:
            error = self._late(deadline) if isinstance(exc, TimeoutError) else exc
            if connection is not None:
                connection.close()
            stale = isinstance(error, UpstreamReset) and protocol is not None and protocol.reused_in_vain
            if stale:  # a kept connection that ends while a request is on its way is nobody's fault
                attempt.blame = False
            attempt.end(error.reason if isinstance(error, UpstreamError) else "abandoned")
            if isinstance(error, UpstreamError) and not last:
                self._try_again(error, call, sent=protocol is not None, stale=stale)
            if error is exc:
                raise
            raise error from exc

    def _pool_aside(self) -> Pool:
        if self._aside is None:
            self._aside = Pool(self.name, self.settings)
        return self._aside

    def _try_again(self, error: UpstreamError, call: Call, *, sent: bool, stale: bool) -> None:
        """Raises _Again where the request was not sent, or surely not worked on, and there is budget for it."""
        if sent:
            harmless = stale and call.repeatable and call.rest is None
        else:
            harmless = isinstance(error, UpstreamUnreachable) or len(self._replicas) > 1
        if harmless and self._budget.allows(self._clock()):
            raise _Again(error) from error

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
        attempt: Attempt,
    ) -> Reply:
        protocol.expect(call.method, upgrade=call.upgrade)
        target = call.target if call.target == b"*" else replica.prefix + call.target
        head = write.request(call.method, target, call.fields(replica.authority))
        transport = protocol.transport
        if transport is None:
            raise UpstreamReset(self.name, "closed the connection without an answer")
        upload: Upload | None = None
        if call.rest is None and not call.expects:
            transport.write(head + call.body if call.body else head)
        else:
            transport.write(head)
            protocol.answer_by(deadline)
            upload = Upload(self.name, call, protocol, self.settings.timeouts.idle)
        try:
            answer, payload = await self._answer(call, protocol, upload, deadline)
        except BaseException as exc:
            if upload is not None:
                if isinstance(exc, TimeoutError) and not upload.task.done():
                    attempt.blame = False  # it was the client who had not sent all of the request by then
                upload.cancel()
            raise
        protocol.answer_by(None)
        attempt.answered(answer.status)
        body = payload if isinstance(payload, Body) and payload.framing != 0 else None
        return Reply(self.name, answer, body, connection, protocol, upload.task if upload else None, attempt.end)

    async def _answer(
        self, call: Call, protocol: UpstreamConnection, upload: "Upload | None", deadline: float | None
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
        """Stop checking, close all connections."""
        if self._health is not None:
            await self._health.close()
        await self._pool.close()
        if self._aside is not None:
            await self._aside.close()


class _Again(Exception):
    """The request was not sent, or surely not worked on: try once more."""

    def __init__(self, error: UpstreamError) -> None:
        super().__init__(str(error))
        self.error = error
