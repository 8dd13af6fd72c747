"""Quota: as many turns as the share says, none too soon."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.quota import Quota


@pytest.mark.parametrize(("share", "taken"), [(1, 1000), (0.1, 100), (0.003, 3)])
def test_takes_its_share(share, taken):
    quota = Quota(share, 0)
    assert sum(quota.take(total, 0.0) for total in range(1000)) == pytest.approx(taken, abs=1)


def test_keeps_to_its_rate():
    quota = Quota(1, 0.5)
    assert [quota.take(n, n / 10) for n in range(12)] == [n in (0, 5, 10) for n in range(12)]


def test_what_could_not_be_taken_is_made_up_for_in_part():
    quota = Quota(0.1, 0)
    assert quota.take(0, 0)
    assert sum(quota.take(100_000, 1.0) for _ in range(50)) == 11


def test_where_much_was_counted_before_it_begins_with_one():
    quota = Quota(0.5, 0)
    assert [quota.take(10_000, 0.0) for _ in range(3)] == [True, False, False]


@given(
    st.floats(0.001, 1),
    st.floats(0, 10),
    st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 5)), max_size=50),
)
def test_never_more_than_the_share_or_the_rate(share, period, steps):
    quota, total, now, taken = Quota(share, period), 0, 0.0, 0
    for more, later in steps:
        total, now = total + more, now + later
        taken += quota.take(total, now)
    assert taken <= 1 + total * share + 1e-6
    assert not period or taken <= 1 + now / period + 1e-6
