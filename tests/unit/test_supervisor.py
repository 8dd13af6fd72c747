"""The supervisor as a real process over real worker processes, which report what reaches them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests/support/supervised.py"


class Report(NamedTuple):
    event: str
    worker: int
    pid: int
    detail: str


class Fleet:
    """A supervisor process, and the reports of its workers."""

    def __init__(self, folder: Path, listen: str, workers: int, drain: str, **environment: str) -> None:
        self.file = folder / "gateway.yaml"
        self._listen, self._workers = listen, workers
        self.configure(drain)
        self.errors = folder / "errors"
        self.gate = folder / "gate"
        self.reports = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.reports.bind(str(folder / "reports"))
        self.reports.settimeout(20)
        os.mkfifo(self.gate)
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(SCRIPT), str(self.file)],
                stderr=errors,
                env=os.environ
                | {"PYTHONPATH": str(ROOT), "REPORTS": str(folder / "reports"), "GATE": str(self.gate)}
                | environment,
            )

    def configure(self, drain: str) -> None:
        settings = {
            "listen": self._listen,
            "workers": self._workers,
            "drain": drain,
            "admin": {"listen": "off"},
            "upstreams": {"rag": "http://127.0.0.1:1"},
            "routes": [{"preset": "rag"}],
        }
        self.file.write_text(json.dumps(settings, indent=1))

    def next(self) -> Report:
        event, worker, pid, detail = self.reports.recv(1 << 20).decode().split(" ", 3)
        return Report(event, int(worker), int(pid), detail)

    def several(self, count: int) -> dict[int, Report]:
        """The next `count` reports, which come from different workers, by worker."""
        reports = {report.worker: report for report in (self.next() for _ in range(count))}
        assert len(reports) == count
        return reports

    def tell(self, signum: signal.Signals) -> None:
        self.process.send_signal(signum)

    def ends(self) -> int:
        return self.process.wait(20)

    def said(self) -> str:
        return self.errors.read_text()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reports.close()


Start = Callable[..., Fleet]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    fleets: list[Fleet] = []

    def begin(workers: int = 2, listen: str = "", drain: str = "20s", **environment: str) -> Fleet:
        fleets.append(Fleet(tmp_path, listen or f"127.0.0.1:{free_port()}", workers, drain, **environment))
        return fleets[0]

    yield begin
    for fleet in fleets:
        fleet.close()


def test_workers_share_the_port_and_end_with_the_supervisor(start: Start) -> None:
    port = free_port()
    fleet = start(3, f"127.0.0.1:{port}")
    up = fleet.several(3)
    assert sorted(up) == [0, 1, 2]
    assert {report.detail for report in up.values()} == {f"3 20.0 ('127.0.0.1', {port})"}
    fleet.tell(signal.SIGTERM)
    assert {report.event for report in fleet.several(3).values()} == {"term"}
    assert fleet.ends() == 0
    assert fleet.said() == ""


def test_interrupt_from_the_terminal_stops_too(start: Start) -> None:
    fleet = start(2)
    fleet.several(2)
    fleet.tell(signal.SIGINT)
    assert {report.event for report in fleet.several(2).values()} == {"term"}
    assert fleet.ends() == 0


def test_killed_worker_is_back_within_a_second(start: Start) -> None:
    fleet = start(2)
    up = fleet.several(2)
    os.kill(up[1].pid, signal.SIGKILL)
    began = time.monotonic()
    again = fleet.next()
    assert (again.event, again.worker) == ("up", 1)
    assert again.pid != up[1].pid
    # The time includes the start of a Python process with our imports, on a machine that tests share.
    assert time.monotonic() - began < 3
    assert "worker 1 was killed by SIGKILL; started again" in fleet.said()


def test_given_up_after_five_quick_deaths(start: Start) -> None:
    fleet = start(2, BEHAVIOUR="0=exit-1")
    reports = fleet.several(1)
    assert fleet.ends() == 4
    assert reports[1].event == "up"
    assert fleet.next()[:2] == ("term", 1)
    assert fleet.said().count("worker 0 ended with exit code 1; started again") == 4
    assert "worker 0 ended with exit code 1; given up after 5 quick deaths in a row" in fleet.said()


@pytest.mark.parametrize("code", [2, 3])
def test_mistake_that_a_restart_does_not_mend_ends_all(start: Start, code: int) -> None:
    fleet = start(2, BEHAVIOUR=f"1=exit-{code}")
    assert fleet.ends() == code
    assert f"worker 1 ended with exit code {code}, which another start would not mend" in fleet.said()


def test_reload_reaches_every_worker_and_later_ones(start: Start) -> None:
    fleet = start(2)
    up = fleet.several(2)
    fleet.configure("7s")
    fleet.tell(signal.SIGHUP)
    assert {(r.event, r.detail) for r in fleet.several(2).values()} == {("hup", "7.0")}
    os.kill(up[0].pid, signal.SIGKILL)
    assert fleet.next().detail.startswith("2 7.0 ")


def test_bad_reload_reaches_nobody(start: Start) -> None:
    fleet = start(2)
    up = fleet.several(2)
    fleet.configure("soon")
    fleet.tell(signal.SIGHUP)
    os.kill(up[0].pid, signal.SIGKILL)
    again = fleet.next()  # no report of a SIGHUP comes first
    assert (again.event, again.worker) == ("up", 0)
    assert again.detail.startswith("2 20.0 ")
    fleet.tell(signal.SIGTERM)
    assert {report.event for report in fleet.several(2).values()} == {"term"}
    assert fleet.ends() == 0
    assert "gateway.yaml:4: drain: expected a duration such as 250ms" in fleet.said()
    assert "not reloaded: the settings stay as they were" in fleet.said()


def test_reload_waits_for_a_worker_that_is_still_starting(start: Start) -> None:
    fleet = start(2, BEHAVIOUR="0=gated")
    assert {report.event for report in fleet.several(2).values()} == {"waiting", "up"}
    fleet.configure("7s")
    fleet.tell(signal.SIGHUP)
    assert fleet.next()[:2] == ("hup", 1)  # worker 0 was signalled before
    fleet.gate.write_text("go")
    assert {fleet.next()[:2], fleet.next()[:2]} == {("up", 0), ("hup", 0)}


def test_figures_are_summed_over_the_workers_that_live(start: Start) -> None:
    fleet = start(3)
    up = fleet.several(3)
    os.kill(up[2].pid, signal.SIGKILL)
    fleet.next()
    fleet.tell(signal.SIGUSR1)
    for report in fleet.several(3).values():
        assert "\nragfront_workers 3.0\n" in report.detail


def figures_of(pid: int) -> Path:
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    (folder,) = [os.fsdecode(pair.partition(b"=")[2]) for pair in environment if pair.startswith(b"PROMETHEUS_")]
    return Path(folder)


def test_figures_leave_nothing_behind(start: Start) -> None:
    fleet = start(2)
    folder = figures_of(fleet.several(2)[0].pid)
    assert folder.is_dir()
    fleet.tell(signal.SIGTERM)
    fleet.ends()
    assert not folder.exists()


def test_worker_that_does_not_end_is_killed(start: Start) -> None:
    fleet = start(2, drain="0", BEHAVIOUR="1=stubborn", KILL_AFTER="3")
    fleet.several(2)
    fleet.tell(signal.SIGTERM)
    assert fleet.ends() == 0
    assert "worker 1 did not end in time and is killed" in fleet.said()
    assert "worker 0 did not end" not in fleet.said()


def test_second_stop_is_passed_on(start: Start) -> None:
    fleet = start(2, drain="2s", BEHAVIOUR="*=stubborn")
    fleet.several(2)
    for _ in range(2):
        fleet.tell(signal.SIGTERM)
        assert {report.event for report in fleet.several(2).values()} == {"term"}


@pytest.mark.parametrize("behaviour", ["", "*=stubborn"])
def test_workers_end_when_the_supervisor_is_killed(start: Start, behaviour: str) -> None:
    fleet = start(2, drain="0", BEHAVIOUR=behaviour, KILL_AFTER="0.2")
    up = fleet.several(2)
    folder = figures_of(up[0].pid)
    fleet.process.kill()
    assert {report.event for report in fleet.several(2).values()} == {"term"}
    # The last of what a gateway leaves on the machine goes with the last worker.
    while folder.exists() or any(Path(f"/proc/{report.pid}").exists() for report in up.values()):
        time.sleep(0.01)


def test_port_in_use_is_one_line(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        fleet = start(2, address)
        assert fleet.ends() == 3
    told = "something else listens there already; --listen names another address"
    assert fleet.said() == f"ragfront: cannot listen on {address}: {told}\n"


def test_second_gateway_does_not_join_the_port_of_the_first(start: Start) -> None:
    port = free_port()
    fleet = start(2, f"127.0.0.1:{port}")
    fleet.several(2)
    second = subprocess.run(
        [sys.executable, "-P", str(SCRIPT), str(fleet.file)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 3


def test_several_workers_need_a_port_of_their_own_choice(start: Start) -> None:
    fleet = start(2, "127.0.0.1:0")
    assert fleet.ends() == 3
    assert "several workers need a port of your choice" in fleet.said()


def test_unix_socket_is_shared_and_removed(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "front"
    fleet = start(2, f"unix:{path}")
    assert {report.detail for report in fleet.several(2).values()} == {f"2 20.0 {path}"}
    assert path.is_socket()
    fleet.tell(signal.SIGTERM)
    assert fleet.ends() == 0
    assert not path.exists()
