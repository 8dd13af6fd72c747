"""Counting different texts: exact for few, within a few standard errors for many, blind to repeats."""

import pytest

from gateway.guard.distinct import Distinct


def test_none_and_few():
    count = Distinct()
    assert count.estimate() == 0
    for n in range(100):
        count.add(str(n % 10))
    assert count.estimate() == 10


@pytest.mark.parametrize("many", [1000, 50_000, 150_000])
def test_many(many):
    count = Distinct()
    for n in range(many):
        count.add(f"id-{n}")
    assert count.estimate() == pytest.approx(many, rel=0.035)  # four standard errors
