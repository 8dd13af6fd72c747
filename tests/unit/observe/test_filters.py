"""Figures of filters: totals that only grow are told once, whatever is read how often."""

from dataclasses import dataclass

from gateway.observe.metrics import Metrics


@dataclass
class State:
    rejected: int = 0
    observed: int = 0
    sampled: int = 0
    empty: int = 0
    found: int = 0
    unknown: int = 0
    refused: int = 0
    items: int = 0
    capacity: int = 0
    loaded: int = 0


def page(metrics: Metrics) -> str:
    return metrics.render()[0].decode()


def test_totals_and_states_are_told_by_route_and_kind():
    metrics, state = Metrics(), State(rejected=3, found=1, refused=2, items=7, capacity=10, loaded=1)
    metrics.filters.collect(lambda: [("ask", "known", state)])
    for _ in range(2):
        text = page(metrics)
        assert 'ragfront_bloom_doubts_total{action="rejected",kind="known",route="ask"} 3.0' in text
        assert 'ragfront_bloom_compared_total{kind="known",result="found",route="ask"} 1.0' in text
        assert 'ragfront_bloom_refused_files_total{kind="known",route="ask"} 2.0' in text
        assert 'ragfront_bloom_items{kind="known",route="ask"} 7.0' in text
        assert 'ragfront_bloom_loaded{kind="known",route="ask"} 1.0' in text
    state.rejected, state.loaded = 5, 0
    text = page(metrics)
    assert 'action="rejected",kind="known",route="ask"} 5.0' in text
    assert 'ragfront_bloom_loaded{kind="known",route="ask"} 0.0' in text


def test_without_filters_there_is_nothing_to_tell():
    assert "ragfront_bloom_items{" not in page(Metrics())
