"""Flights: one piece of work per key, whoever comes and goes."""

import asyncio

import pytest

from gateway.model.fields import Fields
from gateway.pipeline.flight import Flight, Flights, Landing, Seat
from gateway.pipeline.recording import Recording

KEY = b"k"


class Reply:
    """Stands in where only `close` is of interest."""

    closed = False

    def close(self, result: str = "abandoned") -> None:
        self.closed = True


class Work:
    def __init__(self) -> None:
        self.calls = 0
        self.gate = asyncio.Event()
        self.landing = Landing(tier="x")

    async def __call__(self, flight: Flight) -> None:
        self.calls += 1
        await self.gate.wait()
        flight.land(self.landing)


async def test_a_thousand_waiters_one_work():
    flights, work = Flights(), Work()
    opened = []

    async def ask() -> Landing:
        flight, new = flights.open(KEY, work)
        opened.append(new)
        return (await flight.wait(opened=new))[0]

    waiting = [asyncio.create_task(ask()) for _ in range(1000)]
    await asyncio.sleep(0)
    work.gate.set()
    assert all(landing is work.landing for landing in await asyncio.gather(*waiting))
    assert (work.calls, sum(opened)) == (1, 1)
    assert len(flights) == 0


async def test_the_one_who_opened_may_leave():
    flights, work = Flights(), Work()
    first, _ = flights.open(KEY, work)
    leader = asyncio.create_task(first.wait(opened=True))
    await asyncio.sleep(0)
    follower = asyncio.create_task(flights.open(KEY, work)[0].wait(opened=False))
    await asyncio.sleep(0)
    leader.cancel()
    await asyncio.gather(leader, return_exceptions=True)
    work.gate.set()
    assert (await follower)[0] is work.landing
    assert work.calls == 1


