"""Turns: how many at once, who waits, who is shed."""

import asyncio
from typing import Any

import pytest

from gateway.guard.concurrency import Limiter, Permit, Refused
from gateway.model.settings.upstream import ConcurrencySettings
from gateway.policy.queueing import Priority


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def limiter(clock: Clock | None = None, **stated: Any) -> Limiter:
    settings = ConcurrencySettings.model_validate({"mode": "fixed", "limit": 1, "wait": "30s", **stated})
    return Limiter(settings, clock=clock or Clock())


async def taken(limiter: Limiter, priority: Priority = Priority.NORMAL) -> Permit:
    permit = await limiter.acquire(priority)
    assert isinstance(permit, Permit)
    return permit


async def waiting(limiter: Limiter, *classes: Priority) -> list["asyncio.Task[Permit | Refused]"]:
    tasks = []
    for one in classes:
        tasks.append(asyncio.create_task(limiter.acquire(one)))
        await asyncio.sleep(0)
    return tasks


async def test_first_come_first_served_in_a_class_and_higher_ones_first() -> None:
    one = limiter()
    permit, order = await taken(one), []
    classes = [Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.NORMAL, Priority.HIGH]
    tasks = await waiting(one, *classes)
    for _ in classes:
        permit.give_back()
        await asyncio.sleep(0)
        (now,) = [n for n, task in enumerate(tasks) if task.done() and n not in order]
        order.append(now)
        permit = tasks[now].result()  # type: ignore[assignment]
    assert order == [2, 4, 1, 3, 0]
    assert (one.in_flight, one.queued, one.shed) == (1, 0, 0)


async def test_a_permit_is_given_back_once() -> None:
    one = limiter(limit=2)
    permit = await taken(one)
    await taken(one)
    permit.give_back()
    permit.give_back()
    assert one.in_flight == 1


async def test_who_cannot_make_it_in_time_is_shed_at_once_and_told_when_to_come() -> None:
    clock = Clock()
    one = limiter(clock, limit=2, wait="5s")
    for _ in range(2):
        permit = await taken(one)
        clock.now += 4
        permit.give_back()
    held = [await taken(one) for _ in range(2)]
    tasks = await waiting(one, Priority.NORMAL, Priority.NORMAL)  # expected in 2 and 4 s
    assert await one.acquire(Priority.NORMAL) == Refused(6.0)
    assert not any(task.done() for task in tasks)
    ahead_of_them = await waiting(one, Priority.HIGH)
    for permit in held:
        permit.give_back()
    await asyncio.sleep(0)
    assert [task.done() for task in (*ahead_of_them, *tasks)] == [True, True, False]
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_full_queue_sheds_and_a_higher_class_takes_the_place_of_the_last_of_the_lowest() -> None:
    one = limiter(queue=2)
    permit = await taken(one)
    low, normal = await waiting(one, Priority.LOW, Priority.NORMAL)
    assert isinstance(await one.acquire(Priority.LOW), Refused)
    (high,) = await waiting(one, Priority.HIGH)
    assert isinstance(await low, Refused)
    assert not high.done()
    assert not normal.done()
    assert one.shed == 2
    permit.give_back()
    (await high).give_back()  # type: ignore[union-attr]
    (await normal).give_back()  # type: ignore[union-attr]
    assert one.in_flight == 0


async def test_who_is_overdue_is_shed() -> None:
    waits: list[float] = []
    settings = ConcurrencySettings.model_validate({"mode": "fixed", "limit": 1, "wait": "20ms"})
    one = Limiter(settings, waited=waits.append)
    permit = await taken(one)
    assert isinstance(await one.acquire(Priority.NORMAL), Refused)
    assert one.queued == 0
    assert len(waits) == 1
    assert 0.01 < waits[0] < 5
    permit.give_back()
    assert one.in_flight == 0


async def test_a_turn_that_comes_as_its_client_leaves_goes_to_the_next() -> None:
    one = limiter()
    permit = await taken(one)
    first, second = await waiting(one, Priority.NORMAL, Priority.NORMAL)
    permit.give_back()  # 1 the turn is the first one's
    first.cancel()  # 2 which leaves before it has run
    with pytest.raises(asyncio.CancelledError):
        await first
    assert isinstance(await second, Permit)
    assert one.in_flight == 1


async def test_what_nobody_waits_for_takes_a_free_turn_or_none() -> None:
    one = limiter()
    assert isinstance(await one.acquire(Priority.NORMAL, spare=True), Permit)
    assert isinstance(await one.acquire(Priority.HIGH, spare=True), Refused)
    assert one.shed == 0


async def test_no_queue_where_none_is_wanted() -> None:
    one = limiter(queue=0)
    await taken(one)
    assert isinstance(await one.acquire(Priority.NORMAL), Refused)


def test_workers_share_the_figures_out() -> None:
    settings = ConcurrencySettings(mode="fixed", limit=10)
    assert [Limiter(settings, index, 4).limit for index in range(4)] == [3, 3, 2, 2]


async def test_adaptive_learns_from_what_ends_and_not_from_what_was_given_up() -> None:
    clock = Clock()
    one = limiter(clock, mode="adaptive", limit=10, min=1, max=100)
    for _ in range(40):
        permit = await taken(one)
        clock.now += 1
        permit.give_back(counts=False, trouble=True)
    assert one.limit == 10
    for _ in range(40):
        permit = await taken(one)
        clock.now += 1
        permit.give_back(trouble=True)
    assert one.limit < 10
