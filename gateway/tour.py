"""Tour: the demo. An example service, the gateway in front of it, and three requests that show the difference.

Both run as processes of their own, as an operator would start them, but on a life line: they end with this one,
however it ends. The cache is a fresh folder that is removed at the end.
"""

import http.client
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

QUESTION = b'{"query": "How does the with statement work?"}'
_JSON = {"Content-Type": "application/json"}
_START = 120.0  # seconds: the example service reads the documentation of the whole standard library first
_STOP = 15.0


class TourFailed(Exception):
    """Something did not start, or ended. Its text is for the user."""


class _Interrupted(BaseException):
    """Ctrl-C or SIGTERM. No KeyboardInterrupt: one that has passed through exec() of a text, as in the making of a
    dataclass, has CPython kill itself with SIGINT at its end, although it was caught (pythonrun.c,
    _Py_UnhandledKeyboardInterrupt).
    """


class Answer(NamedTuple):
    """`seconds`: from the request's first byte to the answer's last, on a connection that stood before."""

    seconds: float
    cache_status: str


class Addresses(NamedTuple):
    """host:port each. The usual ones, or others where those are taken."""

    service: str
    gateway: str
    admin: str


_USUAL = Addresses("127.0.0.1:8000", "127.0.0.1:8080", "127.0.0.1:9090")


class Service:
    """A child process, and what it says while it runs."""

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        self.name = name
        self._arguments = arguments
        self._folder = folder
        self._said = folder / f"{name}.log".replace(" ", "-")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._said.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "gateway.lifeline", str(self._folder), str(_STOP), *self._arguments],
                cwd=self._folder,
                env={name: value for name, value in os.environ.items() if not name.startswith("RAGFRONT_")},
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
            )

    def check(self) -> None:
        """TourFailed, with the last that it said, where it has ended."""
        if self._process is not None and (code := self._process.poll()) is not None:
            said = self._said.read_text(errors="replace").strip().splitlines()[-15:]
            raise TourFailed("\n".join([f"{self.name} ended with exit code {code}", *said]))

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with process:
            process.terminate()
            try:
                process.wait(_STOP)
            except subprocess.TimeoutExpired:
                process.kill()

    def wait_until_ready(self, address: str, path: str) -> None:
        """Ask until it answers 200. TourFailed where it ends instead, or takes too long."""
        end = time.monotonic() + _START
        while time.monotonic() < end:
            self.check()
            try:
                connection = http.client.HTTPConnection(address, timeout=2)
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass  # it does not listen yet
            finally:
                connection.close()
            time.sleep(0.05)
        raise TourFailed(f"{self.name} is not ready after {_START:.0f} s")


def missing() -> str | None:
    """What to tell where the example service cannot run: its library comes with an extra."""
    if importlib.util.find_spec("bm25s") is not None:
        return None
    return "the demo needs the library bm25s; install it with: pip install 'ragfront[demo]'"


def run(console: Console) -> int:
    """Show, then serve until Ctrl-C or SIGTERM; returns the exit code."""
    with _interrupted_once():
        try:
            with ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ragfront-demo-")))
                _show(console, folder, stack)
        except _Interrupted:
            console.print("\nStopped.")
        except (TourFailed, OSError) as exc:  # OSError: of our own folder, as where the disk is full
            print(f"ragfront: {exc}", file=sys.stderr)
            return 1
    return 0


def _show(console: Console, folder: Path, stack: ExitStack) -> None:
    at = Addresses(*map(_free, _USUAL))
    service = Service(folder, "example service", "gateway.demo", "--listen", at.service)
    gateway = Service(
        folder, "gateway", "gateway", "serve",
        "--upstream", f"http://{at.service}", "--listen", at.gateway, "--admin", at.admin,
        "--workers", "1",
    )  # fmt: skip
    for child in (service, gateway):
        stack.callback(child.stop)
        child.start()
    _tell_taken(console, at)
    console.print("Starting an example RAG service, and ragfront in front of it: some seconds ...", highlight=False)
    gateway.wait_until_ready(at.admin, "/readyz")
    service.wait_until_ready(at.service, "/health")
    _tell_curls(console, at)

    table = Table("the same question", "answered in", "Cache-Status", header_style="bold")
    with _connected(at.gateway) as connection:
        _add(table, "asked", _ask(connection))
        _add(table, "asked again", _ask(connection))
    gateway.stop()
    gateway.start()
    gateway.wait_until_ready(at.admin, "/readyz")
    with _connected(at.gateway) as connection:
        _add(table, "after a restart, from disk", _ask(connection))
    console.print(table)
    _serve(console, at, (service, gateway))


