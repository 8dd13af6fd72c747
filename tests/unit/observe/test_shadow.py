"""Figures of shadow mode."""

import pytest

from gateway.model.outcome import Outcome
from gateway.observe.metrics import Metrics
from tests.support.exchanges import finished


@pytest.mark.parametrize(
    ("would", "found", "saved"),
    [
        (Outcome.HIT, {"would_save": 1.5, "upstream_seconds": 9.0}, 1.5),
        (Outcome.STALE, {"would_save": 1.5}, 1.5),
        (Outcome.COLLAPSED, {"upstream_seconds": 2.0}, 2.0),
        (Outcome.REJECTED, {"upstream_seconds": 2.0}, 2.0),
        (Outcome.MISS, {"upstream_seconds": 2.0}, 0.0),
    ],
)
def test_what_would_have_been_is_told(would, found, saved):
    metrics = Metrics()
    metrics.finish(finished(outcome=Outcome.BYPASS, would=would, **found), 0.1)
    page = metrics.render()[0].decode()
    assert f'ragfront_shadow_requests_total{{outcome="{would}",route="ask"}} 1.0' in page
    assert f'ragfront_shadow_upstream_saved_seconds_total{{route="ask"}} {saved}' in page


def test_other_requests_are_not_counted():
    metrics = Metrics()
    metrics.finish(finished(outcome=Outcome.HIT), 0.1)
    assert "ragfront_shadow_requests_total{" not in metrics.render()[0].decode()
