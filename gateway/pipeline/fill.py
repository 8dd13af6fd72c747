"""Fill: the work of one flight. L2 -> lease -> admit -> upstream -> storable? -> store."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.cache.leases import Lease
from gateway.cache.relay import Broken, Relay, Tail
from gateway.cache.store import Claim
from gateway.cache.tiers import Lookup, Tiers
from gateway.model.entry import Entry, EntryFlag, Windows
from gateway.model.errors import Shed, UpstreamError, UpstreamReset
from gateway.model.exchange import Request
from gateway.model.fields import Pairs
from gateway.model.outcome import Reason
from gateway.pipeline.flight import Flight, Landing, Work
from gateway.pipeline.plan import Rule
from gateway.pipeline.recording import Recording
from gateway.policy import variants
from gateway.policy.forms import Form, converted
from gateway.policy.freshness import Verdict, classify, coarse
from gateway.policy.pacing import Timeline
from gateway.policy.storing import Skip, Store, vary_names
from gateway.policy.streaming import Watch
from gateway.upstream.call import Call
from gateway.upstream.reply import Reply
from gateway.wire.head import ResponseHead

# How long a key whose answer could not be shared is fetched by everybody for himself.
GIVEN_UP_FOR = 10.0
# What a hit saves is told to 1.6 %: a figure that few entries share takes 32 bytes in each.
_SAVED_DIGITS = 7
# An answer of more bytes is converted by a thread: 64 KiB take 20 ms, which all other clients would wait for.
_ELSEWHERE = 16 << 10
_UPSTREAM_TROUBLE = (500, 502, 503, 504)  # RFC 5861 section 4


@dataclass(slots=True, frozen=True)
class OtherForms:
    """A chat's answer in another form does, too. want: the form that was asked for. keys: of the others."""

    want: Form
    keys: tuple[bytes, ...]


@dataclass(slots=True)
class Job:
    """What a flight works on. key: of the entry; primary: before Vary. stale: what memory held, if still usable."""

    rule: Rule
    request: Request
    call: Call
    key: bytes
    primary: bytes
    stale: Entry | None = None
    wanted: bool = True  # somebody waits for it; False: it was opened to renew what has been served
    early: bool = False  # `stale` is fresh still: only a newer entry does
    look: bool = True  # False: an entry in L2 is not good enough (the client wants a new answer)
    lease: bool = True
    forms: OtherForms | None = None
    vary: tuple[bytes, ...] = ()  # what a marker in L2 says that the answer varies on: `key` is a variant's then
    held: Lease | None = None  # it is ours while we ask
    free: bool = False  # no budget is spent on it
    successor: "Job | None" = None  # it was refused at admit, and the flight goes on for another
    doubts: tuple[str, ...] = ()  # the filters (guard/bloom) that say that there is no answer, and do not forbid to ask


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


