"""`ragfront demo` as a new user runs it: the whole of it, in processes of their own."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.turns import turn

pytestmark = pytest.mark.timeout(240)  # they wait for each other


@pytest.fixture(autouse=True)
def usual_ports() -> Iterator[None]:
    """Two demos at one moment would find the same ports free."""
    with turn("usual-ports"):
        yield


@contextmanager
def demo() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"COLUMNS": "120"},
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_demo_shows_a_slow_answer_a_hit_and_a_hit_from_disk(stop: signal.Signals) -> None:
    with demo() as process:
        assert process.stdout is not None
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Serving on "):
                break
        told = "".join(said)
        first, again, restarted = re.findall(r"│ (.*?) +│ ([0-9.]+ m?s) +│ (.*?) +│", told)
        assert first[0] == "asked"
        assert first[1].endswith(" s")
        assert first[2].startswith("ragfront; fwd=uri-miss; stored")
        assert again[0] == "asked again"
        assert again[1].endswith(" ms")
        assert again[2].startswith("ragfront; hit; ttl=")
        assert restarted[0] == "after a restart, from disk"
        assert restarted[1].endswith(" ms")
        assert restarted[2].startswith("ragfront; hit; ttl=")

        gateways = set(re.findall(r"http://(127\.0\.0\.1:\d+)/rag", told))
        (admin,) = re.findall(r"http://(127\.0\.0\.1:\d+)/metrics", told)
        assert len(gateways) == 1
        with urllib.request.urlopen(f"http://{admin}/metrics", timeout=10) as page:
            assert b'ragfront_tier_hits_total{tier="disk"} 1.0' in page.read()

        process.send_signal(stop)
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
        for address in (*gateways, admin):
            with pytest.raises(OSError):
                urllib.request.urlopen(f"http://{address}/", timeout=5)


def running(pid: int) -> bool:
    """A process that has ended, and that nobody has asked for its exit code, does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["Starting ", "Serving on "])
def test_demo_that_is_killed_leaves_nothing_behind(moment: str) -> None:
    with demo() as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith(moment):
            assert process.poll() is None
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 2
        (folder,) = {os.readlink(f"/proc/{pid}/cwd") for pid in children}
        assert Path(folder).is_dir()
        process.kill()
        process.wait()
        while Path(folder).exists() or any(running(int(pid)) for pid in children):
            time.sleep(0.01)
