"""Fill: the work of one flight. L2 -> lease -> admit -> upstream -> storable? -> store."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from gateway.cache.relay import Broken, Tail
from gateway.cache.store import Claim
from gateway.cache.tiers import Lookup, Tiers
from gateway.model.entry import Entry, EntryFlag
from gateway.model.errors import Shed, UpstreamError, UpstreamReset
from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.model.outcome import Reason
from gateway.pipeline.flight import Flight, Landing, Work
from gateway.pipeline.job import Job, OtherForms
from gateway.pipeline.plan import Rule
from gateway.pipeline.receive import Receiver
from gateway.pipeline.recording import Recording
from gateway.policy import variants
from gateway.policy.forms import converted
from gateway.policy.freshness import Verdict, classify
from gateway.upstream.call import Call
from gateway.upstream.reply import Reply

# How long a key whose answer could not be shared is fetched by everybody for himself.
GIVEN_UP_FOR = 10.0
# An answer of more bytes is converted by a thread: 64 KiB take 20 ms, which all other clients would wait for.
_ELSEWHERE = 16 << 10


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
        self._receiver = Receiver(tiers, random, give_up, wall, clock)
        self._wall = wall
        self._clock = clock

    def work(self, job: Job) -> Work:
        """The work of a flight that `job` opens."""
        return lambda flight: self._fly(job, flight)

    async def find(self, rule: Rule, request: Request, primary: bytes) -> tuple[bytes, Entry | None]:
        """What the tiers have, and under which key; memory has it then, too. primary: the key, before Vary."""
        key, now, l1_ttl = primary, self._wall(), rule.route.cache.l1_ttl
        entry = (await self._tiers.find(key, now, l1_ttl)).entry
        if entry is not None and entry.flags & EntryFlag.VARY:
            key = rule.keyer.variant(primary, variants.names(entry), request)
            entry = (await self._tiers.find(key, now, l1_ttl, named=(primary,))).entry
        return key, entry

    async def has(self, rule: Rule, request: Request, primary: bytes) -> bool:
        """Whether a tier has a fresh answer."""
        _, entry = await self.find(rule, request, primary)
        return entry is not None and classify(entry, self._wall()) is Verdict.FRESH

    async def _fly(self, job: Job | None, flight: Flight) -> None:
        """The whole way, anew for each to whom the flight is handed over: its variant may be another."""
        while job is not None:
            await self._fill(job, flight)
            job = job.successor

    async def _fill(self, job: Job, flight: Flight) -> None:
        """Land the flight with the best there is, and store what may be stored."""
        route = job.rule.route
        flight.expendable = job.wanted and route.cache.finish == "wanted"
        self._stand_by(job, flight)
        if job.look and await self._find(job, flight):
            return
        if job.early and await self._renewed(job, flight):
            return
        if not (route.lease.enabled and job.lease) or self._tiers.alone:
            await self._ask(job, flight)
            return
        lease = await self._tiers.claim(job.key, route.lease.ttl)
        found: Lookup | None = None
        if lease.state is Claim.HELD and not flight.landed:
            found = await self._tiers.wait(lease, self._wall(), self._l1_ttl(job), job.keys)
        elif lease.state is Claim.GRANTED and lease.shared and job.look:
            found = await self._tiers.look_again(lease, self._wall(), self._l1_ttl(job), job.keys)
        if found is not None:
            if found.tail is not None:
                if self._tiers.untouched(found.tail.version, job.names()):
                    await self._follow(job, flight, found.tail)
                else:  # what is received elsewhere has been purged meanwhile
                    await self._ask(job, flight)
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
        lease.call = self._tiers.version, job.names(())  # the call begins now
        try:
            given_up = await self._ask(job, flight)
        finally:
            await self._tiers.release(lease, GIVEN_UP_FOR if given_up else 0)

    async def _follow(self, job: Job, flight: Flight, tail: Tail) -> None:
        """Land with what another process is receiving, and store nothing: it does."""
        recording = Recording(tail.status, tail.reason, Fields(tail.fields), job.rule.route.cache.max_body)
        recording.on_idle = flight.left
        flight.expendable = True
        flight.version = tail.version
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
        if await self._settles(job, flight, await self._look(job)):
            return True
        return job.forms is not None and job.stale is None and await self._convert(job, flight, job.forms)

    async def _renewed(self, job: Job, flight: Flight) -> bool:
        """True where another process has asked anew, so that it need not be done here."""
        assert job.stale is not None
        newer = await self._tiers.newer(job.key, job.stale, self._wall(), self._l1_ttl(job), job.keys)
        return newer.entry is not None and self._usable(job, flight, newer)

    async def _look(self, job: Job) -> Lookup:
        said = job.said.pop(job.key, None)  # once: after the lease it is to be asked anew
        return await self._tiers.find(job.key, self._wall(), self._l1_ttl(job), said, job.keys)

    async def _convert(self, job: Job, flight: Flight, forms: OtherForms) -> bool:
        """Make the answer from its other form, and keep it. True where there is one, and it is fresh."""
        limit = job.rule.route.cache.max_body
        for key in forms.keys:
            found = await self._tiers.find(key, self._wall(), self._l1_ttl(job))
            if found.entry is None or classify(found.entry, self._wall()) is not Verdict.FRESH:
                continue
            if not self._tiers.untouched(found.entry.version, job.names(found.entry.tags)):
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
            self._follow_marker(job, found.entry)
            found = await self._look(job)
        return found.entry is not None and self._usable(job, flight, found)

    def _follow_marker(self, job: Job, marker: Entry) -> None:
        """Turn to the variant that a marker leads to."""
        job.vary = variants.names(marker)
        job.key = job.rule.keyer.variant(job.primary, job.vary, job.request)

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
        self._stand_by(job, flight)
        return False

    def _stand_by(self, job: Job, flight: Flight) -> None:
        """Have at hand what could be given in the place of an answer."""
        standby = flight.standby
        standby.key, standby.vary, standby.stale = job.key, job.vary, job.stale

    async def _ask(self, job: Job, flight: Flight) -> bool:
        """Ask upstream. True where the answer may not be shared, so that others should not wait for it."""
        started = self._clock()
        job.version = flight.version = self._tiers.version
        try:
            return await self._answer(job, flight, started)
        except Shed as exc:
            job.successor = _successor(job, flight, exc)
        except UpstreamError as exc:
            flight.land(self._failed(job, exc, self._clock() - started))
        return False

    async def _answer(self, job: Job, flight: Flight, started: float) -> bool:
        """`_ask`, where an answer comes."""
        return await self._receiver.receive(job, flight, await self._fetch(job, flight, job.call), started)

    def _failed(self, job: Job, exc: UpstreamError, seconds: float) -> Landing:
        """What there is where none comes. seconds: that the upstream has taken."""
        return failure(exc, seconds)

    async def _fetch(self, job: Job, flight: Flight, call: Call) -> Reply:
        unwanted = not job.wanted or flight.landed  # its client has a stale answer: that is free, and this can wait
        return await job.rule.admit.fetch(
            job.rule.upstream,
            call,
            job.request,
            job.rule.route,
            free=job.free or unwanted,
            spare=unwanted,
            ask=job.rule.ask,
        )


def failure(exc: UpstreamError, seconds: float = 0.0) -> Landing:
    """No answer, for whoever waits. seconds: that the upstream has taken for it."""
    why = exc.reason if isinstance(exc, Shed) else Reason.UPSTREAM_FAILED
    return Landing(error=exc, reason=exc.reason, upstream=exc.upstream, upstream_seconds=seconds, failed=why)


def _successor(job: Job, flight: Flight, shed: Shed) -> Job | None:
    """Who goes on with the flight after a refusal; None: it has landed. Who follows and owes as much is told, too.

    A spent budget is one client's; a full queue everybody's, except for those of a higher class.
    """
    while True:
        heir: Job | None = flight.hand_over(failure(shed), job.unlike(shed.reason))
        if heir is None or shed.reason is not Reason.BUDGET:
            return heir
        wait = heir.rule.admit.owes(heir.request, heir.rule.route)
        if not wait:
            return heir
        heir.rule.admit.refused(heir.rule.route)
        job, shed = heir, Shed(shed.upstream, Reason.BUDGET, wait)
