"""/metrics."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.listeners.admin import figures
from gateway.model.outcome import Outcome
from gateway.observe.metrics import Metrics
from tests.support.exchanges import finished


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
    ],
)
async def test_page_in_the_format_that_was_asked_for(accept: str, content_type: str) -> None:
    metrics = Metrics("1.2.3")
    metrics.finish(finished(outcome=Outcome.HIT), 0.001)
    app = web.Application()
    app.add_routes(figures.routes(metrics))
    async with TestClient(TestServer(app)) as client, client.get("/metrics", headers={"Accept": accept}) as answer:
        assert answer.headers["Content-Type"].startswith(content_type)
        assert answer.headers["Content-Encoding"] == "deflate"  # as the client accepts
        assert 'ragfront_requests_total{outcome="hit",route="ask"} 1.0' in await answer.text()
