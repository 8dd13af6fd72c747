"""Degrade: a client's wait for a flight, and what it gets where the answer is late, has failed, or was not to be had.

Each client climbs for itself: it has its own deadline and its own form. What it finds at hand (a stale entry, the
documents of a stream's beginning) or asks for aside is the flight's, and so the same for all who wait. A degraded
answer is never stored; the flight goes on, so that the late answer is there for the next client.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.cache.tiers import Tiers
from gateway.model.entry import Entry
from gateway.model.exchange import Exchange
from gateway.model.outcome import Reason
from gateway.model.settings.degrade import Rung
from gateway.pipeline.flight import Flight, Landing, Seat
from gateway.pipeline.plan import Plan, Rule
from gateway.pipeline.retrieve import Retrieval, Told
from gateway.policy.document import Document
from gateway.policy.ladder import serves
from gateway.upstream.reply import Reply


@dataclass(slots=True)
class Waiting:
    """One client that waits. began: when, by the event loop's time. document: its request's body."""

    plan: Plan
    x: Exchange
    rule: Rule
    document: Document
    flight: Flight
    seat: Seat
    began: float

    @property
    def due(self) -> float | None:
        """When it has waited for long enough, by the event loop's time."""
        after = self.rule.ladder.after
        return None if after is None else self.began + after

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """What it may be given: documents and the like are no part of a list's answer."""
        rungs = self.rule.ladder.rungs
        return rungs if self.x.seat is None else tuple(rung for rung in rungs if rung == "stale")

    def streams(self) -> bool | None:
        """Whether it reads events: the service knows best."""
        return self.flight.standby.watch is not None or self.rule.streaming.asked(self.x.request, self.document)


class Degrader:
    """Waits on clients' behalf. looked: told how a look for documents ended. `wall`: Unix seconds."""

    def __init__(self, tiers: Tiers, looked: Told, wall: Callable[[], float] = time.time) -> None:
        self._tiers = tiers
        self._retrieval = Retrieval(tiers, looked, wall)
        self._wall = wall

    async def wait(
        self, plan: Plan, x: Exchange, rule: Rule, document: Document, flight: Flight, seat: Seat
    ) -> tuple[Landing, Reply | None]:
        """As `Flight.wait`; or, where that is better, a landing of this client's own, which says its `rung`."""
        began = asyncio.get_running_loop().time() - (time.monotonic() - x.started)
        one = Waiting(plan, x, rule, document, flight, seat, began)
        flight.join(seat)
        try:
            landing = await self._in_time(one)
            if landing is None:
                better = await self._climb(one, Reason.TIMEOUT)
                landing = better or await self._whichever(one)
            if landing.failed is not None:
                landing = await self._climb(one, landing.failed) or landing
            if landing.rung:
                flight.late = flight.late or not flight.landed
                return landing, None
            return landing, landing.take_reply() if seat.leads else None
        finally:
            flight.leave(seat)

    async def _in_time(self, one: Waiting) -> Landing | None:
        """The landing, if it comes before the client has waited for long enough; documents are asked for meanwhile."""
        flight, hedge_at = one.flight, one.rule.ladder.hedge_at
        if hedge_at is not None:
            landing = await flight.landing(one.seat, one.began + hedge_at)
            if landing is not None:
                return landing
            self._begin(one)
        return await flight.landing(one.seat, one.due)

    async def _climb(self, one: Waiting, why: Reason) -> Landing | None:
        """The first rung that is there."""
        for rung in one.rungs:
            match rung:
                case "stale":
                    landing = self._stale(one)
                case "docs":
                    landing = await self._docs(one, why)
                case "static":
                    now, streams = self._wall(), one.streams()
                    landing = self._own(one, one.rule.ladder.static(one.document, now, streams=streams))
            if landing is not None:
                landing.rung, landing.reason = rung, why
                return landing
        return None

    async def _whichever(self, one: Waiting) -> Landing:
        """Late, and nothing is at hand: the answer, or the documents where they come first."""
        flight, asked = one.flight, one.flight.standby.retrieval
        if asked is not None and not asked.done() and "docs" in one.rungs:
            asked.add_done_callback(lambda _: one.seat.ring())
            landing = await flight.landing(one.seat)
            if landing is not None:
                return landing
            documents = self._shown(one)
            if documents is not None:
                documents.rung, documents.reason = "docs", Reason.TIMEOUT
                return documents
        landing = await flight.landing(one.seat)
        assert landing is not None
        return landing

    def _stale(self, one: Waiting) -> Landing | None:
        standby = one.flight.standby
        if standby.stale is None or not self._tiers.sieve.leaves(standby.stale, (standby.key, one.seat.job.primary)):
            return None
        if not serves(standby.stale, self._wall()):
            return None
        return Landing(entry=standby.stale, stale=True, key=standby.key, vary=standby.vary)

    async def _docs(self, one: Waiting, why: Reason) -> Landing | None:
        """Documents that are at hand; after a failure, also those that are not yet, as long as there is time."""
        if not self._at_hand(one):
            asked = self._begin(one)
            if why is not Reason.TIMEOUT or not one.rule.ladder.certain_below_docs():
                left = None if one.due is None else one.due - asyncio.get_running_loop().time()
                if left is None or left > 0:
                    await asyncio.wait({asked}, timeout=left)
        return self._shown(one)

    def _begin(self, one: Waiting) -> "asyncio.Task[list[Any]]":
        standby = one.flight.standby
        self._retrieval.begin(one.plan, one.rule, one.x.request, one.document.value, standby, one.seat.job.primary)
        assert standby.retrieval is not None
        return standby.retrieval

    def _shown(self, one: Waiting) -> Landing | None:
        documents = self._at_hand(one)
        if not documents:
            return None
        ladder, now = one.rule.ladder, self._wall()
        return self._own(one, ladder.documents(one.document, documents, now, streams=one.streams()))

    def _at_hand(self, one: Waiting) -> list[Any]:
        """The documents that a stream has begun with, or those that were asked for, if they have come; none that may
        have been purged since.
        """
        standby, names = one.flight.standby, one.seat.job.names()
        watch, asked = standby.watch, standby.retrieval
        if watch is not None and watch.documents and self._tiers.untouched(one.flight.version or 0, names):
            return watch.documents
        there = asked is not None and asked.done() and not asked.cancelled()
        return asked.result() if asked is not None and there and self._tiers.untouched(standby.version, names) else []

    def _own(self, one: Waiting, entry: Entry | None) -> Landing | None:
        return None if entry is None else Landing(entry=entry, upstream=one.rule.upstream.name)

    async def close(self) -> None:
        """End what is under way aside."""
        await self._retrieval.close()
