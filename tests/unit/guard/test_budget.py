"""A client's budget: this worker's buckets first, then those that all share."""

import asyncio

import pytest

from gateway.guard.budget import Budget
from gateway.policy.bucket import Tariff

ONE_A_SECOND = Tariff(1.0, 3)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Shared:
    """Buckets elsewhere: what they answer, and how often they were asked."""

    def __init__(self, answer: tuple[bool, float] | None) -> None:
        self.answer = answer
        self.asked: list[bytes] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, name: bytes, period: float, depth: float) -> tuple[bool, float] | None:
        assert (period, depth) == (1.0, 2.0)
        self.asked.append(name)
        await self.gate.wait()
        return self.answer


async def spent(budget: Budget, times: int, client: bytes = b"a") -> list[float]:
    return [await budget.spend(client) for _ in range(times)]


async def test_alone_it_is_a_bucket_per_client() -> None:
    clock = Clock()
    budget = Budget("ask", ONE_A_SECOND, clock=clock)
    assert await spent(budget, 5) == [0, 0, 0, 1, 1]
    assert await spent(budget, 1, b"b") == [0]
    clock.now += 2
    assert budget.wait(b"a") == 0
    assert await spent(budget, 3) == [0, 0, 1]
    assert budget.wait(b"a") == 1


async def test_what_others_have_granted_counts_here_and_is_remembered() -> None:
    clock, shared = Clock(), Shared((False, 30.0))
    budget = Budget("ask", ONE_A_SECOND, shared, clock)
    assert await spent(budget, 3) == [28, 28, 28]
    assert len(shared.asked) == 1
    clock.now += 28
    shared.answer = (True, 3.0)
    assert await spent(budget, 1) == [0]


async def test_shared_buckets_that_were_lost_do_not_give_more_than_our_own() -> None:
    shared = Shared((True, 1.0))
    budget = Budget("ask", ONE_A_SECOND, shared, Clock())
    assert await spent(budget, 5) == [0, 0, 0, 1, 1]
    assert len(shared.asked) == 3


async def test_where_they_are_away_our_own_decide() -> None:
    budget = Budget("ask", ONE_A_SECOND, Shared(None), Clock())
    assert await spent(budget, 4) == [0, 0, 0, 1]


async def test_many_that_wait_for_one_answer_do_not_get_one_token() -> None:
    shared = Shared(None)
    shared.gate.clear()
    budget = Budget("ask", ONE_A_SECOND, shared, Clock())
    asking = [asyncio.create_task(budget.spend(b"a")) for _ in range(10)]
    await asyncio.sleep(0)
    shared.gate.set()
    assert sorted(await asyncio.gather(*asking)) == [0] * 3 + [1] * 7


async def test_names_elsewhere_tell_no_address_and_no_credential() -> None:
    shared = Shared((True, 1.0))
    await Budget("ask", ONE_A_SECOND, shared, Clock()).spend(b"192.0.2.1")
    (name,) = shared.asked
    assert name.startswith(b"ask:")
    assert b"192" not in name.partition(b":")[2][:6]
    other = Shared((True, 1.0))
    await Budget("ask", ONE_A_SECOND, other, Clock()).spend(b"192.0.2.1")
    assert other.asked == [name]  # alike in all replicas


@pytest.mark.parametrize("debt", [2.0, 2.0000001, 5.0])
async def test_a_refusal_always_says_when(debt: float) -> None:
    (wait,) = await spent(Budget("ask", ONE_A_SECOND, Shared((False, debt)), Clock()), 1)
    assert wait > 0
