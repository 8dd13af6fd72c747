"""Figures of drift."""

from gateway.model.outcome import Outcome
from gateway.observe.metrics import Metrics


def page(metrics: Metrics) -> str:
    return metrics.render()[0].decode()


def test_comparisons_are_told_by_result_and_age():
    metrics = Metrics()
    for result in ("same", "same", "text"):
        metrics.drift.compared("ask", result, "1m")
    assert 'ragfront_drift_compared_total{age="1m",result="same",route="ask"} 2.0' in page(metrics)
    assert 'ragfront_drift_compared_total{age="1m",result="text",route="ask"} 1.0' in page(metrics)


def test_a_suggested_lifetime_is_told_once_there_is_one():
    metrics, suggested = Metrics(), {}
    metrics.drift.collect(lambda: suggested)
    assert "suggested_ttl_seconds{" not in page(metrics)
    suggested["ask"] = 540.0
    assert 'ragfront_drift_suggested_ttl_seconds{route="ask"} 540.0' in page(metrics)


def test_hits_are_known_before_and_after_they_are_handed_over():
    metrics = Metrics()
    metrics.tally("ask", Outcome.HIT).requests += 3
    metrics.tally("ask", Outcome.EMPTY).requests += 1
    metrics.tally("ask", Outcome.STALE).requests += 9
    metrics.tally("other", Outcome.HIT).requests += 9
    assert metrics.hits("ask") == 4
    metrics.refresh()
    assert metrics.hits("ask") == 4
    metrics.tally("ask", Outcome.HIT).requests += 1
    assert metrics.hits("ask") == 5
    assert metrics.hits("none") == 0
