"""The token bucket's arithmetic."""

import pytest

from gateway.policy.bucket import Tariff, tariff


@pytest.mark.parametrize(
    ("rate", "burst", "expected"),
    [("10/s", 5, Tariff(0.1, 5)), ("30/m", 1, Tariff(2.0, 1)), ("60/h", 100, Tariff(60.0, 100))],
)
def test_rates_as_written(rate: str, burst: int, expected: Tariff) -> None:
    assert tariff(rate, burst) == expected


def test_a_full_bucket_gives_its_burst_and_then_one_per_period() -> None:
    terms, full_at, given = Tariff(10.0, 3), 0.0, []
    for now in (100.0, 100.0, 100.0, 100.0, 109.9, 110.0, 110.0, 120.0):
        given.append(terms.wait(full_at, now) == 0)
        if given[-1]:
            full_at = terms.spent(full_at, now)
    assert given == [True, True, True, False, False, True, False, True]


@pytest.mark.parametrize(
    ("full_at", "now", "seconds"),
    [(0.0, 50.0, 0.0), (70.0, 50.0, 0.0), (70.1, 50.0, 0.1), (80.0, 50.0, 10.0), (1e9, 1e9 - 30, 10.0)],
)
def test_how_long_until_there_is_one(full_at: float, now: float, seconds: float) -> None:
    assert Tariff(10.0, 3).wait(full_at, now) == pytest.approx(seconds)
