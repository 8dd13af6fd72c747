"""Fill by RFC 9111: the work of a flight that may find what is to be validated, and gets 304 or a new answer."""

from dataclasses import replace

from gateway.cache.tiers import Lookup
from gateway.model.entry import Entry
from gateway.model.errors import NotValidated, UpstreamError
from gateway.model.fields import Fields, Pairs
from gateway.model.outcome import Reason
from gateway.pipeline.fill import Filler, failure
from gateway.pipeline.flight import Flight, Landing
from gateway.pipeline.job import Job
from gateway.policy import variants
from gateway.policy.coding import takes
from gateway.policy.http.index import Line, line_of, lines, pick
from gateway.policy.http.reuse import Fresh, MustValidate, StaleWhileRevalidate, reuse, stale_on_error
from gateway.policy.http.validation import conditions, selects
from gateway.policy.http.vary import selecting
from gateway.upstream.call import Call
from gateway.upstream.reply import Reply

_TROUBLE = frozenset({500, 502, 503, 504})  # RFC 5861 section 4


class HttpFiller(Filler):
    """A `Filler` for routes with `cache: http`."""

    def _follow_marker(self, job: Job, marker: Entry) -> None:
        job.marker, job.vary = marker, variants.names(marker)
        job.key = pick(lines(marker), job.request) or job.rule.keyer.variant(job.primary, job.vary, job.request)

    def _usable(self, job: Job, flight: Flight, found: Lookup) -> bool:
        entry, rules = found.entry, job.rule.by_http
        assert entry is not None
        if not rules.may_have(job.request, entry):
            return False
        job.stale = entry
        self._stand_by(job, flight)
        landing = Landing(
            entry=entry, tier=found.tier, key=job.key, vary=job.vary, upstream_seconds=entry.upstream_seconds
        )
        match reuse(job.request, entry, self._wall(), targets=rules.targets, listens=rules.listens):
            case Fresh():
                flight.land(landing)
                return True
            case StaleWhileRevalidate():
                flight.land(replace(landing, stale=True, reason=Reason.REVALIDATING))
            case MustValidate(reason):
                job.refused = reason
        return False

    async def _answer(self, job: Job, flight: Flight, started: float) -> bool:
        known = self._known(job)
        asked = conditions([line.variant for line in known], job.request)
        reply = await self._fetch(job, flight, _with(job.call, asked))
        if asked and reply.head.status == 304:
            await _drain(reply)
            if (entry := await self._validated(job, known, reply.head.fields, started)) is not None:
                kept = job.rule.by_http.for_all(job.request, reply.head.fields)
                landing = Landing(entry=entry, key=job.key, vary=job.vary, validated=True, stored=kept)
                landing.upstream, landing.upstream_seconds = reply.upstream, self._clock() - started
                job.status = 304
                flight.land(landing)
                return False
            reply = await self._fetch(job, flight, job.call)
        if reply.head.status in _TROUBLE and (stale := self._stale(job, Reason.UPSTREAM_FAILED)) is not None:
            reply.close()
            flight.land(stale)
            return False
        return await self._receiver.receive(job, flight, reply, started)

    def _failed(self, job: Job, exc: UpstreamError, seconds: float) -> Landing:
        """A stale answer where one may stand in; 504 where what is stored says that it may not (section 5.2.2.2)."""
        stale = self._stale(job, exc.reason)
        return stale or failure(NotValidated(exc) if job.stale is not None else exc, seconds)

    def _known(self, job: Job) -> tuple[Line, ...]:
        """What is stored for the URI, and may be asked about."""
        if job.marker is not None:
            return lines(job.marker)
        return (line_of(job.key, job.stale),) if job.stale is not None else ()

    async def _validated(self, job: Job, known: tuple[Line, ...], fields: Fields, started: float) -> Entry | None:
        """Freshen what a 304 names, and find it for this request; None where it has to be asked for again.

        What was purged meanwhile is not freshened, or it would be newer than its purge. What the 304 says to one who
        bears credentials, and not to all, is put on this one's answer and nowhere else.
        """
        rules, now, took = job.rule.by_http, self._wall(), self._clock() - started
        for_all = rules.for_all(job.request, fields)
        chosen: Entry | None = None
        for index in selects([line.variant for line in known], job.request, fields):
            key = known[index].key
            entry = job.stale if job.stale is not None and key == job.key else None
            if entry is None:
                entry = (await self._tiers.find(key, now, self._l1_ttl(job), named=(job.primary,))).entry
            if entry is None or not self._tiers.sieve.leaves(entry, (key, job.primary)):
                continue
            fresh = rules.freshened(entry, fields, now, took, job.version)
            if fresh is not None and for_all:
                self._keep(job, key, fresh)
            elif for_all:
                self._tiers.forget(key)
            if fresh is not None and (chosen is None or key == job.key):
                chosen = fresh if takes(job.request, fresh.coding) else None
        if chosen is not None and job.vary and for_all:
            job.key = rules.keyer.variant(job.primary, job.vary, job.request)
            self._keep(job, job.key, chosen)
        return chosen

    def _keep(self, job: Job, key: bytes, entry: Entry) -> None:
        self._tiers.keep(key, entry, self._l1_ttl(job))
        if job.vary:
            self._remember(job, key, entry)

    def _remember(self, job: Job, key: bytes, entry: Entry) -> None:
        """Have the index lead to it, from requests like this one where it is under this one's key."""
        known = {line.key: line for line in lines(job.marker)}
        chosen = known[key].variant.selecting if key in known else selecting(job.vary, job.request)
        marker = job.rule.by_http.indexed(job.marker, key, entry, job.vary, chosen)
        job.marker = marker
        self._tiers.keep(job.primary, marker, self._l1_ttl(job))

    def _stale(self, job: Job, reason: Reason) -> Landing | None:
        entry, rules = job.stale, job.rule.by_http
        if entry is None or not self._tiers.sieve.leaves(entry, job.keys):  # purged since it was found
            return None
        now = self._wall()
        if not stale_on_error(job.request, entry, now, targets=rules.targets, listens=rules.listens):
            return None
        return Landing(entry=entry, tier="memory", stale=True, key=job.key, vary=job.vary, reason=reason)


def _with(call: Call, more: Pairs) -> Call:
    """The call with further fields."""
    if not more:
        return call
    before = call.fields
    return replace(call, fields=lambda authority: (*before(authority), *more))


async def _drain(reply: Reply) -> None:
    """Have the connection free for others. A 304 has no body, or an odd service's is short."""
    try:
        while await reply.read():
            pass
    except UpstreamError:
        reply.close()
