"""Ejection: bad answers in a row, or a bad share of them; out for longer each time; never too many at once."""

import pytest

from gateway.model.settings.upstream import EjectionSettings
from gateway.policy.ejection import Record, may_eject


def record(**settings: object) -> Record:
    return Record(EjectionSettings.model_validate({"failures": 3, "share": 0, **settings}))


def test_failures_in_a_row() -> None:
    made = record()
    assert [made.failed(1), made.failed(2)] == [False, False]
    made.succeeded(3)
    assert [made.failed(4), made.failed(5), made.failed(6)] == [False, False, True]


def test_a_share_of_failures_once_there_are_calls_enough() -> None:
    made = record(failures=0, share="50%", min_calls=10)
    told = []
    for now in range(5):
        made.succeeded(now)
        told.append(made.failed(now))
    assert told == [False] * 4 + [True]


def test_a_share_counts_in_its_window_only() -> None:
    made = record(failures=0, share="50%", min_calls=4, window="10s")
    assert not any(made.failed(now) for now in (100, 101, 109.9 - 1))
    assert [made.failed(now) for now in (111, 112, 113, 114)] == [False, False, False, True]


def test_neither_rule_stated_nothing_is_ejected() -> None:
    made = record(failures=0)
    assert not any(made.failed(now) for now in range(1000))


def test_on_trial_the_first_failure_is_enough_and_the_first_success_ends_it() -> None:
    made = record()
    made.eject(100)
    assert made.failed(111)
    made.eject(111)
    made.succeeded(140)
    assert not made.failed(141)


def test_what_ends_while_it_is_out_counts_for_nothing() -> None:
    made = record()
    made.eject(100)
    assert not any(made.failed(105) for _ in range(10))
    made.succeeded(105)
    assert made.failed(110)


@pytest.mark.parametrize(
    ("times", "lengths"),
    [
        ((0, 10, 30, 70, 150), [10, 20, 40, 60, 60]),  # again at once
        ((0, 10, 50, 100), [10, 20, 10, 10]),  # in for as long as it was out: forgiven
        ((0, 19.9, 60), [10, 20, 10]),
    ],
)
def test_out_for_twice_as_long_each_time(times: tuple[float, ...], lengths: list[float]) -> None:
    made = record(first="10s", longest="60s")
    assert [made.eject(now) for now in times] == lengths
    assert made.until == times[-1] + lengths[-1]


def test_a_thousand_ejections_are_no_overflow() -> None:
    made = record(first="10s", longest="1d")
    for _ in range(1100):
        assert made.eject(max(made.until, 0)) <= 86_400


@pytest.mark.parametrize(
    ("out", "replicas", "at_most", "may"),
    [
        (0, 1, 50, False), (0, 2, 50, True), (1, 2, 50, False), (0, 3, 50, True), (1, 3, 50, False),
        (1, 4, 50, True), (1, 2, 100, True), (0, 4, 0, False), (0, 3, 33, False), (0, 3, 34, True),
    ],
)  # fmt: skip
def test_never_more_than_a_share(out: int, replicas: int, at_most: int, may: bool) -> None:
    assert may_eject(out, replicas, at_most) is may
