"""Reuse distances: small cases by hand; against brute force in tests/property/test_reuse_distance.py."""

from math import inf

from gateway.policy.reuse_distance import ReuseDistances


def test_what_comes_for_the_first_time_is_infinitely_far():
    assert ReuseDistances().touch(1, 100) == inf


def test_what_came_between_counts_once_each_and_not_itself():
    distances = ReuseDistances()
    for key, size in ((1, 100), (2, 10), (3, 1), (2, 10)):
        distances.touch(key, size)
    assert distances.touch(1, 100) == 11
    assert distances.touch(1, 100) == 0


def test_places_are_numbered_anew_as_often_as_needed():
    distances = ReuseDistances()
    for _ in range(1000):
        for key in range(5):
            distances.touch(key, 1)
    assert distances.touch(0, 1) == 4


def test_what_is_let_go_counts_no_more():
    distances = ReuseDistances()
    for key in range(4):
        distances.touch(key, 1)
    distances.rebuild(lambda key, size: 0 if key == 2 else 2 * size)
    assert distances.touch(0, 2) == 4
    assert distances.touch(2, 2) == inf
