"""Reuse distances and forecasts, against counting everything."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.forecast import Forecaster
from gateway.policy.reuse_distance import ReuseDistances
from tests.support.lru import hit_ratio

KEYS = st.lists(st.integers(0, 12), max_size=200)
SIZES = [1 + 7 * key for key in range(13)]


@given(KEYS)
def test_a_distance_is_the_sum_of_the_others_since(keys):
    distances = ReuseDistances()
    for at, key in enumerate(keys):
        before = [place for place in range(at) if keys[place] == key]
        expected = sum(SIZES[other] for other in set(keys[before[-1] + 1 : at])) if before else inf
        assert distances.touch(key, SIZES[key]) == expected


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 20)), min_size=1, max_size=200))
def test_a_forecast_that_follows_all_is_exact(steps):
    asked, now = [], 0.0
    for key, step in steps:
        now += step
        asked.append((key, now, SIZES[key]))
    ttls, sizes = (5, 30, 1000), (100, 200, 300)
    forecaster = Forecaster(ttls, sizes)
    for question in asked:
        forecaster.ask(*question)
    hits = forecaster.result().hits
    for row, ttl in enumerate(ttls):
        for column, room in enumerate((*sizes, inf)):
            assert abs(hits[row][column] - hit_ratio(asked, ttl, room)) < 1e-9
