"""Top: what happened between two readings."""

import pytest

from gateway.operate.top import change, headline, latency, state


def reading(at: float, hits: float, misses: float, counts: list[float] | None) -> dict:
    latencies = None if counts is None else {"bounds": [0.1, 1.0], "counts": counts}
    return {
        "at": at, "requests": {"hit": hits, "miss": misses}, "latency": latencies, "saved_seconds": hits * 2,
        "in_flight": 3.0,
    }  # fmt: skip


def test_rates_are_of_the_span() -> None:
    told = headline(reading(10, 100, 10, [110, 0, 0]), reading(12, 130, 20, [140, 10, 0]))
    assert told.startswith("20 requests/s   75.0 % hits   p50 ")
    assert "30.0 s of upstream time saved a second   3 in flight" in told


def test_a_gateway_that_was_started_again_counts_from_nothing() -> None:
    assert change({"hit": 100.0}, {"hit": 5.0, "miss": 1.0}) == {"hit": 5.0, "miss": 1.0}


def test_latency_is_of_the_span() -> None:
    before, now = reading(0, 0, 0, [100, 0, 0]), reading(1, 0, 0, [100, 10, 0])
    assert latency(before, now, 0.5) == pytest.approx(0.55)
    assert latency(reading(0, 0, 0, None), reading(1, 0, 0, None), 0.5) is None


WELL = {"drained": False, "breaker": "closed", "healthy": True, "ejected": False, "workers": []}


def test_what_is_so_in_some_workers_only_is_told_so() -> None:
    own = [WELL | {"worker": n, "breaker": breaker} for n, breaker in enumerate(("closed", "open", "closed"))]
    assert state(WELL | {"breaker": "open", "workers": own}) == "breaker open in 1 of 3 workers"


def test_replicas() -> None:
    well = WELL
    changes = ({}, {"ejected": True}, {"healthy": False}, {"breaker": "open"}, {"drained": True})
    assert [state(well | c) for c in changes] == ["well", "ejected", "unhealthy", "breaker open", "drained"]
