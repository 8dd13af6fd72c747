"""Flights under any order of joining, leaving, landing, failing: one work per key, everybody served, nothing left."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.fields import Fields
from gateway.pipeline.flight import Flight, Flights, Landing, Seat
from gateway.pipeline.recording import Recording

KEYS = (b"a", b"b")
REFUSED = "refused"
ENDS = ("land", "reply", "stream", "fail", "nothing", "land, store", "reply, fail", "refuse", "refuse")

Step = tuple[str, int]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["join a", "join b", "refresh a", "turn"]), st.just(0)),
        st.tuples(st.just("leave"), st.integers(0, 20)),
        st.tuples(st.sampled_from(["end a", "end b"]), st.integers(0, len(ENDS) - 1)),
        st.tuples(st.sampled_from(["over a", "over b"]), st.just(0)),
    ),
    max_size=40,
)


class Reply:
    """Stands in where only who has it, and whether it was closed, are of interest."""

    def __init__(self) -> None:
        self.takers: list[int] = []
        self.closed = 0

    def close(self, result: str = "abandoned") -> None:
        self.closed += 1


@dataclass
class Trip:
    """One flight's work as the test steers it."""

    flight: Flight
    end: asyncio.Future[str]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    landing: Landing | None = None
    failed: bool = False
    leader: int | None = None


class World:
    def __init__(self) -> None:
        self.flights = Flights()
        self.trips: dict[bytes, Trip] = {}
        self.replies: list[Reply] = []
        self.clients: list[asyncio.Task[None]] = []
        self.left: set[int] = set()
        self.served: dict[int, tuple[Trip | None, object]] = {}
        self.leaders: set[int] = set()

    async def work(self, flight: Flight) -> None:
        before = self.trips.get(flight.key)
        assert before is None or not before.flight.joinable, "two works for one key"
        trip = self.trips[flight.key] = Trip(flight, asyncio.get_running_loop().create_future())
        trip.leader = next((seat.job for seat in flight._seats if seat.leads), None)
        while await trip.end == "refuse":
            refusal = Landing(tier=REFUSED)
            trip.leader = flight.hand_over(refusal, lambda job, of=trip.leader: job != of)
            if trip.leader is None:
                trip.landing = refusal
                assert not flight.joinable
                return
            trip.end = asyncio.get_running_loop().create_future()
        match (await trip.end).split(", "):
            case ["land", *_]:
                trip.landing = Landing(tier="memory")
            case ["reply", *_]:
                self.replies.append(Reply())
                trip.landing = Landing(reply=self.replies[-1], shared=False)  # type: ignore[arg-type]
            case ["stream"]:
                trip.landing = Landing(recording=Recording(200, b"OK", Fields(), 100))
            case ["fail"]:
                trip.failed = True
                raise ZeroDivisionError
            case ["nothing"]:
                return
        assert trip.landing is not None
        flight.land(trip.landing)
        if "," in trip.end.result() or trip.landing.recording is not None:
            await trip.over.wait()
        if trip.landing.recording is not None:
            trip.landing.recording.finish()
        if trip.end.result().endswith("fail"):
            raise ZeroDivisionError

    async def client(self, number: int, key: bytes) -> None:
        flight, opened = self.flights.open(key, self.work)
        seat = Seat(number, leads=opened)
        try:
            landing, reply = await flight.wait(opened=opened, seat=seat)
        except ZeroDivisionError:
            self.served[number] = (self.trip_of(flight), None)
            return
        self.served[number] = (self.trip_of(flight), landing)
        if seat.leads:
            self.leaders.add(number)
        if reply is not None:
            assert isinstance(reply, Reply)
            reply.takers.append(number)

    def trip_of(self, flight: Flight) -> Trip | None:
        trip = self.trips.get(flight.key)
        return trip if trip is not None and trip.flight is flight else None

    async def step(self, what: str, number: int) -> None:
        verb, _, name = what.partition(" ")
        key = name.encode()
        trip = self.trips.get(key)
        if verb == "join":
            self.clients.append(asyncio.create_task(self.client(len(self.clients), key)))
        elif verb == "refresh":
            self.flights.refresh(key, self.work)
        elif verb == "turn":
            await asyncio.sleep(0)
        elif verb == "leave" and self.clients:
            self.left.add(number % len(self.clients))
            self.clients[number % len(self.clients)].cancel()
        elif verb == "end" and trip is not None and not trip.end.done():
            trip.end.set_result(ENDS[number])
        elif verb == "over" and trip is not None:
            trip.over.set()

    async def settle(self) -> None:
        while self.flights._tasks or not all(client.done() for client in self.clients):
            await asyncio.sleep(0)
            for trip in self.trips.values():
                trip.over.set()
                if not trip.end.done():
                    trip.end.set_result("land")
        await asyncio.gather(*self.clients, return_exceptions=True)


async def live(steps: list[Step]) -> None:
    world = World()
    trips: list[Trip] = []
    for step in steps:
        await world.step(*step)
        trips += [trip for trip in world.trips.values() if trip not in trips]
    for trip in trips:
        trip.over.set()
    await world.settle()
    for number, client in enumerate(world.clients):
        if client.cancelled():
            assert number in world.left
            continue
        client.result()
        trip, landing = world.served[number]
        if isinstance(landing, Landing) and landing.tier == REFUSED:
            assert number not in world.leaders or trip is None or landing is trip.landing
        elif trip is not None and trip.landing is not None:
            assert landing is trip.landing
        elif trip is not None and trip.failed:
            assert landing is None
    for reply in world.replies:
        assert len(reply.takers) + reply.closed == 1, "a reply is taken once, or closed once"
        assert set(reply.takers) <= world.leaders
    assert len(world.flights) == 0
    assert all(trip.flight.clients == 0 for trip in trips)


@given(STEPS)
@settings(max_examples=300)
def test_any_order_of_coming_and_going(steps: list[Step]) -> None:
    asyncio.run(live(steps))


@given(STEPS)
@settings(max_examples=100)
def test_closing_at_any_moment_leaves_nobody_waiting(steps: list[Step]) -> None:
    async def closed() -> None:
        world = World()
        for step in steps:
            await world.step(*step)
        await asyncio.sleep(0)
        await world.flights.close(0)
        await asyncio.wait_for(asyncio.gather(*world.clients, return_exceptions=True), 5)
        assert not world.flights._tasks
        assert len(world.flights) == 0
        assert all(len(reply.takers) + reply.closed == 1 for reply in world.replies)

    asyncio.run(closed())
