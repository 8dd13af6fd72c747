"""Replicas' figures: what is so now, and totals that only grow, whatever a reload does."""

from dataclasses import replace

from gateway.model.replicas import ReplicaState, UpstreamState
from gateway.observe.metrics import Metrics
from tests.unit.observe.test_metrics import figures

A = ReplicaState("a:1", "http://a:1", 3, True, False, False, "closed", 0)
B = ReplicaState("b:1", "http://b:1", 0, False, True, True, "half-open", 2)


def told(metrics: Metrics) -> dict[str, float]:
    page = figures(metrics.render()[0])
    return {
        name.removeprefix("upstream_").replace(",upstream=rag", "").replace("upstream=rag", ""): value
        for name, value in page.items()
        if name.startswith(("upstream_replica", "upstream_retries"))
    }


def test_what_is_so_now() -> None:
    metrics = Metrics()
    metrics.replicas.collect(lambda: [UpstreamState("rag", (A, B), 7, 1)])
    assert told(metrics) == {
        "replica_calls_in_flight{replica=a:1}": 3,
        "replica_healthy{replica=a:1}": 1,
        "replica_breaker{replica=a:1,state=closed}": 1,
        "replica_ejected{replica=b:1}": 1,
        "replica_drained{replica=b:1}": 1,
        "replica_breaker{replica=b:1,state=half-open}": 1,
        "replica_ejections_total{replica=b:1}": 2,
        "retries_total{}": 7,
        "retries_refused_total{}": 1,
    }


def test_totals_go_on_over_a_reload_and_who_has_gone_is_zero() -> None:
    states = [UpstreamState("rag", (A, B), 7, 1)]
    metrics = Metrics()
    metrics.replicas.collect(lambda: states)
    told(metrics)
    states[0] = UpstreamState("rag", (A, B), 9, 1)
    assert told(metrics)["retries_total{}"] == 9
    states[0] = UpstreamState("rag", (replace(A, breaker="open"),), 2, 0)
    found = told(metrics)
    assert found["retries_total{}"] == 11
    assert found["replica_breaker{replica=a:1,state=open}"] == 1
    assert not [name for name in found if "b:1" in name and "total" not in name]
