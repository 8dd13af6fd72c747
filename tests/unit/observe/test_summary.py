"""Summary: what Prometheus is told, as numbers."""

import pytest

from gateway.model.outcome import Outcome
from gateway.observe.metrics import Metrics
from gateway.observe.summary import Latency, added, hit_ratio
from tests.support.exchanges import finished


def test_requests_and_latency() -> None:
    metrics = Metrics("1")
    for outcome, seconds in ((Outcome.HIT, 0.0004), (Outcome.HIT, 0.0004), (Outcome.MISS, 3.0)):
        metrics.finish(finished(outcome=outcome), seconds)
    metrics.upstream_call("rag", "2xx", 2.0)
    found = metrics.summary()
    assert found.routes == {"ask": {"hit": 2, "miss": 1}}
    assert found.requests == {"hit": 2, "miss": 1}
    assert found.calls == {"rag": {"2xx": 1}}
    assert found.latency["hit"].number == 2
    assert found.latency["hit"].total == pytest.approx(0.0008)
    together = added(found.latency.values())
    assert together is not None
    assert together.number == 3
    p = together.percentiles()
    assert p["p50"] < 0.0005 < 2.5 < p["p99"] <= 5
    assert found.call_latency["rag"].percentiles()["p50"] == pytest.approx(1.75)


def test_shadow_and_drift_by_route() -> None:
    metrics = Metrics("1")
    for would, saves in ((Outcome.HIT, 2.0), (Outcome.MISS, 0.0)):
        metrics.finish(finished(outcome=Outcome.BYPASS, would=would, would_save=saves), 1.0)
    for result, age in (("same", "10s"), ("same", "1m"), ("text", "1m")):
        metrics.drift.compared("ask", result, age)
    metrics.drift.collect(lambda: {"ask": 300.0})
    found = metrics.summary()
    assert found.shadow == {"ask": {"hit": 1, "miss": 1}}
    assert found.shadow_saved == {"ask": 2.0}
    assert found.drift == {"ask": {"same": 2, "text": 1}}
    assert found.suggested_ttl == {"ask": 300.0}


def test_nothing_yet() -> None:
    found = Metrics("1").summary()
    assert (found.routes, found.requests, added(())) == ({}, {}, None)
    assert Latency([1.0], [0, 0]).percentiles() == {"p50": None, "p90": None, "p99": None}


@pytest.mark.parametrize(
    ("outcomes", "ratio"),
    [({}, None), ({"bypass": 5}, None), ({"hit": 3, "miss": 1, "bypass": 9}, 0.75), ({"empty": 1, "stale": 1}, 1.0)],
)
def test_hit_ratio_is_of_what_was_looked_up(outcomes, ratio) -> None:
    assert hit_ratio(outcomes) == ratio
