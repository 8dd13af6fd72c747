"""Observer: each request is counted once, and refusals cannot fill a disk."""

import json
import logging
from pathlib import Path

import pytest

from gateway.listeners import observer
from gateway.listeners.observer import Observer
from gateway.model.outcome import Outcome
from gateway.observe.accesslog import AccessLog
from gateway.observe.metrics import Metrics
from tests.support.exchanges import finished, request


def test_a_request_is_counted_in_and_out_and_logged(tmp_path: Path) -> None:
    metrics, access = Metrics(), AccessLog(str(tmp_path / "access.log"))
    watching = Observer(metrics, access)
    watching.begin()
    assert metrics._clients == 1
    asked = request()
    asked.fields = type(asked.fields)([(b"traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01")])
    watching.finish(finished(asked, outcome=Outcome.HIT, status=200), 0.25)
    access.close()
    assert metrics._clients == 0
    (line,) = (tmp_path / "access.log").read_text().splitlines()
    assert json.loads(line)["outcome"] == "hit"
    assert "a" * 32 in line


def test_without_an_access_log_it_only_counts() -> None:
    metrics = Metrics()
    watching = Observer(metrics, None)
    watching.begin()
    watching.finish(finished(outcome=Outcome.MISS, status=200), 1.0)
    assert metrics._clients == 0


def test_refusals_are_told_so_many_times_a_minute(caplog: pytest.LogCaptureFixture, monkeypatch) -> None:
    now = 600.0
    monkeypatch.setattr(observer.time, "monotonic", lambda: now)
    watching = Observer(Metrics(), None)
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            watching.refused("192.0.2.1", 400, "malformed request line")
        assert len(caplog.records) == 60
        now += 60
        watching.refused("192.0.2.1", 431, "too long")
    assert len(caplog.records) == 61
    assert caplog.records[-1].getMessage() == "refused a request of 192.0.2.1: 431 too long"