def _add(table: Table, what: str, answer: Answer) -> None:
    seconds = answer.seconds
    took = f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1000:.1f} ms"
    table.add_row(what, took, answer.cache_status)


def _tell_taken(console: Console, at: Addresses) -> None:
    """What the pages say of the usual ports does not hold here."""
    whose = ("the example service", "the gateway", "its console and metrics")
    for usual, address, what in zip(_USUAL, at, whose, strict=True):
        if address != usual:
            console.print(f"{usual} is taken by another program: {what} will be on {address}", highlight=False)


def _tell_curls(console: Console, at: Addresses) -> None:
    post = f"curl -si http://{at.gateway}"
    json = "-H 'Content-Type: application/json' -d"
    chat = '{"model": "demo", "messages": [{"role": "user", "content": "What is a decorator?"}]}'
    console.print("\nTry these, and then try them again:\n", style="bold")
    for line in (
        f"{post}/rag {json} '{QUESTION.decode()}'",
        f"{post}/v1/chat/completions {json} '{chat}'",
        f"curl -s http://{at.admin}/metrics | grep ragfront_requests",
    ):
        # As it is, on one line: it is there to be copied.
        console.print(f"  {line}", soft_wrap=True, markup=False, highlight=False)
    console.print(f"\nOr look: http://{at.admin}/admin/", soft_wrap=True, highlight=False)
    console.print()


def _serve(console: Console, at: Addresses, children: tuple[Service, ...]) -> None:
    hint = f"Serving on {at.gateway}, Ctrl-C ends it"  # with the figures on one line of 80 columns
    if not console.is_terminal:
        console.print(hint, highlight=False)
    with console.status(hint) as status:
        while True:
            for child in children:
                child.check()
            status.update(f"{hint}: {_figures(at.admin)}")
            time.sleep(1)


def _figures(admin: str) -> str:
    """What the gateway has done up to now, from its own metrics."""
    with _connected(admin) as connection:
        connection.request("GET", "/metrics")
        page = connection.getresponse().read().decode()
    samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    requests = [sample for sample in samples if sample.name == "ragfront_requests_total"]
    hits = sum(sample.value for sample in requests if sample.labels["outcome"] == "hit")
    saved = sum(sample.value for sample in samples if sample.name == "ragfront_upstream_saved_seconds_total")
    total = sum(sample.value for sample in requests)
    return f"{_counted(total, 'request')}, {_counted(hits, 'hit')}, {saved:.1f} s saved"


def _counted(number: float, what: str) -> str:
    return f"{number:.0f} {what}" if number == 1 else f"{number:.0f} {what}s"


def _free(usual: str) -> str:
    """This host:port, or the host with any other port that is free."""
    host, _, port = usual.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError:
            probe.bind((host, 0))
        return f"{host}:{probe.getsockname()[1]}"


@contextmanager
def _connected(address: str) -> Iterator[http.client.HTTPConnection]:
    """A connection that stands. TourFailed where what is asked on it fails."""
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.connect()
        yield connection
    except (OSError, http.client.HTTPException) as exc:
        raise TourFailed(f"{address}: {exc or type(exc).__name__}") from exc
    finally:
        connection.close()


def _ask(connection: http.client.HTTPConnection) -> Answer:
    started = time.perf_counter()
    connection.request("POST", "/rag", QUESTION, _JSON)
    response = connection.getresponse()
    body = response.read()
    seconds = time.perf_counter() - started
    if response.status != 200 or b'"response"' not in body:
        raise TourFailed(f"the answer is {response.status} {body[:200].decode(errors='replace')}")
    return Answer(seconds, response.headers.get("Cache-Status", ""))


@contextmanager
def _interrupted_once() -> Iterator[None]:
    """SIGTERM ends the tour as Ctrl-C does. The first of them counts: a second must not leave the children behind."""

    def interrupt(*_: object) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise _Interrupted

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
