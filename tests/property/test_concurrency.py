"""Turns under any order of asking, leaving, ending: never over the limit, none lost, none given twice."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.guard.concurrency import Limiter, Permit
from gateway.model.settings.upstream import ConcurrencySettings
from gateway.policy.queueing import Priority

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from([0, 1, 2])),
        st.tuples(st.just("spare"), st.just(0)),
        st.tuples(
            st.sampled_from(["end", "end twice", "trouble", "leave", "end, leave", "time out"]), st.integers(0, 30)
        ),
        st.tuples(st.just("turn"), st.just(0)),
    ),
    max_size=60,
)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class World:
    def __init__(self, mode: str, limit: int, queue: int) -> None:
        self.clock = Clock()
        stated = ConcurrencySettings.model_validate(
            {"mode": mode, "limit": limit, "max": max(limit, 4), "queue": queue, "wait": "10m"}
        )
        self.limiter = Limiter(stated, clock=self.clock)
        self.tasks: list[asyncio.Task[object]] = []
        self.held: list[Permit] = []
        self.taken: set[int] = set()

    def collect(self) -> None:
        """Permits that have come to their clients."""
        for number, task in enumerate(self.tasks):
            if number not in self.taken and task.done():
                self.taken.add(number)
                if not task.cancelled() and isinstance(permit := task.result(), Permit):
                    self.held.append(permit)

    def end(self, number: int, **how: bool) -> Permit | None:
        if not self.held:
            return None
        permit = self.held.pop(number % len(self.held))
        self.clock.now += 0.3
        permit.give_back(**how)
        return permit

    async def step(self, what: str, number: int) -> None:
        limiter = self.limiter
        waiting = [task for task in self.tasks if not task.done()]
        match what:
            case "ask":
                self.tasks.append(asyncio.create_task(limiter.acquire(Priority(number))))
            case "spare":
                self.tasks.append(asyncio.create_task(limiter.acquire(Priority.NORMAL, spare=True)))
            case "end" | "trouble":
                self.end(number, trouble=what == "trouble")
            case "end twice":
                if (permit := self.end(number)) is not None:
                    permit.give_back()
            case "leave" if waiting:
                waiting[number % len(waiting)].cancel()
            case "end, leave":
                self.end(number)
                if waiting:
                    waiting[number % len(waiting)].cancel()
            case "time out":
                for priority, queue in zip(Priority, limiter._queues, strict=True):
                    for waiter in list(queue)[:1]:
                        limiter._overdue(queue, waiter, priority)
            case "turn":
                await asyncio.sleep(0)

    async def settle(self) -> None:
        for _ in range(4):
            await asyncio.sleep(0)
        self.collect()


@given(STEPS, st.sampled_from(["fixed", "adaptive"]), st.integers(1, 3), st.integers(0, 4))
@settings(max_examples=300, deadline=None)
def test_permits_are_never_lost_doubled_or_too_many(
    steps: list[tuple[str, int]], mode: str, limit: int, queue: int
) -> None:
    async def live() -> None:
        world = World(mode, limit, queue)
        limiter, most = world.limiter, max(limit, 4) if mode == "adaptive" else limit
        for what, number in steps:
            await world.step(what, number)
            world.collect()
            assert len(world.held) <= limiter.in_flight <= most
            assert limiter.queued <= queue
        await world.settle()
        assert limiter.in_flight == len(world.held)
        waiting = [task for task in world.tasks if not task.done()]
        assert limiter.queued == len(waiting)
        assert not waiting or limiter.in_flight >= limiter.limit, "somebody waits beside a free turn"
        while world.held:
            world.end(0)
            await world.settle()
        assert limiter.in_flight == limiter.queued == 0
        assert all(task.done() for task in world.tasks)

    asyncio.run(live())
