"""Who goes first, how long it takes, and when to come again."""

import pytest

from gateway.policy.queueing import Priority, ahead, expected_wait, priority, retry_after, share
from tests.support.policy import request


@pytest.mark.parametrize(
    ("header", "value", "route", "expected"),
    [
        (None, b"high", "normal", Priority.NORMAL),
        ("x-priority", b"high", "normal", Priority.HIGH),
        ("x-priority", b" LOW ", "high", Priority.LOW),
        ("x-priority", b"urgent", "low", Priority.LOW),
        ("x-priority", b"", "high", Priority.HIGH),
    ],
)
def test_class_of_a_request(header: str | None, value: bytes, route: str, expected: Priority) -> None:
    assert priority(request(fields=((b"X-Priority", value),)), header, route) is expected


@pytest.mark.parametrize(
    ("waiting", "limit", "service", "seconds"),
    [(0, 8, 0.0, 0.0), (0, 8, 4.0, 0.5), (7, 8, 4.0, 4.0), (15, 8, 4.0, 8.0), (0, 1, 4.0, 4.0)],
)
def test_expected_wait(waiting: int, limit: int, service: float, seconds: float) -> None:
    assert expected_wait(waiting, limit, service) == seconds


def test_only_the_same_and_higher_classes_are_ahead() -> None:
    assert [ahead((1, 2, 4), one) for one in Priority] == [1, 3, 7]


@pytest.mark.parametrize(("seconds", "told"), [(0.0, 1), (0.2, 1), (1.0, 1), (1.1, 2), (90.0, 90), (1e9, 3600)])
def test_retry_after_is_never_at_once_and_never_never(seconds: float, told: int) -> None:
    assert retry_after(seconds) == told


@pytest.mark.parametrize(("total", "of"), [(16, 1), (16, 4), (17, 4), (3, 2)])
def test_shares_add_up(total: int, of: int) -> None:
    assert sum(share(total, index, of) for index in range(of)) == total


def test_every_worker_gets_something() -> None:
    assert [share(1, index, 3) for index in range(3)] == [1, 1, 1]
