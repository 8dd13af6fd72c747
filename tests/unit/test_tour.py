"""The demo's parts. The whole of it, with gateway and example service: tests/integration/test_demo.py."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from gateway import tour


@pytest.mark.parametrize(
    ("seconds", "shown"), [(2.1234, "2.12 s"), (0.1, "0.10 s"), (0.00123, "1.2 ms"), (0.0999, "99.9 ms")]
)
def test_times_are_shown_in_the_unit_that_fits(seconds: float, shown: str) -> None:
    table = Table("a", "b", "c")
    tour._add(table, "asked", tour.Answer(seconds, "ragfront; hit; ttl=599"))
    out = io.StringIO()
    Console(file=out, width=100).print(table)
    assert f" {shown} " in out.getvalue()
    assert "ragfront; hit; ttl=599" in out.getvalue()


def test_usual_port_unless_it_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        address = tour._free(taken)
    assert address != taken
    assert tour._free(taken) == taken


def test_taken_ports_are_told_and_free_ones_are_not() -> None:
    out = io.StringIO()
    at = tour.Addresses("127.0.0.1:8000", "127.0.0.1:40001", "127.0.0.1:9090")
    tour._tell_taken(Console(file=out, width=120), at)
    assert out.getvalue() == "127.0.0.1:8080 is taken by another program: the gateway will be on 127.0.0.1:40001\n"


def test_without_a_place_for_its_folder_one_line_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert tour.run(Console(file=io.StringIO())) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ragfront: [Errno 2] No such file or directory: ")


def test_curl_lines_can_be_copied_from_any_terminal() -> None:
    out = io.StringIO()
    at = tour.Addresses("127.0.0.1:8000", "127.0.0.1:8080", "127.0.0.1:9090")
    tour._tell_curls(Console(file=out, width=40), at)
    lines = [line.strip() for line in out.getvalue().splitlines() if "curl" in line]
    assert len(lines) == 3
    assert lines[0] == (
        "curl -si http://127.0.0.1:8080/rag -H 'Content-Type: application/json' "
        """-d '{"query": "How does the with statement work?"}'"""
    )


def test_child_that_ends_is_told_with_what_it_said(tmp_path: Path) -> None:
    child = tour.Service(tmp_path, "gateway", "gateway", "serve", "--config", "no-such-file")
    child.start()
    with pytest.raises(tour.TourFailed) as caught:
        child.wait_until_ready("127.0.0.1:1", "/readyz")
    assert str(caught.value) == ("gateway ended with exit code 2\nragfront: no-such-file: no such file or directory")
    child.stop()


def test_child_is_stopped(tmp_path: Path) -> None:
    child = tour.Service(tmp_path, "service", "http.server", "--bind", "127.0.0.1", "0")
    child.start()
    child.check()
    child.stop()
    child.stop()
    child.check()


def answering(listener: socket.socket, answer: bytes) -> threading.Thread:
    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize(
    "answer",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno!", b"HTTP/1.1 200 OK\r\n"],
)
def test_answer_that_shows_nothing_ends_the_tour(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = answering(listener, answer)
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(tour.TourFailed), tour._connected(address) as connection:
            tour._ask(connection)
        thread.join(10)


def test_figures_are_read_from_the_metrics() -> None:
    page = (
        b"# TYPE ragfront_requests_total counter\n"
        b'ragfront_requests_total{outcome="hit",route="ask"} 3\n'
        b'ragfront_requests_total{outcome="miss",route="ask"} 1\n'
        b"# TYPE ragfront_upstream_saved_seconds_total counter\n"
        b'ragfront_upstream_saved_seconds_total{route="ask"} 6.25\n'
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = answering(listener, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page))
        told = tour._figures(f"127.0.0.1:{listener.getsockname()[1]}")
        thread.join(10)
    assert told == "4 requests, 3 hits, 6.2 s saved"


def test_one_of_a_kind_is_told_in_the_singular() -> None:
    assert [tour._counted(number, "hit") for number in (0, 1, 2)] == ["0 hits", "1 hit", "2 hits"]


_INTERRUPTED = """
import io, os, signal, sys
from rich.console import Console
from gateway import tour

def show(*_):
    exec("os.kill(os.getpid(), int(sys.argv[1]))\\nfor _ in range(10_000): pass")

tour._show = show
sys.exit(tour.run(Console(file=io.StringIO())))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_a_dataclass_is_made_it_still_ends_with_0(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(_INTERRUPTED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    command = [sys.executable, "-m", "interrupted", str(int(number))]  # -m: elsewhere CPython does not look
    assert subprocess.run(command, env=environment, timeout=50).returncode == 0


def test_without_the_demos_library_one_line_says_what_to_install() -> None:
    code = "import sys; sys.modules['bm25s'] = None; sys.argv = ['ragfront', 'demo']; import gateway.cli as c; c.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    told = "ragfront: the demo needs the library bm25s; install it with: pip install 'ragfront[demo]'\n"
    assert (done.returncode, done.stderr) == (1, told)
