"""Tally: sums of finished requests, handed over whole."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from gateway.observe.tally import BulkHistogram, Spread, Tally

BOUNDS = (0.1, 1.0)


def page(registry: CollectorRegistry) -> list[str]:
    return [line for line in generate_latest(registry).decode().splitlines() if line.startswith("d_")]


@pytest.mark.parametrize(
    ("seconds", "counts"),
    [(0.0, [1, 0, 0]), (0.1, [1, 0, 0]), (0.100001, [0, 1, 0]), (1.0, [0, 1, 0]), (1.1, [0, 0, 1]), (1e9, [0, 0, 1])],
)
def test_upper_bounds_belong_to_their_bucket(seconds: float, counts: list[int]) -> None:
    spread = Spread(BOUNDS)
    spread.add(seconds)
    assert spread.counts == counts
    assert spread.total == seconds


def test_drained_spread_reads_like_single_observations() -> None:
    bulk, single = CollectorRegistry(), CollectorRegistry()
    drained = BulkHistogram("d", "", registry=bulk, buckets=BOUNDS)
    observed = BulkHistogram("d", "", registry=single, buckets=BOUNDS)
    spread = Spread(BOUNDS)
    for seconds in (0.0625, 0.0625, 0.5, 2.0):
        spread.add(seconds)
        observed.observe(seconds)
        if seconds == 0.5:
            spread.drain(drained)  # in two parts
    spread.drain(drained)
    spread.drain(drained)  # there is nothing left to be counted twice
    lines = [line for line in page(bulk) if "_created" not in line]
    assert lines == [line for line in page(single) if "_created" not in line]
    assert 'd_bucket{le="0.1"} 2.0' in lines
    assert 'd_bucket{le="+Inf"} 4.0' in lines


def test_reset_tally_is_like_a_new_one_but_keeps_its_spreads() -> None:
    tally = Tally()
    tally.requests, tally.collapsed, tally.stored, tally.sent, tally.saved = 1, 2, 3, 4, 5.0
    tally.reset()
    assert (tally.requests, tally.collapsed, tally.stored, tally.sent, tally.saved) == (0, 0, 0, 0, 0.0)
