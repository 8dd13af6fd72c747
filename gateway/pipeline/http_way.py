"""The way of a request on a route that follows RFC 9111: `handle` for GET and HEAD by what the answers say."""

import secrets
from collections.abc import Callable, Container
from dataclasses import replace
from functools import partial

from gateway.cache.tiers import Tiers
from gateway.model.entry import Entry, EntryFlag
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome, Reason
from gateway.pipeline import calls
from gateway.pipeline.answer import Answer, FromEntry, FromRecording, FromReply, Problem, failed
from gateway.pipeline.flight import Flight, Flights, Landing, Seat
from gateway.pipeline.http_apart import Apart, as_heard
from gateway.pipeline.http_fill import HttpFiller
from gateway.pipeline.http_parts import HttpParts
from gateway.pipeline.job import Job
from gateway.pipeline.plan import Plan, Rule
from gateway.pipeline.recall import found
from gateway.pipeline.voiding import Voiding
from gateway.policy import variants
from gateway.policy.coding import takes
from gateway.policy.hops import end_to_end, wants_upgrade
from gateway.policy.http.conditional import is_for_the_origin
from gateway.policy.http.index import lines, pick
from gateway.policy.http.keys import TURNED
from gateway.policy.http.presenting import shown
from gateway.policy.http.reuse import Fresh, MustValidate, Reuse, StaleWhileRevalidate, only_if_cached, reuse
from gateway.policy.http.rules import HttpRules
from gateway.policy.http.storable import asks_not_to_store
from gateway.policy.presenting import presentable
from gateway.upstream.reply import Reply

_ROUNDS = 3  # a follower whose variant is another looks again; then it asks for itself
_ASKS_WHETHER = frozenset({b"if-none-match", b"if-modified-since"})
_READING = frozenset({b"GET", b"HEAD"})

Joins = Callable[[Job, Flight], bool]
Outdated = Callable[[Job, Flight, Landing, int], bool]


