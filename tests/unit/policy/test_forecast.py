"""Forecasts: what a sample says, against an exact cache in front of the same questions."""

import pytest

from gateway.policy.forecast import Forecaster
from tests.support.lru import hit_ratio
from tests.support.zipf import questions

MINUTE, HOUR, DAY = 60, 3600, 86_400
TTLS = (MINUTE, 10 * MINUTE, HOUR, DAY)
SIZES = (1 << 20, 4 << 20, 16 << 20)


def told(asked, most=32_768):
    forecaster = Forecaster(TTLS, SIZES, most)
    for question in asked:
        forecaster.ask(*question)
    return forecaster.result()


@pytest.mark.parametrize(("skew", "different"), [(0.7, 60_000), (0.9, 60_000), (1.1, 200_000)])
def test_a_sample_of_some_thousands_is_within_two_points_of_an_exact_cache(skew, different):
    asked = questions(150_000, different, skew, DAY)
    forecast = told(asked, most=4000)
    assert forecast.rate <= 1 / 4
    for row, ttl in enumerate(TTLS):
        for column, room in enumerate(forecast.sizes):
            assert forecast.hits[row][column] == pytest.approx(hit_ratio(asked, ttl, room), abs=0.02), (ttl, room)


def test_different_questions_and_their_bytes_are_estimated():
    asked = questions(150_000, 60_000, 0.8, DAY)
    forecast = told(asked, most=4000)
    sizes = {key: size for key, _, size in asked}
    assert forecast.distinct == pytest.approx(len(sizes), rel=0.03)
    assert forecast.distinct_bytes == pytest.approx(sum(sizes.values()), rel=0.05)
    assert forecast.followed <= 4000 + 2048


def test_live_bytes_are_those_of_fresh_entries():
    forecast = told([(key, float(key), 1000) for key in range(1, 2000)])
    assert forecast.live[0] == pytest.approx(60_000, rel=0.05)
    assert forecast.live[-1] == 1999 * 1000


def test_the_busiest_minute_is_told_with_and_without_the_cache():
    calm = [(1, float(second), 10) for second in range(0, 600, 60)]
    busy = [(1, 1000 + second / 10, 10) for second in range(590)]
    forecast = told(calm + busy)
    assert forecast.busiest_asked == pytest.approx(590 / 60)
    assert forecast.busiest[0] == pytest.approx(1 / 60)


def test_answers_that_are_not_kept_are_never_hits():
    forecaster = Forecaster(TTLS, SIZES)
    for second in range(100):
        forecaster.ask(1, float(second), 10, kept=False)
    assert forecaster.result().hits[-1][-1] == 0


def test_a_line_that_is_out_of_order_counts_as_if_it_came_now():
    forecast = told([(1, 100.0, 10), (2, 200.0, 10), (1, 90.0, 10)])
    assert (forecast.span, forecast.late) == (100, 1)
    assert forecast.hits[0] == (0, 0, 0, 0)
    assert forecast.hits[1] == pytest.approx((1 / 3,) * 4)


def test_nothing_asked_is_no_forecast():
    with pytest.raises(ValueError, match="no questions"):
        Forecaster(TTLS, SIZES).result()
