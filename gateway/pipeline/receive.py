"""Receive: an answer of the upstream, until it is whole: passed on, shared, stored, or given up."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.cache.leases import Lease
from gateway.cache.relay import Relay
from gateway.cache.tiers import Tiers
from gateway.model.entry import Entry, Windows
from gateway.model.errors import UpstreamError, UpstreamReset
from gateway.model.fields import Pairs
from gateway.model.outcome import Reason
from gateway.pipeline.flight import Flight, Landing
from gateway.pipeline.job import Job
from gateway.pipeline.recording import Recording
from gateway.policy.documents import laid_up
from gateway.policy.freshness import coarse
from gateway.policy.keying import documents_key
from gateway.policy.pacing import Timeline
from gateway.policy.storing import Skip, Store
from gateway.policy.streaming import Watch
from gateway.upstream.reply import Reply
from gateway.wire.head import ResponseHead

# What a hit saves is told to 1.6 %: a figure that few entries share takes 32 bytes in each.
_SAVED_DIGITS = 7
_UPSTREAM_TROUBLE = (500, 502, 503, 504)  # RFC 5861 section 4


@dataclass(slots=True)
class Reception:
    """An answer that is being received. skip: why it will not be stored, as far as its head tells."""

    reply: Reply
    recording: Recording
    skip: Skip | None
    watch: Watch | None
    timeline: Timeline | None
    started: float
    relay: Relay | None = None  # tells other processes of it
    failed: bool = False  # it says that the service has failed: anything else is better

    def take(self, piece: bytes, clock: Callable[[], float]) -> None:
        """The next bytes of its body."""
        self.recording.feed(piece)
        if self.timeline is not None:
            self.timeline.mark(self.recording.size, clock())
        if self.watch is not None:
            self.watch.feed(piece)
        if self.relay is not None:
            if self.recording.overflown:
                self.relay.end(whole=False)
            self.relay.feed(piece)

    def end(self, trailers: Pairs) -> None:
        """Its body is whole."""
        self.recording.finish(trailers)
        if self.relay is not None:
            self.relay.end(whole=not trailers)

    def fail(self, error: UpstreamError) -> None:
        """Its body broke off."""
        self.recording.fail(error)
        if self.relay is not None:
            self.relay.end(whole=False)


class Receiver:
    """Receives answers. `wall`: Unix seconds; `clock`: monotonic; `random`: [0, 1)."""

    def __init__(
        self,
        tiers: Tiers,
        random: Callable[[], float],
        give_up: Callable[[bytes, Reason], None],
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tiers = tiers
        self._random = random
        self._give_up = give_up
        self._wall = wall
        self._clock = clock

    async def receive(self, job: Job, flight: Flight, reply: Reply, started: float) -> bool:
        """Land the flight with what comes. True where it may not be shared, so that others should not wait for it.

        started: when its call began, by `clock`. Raises UpstreamError where the body broke off, and closes the reply
        where it raises anything.
        """
        try:
            head, holds = reply.head, job.rule.ladder.holds(flight.standby.stale is not None)
            job.status = head.status
            # Where something can stand in, the client hears nothing before it is clear that it need not.
            failed = holds and head.status in _UPSTREAM_TROUBLE
            skip = job.rule.storing.head(job.request, head.status, head.fields, self._wall())
            if skip is not None and not skip.shareable:
                return self._hand_over(job, flight, reply, b"", skip.reason, started, failed)
            watch = job.rule.streaming.watch(head.fields)
            if skip is None and watch is not None and not watch.readable:
                skip = Skip(Reason.STREAM, shareable=True)
            flight.useless = skip is not None or not job.keep
            flight.expendable = job.wanted and (flight.useless or job.rule.route.cache.finish == "wanted")
            flight.standby.watch = watch
            got = self._reception(job, flight, reply, skip, watch, started)
            got.failed = failed
            return await self._receive(job, flight, got, holds=holds)
        except BaseException:  # the worker ends, or a bug: the connection must not stay taken
            reply.close()
            raise

    async def _receive(self, job: Job, flight: Flight, got: Reception, *, holds: bool) -> bool:
        """Receive the body. A stream, or what is neither JSON nor of known length, is passed on while it comes."""
        reply, recording, watch = got.reply, got.recording, got.watch
        live = watch is not None or (got.skip is None and reply.length is None and not _is_json(reply.head))
        live = live and b"set-cookie" not in reply.head.fields  # who follows gets what is stored: without it
        limits = job.rule.upstream.settings.timeouts
        timer = reply.due(limits.first_event, "event") if watch is not None and not watch.began else None
        try:
            if live and not got.failed and not (holds and watch is not None):
                await self._go_live(job, flight, got)
            while piece := await reply.read():
                got.take(piece, self._clock)
                if watch is not None and watch.began:
                    if timer is not None:
                        timer.cancel()
                        timer = None
                    if not flight.landed and (watch.usable or watch.failed):
                        if watch.failed:
                            got.failed = flight.useless = True
                            flight.expendable = job.wanted
                        await self._go_live(job, flight, got)
                if recording.overflown and not flight.landed:
                    return self._hand_over(job, flight, reply, recording.take(), Reason.ANSWER_TOO_LARGE, got.started)
                if not await recording.room():
                    reply.close()
                    return True
        except UpstreamError as exc:
            got.fail(exc)
            raise
        except BaseException:
            got.fail(UpstreamReset(reply.upstream, "was given up"))
            raise
        finally:
            if timer is not None:
                timer.cancel()
        got.end(reply.trailers.pairs)
        if recording.overflown:
            return True
        self._conclude(job, flight, got)
        return False

    def _reception(
        self, job: Job, flight: Flight, reply: Reply, skip: Skip | None, watch: Watch | None, started: float
    ) -> Reception:
        head, route = reply.head, job.rule.route
        recording = Recording(head.status, head.reason, head.fields, route.cache.max_body, reply.length)
        recording.on_idle = flight.left
        timeline = Timeline() if watch is not None and route.stream.replay.pace == "recorded" else None
        return Reception(reply, recording, skip, watch, timeline, started)

    async def _go_live(self, job: Job, flight: Flight, got: Reception) -> None:
        """Tell the clients of an answer that is still being received."""
        landing = self._landing(job, got.reply, got.started)
        landing.recording = got.recording
        landing.reason = got.skip.reason if got.skip is not None else None
        landing.failed = Reason.UPSTREAM_FAILED if got.failed else None
        flight.land(landing)
        # Whoever waits for our lease may differ in what the answer varies on: the variants are told apart here only.
        if job.held is not None and not landing.vary:
            self._tell_others(job.held, job.version, flight, got)
        await flight.told()  # an over-long answer is given up where nobody reads it: its readers come first

    def _tell_others(self, lease: Lease, version: int, flight: Flight, got: Reception) -> None:
        """Have other processes follow what is received here."""
        recording = got.recording
        head = (recording.status, recording.reason, recording.fields.pairs)
        got.relay = relay = self._tiers.relay(lease, version, *head)
        if relay is not None:
            flight.expendable = False  # who follows elsewhere is not counted
            for piece in recording.so_far():
                relay.feed(piece)

    def _conclude(self, job: Job, flight: Flight, got: Reception) -> None:
        """The answer is whole: store it if it may be stored, and tell the clients."""
        reply, recording, skip, watch = got.reply, got.recording, got.skip, got.watch
        landing = self._landing(job, reply, got.started)
        landing.recording = recording
        landing.failed = Reason.UPSTREAM_FAILED if got.failed else None
        if watch is not None:
            watch.close()
        if skip is None and not reply.whole:
            skip = Skip(Reason.TRUNCATED, shareable=True)
        if skip is None and recording.trailers:
            skip = Skip(Reason.TRAILERS, shareable=True)
        now = self._wall()
        verdict = skip or job.rule.storing.whole(
            job.request,
            reply.head.status,
            reply.head.fields,
            recording.body,
            now,
            self._random,
            watch,
            took=self._clock() - got.started,
        )
        match verdict:
            case Store():
                landing.entry = job.answer = self._entry(job, got, verdict, now, landing)
                landing.stored = job.keep and self._store(job, landing.entry, verdict, now, landing)
                if job.keep and not landing.stored:
                    landing.entry, landing.reason = None, Reason.PURGED
            case Skip(reason=reason, shareable=shareable):
                landing.reason = reason
                landing.shared = shareable
        if job.rule.bloom is not None:
            job.rule.bloom.answered(landing.key, reply.head.status, landing.entry, job.doubts)
        flight.land(landing)

    def _entry(self, job: Job, got: Reception, store: Store, now: float, landing: Landing) -> Entry:
        head = got.reply.head
        life = store.lifetimes
        fresh_for = coarse(life.fresh)
        return Entry.of(
            head.status,
            head.reason,
            store.fields,
            got.recording.body,
            coding=store.coding,
            route=job.rule.route.name,
            fresh_until=now + fresh_for,
            fresh_for=fresh_for,
            stale=Windows(life.stale_while_revalidate, life.stale_if_error, life.validated),
            initial_age=life.initial_age,
            tags=store.tags,
            version=job.version,
            flags=store.flags,
            upstream_seconds=coarse(landing.upstream_seconds, _SAVED_DIGITS),
            timeline=got.timeline.packed() if got.timeline is not None else b"",
        )

    def _store(self, job: Job, entry: Entry, store: Store, now: float, landing: Landing) -> bool:
        """Keep it; False where it was purged while it came."""
        l1_ttl = job.rule.route.cache.l1_ttl
        if not self._tiers.sieve.leaves(entry, (landing.key, job.primary)):
            return False
        if landing.vary:
            marker = job.rule.storing.marker(job.marker, landing.key, entry, landing.vary, job.request)
            self._tiers.keep(job.primary, marker, l1_ttl)
        self._tiers.keep(landing.key, entry, l1_ttl)
        if store.documents:
            documents = laid_up(store.documents, entry, now, job.rule.ladder.remember)
            self._tiers.lay_up(documents_key(landing.key), documents)
        return True

    def _hand_over(
        self,
        job: Job,
        flight: Flight,
        reply: Reply,
        prefix: bytes,
        reason: Reason,
        started: float,
        failed: bool = False,
    ) -> bool:
        if not failed:  # what a failure looks like says nothing of the next answer
            self._give_up(job.flight_key, reason)
        landing = self._landing(job, reply, started)
        landing.reply, landing.prefix, landing.shared, landing.reason = reply, prefix, False, reason
        landing.failed = Reason.UPSTREAM_FAILED if failed else None
        flight.land(landing)
        return not failed

    def _landing(self, job: Job, reply: Reply, started: float) -> Landing:
        """What is known with the head: also those who share an answer that is not stored must be of one variant."""
        vary = job.rule.storing.vary(reply.head.fields, job.vary)
        key = job.rule.keyer.variant(job.primary, vary, job.request) if vary else job.key
        return Landing(key=key, vary=vary, upstream=reply.upstream, upstream_seconds=self._clock() - started)


def _is_json(head: ResponseHead) -> bool:
    return b"json" in (head.fields.get(b"content-type") or b"").lower()
