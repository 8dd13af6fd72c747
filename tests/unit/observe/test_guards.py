"""Figures of budgets and limits."""

from dataclasses import dataclass

from gateway.observe.metrics import Metrics
from tests.unit.observe.test_metrics import figures


@dataclass
class Limiter:
    limit: int = 8
    in_flight: int = 3
    queued: int = 2
    shed: int = 0


def test_what_is_told() -> None:
    metrics, one = Metrics(), Limiter()
    metrics.guards.watch_limiters(lambda: {"rag": one})
    metrics.guards.budget_refused("ask")
    metrics.guards.budget_spared("ask")
    metrics.guards.queued("rag", 0.3)
    metrics.guards.queued("rag", 1.5)
    metrics.refresh()
    one.shed = 5
    found = figures(metrics.render()[0])
    assert {name: value for name, value in found.items() if name.startswith(("budget", "concurrency"))} == {
        "budget_refusals_total{route=ask}": 1,
        "budget_spared_total{route=ask}": 1,
        "concurrency_shed_total{upstream=rag}": 5,
        "concurrency_limit{upstream=rag}": 8,
        "concurrency_in_flight{upstream=rag}": 3,
        "concurrency_queued{upstream=rag}": 2,
        "concurrency_queue_seconds_count{upstream=rag}": 2,
        "concurrency_queue_seconds_sum{upstream=rag}": 1.8,
        "concurrency_queue_seconds_bucket{le=1.0,upstream=rag}": 1,
        "concurrency_queue_seconds_bucket{le=2.5,upstream=rag}": 2,
        "concurrency_queue_seconds_bucket{le=10.0,upstream=rag}": 2,
        "concurrency_queue_seconds_bucket{le=60.0,upstream=rag}": 2,
        "concurrency_queue_seconds_bucket{le=+Inf,upstream=rag}": 2,
    }


def test_a_limiter_that_began_anew_takes_nothing_back() -> None:
    metrics, old = Metrics(), Limiter(shed=7)
    metrics.guards.watch_limiters(lambda: {"rag": old})
    metrics.refresh()
    metrics.guards.watch_limiters(lambda: {"rag": Limiter(shed=1)})
    metrics.refresh()
    assert figures(metrics.render()[0])["concurrency_shed_total{upstream=rag}"] >= 8
    metrics.guards.watch_limiters(dict)
    found = figures(metrics.render()[0])
    assert "concurrency_limit{upstream=rag}" not in found
