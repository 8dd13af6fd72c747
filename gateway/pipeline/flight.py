"""Flights: one piece of work per key at a time, whoever joins, whoever leaves, whoever is cancelled.

A flight is opened without an await between the look into memory and its registration, so two requests can
never both find nothing and both ask. Its task belongs to this registry, not to the client who came first.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from gateway.model.entry import Entry
from gateway.model.errors import UpstreamError
from gateway.model.outcome import Reason
from gateway.pipeline.job import Standby
from gateway.pipeline.recording import Recording
from gateway.upstream.reply import Reply


@dataclass(slots=True)
class Landing:
    """What a flight came back with. One of entry, recording, reply, error; or nothing: ask for yourself.

    entry: from a tier (`tier` says which), usable as `stale` says, or just stored.
    recording: an answer from the upstream, for the one who opened the flight, and for the others if `shared`.
    reply, prefix: an answer that is not shared: it was made for the one who opened the flight, with that one's
    cookies and the like, so nobody else gets it.
    elsewhere: the recording is of what another process receives.
    key, vary: under which key it is stored, and what the answer varies on.
    failed: why anything else is better than this, where it is no answer, or one that says that the service has failed.
    rung: of the degrade ladder, where this is for one client who could have nothing better.
    validated: the upstream has said that the entry is still good.
    """

    entry: Entry | None = None
    recording: Recording | None = None
    reply: Reply | None = None
    prefix: bytes = b""
    error: UpstreamError | None = None
    tier: str = ""
    stale: bool = False
    shared: bool = True
    stored: bool = False
    elsewhere: bool = False
    reason: Reason | None = None
    key: bytes = b""
    vary: tuple[bytes, ...] = ()
    upstream: str = ""
    upstream_seconds: float = 0.0
    failed: Reason | None = None
    rung: str = ""
    validated: bool = False

    def take_reply(self) -> Reply | None:
        """The reply, once."""
        reply, self.reply = self.reply, None
        return reply

    def abandon(self) -> None:
        """Nobody takes the reply."""
        if (reply := self.take_reply()) is not None:
            reply.close()


class Seat:
    """One who waits for a flight. job: what to work on where the flight is handed over to it. leads: the work is done
    for it; a reply is its own.
    """

    __slots__ = ("future", "job", "landing", "leads")

    def __init__(self, job: Any = None, *, leads: bool) -> None:
        self.job = job
        self.leads = leads
        self.landing: Landing | None = None  # for this one alone
        self.future: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Have it look up: its landing is there, or something else is."""
        if self.future is not None and not self.future.done():
            self.future.set_result(None)


