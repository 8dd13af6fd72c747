"""Worker process: its order, and what it does without one. How it is kept: test_supervisor."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import worker
from gateway.source import Source
from tests.support.supervised import load

ROOT = Path(__file__).parents[2]
TELL = """
import signal, sys
from gateway import worker
order = worker.received()
held = signal.pthread_sigmask(signal.SIG_BLOCK, ())
print(order.settings.listen, order.worker, order.workers, order.load(), sys.argv[1])
print(sorted(held) == sorted(worker.HELD), flush=True)
"""


def order_of(tmp_path: Path, index: int = 1) -> worker.Order:
    file = tmp_path / "settings"
    file.write_text("20")
    return worker.Order(load("127.0.0.1:8080", 4, file), os.getpid, index, 4, None)  # type: ignore[arg-type]  # a load that proves where it ran


def test_order_arrives_whole_and_signals_wait(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    process = worker.start(order_of(tmp_path), (sys.executable, "-c", TELL), str(tmp_path))
    pid = process.pid
    assert process.wait(30) == 0
    assert process.stdin is not None
    process.stdin.close()
    assert capfd.readouterr().out.splitlines() == [f"127.0.0.1:8080 1 4 {pid} 1", "True"]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask


def test_worker_that_dies_before_its_order_is_no_error_here(tmp_path: Path) -> None:
    process = worker.start(order_of(tmp_path), ("false",), str(tmp_path))
    assert process.wait(30) == 1
    assert process.stdin is not None
    process.stdin.close()


@pytest.mark.parametrize("said", [b"", b"hello", pickle.dumps(Source())[:-5]])
def test_without_a_supervisor_it_says_what_is_wanted(said: bytes) -> None:
    done = subprocess.run(
        [*worker.COMMAND, "0"], input=said, capture_output=True, timeout=30, check=False, cwd=ROOT / "tests"
    )
    assert done.returncode == 2
    assert done.stderr == b"ragfront: the supervisor starts workers; you want `ragfront serve`\n"
