"""Shadow: a request of which it is found out what would become of it, were its route's cache on.

Its client gets what the upstream says, asked for it alone. What is stored is stored, and gets as old, as if it were
served: an answer that would have been a hit is not stored anew, or hot ones would never end.
"""

import asyncio
import itertools
from collections.abc import Callable
from functools import partial

from gateway.model.entry import Entry, EntryFlag
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome
from gateway.pipeline.drift import DriftWatch
from gateway.pipeline.flight import Flight, Flights, Work
from gateway.pipeline.job import Job
from gateway.policy.freshness import Verdict

_HITS = frozenset({Outcome.HIT, Outcome.EMPTY})
_ASKED = frozenset({Outcome.MISS, Outcome.BYPASS})


class Shadow:
    """One worker's. work: what a flight does for a job."""

    def __init__(self, flights: Flights, work: Callable[[Job], Work], drift: DriftWatch) -> None:
        self._flights = flights
        self._work = work
        self._drift = drift
        self._asked: dict[bytes, Flight] = {}  # by keys: whoever else asks meanwhile would wait for them
        self._turns = itertools.count()

    def open(self, x: Exchange, job: Job, entry: Entry | None, verdict: Verdict, otherwise: Outcome | None) -> Flight:
        """The flight of one request, for which alone it flies. What would have been stands in `x` then.

        entry, verdict: what the tiers have. otherwise: what would have been without it, where that is known.
        """
        found = _found(entry, verdict)
        would = x.would = found or otherwise or self._asking(job.key)
        job.look = job.lease = False
        job.free = would not in _ASKED  # it would have cost nothing
        job.keep = would not in _HITS
        flight, _ = self._flights.open(b"shadow %d" % next(self._turns), self._work(job))
        assert flight.task is not None
        if entry is not None and found is not None:
            x.would_save = entry.upstream_seconds
            if not job.keep:
                self._drift.follow(job, entry, x.now, flight.task)
        elif would is Outcome.MISS:
            self._asked[job.key] = flight
            flight.task.add_done_callback(partial(self._over, job.key, flight))
        return flight

    def _asking(self, key: bytes) -> Outcome:
        asked = self._asked.get(key)
        return Outcome.COLLAPSED if asked is not None and asked.joinable else Outcome.MISS

    def _over(self, key: bytes, flight: Flight, _: "asyncio.Task[None]") -> None:
        if self._asked.get(key) is flight:
            del self._asked[key]


def _found(entry: Entry | None, verdict: Verdict) -> Outcome | None:
    if entry is None or verdict not in (Verdict.FRESH, Verdict.STALE_REVALIDATE):
        return None
    if verdict is Verdict.STALE_REVALIDATE:
        return Outcome.STALE
    return Outcome.EMPTY if entry.flags & EntryFlag.EMPTY else Outcome.HIT
