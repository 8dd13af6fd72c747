"""Metrics: the page's names and figures, from one process and from several."""

import asyncio
import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from gateway.model.errors import StoreUnavailable
from gateway.model.outcome import Outcome, Reason
from gateway.observe.metrics import Metrics
from tests.support.exchanges import finished

ROOT = Path(__file__).parents[3]


def figures(page: bytes) -> dict[str, float]:
    """`name{label=value}` without the ragfront_ prefix -> figure; no zeroes."""
    found = {}
    for family in parse(page.decode()):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[f"{sample.name.removeprefix('ragfront_')}{{{labels}}}"] = sample.value
    return {name: value for name, value in found.items() if value}


def test_request_is_counted_by_route_outcome_and_reason() -> None:
    metrics = Metrics("1.2.3")
    hit = finished(outcome=Outcome.HIT, sent=700, saved_seconds=1.5)
    metrics.finish(hit, 0.0004)
    metrics.finish(hit, 0.03)
    metrics.finish(
        finished(outcome=Outcome.MISS, reason=Reason.NO_STORE, upstream_seconds=2.0, stored=True, collapsed=True), 2.003
    )
    metrics.finish(finished(route=None, reason=Reason.NO_ROUTE), 0.1)
    found = figures(metrics.render()[0])
    expected = {
        "build_info{version=1.2.3}": 1,
        "workers{}": 1,
        "requests_total{outcome=hit,route=ask}": 2,
        "requests_total{outcome=miss,route=ask}": 1,
        "requests_total{outcome=bypass,route=-}": 1,
        "reasons_total{reason=no-store,route=ask}": 1,
        "reasons_total{reason=no-route,route=-}": 1,
        "sent_bytes_total{route=ask}": 1400,
        "upstream_saved_seconds_total{route=ask}": 3.0,
        "stored_total{route=ask}": 1,
        "collapsed_total{route=ask}": 1,
        "request_duration_seconds_bucket{le=0.0005,outcome=hit}": 1,
        "request_duration_seconds_bucket{le=0.05,outcome=hit}": 2,
        "request_duration_seconds_count{outcome=hit}": 2,
        "request_duration_seconds_sum{outcome=hit}": 0.0304,
        "overhead_seconds_count{}": 1,  # only the one that waited for an upstream
        "overhead_seconds_bucket{le=0.005}": 1,
    }
    assert {name: found.get(name) for name in expected} == pytest.approx(expected)
    assert "overhead_seconds_bucket{le=0.0025}" not in found
    assert not [name for name in found if "_created" in name]


def test_a_request_that_shares_a_call_saves_what_its_own_would_have_taken() -> None:
    metrics = Metrics()
    shared = finished(outcome=Outcome.COLLAPSED, upstream_seconds=2.0, collapsed=True)
    for _ in range(3):
        metrics.finish(shared, 1.0)
    assert figures(metrics.render()[0])["upstream_saved_seconds_total{route=ask}"] == 6.0


def test_page_read_twice_tells_the_same() -> None:
    metrics = Metrics()
    metrics.finish(finished(outcome=Outcome.HIT), 0.001)
    first = figures(metrics.render()[0])
    second = figures(metrics.render()[0])
    ours = [name for name in first if not name.startswith("process_")]
    assert {name: second[name] for name in ours} == {name: first[name] for name in ours}


def test_upstream_calls_by_result() -> None:
    metrics = Metrics()
    metrics.upstream_call("rag", "2xx", 1.5)
    metrics.upstream_call("rag", Reason.UPSTREAM_TIMEOUT, 20.0)
    metrics.upstream_call("rag", "/a/path?key=1", 0.1)  # label sets are closed, whoever calls
    metrics.upstream_inflight("rag", 1)
    metrics.upstream_inflight("rag", 1)
    metrics.upstream_inflight("rag", -1)
    found = figures(metrics.render()[0])
    assert {name: value for name, value in found.items() if name.startswith("upstream_calls")} == {
        "upstream_calls_total{result=2xx,upstream=rag}": 1,
        "upstream_calls_total{result=upstream-timeout,upstream=rag}": 1,
        "upstream_calls_total{result=internal,upstream=rag}": 1,
        "upstream_calls_in_flight{upstream=rag}": 1,
    }
    assert found["upstream_duration_seconds_count{upstream=rag}"] == 3
    assert found["upstream_duration_seconds_sum{upstream=rag}"] == 21.6


def test_clients_in_flight_and_refusals() -> None:
    metrics = Metrics()
    metrics.inflight(1)
    metrics.inflight(1)
    metrics.inflight(-1)
    metrics.refused(400)
    metrics.refused(431)
    metrics.refused(400)
    found = figures(metrics.render()[0])
    assert found["requests_in_flight{}"] == 1
    assert found["refused_total{status=400}"] == 2
    assert found["refused_total{status=431}"] == 1


@dataclass
class TierState:
    entries: int = 0
    bytes: int = 0
    errors: int = 0


