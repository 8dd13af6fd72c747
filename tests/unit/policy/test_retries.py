"""Retries: a share of the calls on top, a few in each second, a few saved up."""

from gateway.model.settings.upstream import RetrySettings
from gateway.policy.retries import RetryBudget


def budget(**settings: object) -> RetryBudget:
    return RetryBudget(RetrySettings.model_validate({"floor": 0, "burst": 2, **settings}), 100.0)


def granted(made: RetryBudget, now: float, asked: int = 100) -> int:
    return sum(made.allows(now) for _ in range(asked))


def test_what_is_there_at_the_start() -> None:
    made = budget()
    assert granted(made, 100) == 2
    assert (made.allowed, made.refused) == (2, 98)


def test_ten_calls_earn_one() -> None:
    made = budget()
    granted(made, 100)
    for _ in range(9):
        made.called()
    assert granted(made, 100) == 0
    made.called()
    assert granted(made, 100) == 1


def test_no_more_than_burst_is_saved() -> None:
    made = budget()
    for _ in range(1000):
        made.called()
    assert granted(made, 1e6) == 2


def test_the_floor_is_there_without_calls() -> None:
    made = budget(floor=1)
    granted(made, 100)
    assert granted(made, 100.9) == 0
    assert granted(made, 101) == 1
    assert granted(made, 1000) == 2


def test_a_clock_that_goes_back_earns_nothing() -> None:
    made = budget(floor=1)
    granted(made, 100)
    assert granted(made, 50) == 0
    assert granted(made, 51) == 1


def test_no_budget_at_all() -> None:
    made = budget(burst=0, share="0%")
    made.called()
    assert granted(made, 1000) == 0