async def test_all_may_leave_and_the_work_goes_on():
    flights, work = Flights(), Work()
    flight, _ = flights.open(KEY, work)
    waiting = [asyncio.create_task(flight.wait(opened=True)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    work.gate.set()
    await flight.task
    assert flight.landed


async def test_a_failure_reaches_everybody_and_the_key_is_free_again():
    flights = Flights()

    async def fails(flight: Flight) -> None:
        raise ZeroDivisionError

    flight, _ = flights.open(KEY, fails)
    waiting = [asyncio.create_task(flight.wait(opened=True)) for _ in range(3)]
    assert all(isinstance(r, ZeroDivisionError) for r in await asyncio.gather(*waiting, return_exceptions=True))
    assert flights.open(KEY, Work())[1]
    await flights.close(0)


async def test_who_comes_after_the_landing_opens_a_new_flight():
    flights = Flights()
    goes_on = asyncio.Event()

    async def lands_early(flight: Flight) -> None:
        flight.land(Landing())
        await goes_on.wait()

    flight, _ = flights.open(KEY, lands_early)
    await flight.wait(opened=True)
    assert not flights.refresh(KEY, lands_early)
    other, new = flights.open(KEY, lands_early)
    assert new
    assert other is not flight
    goes_on.set()
    await asyncio.gather(flight.task, other.task)
    assert len(flights) == 0


async def test_a_reply_is_taken_once_and_closed_where_nobody_takes_it():
    flights, work = Flights(), Work()
    work.landing.reply = reply = Reply()
    flight, _ = flights.open(KEY, work)
    waiting = [asyncio.create_task(flight.wait(opened=opened)) for opened in (False, True, False)]
    await asyncio.sleep(0)
    work.gate.set()
    assert [taken for _, taken in await asyncio.gather(*waiting)] == [None, reply, None]
    assert not reply.closed

    work.landing, work.gate = Landing(reply=reply), asyncio.Event()
    flight, _ = flights.open(KEY, work)
    work.gate.set()
    await flight.task
    assert reply.closed


async def test_a_reply_whose_taker_is_cancelled_in_the_same_turn_is_closed():
    flights, work = Flights(), Work()
    work.landing.reply = reply = Reply()
    flight, _ = flights.open(KEY, work)
    taker = asyncio.create_task(flight.wait(opened=True))
    await asyncio.sleep(0)
    work.gate.set()
    taker.cancel()
    await asyncio.gather(taker, flight.task, return_exceptions=True)
    assert reply.closed


async def test_closing_cancels_what_is_late_and_tells_those_who_wait():
    flights, work = Flights(), Work()
    flight, _ = flights.open(KEY, work)
    waiter = asyncio.create_task(flight.wait(opened=True))
    await flights.close(0)
    assert await waiter == (Landing(), None)
    with pytest.raises(asyncio.CancelledError):
        await flight.task


async def test_a_reply_made_for_one_who_left_is_closed_and_goes_to_nobody_else():
    flights, work = Flights(), Work()
    work.landing.reply = reply = Reply()
    flight, _ = flights.open(KEY, work)
    opener = asyncio.create_task(flight.wait(opened=True))
    follower = asyncio.create_task(flight.wait(opened=False))
    await asyncio.sleep(0)
    opener.cancel()
    await asyncio.gather(opener, return_exceptions=True)
    work.gate.set()
    assert (await follower)[1] is None
    assert reply.closed


async def test_who_comes_while_the_answer_is_being_received_reads_along():
    flights, made, goes_on = Flights(), Recording(200, b"OK", Fields(), 1000), asyncio.Event()

    async def streams(flight: Flight) -> None:
        flight.land(Landing(recording=made))
        await goes_on.wait()
        made.finish()

    flight, _ = flights.open(KEY, streams)
    await flight.wait(opened=True)
    assert flights.open(KEY, streams) == (flight, False)
    assert (await flight.wait(opened=False))[0].recording is made
    goes_on.set()
    await flight.task
    assert flights.open(KEY, streams)[1]
    await flights.close(5)


async def test_told_waits_for_all_who_waited():
    flights, work = Flights(), Work()
    flight, _ = flights.open(KEY, work)
    waiting = [asyncio.create_task(flight.wait(opened=False)) for _ in range(3)]
    await asyncio.sleep(0)
    told = asyncio.create_task(flight.told())
    waiting[0].cancel()
    await asyncio.gather(waiting[0], return_exceptions=True)
    assert not told.done()
    work.gate.set()
    await told
    assert [task.done() for task in waiting] == [True] * 3


async def test_closing_waits_also_for_a_flight_that_has_a_successor():
    flights = Flights()
    goes_on = asyncio.Event()

    async def lands_early(flight: Flight) -> None:
        flight.land(Landing())
        await goes_on.wait()

    first, _ = flights.open(KEY, lands_early)
    await first.wait(opened=True)
    second, _ = flights.open(KEY, lands_early)
    await flights.close(0)
    assert first.task.cancelled()
    assert second.task.cancelled()


class HandedOver:
    """Refuses whom it is to refuse, and goes on for the next."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.led: list[str] = []
        self.gate = asyncio.Event()
        self.reply = Reply()

    async def __call__(self, flight: Flight) -> None:
        leader = "a"
        while leader in self.refused:
            await asyncio.sleep(0)
            leader = flight.hand_over(Landing(tier=leader), lambda job, of=leader: job != of)
        if leader is not None:
            self.led.append(leader)
            await self.gate.wait()
            flight.land(Landing(reply=self.reply))


async def sit(flights: Flights, work: HandedOver, *jobs: str) -> list["asyncio.Task[tuple[Landing, Seat]]"]:
    async def one(job: str) -> tuple[Landing, Seat]:
        flight, opened = flights.open(KEY, work)
        seat = Seat(job, leads=opened)
        landing, reply = await flight.wait(opened=opened, seat=seat)
        assert (reply is not None) is (seat.leads and landing.tier == "")
        return landing, seat

    return [asyncio.create_task(one(job)) for job in jobs]


async def test_a_refusal_is_told_to_those_whom_it_concerns_and_the_next_leads_on():
    flights, work = Flights(), HandedOver("a", "b")
    tasks = await sit(flights, work, "a", "b", "c", "b", "d")
    told = [(await tasks[n])[0].tier for n in (0, 1, 3)]
    assert told == ["a", "b", "b"]
    (late,) = await sit(flights, work, "e")
    await asyncio.sleep(0)
    work.gate.set()
    leads = [(await task)[1].leads for task in (tasks[2], tasks[4], late)]
    assert leads == [True, False, False]
    assert work.led == ["c"]
    assert not work.reply.closed


async def test_a_refusal_that_concerns_all_is_the_landing():
    flights, work = Flights(), HandedOver("a")
    tasks = await sit(flights, work, "a", "a")
    assert [(await task)[0].tier for task in tasks] == ["a", "a"]
    assert len(flights) == 0
    assert work.led == []


async def test_who_left_is_no_heir():
    flights, work = Flights(), HandedOver("a")
    leader, gone, heir = await sit(flights, work, "a", "b", "c")
    await asyncio.sleep(0)
    gone.cancel()  # its turn to run has not come when the flight is handed over
    assert (await leader)[0].tier == "a"
    work.gate.set()
    assert (await heir)[1].leads
    assert work.led == ["c"]


async def test_an_heir_that_leaves_takes_no_reply_with_it():
    flights, work = Flights(), HandedOver("a")
    leader, heir, follower = await sit(flights, work, "a", "b", "c")
    await leader
    await asyncio.sleep(0)
    heir.cancel()
    await asyncio.gather(heir, return_exceptions=True)
    work.gate.set()
    assert (await follower)[0].reply is None
    assert work.reply.closed
