"""Breaker: out after five failures in a row, one tries again after ten seconds, one log line per change."""

import logging

import pytest

from gateway.cache.breaker import FAILURES, RETRY_AFTER, Breaker, State


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[tuple[bool, str]]:
    return []


@pytest.fixture
def breaker(clock: Clock, told: list[tuple[bool, str]]) -> Breaker:
    return Breaker("redis", clock=clock, on_change=lambda available, detail: told.append((available, detail)))


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.failed("refused")


def test_it_stays_in_until_five_failures_in_a_row(breaker: Breaker) -> None:
    fail(breaker, FAILURES - 1)
    breaker.succeeded()
    fail(breaker, FAILURES - 1)
    assert breaker.admits()
    assert not breaker.open
    fail(breaker, 1)
    assert not breaker.admits()
    assert breaker.open


def test_one_failure_at_start_counts_as_all(breaker: Breaker) -> None:
    breaker.failed("nobody there", at_once=True)
    assert not breaker.admits()


def test_one_tries_again_after_ten_seconds_and_the_others_stay_away(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.now += RETRY_AFTER - 0.01
    assert not breaker.admits()
    clock.now += 0.01
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    assert breaker.state is State.HALF_OPEN


def test_a_success_of_who_tries_brings_it_back(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.now += RETRY_AFTER
    assert breaker.admits()
    breaker.succeeded()
    assert all(breaker.admits() for _ in range(3))
    fail(breaker, FAILURES - 1)
    assert breaker.admits()


def test_a_failure_of_who_tries_keeps_it_out_for_ten_seconds_more(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.now += RETRY_AFTER
    assert breaker.admits()
    breaker.failed("still")
    clock.now += RETRY_AFTER - 0.01
    assert not breaker.admits()
    clock.now += 0.01
    assert breaker.admits()


def test_another_tries_where_who_tried_never_said_how_it_went(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.now += RETRY_AFTER
    assert breaker.admits()
    clock.now += RETRY_AFTER
    assert breaker.admits()


def test_a_late_success_from_before_does_not_bring_it_back(breaker: Breaker) -> None:
    fail(breaker, FAILURES)
    breaker.succeeded()
    assert not breaker.admits()


def test_each_change_is_told_and_logged_once(
    breaker: Breaker, clock: Clock, told: list[tuple[bool, str]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ragfront.cache")
    fail(breaker, FAILURES + 3)
    for _ in range(3):
        clock.now += RETRY_AFTER
        assert breaker.admits()
        breaker.failed("still")
    clock.now += RETRY_AFTER
    assert breaker.admits()
    breaker.succeeded()
    breaker.succeeded()
    assert told == [(False, "refused"), (True, "redis is back")]
    assert [record.getMessage() for record in caplog.records] == [
        "L2 redis is out, tried again every 10 s: refused",
        "L2 redis is back",
    ]
