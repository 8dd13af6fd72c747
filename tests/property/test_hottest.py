"""Hottest: what Space-Saving promises, against counting everything."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.hottest import Hottest

SIZES = {letter: 1 + number for number, letter in enumerate("abcdefghij")}
STREAMS = st.lists(st.sampled_from("aaaabbbcdefghij"), max_size=300)


@given(STREAMS, st.integers(1, 6))
def test_what_makes_up_more_than_its_share_is_there_and_no_count_is_too_low(stream, places):
    hottest: Hottest[str] = Hottest(places, 1000)
    for letter in stream:
        hottest.add(letter.encode(), letter, 1)
    true, told = Counter(stream), dict(hottest.top(places))
    assert len(hottest) <= places
    assert all(true[letter] <= count <= true[letter] + len(stream) / places for letter, count in told.items())
    assert {letter for letter, count in true.items() if count > len(stream) / places} <= told.keys()


@given(STREAMS, st.integers(1, 6), st.integers(1, 20))
def test_neither_bound_is_passed_and_no_count_is_too_low_where_bytes_are_short(stream, places, max_bytes):
    hottest: Hottest[str] = Hottest(places, max_bytes)
    for letter in stream:
        hottest.add(letter.encode(), letter, SIZES[letter])
        told = hottest.top(100)
        assert len(told) <= places
        assert sum(SIZES[letter] for letter, _ in told) <= max_bytes
    true = Counter(stream)
    assert all(true[letter] <= count for letter, count in hottest.top(100))
