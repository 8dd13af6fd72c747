"""`ragfront serve` with several workers as a process, in front of a service that answers, or hangs."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]


class Rag(BaseHTTPRequestHandler):
    """Counts what reaches it. A query `hang` gets no answer before the end of the test, `large` one of 80 MiB."""

    asked: list[str] = []  # noqa: RUF012
    reached = Event()
    over = Event()

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["query"]
        self.asked.append(query)
        self.reached.set()
        if query == "hang":
            self.over.wait(60)
            return
        if query == "large":
            query *= 16 << 20
        body = json.dumps({"response": {"retrieved_docs": [{"id": 1}], "generated_answer": query}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Gateway:
    """The supervisor's process, and what it serves."""

    def __init__(self, folder: Path, upstream: int, workers: int = 2) -> None:
        self.port, self.admin = free_port(), free_port()
        config = {
            "listen": f"127.0.0.1:{self.port}",
            "admin": {"listen": f"127.0.0.1:{self.admin}"},
            "workers": workers,
            "upstreams": {"rag": f"http://127.0.0.1:{upstream}"},
            "l2": {"disk": {"path": str(folder / "cache")}},
            "log": {"access": str(folder / "access.log")},
            "routes": [{"preset": "rag", "upstream": "rag"}],
        }
        self.file = folder / "gateway.yaml"
        self.file.write_text(json.dumps(config))
        self.said = folder / "said"
        with self.said.open("wb") as said:
            command = [sys.executable, "-m", "gateway", "serve", "--config", str(self.file)]
            self.process = subprocess.Popen(command, stderr=said, cwd=ROOT, start_new_session=True)

    def get(self, port: int, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        told = answer.status, answer.read().decode()
        connection.close()
        return told

    def ask(self, query: str) -> str:
        """A new connection, so that any worker may get it; the Cache-Status of its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", "/rag", json.dumps({"query": query}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["response"]["generated_answer"]) == (200, query)
        connection.close()
        return answer.headers["Cache-Status"]

    def metric(self, name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.get(self.admin, "/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else 0.0

    def wait_for(self, name: str, value: float) -> None:
        """Until a metric has this value; the test's own time limit is the limit."""
        while True:
            try:
                if self.metric(name) == value:
                    return
            except OSError:
                assert self.process.poll() is None, self.said.read_text()
            time.sleep(0.02)

    def wait_until_closed(self) -> None:
        """Until no worker takes connections any more."""
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 10).close()
            except ConnectionRefusedError:
                return
            except ConnectionResetError:  # it closed its listening socket before it took this one
                pass
            time.sleep(0.01)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with started(tmp_path, 2) as running:
        yield running


@contextmanager
def started(folder: Path, workers: int) -> Iterator[Gateway]:
    Rag.asked.clear()
    Rag.reached.clear()
    Rag.over.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Rag) as service:
        Thread(target=service.serve_forever, daemon=True).start()
        running = Gateway(folder, service.server_address[1], workers)
        try:
            running.wait_for("ragfront_workers", workers)
            yield running
        finally:
            Rag.over.set()
            if running.process.poll() is None:
                running.process.terminate()
                running.process.wait(60)
            service.shutdown()


@pytest.mark.slow
def test_workers_share_answers_and_figures(gateway: Gateway, tmp_path: Path) -> None:
    assert gateway.ask("What is a decorator?").startswith("ragfront; fwd=uri-miss; stored")
    gateway.wait_for('ragfront_tier_entries{tier="disk"}', 1)
    for _ in range(20):
        assert gateway.ask("What is a decorator?").startswith("ragfront; hit")
    assert Rag.asked == ["What is a decorator?"]
    gateway.wait_for('ragfront_requests_total{outcome="hit",route="rag"}', 20)
    assert gateway.metric('ragfront_tier_hits_total{tier="disk"}') >= 1  # the other worker's first

    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(60) == 0
    lines = [json.loads(line) for line in (tmp_path / "access.log").read_bytes().splitlines()]
    assert [line["outcome"] for line in lines].count("hit") == 20
    assert len({line["pid"] for line in lines}) == 2  # 1 in 2 million that one worker gets all


@pytest.mark.slow
def test_killed_worker_costs_no_answer_that_was_stored(gateway: Gateway) -> None:
    gateway.ask("What is a decorator?")
    gateway.wait_for('ragfront_tier_entries{tier="disk"}', 1)
    children = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children").read_text().split()
    for pid in children:
        os.kill(int(pid), signal.SIGKILL)
    gateway.wait_for("ragfront_workers", 2)
    assert gateway.ask("What is a decorator?").startswith("ragfront; hit")
    assert len(Rag.asked) == 1


@pytest.mark.slow
def test_reload_reaches_both_workers_or_none(gateway: Gateway) -> None:
    good = gateway.file.read_text()
    gateway.file.write_text(good.replace('"preset": "rag"', '"presett": "rag"'))
    gateway.process.send_signal(signal.SIGHUP)
    while "not reloaded" not in gateway.said.read_text():
        time.sleep(0.01)
    assert "did you mean preset?" in gateway.said.read_text()
    assert "info ragfront: reloaded" not in gateway.said.read_text()
    gateway.file.write_text(good.replace('"preset": "rag"', '"preset": "rag", "cache": {"mode": "off"}'))
    gateway.process.send_signal(signal.SIGHUP)
    while gateway.said.read_text().count("info ragfront: reloaded") < 2:
        time.sleep(0.01)
    for _ in range(10):
        assert "detail=mode-off" in gateway.ask("What is a decorator?")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("query", ["hang", "large"])  # the upstream does not answer; the client does not read
def test_second_signal_cuts_off_what_the_first_waits_for(tmp_path: Path, workers: int, query: str) -> None:
    with started(tmp_path, workers) as gateway:
        client = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
        client.request("POST", "/rag", json.dumps({"query": query}), {"Content-Type": "application/json"})
        assert Rag.reached.wait(10)
        if query == "large":
            answer = client.getresponse()
        gateway.process.send_signal(signal.SIGTERM)
        gateway.wait_until_closed()
        assert gateway.process.poll() is None  # the request has 30 s, the default of `drain`
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(20) == 0
        # Well under a second on a machine of its own.
        assert time.monotonic() - began < 3
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            (answer if query == "large" else client.getresponse()).read()
        client.close()
        assert "killed" not in gateway.said.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_drain_is_the_time_for_all_of_the_stop(tmp_path: Path, workers: int) -> None:
    with started(tmp_path, workers) as gateway:
        gateway.file.write_text(gateway.file.read_text().replace('"listen"', '"drain": "1s", "listen"', 1))
        gateway.process.send_signal(signal.SIGHUP)
        while gateway.said.read_text().count("info ragfront: reloaded") < workers:
            time.sleep(0.01)
        client = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
        client.request("POST", "/rag", json.dumps({"query": "hang"}), {"Content-Type": "application/json"})
        assert Rag.reached.wait(10)
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(20) == 0
        assert 1 <= time.monotonic() - began < 4
        client.close()
        assert "killed" not in gateway.said.read_text()
