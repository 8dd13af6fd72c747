"""Life line: a process that ends when its standard input does."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# Says that it is there, and what it was told; then sleeps. `deaf`: takes no notice of SIGTERM.
MODULE = """
import signal, sys, time
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
elif "polite" in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print(__name__, sys.argv[1:], flush=True)
if "short" not in sys.argv:
    time.sleep(60)
"""


@contextmanager
def child(folder: Path, patience: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The module on a life line, once it runs; its first line is read."""
    (folder / "module.py").write_text(MODULE)
    kept = folder / "kept"
    kept.mkdir()
    (kept / "file").touch()
    with subprocess.Popen(
        [sys.executable, "-m", "gateway.lifeline", str(kept), patience, "module", *arguments],
        env={"PYTHONPATH": f"{folder}:{Path(__file__).parents[2]}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"__main__ {list(arguments)}\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("how", "patience", "code"),
    [
        ("plain", "30", -15),
        ("polite", "30", 7),
        ("deaf", "0.1", 1),
    ],
)
def test_it_ends_once_standard_input_does(tmp_path: Path, how: str, patience: str, code: int) -> None:
    with child(tmp_path, patience, how, "--option") as process:
        assert process.poll() is None
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == code
    assert not (tmp_path / "kept").exists()


def test_it_ends_by_itself_and_leaves_the_folder_to_its_parent(tmp_path: Path) -> None:
    with child(tmp_path, "30", "short") as process:
        assert process.wait(10) == 0
    assert (tmp_path / "kept" / "file").exists()


def test_what_is_said_on_it_means_nothing(tmp_path: Path) -> None:
    with child(tmp_path, "30", "polite") as process:
        assert process.stdin is not None
        process.stdin.write("hello\n" * 10_000)
        process.stdin.flush()
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(10) == 7
