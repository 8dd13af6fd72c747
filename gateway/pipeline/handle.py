"""Handle: the whole way of a request, from an exchange to an answer."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

from cachetools import TTLCache

from gateway.cache.tiers import Tiers
from gateway.model.entry import Entry
from gateway.model.errors import Shed, UpstreamError
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome, Reason
from gateway.pipeline import calls, itemwise
from gateway.pipeline.answer import Answer, FromEntry, FromRecording, FromReply, Problem, failed
from gateway.pipeline.degrade import Degrader
from gateway.pipeline.drift import DriftWatch
from gateway.pipeline.fill import GIVEN_UP_FOR, Filler
from gateway.pipeline.flight import Flight, Flights, Landing, Seat
from gateway.pipeline.http_fill import HttpFiller
from gateway.pipeline.http_way import HttpWay
from gateway.pipeline.job import Job, OtherForms
from gateway.pipeline.plan import Plan, Rule
from gateway.pipeline.question import Question
from gateway.pipeline.recall import Recall, found, look, rejected
from gateway.pipeline.retrieve import Told
from gateway.pipeline.shadow import Shadow
from gateway.pipeline.voiding import Purge, Voiding
from gateway.pipeline.warm import Turn, Warmed
from gateway.policy import freshness, validators
from gateway.policy.asking import Asking
from gateway.policy.coding import takes
from gateway.policy.document import Document
from gateway.policy.forms import asked_form, other_forms
from gateway.policy.forwarding import loops
from gateway.policy.freshness import Verdict
from gateway.policy.presenting import presentable
from gateway.policy.purges import Names
from gateway.policy.tags import EVERY
from gateway.upstream.fetch import Upstream
from gateway.upstream.reply import Reply

_GIVEN_UP_KEYS = 65_536
_NOT_ASKED = frozenset({Reason.BUDGET, Reason.CONCURRENCY})
_VARY_ROUNDS = 3  # an answer that varies on something else each time is fetched by everybody for himself


class Pipeline:
    """One worker's pipeline. `plan` may be swapped between two requests; each request keeps the one it began with.

    random: [0, 1). wall: Unix seconds. clock: monotonic seconds. drift: makes what watches for it.
    """

    def __init__(
        self,
        plan: Plan,
        tiers: Tiers,
        random: Callable[[], float],
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        looked: Told = lambda route, result: None,
        drift: Callable[..., DriftWatch] = DriftWatch,
    ) -> None:
        self.flights = Flights()
        self._tiers = tiers
        self._wall = wall
        self._given_up: TTLCache[bytes, Reason] = TTLCache(_GIVEN_UP_KEYS, GIVEN_UP_FOR, timer=clock)
        self._short = Recall(plan, tiers, self.flights, self._given_up)
        self.recall, self.seek, self.question = self._short.recall, self._short.seek, self._short.question
        self._filler = Filler(tiers, random, self._given_up.__setitem__, wall, clock)
        self._degrader = Degrader(tiers, looked, wall)
        self.drift = drift(tiers, self.flights, self._filler.work, wall, clock)
        self._shadows = Shadow(self.flights, self._filler.work, self.drift)
        by_http = HttpFiller(tiers, random, self._given_up.__setitem__, wall, clock)
        self._voiding = Voiding(tiers, wall)
        self._by_http = HttpWay(
            tiers, self.flights, by_http, self._given_up, self._joins, self._outdated, self._voiding, wall
        )
        self._short.by_http = self._by_http.recall

    @property
    def plan(self) -> Plan:
        """By which requests are read now."""
        return self._short.plan

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self._short.plan = plan

    def voids(self, purge: Purge) -> None:
        """Have `purge` called for what an unsafe request has made void (RFC 9111 section 4.4)."""
        self._voiding.purge = purge

    async def handle(self, x: Exchange, question: Question | None = None) -> Answer:
        """Answer one exchange. Neither upstream nor cache make it raise; what happened stands in `x`.

        question: what `recall` read in it.
        """
        if loops(x.request.fields, (question.plan if question else self.plan).forwarding.ident):
            x.outcome, x.reason = Outcome.ERROR, Reason.LOOP
            return Problem(508, "Loop Detected", "this request has passed here before")
        question = question or self.question(x)
        plan, rule, primary = question.plan, question.rule, question.key
        if rule is None:
            return await self._relay(plan, x, plan.default, Reason.NO_ROUTE)
        x.route = rule.route
        if rule.http is not None:
            return await self._by_http.handle(plan, x, rule, primary)
        if question.bypass is not None:
            return await self._relay(plan, x, rule.upstream, question.bypass)
        if rule.route.cache.mode == "shadow":
            return await self._shadow(plan, x, rule, primary, question.document)
        if (listed := itemwise.listed(rule, x, question.document)) is not None:
            return await itemwise.answer(x, rule, *listed, self._ways(plan, x, rule))
        vary: tuple[bytes, ...] = ()
        for _ in range(_VARY_ROUNDS):
            # 4 look: no await from here until the flight is registered
            entry = look(x, rule, primary, self._tiers.held, vary)
            self._tiers.count(found=entry is not None)
            verdict = self._verdict(x, rule, entry)
            job = self._job(plan, x, rule, primary, entry, verdict)
            if rule.route.stream.both_forms and entry is None:
                job.forms = self._other_forms(x, rule, question.document)
            if entry is not None and verdict in (Verdict.FRESH, Verdict.STALE_REVALIDATE):
                if verdict is Verdict.STALE_REVALIDATE or x.now >= entry.hit_until:
                    self._revalidate(x, job, entry, early=verdict is Verdict.FRESH)
                answer = await self._from_entry(plan, x, rule, entry, "memory")
                if isinstance(answer, FromEntry):
                    answer.known = verdict is Verdict.FRESH and x.key == primary and answer.entry is entry
                return answer
            if rule.bloom is not None and not vary:  # 5 exists?
                opinion = question.opinion
                if opinion is None or x.reason is not None:
                    opinion = rule.bloom.ask(x.request, question.document, job.key, anew=x.reason is not None)
                if opinion.reason is not None:
                    return FromEntry(rejected(x, rule, question.document, opinion.reason))
                job.doubts = opinion.doubts
            if job.key in self._given_up:
                return await self._relay(plan, x, rule.upstream, Reason.GIVEN_UP)
            flight, opened = self.flights.open(job.key, self._filler.work(job), partial(self._joins, job))  # 6 flight
            joined = self._tiers.version
            if opened:  # to a follower it is old where the flight is handed over to it
                job.said = question.take_said()
            seat = Seat(job, leads=opened)
            landing, reply = await self._degrader.wait(plan, x, rule, question.document, flight, seat)  # 7 degrade
            opened = seat.leads
            if not opened and self._outdated(job, flight, landing, joined):
                continue
            if not self._must_look_again(x, rule, primary, landing, opened):
                return await self._land(plan, x, rule, landing, reply, opened)
            vary = landing.vary
        return await self._relay(plan, x, rule.upstream, x.reason or Reason.VARY_MISS)

    async def prepare(self, one: Asking, turn: Turn, route: str | None = None) -> Warmed:
        """Have a question's answer made ready, on nobody's budget and with a free turn, unless a tier has it.

        turn: waited for before an upstream may be asked. route: that is meant; None: whichever takes the question.
        """
        x = Exchange(one.request(), 0.0, self._wall(), body=one.body, length=len(one.body))
        question = self.question(x)
        rule = question.rule
        if rule is None or rule.http is not None or question.bypass is not None or rule.route.cache.mode != "on":
            return Warmed.NOT_ASKED
        if route not in (None, rule.route.name):
            return Warmed.NOT_ASKED
        if await self._filler.has(rule, x.request, question.key):
            return Warmed.PRESENT
        await turn()
        x.now = self._wall()
        entry = look(x, rule, question.key, self._tiers.held)  # no await from here until it is registered
        job = self._job(question.plan, x, rule, question.key, entry, self._verdict(x, rule, entry))
        job.wanted = False
        flight, _ = self.flights.open(job.key, self._filler.work(job), partial(self._joins, job))
        landing, _ = await flight.wait(opened=False)
        assert flight.task is not None
        await asyncio.wait((flight.task,))  # an answer that is followed while it comes has landed before it is stored
        if isinstance(landing.error, Shed) or landing.reason is Reason.CONCURRENCY:
            return Warmed.SHED
        return Warmed.STORED if await self._filler.has(rule, x.request, question.key) else Warmed.FAILED

    async def warm(self, route: str, one: Asking, turn: Turn) -> Warmed:
        """`prepare`, for a question that is known to be one of this route's."""
        return await self.prepare(one, turn, route)

    async def close(self, seconds: float) -> None:
        """Let what is under way be stored for so long, then end it."""
        await self.drift.close()
        await self.flights.close(seconds)
        await self._degrader.close()
        await self._voiding.close()

    def _ways(self, plan: Plan, x: Exchange, rule: Rule) -> itemwise.Ways:
        """What a list of items needs of us."""
        return itemwise.Ways(
            question=partial(Question, plan, rule, None),
            recall=lambda one, question: self.recall(one, question)[1],
            handle=self.handle,
            given_up=self._given_up.get,
            whole=lambda reason: self._relay(plan, x, rule.upstream, reason),
        )

    def _joins(self, job: Job, flight: Flight) -> bool:
        """Whether what a flight will bring does for who comes now. Tags are known once the answer is whole: one that
        is still being received may bear any; one of which nothing is there yet is looked at again when it has landed.
        """
        version = flight.version
        if version is None or version >= self._tiers.version:
            return True
        return self._tiers.untouched(version, job.names() if flight.landed else job.names(()))

    def _outdated(self, job: Job, flight: Flight, landing: Landing, joined: int) -> bool:
        """Whether a flight that has landed brought what was purged before this follower joined it."""
        version = flight.version
        if version is None or version >= joined or landing.tier or landing.error is not None:
            return False
        tags = (EVERY,) if landing.entry is None else landing.entry.tags
        names = Names(job.rule.route.name, (landing.key or job.key, job.primary), tags)
        return not landing.rung and not self._tiers.untouched(version, names)

    def _verdict(self, x: Exchange, rule: Rule, entry: Entry | None) -> Verdict:
        if entry is None:
            return Verdict.EXPIRED
        verdict = freshness.classify(entry, x.now)
        refused = freshness.request_allows(rule.route, x.request, entry, x.now)
        if refused is not None and verdict is not Verdict.EXPIRED:
            x.reason = refused
            return Verdict.STALE_ERROR
        return verdict

    def _job(self, plan: Plan, x: Exchange, rule: Rule, primary: bytes, entry: Entry | None, verdict: Verdict) -> Job:
        assert x.key is not None
        return Job(
            rule,
            x.request,
            calls.for_fill(plan, x, rule.upstream),
            x.key,
            primary,
            stale=entry if verdict is not Verdict.EXPIRED else None,
            look=x.reason is None,
        )

    def _revalidate(self, x: Exchange, job: Job, entry: Entry, *, early: bool) -> None:
        """Have it asked anew, on nobody's budget and with nobody waiting; the entry is served meanwhile."""
        job.wanted = False
        if early:
            job.early, job.look = True, False
            self._tiers.postpone(entry, x.now)
        if self.flights.refresh(job.key, self._filler.work(job)) and early:
            x.reason = Reason.REVALIDATING_EARLY

    def _other_forms(self, x: Exchange, rule: Rule, document: Document) -> OtherForms | None:
        """Under which keys the same answer may stand in another form."""
        want = asked_form(document.value) if document.is_json else None
        if want is None:
            return None
        return OtherForms(want, tuple(rule.keyer.key(x.request, x.body, other) for other in other_forms(document)))

    def _must_look_again(self, x: Exchange, rule: Rule, primary: bytes, landing: Landing, opened: bool) -> bool:
        """The landing is not for this request: what was stored is not new enough for its client, or a follower
        differs in what the answer turned out to vary on.
        """
        if landing.entry is not None and landing.tier:
            refused = freshness.request_allows(rule.route, x.request, landing.entry, x.now)
            if refused is not None:
                x.reason = refused
                return True
        if opened or not landing.vary:
            return False
        return rule.keyer.variant(primary, landing.vary, x.request) != landing.key

    async def _land(
        self, plan: Plan, x: Exchange, rule: Rule, landing: Landing, reply: Reply | None, opened: bool
    ) -> Answer:
        """A flight's landing -> this client's answer."""
        x.collapsed = not opened or landing.elsewhere
        x.upstream = landing.upstream
        x.reason = landing.reason or x.reason
        x.key = landing.key or x.key
        if landing.error is not None:
            return failed(x, landing.error)
        x.rung = landing.rung
        if landing.entry is not None and (landing.tier or landing.stale):
            return await self._from_entry(plan, x, rule, landing.entry, landing.tier or "memory")
        if landing.rung and landing.entry is not None:
            x.outcome, x.fwd = Outcome.DEGRADED, "" if landing.reason in _NOT_ASKED else "uri-miss"
            return FromEntry(landing.entry)
        x.upstream_seconds = landing.upstream_seconds
        x.fwd, x.stored = "uri-miss", landing.stored
        x.outcome = Outcome.COLLAPSED if x.collapsed else Outcome.MISS
        if landing.entry is not None and not opened:
            return await self._from_entry(plan, x, rule, landing.entry, "")
        if landing.recording is not None and (opened or landing.shared):
            if x.collapsed and not takes(x.request, landing.recording.fields.joined(b"content-encoding")):
                return await self._relay(plan, x, rule.upstream, Reason.CODING_NOT_ACCEPTED)
            return FromRecording(landing.recording)
        if reply is not None:
            x.outcome, x.collapsed = Outcome.MISS, False
            return FromReply(reply, landing.prefix)
        return await self._relay(plan, x, rule.upstream, landing.reason or Reason.GIVEN_UP)

    async def _from_entry(self, plan: Plan, x: Exchange, rule: Rule, entry: Entry, tier: str) -> Answer:
        """A stored answer, in a coding that the client accepts. tier "": it was stored just now, for several."""
        accepted = presentable(entry, x.request, rule.route.cache.max_body)
        if accepted is None:
            return await self._relay(plan, x, rule.upstream, Reason.CODING_NOT_ACCEPTED)
        if tier:
            found(x, rule, entry, tier)
        return FromEntry(accepted, validators.not_modified(x.request, entry))

    async def _shadow(self, plan: Plan, x: Exchange, rule: Rule, primary: bytes, document: Document) -> Answer:
        """Everything as if the cache were on, but the client gets the upstream's answer."""
        entry = look(x, rule, primary, self._tiers.held)
        self._tiers.count(found=entry is not None)
        if entry is None:
            x.key, entry = await self._filler.find(rule, x.request, primary)
        job = self._job(plan, x, rule, primary, None, Verdict.EXPIRED)
        otherwise = Outcome.BYPASS if job.key in self._given_up else None
        if rule.bloom is not None and entry is None:
            opinion = rule.bloom.ask(x.request, document, job.key, anew=False, shadow=True)
            job.doubts = opinion.doubts
            otherwise = Outcome.REJECTED if opinion.spared else otherwise
        flight = self._shadows.open(x, job, entry, self._verdict(x, rule, entry), otherwise)
        landing, reply = await flight.wait(opened=True)
        answer = await self._land(plan, x, rule, landing, reply, opened=True)
        if x.outcome is Outcome.MISS:
            x.outcome, x.reason, x.fwd = Outcome.BYPASS, Reason.SHADOW, "bypass"
        return answer

    async def _relay(self, plan: Plan, x: Exchange, upstream: Upstream, reason: Reason) -> Answer:
        """Ask for this client alone, and pass the answer on as it comes."""
        x.outcome, x.reason, x.upstream, x.fwd = Outcome.BYPASS, reason, upstream.name, "bypass"
        try:
            call = calls.for_relay(plan, x, upstream)
            reply = await plan.admit.fetch(upstream, call, x.request, x.route)
        except UpstreamError as exc:
            return failed(x, exc)
        if x.route is None:  # a route that caches what is posted says thereby that it changes nothing
            await self._voiding.after(plan, x.request, reply)
        return FromReply(reply)
