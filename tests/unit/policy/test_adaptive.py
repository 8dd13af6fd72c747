"""The adaptive limit, in front of a simulated service with so many slots, which queues what is more."""

import heapq
import random
from collections import deque
from collections.abc import Callable

import pytest

from gateway.policy.adaptive import Adaptive

Draw = Callable[[random.Random], float]

STEADY: Draw = lambda r: 1.0  # noqa: E731
EVEN: Draw = lambda r: r.uniform(0.5, 1.5)  # noqa: E731
ANY: Draw = lambda r: r.expovariate(1.0)  # noqa: E731


def offered_more_than_it_bears(
    adaptive: Adaptive, slots: int, draw: Draw, until: float, since: float = 0.0
) -> tuple[list[float], float]:
    """Always as many calls as the limit allows. The limits as they were, and the share of the slots' time used."""
    rnd, now, asked, done = random.Random(1), since, 0, 0
    waiting: deque[float] = deque()
    ends: list[tuple[float, float]] = []
    limits = []
    while now < until:
        while asked < int(adaptive.limit):
            asked += 1
            adaptive.reached()
            if len(ends) < slots:
                heapq.heappush(ends, (now + draw(rnd), now))
            else:
                waiting.append(now)
        now, began = heapq.heappop(ends)
        asked, done = asked - 1, done + 1
        if waiting:
            heapq.heappush(ends, (now + draw(rnd), waiting.popleft()))
        adaptive.ended(began, now, trouble=False)
        limits.append(adaptive.limit)
    return limits, done / (until - since) / slots


@pytest.mark.parametrize("slots", [2, 8, 32])
@pytest.mark.parametrize("draw", [STEADY, EVEN, ANY], ids=["steady", "even", "any"])
def test_it_settles_a_little_above_the_slots_and_uses_them(slots: int, draw: Draw) -> None:
    adaptive = Adaptive(1, 256, 16)
    offered_more_than_it_bears(adaptive, slots, draw, 300)
    limits, used = offered_more_than_it_bears(adaptive, slots, draw, 2000, since=300)
    middle = sorted(limits)[len(limits) // 2]
    assert 0.8 * slots <= middle <= 2 * slots + 2
    assert used > 0.9


@pytest.mark.parametrize("draw", [STEADY, EVEN, ANY], ids=["steady", "even", "any"])
def test_a_limit_that_was_set_four_times_too_high_is_found_out_in_a_few_windows(draw: Draw) -> None:
    adaptive = Adaptive(1, 256, 4 * 24)
    offered_more_than_it_bears(adaptive, 24, draw, 15)
    assert adaptive.limit <= 2 * 24
    _, used = offered_more_than_it_bears(adaptive, 24, draw, 100, since=15)
    assert used > 0.8


def test_a_limit_that_is_not_used_up_is_not_halved_for_calls_that_became_faster() -> None:
    adaptive, now = Adaptive(1, 256, 64), 0.0
    for number in range(400):
        now += 1
        adaptive.ended(now - 10 / (number + 1), now, trouble=False)
    assert adaptive.limit >= 32


def test_a_service_that_becomes_slower_without_queueing_is_not_taken_for_a_full_one() -> None:
    adaptive = Adaptive(1, 256, 16)
    offered_more_than_it_bears(adaptive, 8, EVEN, 300)
    offered_more_than_it_bears(adaptive, 8, lambda r: 3 * EVEN(r), 1200, since=300)
    limits, used = offered_more_than_it_bears(adaptive, 8, lambda r: 3 * EVEN(r), 3000, since=1200)
    assert used * 3 > 0.9
    assert 7 <= sorted(limits)[len(limits) // 2] <= 18


def test_a_limit_that_is_not_used_up_does_not_grow() -> None:
    adaptive, now = Adaptive(1, 256, 16), 0.0
    for _ in range(200):
        now += 1
        adaptive.ended(now - 0.5, now, trouble=False)
    assert adaptive.limit <= 16


def test_trouble_lowers_it_to_the_least_and_no_further() -> None:
    adaptive, now = Adaptive(2, 256, 100), 0.0
    for _ in range(1000):
        now += 1
        adaptive.reached()
        adaptive.ended(now - 0.5, now, trouble=True)
    assert adaptive.limit == 2


def test_a_few_failures_among_many_answers_do_not() -> None:
    adaptive, now = Adaptive(1, 64, 16), 0.0
    for number in range(2000):
        now += 1
        adaptive.reached()
        adaptive.ended(now - 0.5, now, trouble=number % 20 == 0)
    assert adaptive.limit > 30


def test_calls_that_began_in_the_moment_of_the_last_change_were_let_in_before_it() -> None:
    adaptive = Adaptive(1, 256, 20)
    for _ in range(20):
        adaptive.ended(0.0, 1.0, trouble=True)
    for _ in range(100):
        adaptive.ended(1.0, 5.0, trouble=True)
    assert adaptive.limit == 14


def test_calls_that_began_before_the_last_change_say_nothing_about_it() -> None:
    adaptive = Adaptive(1, 256, 10)
    for number in range(20):
        adaptive.ended(0.0, 10.0 + number, trouble=True)
    lowered = adaptive.limit
    assert lowered == 7
    for number in range(100):
        adaptive.ended(5.0, 40.0 + number, trouble=True)
    assert adaptive.limit == lowered