class HttpWay:
    """One worker's.

    joins, outdated: whether what a flight brings does for who comes now, or came since a purge (`Pipeline`).
    given_up: flights' keys that everybody asks for himself. voiding: what becomes of unsafe requests.
    wall: Unix seconds.
    """

    def __init__(
        self,
        tiers: Tiers,
        flights: Flights,
        filler: HttpFiller,
        given_up: Container[bytes],
        joins: Joins,
        outdated: Outdated,
        voiding: Voiding,
        wall: Callable[[], float],
    ) -> None:
        self._tiers = tiers
        self._flights = flights
        self._filler = filler
        self._given_up = given_up
        self._joins = joins
        self._outdated = outdated
        self._wall = wall
        self._parts = HttpParts(tiers, wall)
        self._apart = Apart(tiers, self._parts, voiding, wall)

    async def handle(self, plan: Plan, x: Exchange, rule: Rule, primary: bytes) -> Answer:
        """Answer one exchange. x: its route is known."""
        if (reason := bypass(x, rule)) is not None:
            return await self._apart.relay(plan, x, rule, reason)
        if x.request.method == b"HEAD" or b"range" in x.request.fields:
            return await self._head_or_part(plan, x, rule, primary)
        rules = rule.by_http
        for _ in range(_ROUNDS):
            # Look: no await from here until the flight is registered.
            marker, entry = self._look(x, rules, primary)
            self._tiers.count(found=entry is not None)
            verdict = self._verdict(x, rules, entry)
            if entry is not None and isinstance(verdict, Fresh):
                known = x.key == primary
                return await self._or_relay(plan, x, rule, self._answered(x, rule, entry, "memory", known=known))
            only_stored = only_if_cached(x.request)
            if asks_not_to_store(x.request) and not only_stored:
                # In a flight it would keep the answer from those who wait, and have the key given up for all.
                return await self._apart.relay(plan, x, rule, Reason.REQUEST_NO_STORE)
            job = self._job(plan, x, rule, primary, marker, entry)
            if entry is not None and isinstance(verdict, StaleWhileRevalidate):
                job.wanted = False
                self._flights.refresh(job.flight_key, self._filler.work(job))
                return await self._or_relay(plan, x, rule, self._answered(x, rule, entry, "memory"))
            if only_stored and rules.listens:
                return await self._without_asking(x, rule, primary) or _gateway_timeout(x)
            if job.flight_key in self._given_up:
                break
            x.reason = _why(verdict, marker) or x.reason
            # Flight: join the key's, or open it.
            flight, opened = self._flights.open(job.flight_key, self._filler.work(job), partial(self._joins, job))
            joined, seat = self._tiers.version, Seat(job, leads=opened)
            landing, reply = await flight.wait(opened=opened, seat=seat)
            x.reason = job.refused or x.reason
            if not seat.leads and (_is_another(job, landing) or self._outdated(job, flight, landing, joined)):
                continue
            x.collapsed = not seat.leads or landing.elsewhere
            return await self._land(plan, x, rule, landing, reply, leads=seat.leads)
        return await self._apart.relay(plan, x, rule, Reason.GIVEN_UP)

    async def _head_or_part(self, plan: Plan, x: Exchange, rule: Rule, primary: bytes) -> Answer:
        """Out of what is stored, where that is fresh; else asked for this client alone."""
        rules = rule.by_http
        if (answer := await self._without_asking(x, rule, primary)) is not None:
            return answer
        if (part := await self._parts.serve(x, rule, rules, primary)) is not None:
            return FromEntry(part)
        if only_if_cached(x.request) and rules.listens:
            return _gateway_timeout(x)
        return await self._apart.relay(plan, x, rule, Reason.REQUEST_RANGE, primary)

    def recall(self, x: Exchange, rule: Rule, primary: bytes) -> Entry | None:
        """A fresh answer that memory has and that is sent as it is; nothing has happened where there is none."""
        request, rules = x.request, rule.by_http
        if request.method != b"GET" or bypass(x, rule) is not None or rules.personal(request):
            return None
        _, entry = self._look(x, rules, primary)
        if entry is None or not isinstance(self._verdict(x, rules, entry), Fresh) or x.now >= entry.hit_until:
            return None
        if presentable(entry, request, 0) is not entry or shown(entry, request, b"").entry is not entry:
            return None
        x.route = rule.route
        found(x, rule, entry, "memory")
        self._tiers.count(found=True)
        return entry

    def _look(self, x: Exchange, rules: HttpRules, primary: bytes) -> tuple[Entry | None, Entry | None]:
        """The marker that memory has, and the entry that would do by its URI and variant."""
        x.key, marker = primary, None
        entry = self._tiers.held(primary, x.now)
        if entry is not None and entry.flags & EntryFlag.VARY:
            marker = entry
            key = pick(lines(marker), x.request)
            x.key = key or rules.keyer.variant(primary, variants.names(marker), x.request)
            entry = self._tiers.held(x.key, x.now, (primary,)) if key is not None else None
        return marker, entry if entry is not None and rules.may_have(x.request, entry) else None

    def _verdict(self, x: Exchange, rules: HttpRules, entry: Entry | None) -> Reuse | None:
        if entry is None:
            return None
        return reuse(x.request, entry, x.now, targets=rules.targets, listens=rules.listens)

    def _job(
        self, plan: Plan, x: Exchange, rule: Rule, primary: bytes, marker: Entry | None, entry: Entry | None
    ) -> Job:
        assert x.key is not None
        call = calls.for_fill(plan, as_heard(plan, x, rule), rule.upstream)
        if (interim := x.interim) is not None:
            call = replace(call, interim=lambda head: interim(head.status, head.reason, end_to_end(head.fields)))
        job = Job(rule, x.request, call, x.key, primary, stale=entry, marker=marker)
        if marker is not None:
            job.vary = variants.names(marker)
        if rule.by_http.personal(x.request):
            job.apart, job.lease = rule.by_http.keyer.apart(x.key, x.request), False
        return job

    async def _without_asking(self, x: Exchange, rule: Rule, primary: bytes) -> Answer | None:
        """What the tiers have, if it is fresh. None: it has to be asked for."""
        rules = rule.by_http
        _, entry = self._look(x, rules, primary)
        tier = "memory"
        if not isinstance(self._verdict(x, rules, entry), Fresh):
            x.key, entry, tier = await self._apart.find(x, rule, primary)
        if entry is None or not isinstance(self._verdict(x, rules, entry), Fresh):
            return None
        self._tiers.count(found=tier == "memory")
        return self._answered(x, rule, entry, tier)

    async def _land(
        self, plan: Plan, x: Exchange, rule: Rule, landing: Landing, reply: Reply | None, *, leads: bool
    ) -> Answer:
        """A flight's landing -> this client's answer. reply: one that is its own."""
        if (answer := self._landed(x, rule, landing, leads)) is not None:
            return answer
        if reply is not None:
            x.outcome, x.collapsed, x.stored = Outcome.MISS, False, False
            return FromReply(reply, landing.prefix)
        coded = landing.entry is not None or (landing.recording is not None and landing.shared)
        return await self._apart.relay(plan, x, rule, Reason.CODING_NOT_ACCEPTED if coded else Reason.GIVEN_UP)

    def _landed(self, x: Exchange, rule: Rule, landing: Landing, leads: bool) -> Answer | None:
        """What of a landing this client can have; None: it has to ask for itself, or has a reply of its own."""
        x.upstream, x.key = landing.upstream, landing.key or x.key
        x.upstream_seconds = landing.upstream_seconds
        if landing.error is not None:
            return failed(x, landing.error)
        entry = landing.entry
        if entry is not None and (landing.tier or landing.stale):
            x.reason = landing.reason if landing.stale else None
            return self._answered(x, rule, entry, landing.tier or "memory")
        x.stored = landing.stored
        x.outcome = Outcome.COLLAPSED if x.collapsed else Outcome.MISS
        if entry is not None and (landing.validated or not leads or x.request.fields.any_of(_ASKS_WHETHER)):
            x.fwd_status = 304 if landing.validated else entry.status
            return self._presented(x, rule, entry)
        x.reason = landing.reason or x.reason
        recording = landing.recording
        if (
            recording is None
            or not (leads or landing.shared)
            or (x.collapsed and not takes(x.request, recording.fields.joined(b"content-encoding")))
        ):
            return None  # what another has asked for, here or elsewhere, may be coded as this one cannot read it
        return FromRecording(recording)

    async def _or_relay(self, plan: Plan, x: Exchange, rule: Rule, answer: Answer | None) -> Answer:
        """An answer that is stored; where this client does not accept its coding, one of its own."""
        return answer or await self._apart.relay(plan, x, rule, Reason.CODING_NOT_ACCEPTED)

    def _answered(self, x: Exchange, rule: Rule, entry: Entry, tier: str, *, known: bool = False) -> Answer | None:
        """A stored answer; None: this client does not accept its coding. known: it was fresh in memory under the
        primary key.
        """
        answer = self._presented(x, rule, entry)
        if answer is not None:
            found(x, rule, entry, tier)
            answer.known = known and answer.entry is entry and not rule.by_http.personal(x.request)
        return answer

    def _presented(self, x: Exchange, rule: Rule, entry: Entry) -> FromEntry | None:
        accepted = presentable(entry, x.request, rule.route.cache.max_body)
        if accepted is None:
            return None
        entry, not_modified = shown(accepted, x.request, secrets.token_hex(16).encode())
        return FromEntry(entry, not_modified)


