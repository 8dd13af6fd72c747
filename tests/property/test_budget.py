"""Buckets: never more than rate x time + burst, for any client, whatever others do and whatever the shared ones say."""

import asyncio
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.guard.budget import Budget
from gateway.policy.bucket import Tariff

STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.1, 0.5, 1.0, 7.0])), max_size=120)
TARIFFS = st.builds(Tariff, st.sampled_from([0.25, 1.0, 3.0]), st.integers(1, 5))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Shared:
    """Buckets elsewhere that forget all, are away, and come back, as they like."""

    def __init__(self, tariff: Tariff, clock: Clock, moods: list[str]) -> None:
        self.tariff, self.clock, self.moods = tariff, clock, moods
        self.full_at: dict[bytes, float] = {}

    async def __call__(self, name: bytes, period: float, depth: float) -> tuple[bool, float] | None:
        await asyncio.sleep(0)
        mood = self.moods.pop() if self.moods else "there"
        if mood == "away":
            return None
        if mood == "empty":
            self.full_at.clear()
        now = self.clock()
        full_at = self.full_at.get(name, 0.0)
        granted = self.tariff.wait(full_at, now) == 0
        if granted:
            full_at = self.full_at[name] = self.tariff.spent(full_at, now)
        return granted, max(0.0, full_at - now)


def within_bounds(times: list[float], tariff: Tariff) -> bool:
    """In any span: at most what it holds and what came meanwhile."""
    return all(
        last - first + 1 <= (times[last] - times[first]) / tariff.period + tariff.burst + 1e-6
        for first in range(len(times))
        for last in range(first, len(times))
    )


@given(STEPS, TARIFFS, st.lists(st.sampled_from(["there", "away", "empty"]), max_size=120), st.booleans())
@settings(max_examples=150, deadline=None)
def test_nobody_gets_more_than_the_bucket_gives(
    steps: list[tuple[int, float]], tariff: Tariff, moods: list[str], with_shared: bool
) -> None:
    async def live() -> None:
        clock = Clock()
        budget = Budget("ask", tariff, Shared(tariff, clock, moods) if with_shared else None, clock)
        granted = defaultdict(list)
        for client, seconds in steps:
            clock.now += seconds
            for wait in await asyncio.gather(*(budget.spend(b"%d" % client) for _ in range(2))):
                assert wait >= 0
                if not wait:
                    granted[client].append(clock.now)
        for times in granted.values():
            assert within_bounds(times, tariff)

    asyncio.run(live())


@given(STEPS, TARIFFS)
@settings(max_examples=100, deadline=None)
def test_who_waits_as_long_as_he_is_told_is_served(steps: list[tuple[int, float]], tariff: Tariff) -> None:
    async def live() -> None:
        clock = Clock()
        budget = Budget("ask", tariff, None, clock)
        for client, seconds in steps:
            clock.now += seconds
            wait = await budget.spend(b"%d" % client)
            if wait:
                clock.now += wait
                assert await budget.spend(b"%d" % client) == 0

    asyncio.run(live())
