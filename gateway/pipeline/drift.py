"""Drift: some hits are asked again aside, and what the upstream says now is compared with what was served.

Nobody waits for such a call: it spends no budget, takes a free turn or none, and its answer is not stored. Were it
stored, entries of hot questions would never get old, and nothing could be learned of older ones; and were it stored
where it differs, the older ones left would be those that do not. In shadow mode the client's own call tells as much.

Which hits are drawn is told by samples of requests (listeners/sampler) that cost the others nothing, and by how many
hits there have been: a share of them, though never more than there are samples.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.cache.tiers import Tiers
from gateway.model.entry import Entry
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome
from gateway.model.settings.route import RouteSettings
from gateway.pipeline import calls
from gateway.pipeline.flight import Flights, Work
from gateway.pipeline.job import Job
from gateway.pipeline.plan import Plan
from gateway.policy.bucket import tariff
from gateway.policy.drift import Drift, Evidence, Seen, age_group, compare, suggest
from gateway.policy.freshness import Verdict, classify
from gateway.policy.gist import Reader
from gateway.policy.quota import Quota

_log = logging.getLogger("ragfront.drift")

_ELSEWHERE = 16 << 10  # bytes of both answers; more are compared by a thread, since all other clients would wait
_MOST_WAITING = 64  # comparisons of one route: in shadow mode as many may be due as there are clients
_GONE = (404, 410)
_HITS = (Outcome.HIT, Outcome.EMPTY)

Told = Callable[[str, str, str], None]
"""(route, how the two answers compare: a member of Drift, the age of what was served: a name of `age_group`)."""


@dataclass(slots=True)
class _Watched:
    """A route, as long as its settings stay as they are."""

    route: RouteSettings
    reader: Reader
    quota: Quota
    evidence: Evidence = field(default_factory=Evidence)
    under_way: int = 0


class DriftWatch:
    """One worker's.

    work: what a flight does for a job. wall: Unix seconds. clock: monotonic seconds.
    told: of each comparison. hits: how many a route has had. workers: how many share the rates.
    """

    def __init__(
        self,
        tiers: Tiers,
        flights: Flights,
        work: Callable[[Job], Work],
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        told: Told = lambda route, result, age: None,
        hits: Callable[[str], int] = lambda route: 0,
        workers: int = 1,
    ) -> None:
        self._tiers = tiers
        self._flights = flights
        self._work = work
        self._told = told
        self._hits = hits
        self._workers = workers
        self._wall = wall
        self._clock = clock
        self._watched: dict[str, _Watched] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = itertools.count()

    def wanted(self, plan: Plan) -> bool:
        """Whether samples of requests are of any use."""
        return any(_drawn(route) for route in plan.settings.routes)

    def note(self, plan: Plan, x: Exchange) -> None:
        """A sample: a request that has ended. A hit may be drawn, and is asked again then."""
        route = x.route
        if route is None or not _drawn(route) or x.outcome not in _HITS or x.rest is not None or x.items:
            return
        rule, now = plan.rule(route.name), self._wall()
        if rule is None or x.key is None or self._flights.joinable(x.key):
            return
        watched, entry = self._of(rule.route), self._tiers.held(x.key, now)
        if entry is None or classify(entry, now) is not Verdict.FRESH:
            return
        if watched.under_way >= route.drift.at_once or not watched.quota.take(self._hits(route.name), self._clock()):
            return
        job = Job(rule, x.request, calls.for_fill(plan, x, rule.upstream), x.key, x.key)
        job.wanted = job.look = job.lease = job.keep = False
        flight, _ = self._flights.open(b"drift %d" % next(self._turns), self._work(job))
        assert flight.task is not None
        self._owned(flight.task)
        self.follow(job, entry, now, flight.task)

    def follow(self, job: Job, served: Entry, now: float, work: "asyncio.Task[None]") -> None:
        """Compare what comes of a job with what was served, or would have been, once its work is done."""
        if not job.rule.route.drift.sample.share:
            return
        watched = self._of(job.rule.route)
        if watched.under_way < _MOST_WAITING:
            watched.under_way += 1
            self._owned(asyncio.create_task(self._compare(watched, job, served, now, work)))

    def _owned(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _compare(
        self, watched: _Watched, job: Job, served: Entry, now: float, work: "asyncio.Task[None]"
    ) -> None:
        age = max(0.0, now - served.stored_at)
        try:
            await asyncio.wait((work,))
            result = await _result(watched, job, served)
        except Exception:
            _log.exception("two answers of route %s could not be compared", watched.route.name)
            result = Drift.FAILED
        finally:
            watched.under_way -= 1
        watched.evidence.add(age, result)
        self._told(watched.route.name, result, age_group(age))

    def suggestions(self) -> dict[str, float]:
        """The lifetimes that are borne out, in seconds, of those routes of which enough is known."""
        found = {
            name: suggest(each.evidence.seen(), each.route.drift.accept.share) for name, each in self._watched.items()
        }
        return {name: seconds for name, seconds in found.items() if seconds is not None}

    def seen(self) -> dict[str, list[Seen]]:
        """What has been compared, by the names of the routes and by age, the youngest first."""
        return {name: each.evidence.seen() for name, each in self._watched.items()}

    def _of(self, route: RouteSettings) -> _Watched:
        watched = self._watched.get(route.name)
        if watched is None or watched.route is not route:
            drift = route.drift
            quota = Quota(drift.sample.share, tariff(drift.rate, 1).period * self._workers)
            evidence = watched.evidence if watched is not None and _alike(watched.route, route) else Evidence()
            watched = self._watched[route.name] = _Watched(route, Reader(route), quota, evidence)
        return watched

    async def close(self) -> None:
        """End what is under way, calls included: nobody waits for it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _drawn(route: RouteSettings) -> bool:
    return bool(route.drift.sample.share) and route.cache.mode == "on"


def _alike(a: RouteSettings, b: RouteSettings) -> bool:
    """Whether what was found out under one route's settings holds under the other's: whatever its lifetimes are."""
    return (a.upstream, a.key, a.shape, a.tags, a.stream, a.drift) == (
        b.upstream,
        b.key,
        b.shape,
        b.tags,
        b.stream,
        b.drift,
    )


async def _result(watched: _Watched, job: Job, served: Entry) -> Drift:
    answer = job.answer
    if answer is None:
        return Drift.OTHER if job.status in _GONE else Drift.FAILED
    read, similarity = watched.reader.gist, watched.route.drift.similarity.share

    def judged() -> Drift:
        return compare(read(served), read(answer), similarity)

    if len(served.body) + len(answer.body) > _ELSEWHERE:
        return await asyncio.to_thread(judged)
    return judged()
