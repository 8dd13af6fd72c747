"""Early: whatever is drawn, the moment lies in the second half of the entry's life, and not before now."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.early import next_moment
from tests.support.policy import entry

TIMES = st.floats(min_value=0, max_value=4e9)
SPANS = st.floats(min_value=0, max_value=1e7)


@given(TIMES, SPANS, TIMES, SPANS, st.floats(0, 10), st.floats(0, 1, exclude_max=True))
def test_the_moment_lies_between_half_the_life_and_the_end(stored, fresh, now, seconds, beta, drawn):
    kept = entry(stored_at=stored, fresh_until=stored + fresh, upstream_seconds=seconds)
    moment = next_moment(kept, now, beta, drawn)
    assert kept.fresh_until - kept.fresh_for / 2 - 1e-6 <= moment <= kept.fresh_until
    assert moment >= min(now, kept.fresh_until - kept.fresh_for / 2) - 1e-6


@given(st.floats(0.001, 2), st.floats(0.01, 6), st.floats(0, 1, exclude_max=True))
def test_a_slower_answer_and_a_larger_beta_are_never_asked_later(seconds, beta, drawn):
    """As long as a life is many times as long as an answer takes: else what is early is cut off by its beginning."""
    kept = entry(upstream_seconds=seconds)
    slower = entry(upstream_seconds=seconds * 1.5)
    moment = next_moment(kept, 1000.0, beta, drawn)
    assert next_moment(slower, 1000.0, beta, drawn) <= moment + 1e-3
    assert next_moment(kept, 1000.0, beta * 1.5, drawn) <= moment + 1e-3
