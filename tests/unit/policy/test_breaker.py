"""Breaker: open after failures in a row, half-open after a while, closed once its probes have got answers."""

import pytest

from gateway.model.settings.upstream import BreakerSettings
from gateway.policy.breaker import Breaker, BreakerState

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


def breaker(**settings: object) -> Breaker:
    return Breaker(BreakerSettings.model_validate({"failures": 3, "open": "5s", **settings}))


def opened(**settings: object) -> Breaker:
    """At 100."""
    made = breaker(**settings)
    for _ in range(3):
        made.failed(made.began(100), 100)
    assert made.state is OPEN
    return made


def test_an_answer_between_failures_keeps_it_closed() -> None:
    made = breaker()
    for _ in range(5):
        made.failed(0, 100)
        made.failed(0, 100)
        made.answered(0)
    assert made.state is CLOSED
    assert made.admits(100)


@pytest.mark.parametrize(("now", "admits"), [(100, False), (104.9, False), (105, True), (1e9, True), (-50, False)])
def test_open_for_a_while(now: float, admits: bool) -> None:
    assert opened().admits(now) is admits


def test_one_probe_at_a_time_and_its_answer_closes() -> None:
    made = opened()
    ticket = made.began(105)
    assert (made.state, made.admits(105)) == (HALF_OPEN, False)
    made.answered(ticket)
    assert (made.state, made.admits(105)) == (CLOSED, True)
    made.failed(0, 106)
    assert made.state is CLOSED  # what failed before is forgotten


def test_a_failed_probe_opens_it_again() -> None:
    made = opened()
    made.failed(made.began(107), 108)
    assert (made.state, made.admits(112.9), made.admits(113)) == (OPEN, False, True)


def test_a_probe_that_was_given_up_makes_room_for_the_next() -> None:
    made = opened()
    made.unknown(made.began(105))
    assert (made.state, made.admits(105)) == (HALF_OPEN, True)


def test_all_of_several_probes_must_get_an_answer() -> None:
    made = opened(probes=2)
    first, second = made.began(105), made.began(105)
    assert not made.admits(105)
    made.answered(first)
    assert (made.state, made.admits(105)) == (HALF_OPEN, False)
    made.answered(second)
    assert made.state is CLOSED


def test_calls_from_before_say_nothing() -> None:
    made = opened()
    made.answered(0)
    made.failed(0, 104)
    assert (made.state, made.tries_at) == (OPEN, 105)
    made.began(105)
    made.answered(0)
    made.unknown(0)
    assert (made.state, made.admits(105)) == (HALF_OPEN, False)


def test_a_probe_that_ends_in_a_later_round_is_none() -> None:
    made = opened(probes=2)
    late, failing = made.began(105), made.began(105)
    made.failed(failing, 105)
    now = made.began(110)
    made.answered(late)
    assert (made.state, made.admits(110)) == (HALF_OPEN, True)
    made.answered(now)
    made.answered(made.began(110))
    assert made.state is CLOSED


def test_a_call_that_was_not_admitted_is_no_probe() -> None:
    made = opened()
    made.answered(made.began(101))
    assert made.state is OPEN


def test_no_number_of_failures_opens_one_that_is_off() -> None:
    made = breaker(failures=0)
    for _ in range(1000):
        made.failed(0, 100)
    assert made.state is CLOSED