class Filler:
    """Does the work of flights. `wall`: Unix seconds; `clock`: monotonic; `random`: [0, 1)."""

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

    def work(self, job: Job) -> Work:
        """The work of a flight that `job` opens."""
        return lambda flight: self._fly(job, flight)

    async def has(self, rule: Rule, request: Request, primary: bytes) -> bool:
        """Whether a tier has a fresh answer; memory has it then, too. primary: the key, before Vary."""
        now, l1_ttl = self._wall(), rule.route.cache.l1_ttl
        entry = (await self._tiers.find(primary, now, l1_ttl)).entry
        if entry is not None and entry.flags & EntryFlag.VARY:
            key = rule.keyer.variant(primary, variants.names(entry), request)
            entry = (await self._tiers.find(key, now, l1_ttl)).entry
        return entry is not None and classify(entry, now) is Verdict.FRESH

    async def _fly(self, job: Job | None, flight: Flight) -> None:
        """The whole way, anew for each to whom the flight is handed over: its variant may be another."""
        while job is not None:
            await self._fill(job, flight)
            job = job.successor

    async def _fill(self, job: Job, flight: Flight) -> None:
        """Land the flight with the best there is, and store what may be stored."""
        route = job.rule.route
        flight.expendable = job.wanted and route.cache.finish == "wanted"
        if job.look and await self._find(job, flight):
            return
        if job.early and await self._renewed(job, flight):
            return
        if not (route.lease.enabled and job.lease):
            await self._ask(job, flight)
            return
        lease = await self._tiers.claim(job.key, route.lease.ttl)
        found: Lookup | None = None
        if lease.state is Claim.HELD and not flight.landed:
            found = await self._tiers.wait(lease, self._wall(), self._l1_ttl(job))
        elif lease.state is Claim.GRANTED and lease.shared and job.look:
            found = await self._tiers.look_again(lease, self._wall(), self._l1_ttl(job))
        if found is not None:
            if found.tail is not None:
                await self._follow(job, flight, found.tail)
                return
            if await self._settles(job, flight, found):
                return
            if found.lease is None:  # an answer came, but it is another variant's: ask without a lease
                await self._ask(job, flight)
                return
        if lease.state is Claim.GIVEN_UP:
            flight.land(Landing(reason=Reason.GIVEN_UP))
            return
        if lease.state is Claim.HELD:
            return  # somebody else refreshes what has been served stale here
        given_up = False
        job.held = lease
        try:
            given_up = await self._ask(job, flight)
        finally:
            await self._tiers.release(lease, GIVEN_UP_FOR if given_up else 0)

    async def _follow(self, job: Job, flight: Flight, tail: Tail) -> None:
        """Land with what another process is receiving, and store nothing: it does."""
        recording = Recording(tail.status, tail.reason, tail.fields, job.rule.route.cache.max_body)
        recording.on_idle = flight.left
        flight.expendable = True
        flight.land(Landing(recording=recording, key=job.key, elsewhere=True))
        try:
            while piece := await tail.read():
                recording.feed(piece)
                if not await recording.room():
                    return
        except Broken as exc:
            recording.fail(UpstreamReset(job.rule.upstream.name, str(exc)))
            return
        except BaseException:
            recording.fail(UpstreamReset(job.rule.upstream.name, "was given up"))
            raise
        recording.finish()

    async def _find(self, job: Job, flight: Flight) -> bool:
        """Look into L2. True where that ends the work."""
        if await self._settles(job, flight, await self._tiers.find(job.key, self._wall(), self._l1_ttl(job))):
            return True
        return job.forms is not None and job.stale is None and await self._convert(job, flight, job.forms)

    async def _renewed(self, job: Job, flight: Flight) -> bool:
        """True where another process has asked anew, so that it need not be done here."""
        assert job.stale is not None
        newer = await self._tiers.newer(job.key, job.stale, self._wall(), self._l1_ttl(job))
        return newer.entry is not None and self._usable(job, flight, newer)

    async def _convert(self, job: Job, flight: Flight, forms: OtherForms) -> bool:
        """Make the answer from its other form, and keep it. True where there is one, and it is fresh."""
        limit = job.rule.route.cache.max_body
        for key in forms.keys:
            found = await self._tiers.find(key, self._wall(), self._l1_ttl(job))
            if found.entry is None or classify(found.entry, self._wall()) is not Verdict.FRESH:
                continue
            if len(found.entry.body) > _ELSEWHERE:
                made = await asyncio.to_thread(converted, found.entry, forms.want, limit)
            else:
                made = converted(found.entry, forms.want, limit)
            if made is not None:
                self._tiers.keep(job.key, made, self._l1_ttl(job))
                flight.land(Landing(entry=made, tier=found.tier, key=job.key, upstream_seconds=made.upstream_seconds))
                return True
        return False

    async def _settles(self, job: Job, flight: Flight, found: Lookup) -> bool:
        """Follow a marker to the variant, and land with what is there. True where nothing needs to be asked."""
        if found.entry is not None and found.entry.flags & EntryFlag.VARY:
            job.vary = variants.names(found.entry)
            job.key = job.rule.keyer.variant(job.primary, job.vary, job.request)
            found = await self._tiers.find(job.key, self._wall(), self._l1_ttl(job))
        return found.entry is not None and self._usable(job, flight, found)

    def _l1_ttl(self, job: Job) -> float:
        return job.rule.route.cache.l1_ttl

    def _usable(self, job: Job, flight: Flight, found: Lookup) -> bool:
        """Land with a found entry as far as it is usable. True where nothing needs to be asked."""
        entry = found.entry
        assert entry is not None
        verdict = classify(entry, self._wall())
        landing = Landing(
            entry=entry, tier=found.tier, key=job.key, vary=job.vary, upstream_seconds=entry.upstream_seconds
        )
        if verdict is Verdict.FRESH:
            flight.land(landing)
            return True
        if verdict is Verdict.STALE_REVALIDATE:
            flight.land(replace(landing, stale=True, reason=Reason.REVALIDATING))
        if verdict is not Verdict.EXPIRED:
            job.stale = entry
        return False

    async def _ask(self, job: Job, flight: Flight) -> bool:
        """Ask upstream. True where the answer may not be shared, so that others should not wait for it."""
        started = self._clock()
        unwanted = not job.wanted or flight.landed  # its client has a stale answer: that is free, and this can wait
        try:
            reply = await job.rule.admit.fetch(
                job.rule.upstream,
                job.call,
                job.request,
                job.rule.route,
                free=job.free or unwanted,
                spare=unwanted,
                ask=job.rule.fetch,
            )
        except Shed as exc:
            job.successor = self._successor(job, flight, exc)
            return False
        except UpstreamError as exc:
            self._fail(job, flight, exc, self._clock() - started)
            return False
        try:
            head = reply.head
            skip = job.rule.storing.head(job.request, head.status, head.fields)
            if head.status in _UPSTREAM_TROUBLE and self._land_stale(job, flight):
                reply.close()
                return False
            if skip is not None and not skip.shareable:
                return self._hand_over(job, flight, reply, b"", skip.reason, started)
            watch = job.rule.streaming.watch(head.fields)
            if skip is None and watch is not None and not watch.readable:
                skip = Skip(Reason.STREAM, shareable=True)
            flight.expendable = job.wanted and (skip is not None or job.rule.route.cache.finish == "wanted")
            return await self._receive(job, flight, reply, skip, watch, started)
        except BaseException:  # the worker ends, or a bug: the connection must not stay taken
            reply.close()
            raise

    async def _receive(
        self, job: Job, flight: Flight, reply: Reply, skip: Skip | None, watch: Watch | None, started: float
    ) -> bool:
        """Receive the body. A stream, or what is neither JSON nor of known length, is passed on while it comes."""
        got = self._reception(job, flight, reply, skip, watch, started)
        recording = got.recording
        live = watch is not None or (skip is None and reply.length is None and not _is_json(reply.head))
        limits = job.rule.upstream.settings.timeouts
        timer = reply.due(limits.first_event, "event") if watch is not None and not watch.began else None
        try:
            # Where a stale answer can stand in, the client hears nothing before it is clear that it need not.
            if live and (job.stale is None or watch is None):
                await self._go_live(job, flight, got)
            while piece := await reply.read():
                got.take(piece, self._clock)
                if watch is not None and watch.began:
                    if timer is not None:
                        timer.cancel()
                        timer = None
                    if watch.failed and not flight.landed and self._land_stale(job, flight):
                        reply.close()
                        return False
                    if not flight.landed:
                        await self._go_live(job, flight, got)
                if recording.overflown and not flight.landed:
                    return self._hand_over(job, flight, reply, recording.take(), Reason.ANSWER_TOO_LARGE, started)
                if not await recording.room():
                    reply.close()
                    return True
        except UpstreamError as exc:
            got.fail(exc)
            self._fail(job, flight, exc, self._clock() - started)
            return False
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
        recording = Recording(head.status, head.reason, head.fields.pairs, route.cache.max_body, reply.length)
        recording.on_idle = flight.left
        timeline = Timeline() if watch is not None and route.stream.replay.pace == "recorded" else None
        return Reception(reply, recording, skip, watch, timeline, started)

    async def _go_live(self, job: Job, flight: Flight, got: Reception) -> None:
        """Tell the clients of an answer that is still being received."""
        landing = self._landing(job, got.reply, got.started)
        landing.recording = got.recording
        landing.reason = got.skip.reason if got.skip is not None else None
        flight.land(landing)
        # Whoever waits for our lease may differ in what the answer varies on: the variants are told apart here only.
        if job.held is not None and not landing.vary:
            self._tell_others(job.held, flight, got)
        await flight.told()  # an over-long answer is given up where nobody reads it: its readers come first

    def _tell_others(self, lease: Lease, flight: Flight, got: Reception) -> None:
        """Have other processes follow what is received here."""
        recording = got.recording
        got.relay = relay = self._tiers.relay(lease, recording.status, recording.reason, recording.fields)
        if relay is not None:
            flight.expendable = False  # who follows elsewhere is not counted
            for piece in recording.so_far():
                relay.feed(piece)

    def _conclude(self, job: Job, flight: Flight, got: Reception) -> None:
        """The answer is whole: store it if it may be stored, and tell the clients."""
        reply, recording, skip, watch = got.reply, got.recording, got.skip, got.watch
        landing = self._landing(job, reply, got.started)
        landing.recording = recording
        if watch is not None:
            watch.close()
        if skip is None and not reply.whole:
            skip = Skip(Reason.TRUNCATED, shareable=True)
        if skip is None and recording.trailers:
            skip = Skip(Reason.TRAILERS, shareable=True)
        now = self._wall()
        verdict = skip or job.rule.storing.whole(
            job.request, reply.head.status, reply.head.fields, recording.body, now, self._random, watch
        )
        match verdict:
            case Store():
                landing.entry = self._store(job, got, verdict, now, landing)
                landing.stored = True
            case Skip(reason=reason, shareable=shareable):
                landing.reason = reason
                landing.shared = shareable
        if job.rule.bloom is not None:
            job.rule.bloom.answered(landing.key, reply.head.status, landing.entry, job.doubts)
        flight.land(landing)

    def _store(self, job: Job, got: Reception, store: Store, now: float, landing: Landing) -> Entry:
        route, head = job.rule.route, got.reply.head
        life = store.lifetimes
        fresh_for = coarse(life.fresh)
        entry = Entry.of(
            head.status,
            head.reason,
            store.fields,
            got.recording.body,
            coding=store.coding,
            route=route.name,
            fresh_until=now + fresh_for,
            fresh_for=fresh_for,
            stale=Windows(life.stale_while_revalidate, life.stale_if_error),
            initial_age=life.initial_age,
            tags=store.tags,
            flags=store.flags,
            upstream_seconds=coarse(landing.upstream_seconds, _SAVED_DIGITS),
            timeline=got.timeline.packed() if got.timeline is not None else b"",
        )
        if landing.vary:
            marker = variants.marker(entry, landing.vary)
            self._tiers.keep(job.primary, marker, route.cache.l1_ttl)
        self._tiers.keep(landing.key, entry, route.cache.l1_ttl)
        return entry

    def _hand_over(self, job: Job, flight: Flight, reply: Reply, prefix: bytes, reason: Reason, started: float) -> bool:
        self._give_up(job.key, reason)
        landing = self._landing(job, reply, started)
        landing.reply, landing.prefix, landing.shared, landing.reason = reply, prefix, False, reason
        flight.land(landing)
        return True

    def _fail(self, job: Job, flight: Flight, exc: UpstreamError, seconds: float) -> None:
        if not self._land_stale(job, flight):
            flight.land(
                Landing(error=exc, reason=exc.reason, upstream=job.rule.upstream.name, upstream_seconds=seconds)
            )

    def _successor(self, job: Job, flight: Flight, shed: Shed) -> Job | None:
        """Who goes on with the flight after a refusal; None: it has landed. Who follows and owes as much is told, too.

        A spent budget is one client's; a full queue everybody's, except for those of a higher class.
        """
        while True:
            refusal = self._stand_in(job, shed.reason) or Landing(
                error=shed, reason=shed.reason, upstream=shed.upstream
            )
            heir: Job | None = flight.hand_over(refusal, _unlike(job, shed.reason))
            if heir is None or shed.reason is not Reason.BUDGET:
                return heir
            wait = heir.rule.admit.owes(heir.request, heir.rule.route)
            if not wait:
                return heir
            heir.rule.admit.refused(heir.rule.route)
            job, shed = heir, Shed(shed.upstream, Reason.BUDGET, wait)

    def _land_stale(self, job: Job, flight: Flight) -> bool:
        landing = self._stand_in(job, Reason.UPSTREAM_FAILED)
        if landing is not None:
            flight.land(landing)
        return landing is not None

    def _stand_in(self, job: Job, reason: Reason) -> Landing | None:
        """RFC 5861 section 4: a stale answer rather than an error, as long as its window lasts."""
        now = self._wall()
        if job.stale is None or classify(job.stale, now) is Verdict.EXPIRED or now > job.stale.stale_error_until:
            return None
        return Landing(entry=job.stale, stale=True, key=job.key, vary=job.vary, reason=reason)

    def _landing(self, job: Job, reply: Reply, started: float) -> Landing:
        """What is known with the head: also those who share an answer that is not stored must be of one variant."""
        vary = vary_names(reply.head.fields) or ()
        key = job.rule.keyer.variant(job.primary, vary, job.request) if vary else job.key
        return Landing(key=key, vary=vary, upstream=reply.upstream, upstream_seconds=self._clock() - started)


def _unlike(job: Job, reason: Reason) -> Callable[[Job | None], bool]:
    """For whom of those who wait the reason for which `job` was refused is none."""
    admit, route = job.rule.admit, job.rule.route
    if not job.wanted:
        return lambda other: other is not None
    if reason is Reason.BUDGET:
        payer = admit.client(job.request, route)
        return lambda other: other is not None and admit.client(other.request, route) != payer
    rank = admit.priority(job.rule.upstream, job.request, route)
    return lambda other: other is not None and admit.priority(job.rule.upstream, other.request, route) < rank


def _is_json(head: ResponseHead) -> bool:
    return b"json" in (head.fields.get(b"content-type") or b"").lower()
