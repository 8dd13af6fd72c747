"""Percentiles out of buckets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.percentiles import percentile

BOUNDS = (0.1, 0.2, 0.4)


@pytest.mark.parametrize(
    ("counts", "share", "value"),
    [
        ((0, 0, 0, 0), 0.5, None),
        ((10, 0, 0, 0), 0.5, 0.05),
        ((10, 10, 0, 0), 0.5, 0.1),
        ((10, 10, 0, 0), 0.75, 0.15),
        ((0, 0, 4, 0), 1.0, 0.4),
        ((0, 0, 0, 3), 0.5, 0.4),  # over the last bound: at least that
    ],
)
def test_value(counts, share, value) -> None:
    assert percentile(BOUNDS, counts, share) == (None if value is None else pytest.approx(value))


@given(st.lists(st.floats(0, 0.4), min_size=1), st.floats(0.01, 1))
def test_it_lies_in_the_bucket_of_the_true_one(values, share) -> None:
    counts = [0, 0, 0, 0]
    for value in values:
        counts[next(n for n, bound in enumerate((*BOUNDS, 9)) if value <= bound)] += 1
    found = percentile(BOUNDS, counts, share)
    true = sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]
    bucket = next(n for n, bound in enumerate(BOUNDS) if true <= bound)
    assert found is not None
    assert (0, *BOUNDS)[bucket] - 1e-9 <= found <= BOUNDS[bucket] + 1e-9


def test_no_bounds() -> None:
    assert percentile((), (3,), 0.5) is None