class Flight:
    """Work under way for a key, and who waits for it."""

    __slots__ = (
        "_abandon", "_error", "_landing", "_led", "_seats", "_told", "clients", "expendable", "key", "late", "standby",
        "task", "useless", "version",
    )  # fmt: skip

    def __init__(self, key: bytes, abandon: Callable[["Flight"], None]) -> None:
        self.key = key
        self.clients = 0
        self.expendable = False  # what comes of it is of use only to those who wait for it or read it
        self.late = False  # somebody could not wait for it, and has got something worse
        self.useless = False  # it will not be stored
        self.version: int | None = None  # what was known of purges when its call began; None: it has not yet
        self.standby = Standby(key)
        self._abandon = abandon
        self._led = False  # the one who opened it waits for it
        self._landing: Landing | None = None
        self._error: BaseException | None = None
        self._seats: dict[Seat, None] = {}  # in the order in which they came
        self._told: asyncio.Future[None] | None = None
        self.task: asyncio.Task[None] | None = None

    @property
    def landed(self) -> bool:
        """The clients know."""
        return self._landing is not None or self._error is not None

    @property
    def joinable(self) -> bool:
        """Whoever comes now may wait for it, or read along."""
        if not self.landed:
            return True
        recording = self._landing.recording if self._landing is not None else None
        return recording is not None and recording.joinable

    def land(self, landing: Landing) -> None:
        """Tell the clients, once. A reply that nobody is there to take is closed."""
        if self.landed or not self._led:
            landing.abandon()
        if not self.landed:
            self._landing = landing
            self._wake()

    def fail(self, exc: BaseException) -> None:
        """The work broke off with something that is no answer."""
        if not self.landed:
            self._error = exc
            self._wake()

    def _wake(self) -> None:
        for seat in self._seats:
            seat.ring()
        self._seats.clear()

    def hand_over(self, refusal: Landing, goes_on: Callable[[Any], bool]) -> Any | None:
        """The work was refused, for a reason that is the leader's own. The next leader's job; None: it has landed.

        goes_on(job): whether the reason is not this one's, too. The refusal is told to the others only:

        1 A, whose budget is spent, asks, and opens the flight; 2 B asks the same, and follows; 3 A is refused. Were
        that the landing, A's debt would decide B's request; were the flight over, and B told to open another, then
        4 C, who comes between the two, would open a third, and the upstream be asked twice. So the flight goes on in
        the same step, for B, and C follows.
        """
        heirs = [seat for seat in self._seats if goes_on(seat.job) and not (seat.future and seat.future.done())]
        if self.landed or not heirs:
            self.land(refusal)
            return None
        for seat in self._seats.keys() - set(heirs):
            del self._seats[seat]
            seat.landing, seat.leads = refusal, False
            seat.ring()
        heirs[0].leads = self._led = True
        return heirs[0].job

    async def wait(self, *, opened: bool, seat: Seat | None = None) -> tuple[Landing, Reply | None]:
        """Wait for the landing. Who leads gets its reply, if it has one: who opened the flight, unless it was handed
        over; `seat` tells afterwards.
        """
        seat = seat or Seat(leads=opened)
        self.join(seat)
        try:
            landing = await self.landing(seat)
            assert landing is not None
            return landing, landing.take_reply() if seat.leads else None
        finally:
            self.leave(seat)

    def join(self, seat: Seat) -> None:
        """Sit down; whoever does leaves."""
        self.clients += 1
        self._led = self._led or seat.leads

    async def landing(self, seat: Seat, until: float | None = None) -> Landing | None:
        """The landing, for one who has joined; None where it has not come by `until` (the event loop's time)."""
        if not self.landed and seat.landing is None:
            loop = asyncio.get_running_loop()
            seat.future = future = loop.create_future()
            self._seats[seat] = None
            timer = loop.call_at(until, seat.ring) if until is not None else None
            try:
                await future
            finally:
                if timer is not None:
                    timer.cancel()
        landing = seat.landing or self._landing
        if landing is None and self._error is not None:
            raise self._error
        return landing

    def leave(self, seat: Seat) -> None:
        """Get up. That ends the flight only where it is expendable, and nobody else is there."""
        self._seats.pop(seat, None)
        self.clients -= 1
        if seat.leads:
            self._led = False
            if self._landing is not None:
                self._landing.abandon()
        if not self.clients and self._told is not None and not self._told.done():
            self._told.set_result(None)
        self.left()

    def left(self) -> None:
        """Somebody went. Who has just been given a recording begins to read it before the loop's next turn."""
        if self._unwanted:
            asyncio.get_running_loop().call_soon(self._check)

    def _check(self) -> None:
        recording = self._landing.recording if self._landing is not None else None
        if self._unwanted and not (recording is not None and recording.readers):
            self._abandon(self)

    @property
    def _unwanted(self) -> bool:
        return self.expendable and not self.clients and (self.useless or not self.late)

    async def told(self) -> None:
        """After the landing, until all who waited have it.

        A recording's readers have begun then, if nothing is awaited between `wait` and `Recording.read`.
        """
        while self.clients:
            self._told = asyncio.get_running_loop().create_future()
            await self._told


Work = Callable[[Flight], Awaitable[None]]


class Flights:
    """The registry of one worker."""

    def __init__(self) -> None:
        self._flights: dict[bytes, Flight] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # more than flights: one that has landed may have a successor

    def __len__(self) -> int:
        return len(self._flights)

    def joinable(self, key: bytes) -> bool:
        """Whether `open` would open none."""
        flight = self._flights.get(key)
        return flight is not None and flight.joinable

    def open(
        self, key: bytes, work: Work, joins: Callable[[Flight], bool] = lambda flight: True
    ) -> tuple[Flight, bool]:
        """A flight to wait for, and whether it was opened just now. No await in here: see the first lines.

        joins: whether what the one that is under way will bring does for who comes now: it may have been purged.
        One that has landed is over for those who come later, unless its answer is still being received: they
        read along, and open nothing.
        """
        flight = self._flights.get(key)
        if flight is not None and flight.joinable and joins(flight):
            return flight, False
        flight = self._flights[key] = Flight(key, self._abandon)
        flight.task = asyncio.get_running_loop().create_task(self._fly(flight, work))
        self._tasks.add(flight.task)
        flight.task.add_done_callback(self._tasks.discard)
        return flight, True

    def refresh(self, key: bytes, work: Work) -> bool:
        """Work that nobody waits for, unless the key has a flight; True where it was opened."""
        if key in self._flights:
            return False
        self.open(key, work)
        return True

    def _abandon(self, flight: Flight) -> None:
        """Nobody wants what comes of it: upstreams' time costs money."""
        self._forget(flight)
        if flight.task is not None:
            flight.task.cancel()

    def _forget(self, flight: Flight) -> None:
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]

    async def _fly(self, flight: Flight, work: Work) -> None:
        try:
            await work(flight)
            if not flight.landed:
                flight.land(Landing())
        except asyncio.CancelledError:
            # close() cancels: clients are told to fail now instead of waiting for ever. Who is abandoned has none.
            flight.land(Landing())
            raise
        except Exception as exc:
            flight.fail(exc)
        finally:
            self._forget(flight)

    async def close(self, seconds: float) -> None:
        """Let what is under way be stored for so long, then cancel it."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(list(self._tasks), timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
