"""Serve: exit codes of a worker that runs in this process. Signals: see tests/integration/test_lifecycle.py."""

import logging
import signal
import socket
import threading
from collections.abc import Iterator

import pytest

from gateway import serve
from gateway.app import WorkerSpec
from tests.support.gateway import settings


@pytest.fixture(autouse=True)
def _collect_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The worker is not this process's last deed."""
    monkeypatch.setattr(serve, "_spare_the_collector", lambda: None)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_an_address_that_is_taken_has_a_code_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, caplog.at_level(logging.ERROR):
        configured = settings("http://up", listen=f"127.0.0.1:{taken.getsockname()[1]}")
        assert serve.run_worker(WorkerSpec(configured, lambda: configured)) == serve.CANNOT_LISTEN
    assert "cannot listen on" in caplog.text


def test_a_worker_that_is_told_to_stop_ends_well(caplog: pytest.LogCaptureFixture) -> None:
    configured = settings("http://up")
    said = logging.getLogger("ragfront")

    class Stop(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage().startswith("listening on"):
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    handler = Stop()
    said.addHandler(handler)
    try:
        with caplog.at_level(logging.INFO, "ragfront"):
            assert serve.run_worker(WorkerSpec(configured, lambda: configured)) == serve.OK
    finally:
        said.removeHandler(handler)