def _why(verdict: Reuse | None, marker: Entry | None) -> Reason | None:
    """Why what memory has does not do."""
    if isinstance(verdict, MustValidate):
        return verdict.reason
    return None if marker is None else Reason.VARY_MISS


def _is_another(job: Job, landing: Landing) -> bool:
    """Whether what a flight brought is another variant than its follower asks for."""
    vary = landing.vary
    return bool(vary) and job.rule.keyer.variant(job.primary, vary, job.request) != landing.key


def bypass(x: Exchange, rule: Rule) -> Reason | None:
    """Why a request is not looked up."""
    request = x.request
    if rule.route.cache.mode == "off":
        return Reason.MODE_OFF
    if wants_upgrade(request.fields, request.version):
        return Reason.UPGRADE
    if request.method not in _READING or request.fields.any_of(TURNED):
        return Reason.REQUEST_METHOD
    if x.body or x.rest is not None:
        return Reason.REQUEST_BODY
    if is_for_the_origin(request):
        return Reason.REQUEST_CONDITION
    return None


def _gateway_timeout(x: Exchange) -> Problem:
    x.outcome, x.reason, x.fwd = Outcome.ERROR, Reason.ONLY_IF_CACHED, ""
    return Problem(504, "Gateway Timeout", "only-if-cached: nothing that is stored will do")