def test_tiers_are_read_when_the_page_is() -> None:
    metrics, state = Metrics(), TierState()
    metrics.collect_tier("memory", lambda: state, shared=False)
    state.entries, state.bytes, state.errors = 3, 900, 2
    assert figures(metrics.render()[0])["tier_entries{tier=memory}"] == 3
    state.entries, state.errors = 1, 5
    found = figures(metrics.render()[0])
    assert found["tier_entries{tier=memory}"] == 1
    assert found["tier_bytes{tier=memory}"] == 900
    assert found["tier_errors_total{tier=memory}"] == 5
    assert "tier_evictions_total{tier=memory}" not in found  # what a tier does not know is not told


def test_total_of_a_tier_that_began_anew_does_not_fall() -> None:
    metrics, state = Metrics(), TierState(errors=5)
    metrics.collect_tier("redis", lambda: state, shared=True)
    metrics.refresh()
    state.errors = 1
    metrics.refresh()
    state.errors = 2
    assert figures(metrics.render()[0])["tier_errors_total{tier=redis}"] == 6


def test_tier_that_cannot_be_read_does_not_break_the_page() -> None:
    def down() -> TierState:
        raise StoreUnavailable("down")

    metrics, state = Metrics(), TierState(entries=3)
    metrics.collect_tier("disk", down, shared=True)
    metrics.collect_tier("memory", lambda: state, shared=False)
    assert figures(metrics.render()[0])["tier_entries{tier=memory}"] == 3


def test_entries_of_a_shared_tier_are_told_by_one_worker_only() -> None:
    for worker, told in ((0, 3), (1, None)):
        metrics, state = Metrics(worker=worker), TierState(entries=3, errors=2)
        metrics.collect_tier("disk", lambda state=state: state, shared=True)
        found = figures(metrics.render()[0])
        assert found.get("tier_entries{tier=disk}") == told
        assert found["tier_errors_total{tier=disk}"] == 2  # each worker's own


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain"),
        ("*/*", "text/plain"),
        ("application/openmetrics-text; version=1.0.0,text/plain;version=0.0.4;q=0.5", "application/openmetrics-text"),
    ],
)
def test_format_as_asked_for(accept: str, content_type: str) -> None:
    metrics = Metrics()
    metrics.finish(finished(outcome=Outcome.HIT), 0.001)
    body, told = metrics.render(accept)
    assert told.startswith(content_type + ";")
    read = parse_openmetrics if "openmetrics" in content_type else parse
    names = {family.name for family in read(body.decode())}
    assert {"ragfront_requests", "ragfront_request_duration_seconds", "ragfront_event_loop_lag_seconds"} <= names


def test_names_are_ours_and_in_base_units() -> None:
    for family in parse(Metrics().render()[0].decode()):
        if family.name.startswith(("process_", "python_")):
            continue
        assert family.name.startswith("ragfront_")
        assert not any(unit in family.name for unit in ("_ms", "millis", "_kb", "percent"))


def test_items_of_lists_and_calls_for_many_are_counted() -> None:
    metrics = Metrics()
    metrics.finish(finished(outcome=Outcome.MISS, items=5, items_cached=3), 0.003)
    metrics.upstream_batch("rag", 2)
    metrics.upstream_batch("rag", 7)
    found = figures(metrics.render()[0])
    assert found["items_total{route=ask,source=cached}"] == 3
    assert found["items_total{route=ask,source=asked}"] == 2
    assert found["upstream_batches_total{upstream=rag}"] == 2
    assert found["upstream_batched_items_total{upstream=rag}"] == 9


async def test_held_up_event_loop_shows_as_lag() -> None:
    metrics = Metrics()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(metrics.keep_current(interval=0.001), 0.1)
    found = figures(metrics.render()[0])
    assert found["event_loop_lag_seconds_bucket{le=+Inf}"] >= 1


WORKER = """
import sys
from gateway.model.outcome import Outcome
from gateway.observe.metrics import Metrics
from tests.support.exchanges import finished
from tests.unit.observe.test_metrics import TierState
metrics = Metrics("1", worker=int(sys.argv[1]))
metrics.collect_tier("memory", lambda: TierState(entries=2, errors=1), shared=False)
metrics.collect_tier("disk", lambda: TierState(entries=2, errors=1), shared=True)
metrics.drift.collect(lambda: {"ask": 100.0 - int(sys.argv[1])})
for _ in range(int(sys.argv[1]) + 1):
    metrics.finish(finished(outcome=Outcome.HIT), 0.003)
sys.stdout.buffer.write(metrics.render()[0])
"""


def test_page_of_any_worker_sums_over_all(tmp_path: Path) -> None:
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    for worker in (0, 1, 2):
        done = subprocess.run(
            [sys.executable, "-c", WORKER, str(worker)], env=environment, capture_output=True, check=True, timeout=30
        )
    found = figures(done.stdout)
    assert found["requests_total{outcome=hit,route=ask}"] == 1 + 2 + 3
    assert found["request_duration_seconds_bucket{le=0.005,outcome=hit}"] == 6
    assert found["request_duration_seconds_sum{outcome=hit}"] == pytest.approx(0.018)
    assert found["tier_entries{tier=memory}"] == 6
    assert found["tier_entries{tier=disk}"] == 2
    assert found["tier_errors_total{tier=disk}"] == 3
    assert found["drift_suggested_ttl_seconds{route=ask}"] == 98  # the shortest
    assert found["workers{}"] == 3
    assert found["build_info{version=1}"] == 1
