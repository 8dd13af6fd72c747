"""Worker process: its order, and what it does without one. How it is kept: test_supervisor."""

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import worker
from gateway.config.load import parse
from gateway.source import Source

ROOT = Path(__file__).parents[2]
TELL = """
import signal, sys
from gateway import worker
order = worker.received()
held = signal.pthread_sigmask(signal.SIG_BLOCK, ())
print(sys.argv[1], sorted(held) == sorted(worker.HELD))
print(order.model_dump_json(by_alias=True, exclude_unset=True))
print(order.settings.routes[0].cache.store_unless[0].model_fields_set - {"pointer"}, order.source.load().listen)
"""
FILE = """
listen: 127.0.0.1:8081
admin: {token: s3cret}
upstreams: {rag: http://127.0.0.1:8000}
routes: [{name: ask, cache: {jitter: 33.3%, store_unless: {pointer: /answer, is: null}}}]
"""


def order_of(folder: Path, more: str = "") -> worker.Order:
    """One whose file has changed since its settings were read."""
    file = folder / "gateway.yaml"
    file.write_text(FILE.replace("8081", "8082"))
    settings = parse(FILE + more, str(file), {}).settings
    return worker.Order(settings=settings, source=Source(file, workers=4), worker=1, workers=4, unix_socket=None)


def ended(process: subprocess.Popen[bytes]) -> int:
    code = process.wait(30)
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # what it did not take is still in the buffer
        process.stdin.close()
    return code


@pytest.mark.parametrize("more", ["", "x-more: ", "l2: {disk: /" + "a" * 200_000 + "}"], ids=["", "null", "large"])
def test_order_arrives_whole_and_signals_wait(tmp_path: Path, capfd: pytest.CaptureFixture[str], more: str) -> None:
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    order = order_of(tmp_path, more)
    assert ended(worker.start(order, (sys.executable, "-c", TELL), str(tmp_path))) == 0
    who, told, rest = capfd.readouterr().out.splitlines()
    assert who == "1 True"
    assert worker.Order.model_validate_json(told) == order
    assert rest == "{'is_'} 127.0.0.1:8082"
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask


def test_worker_that_dies_before_its_order_is_no_error_here(tmp_path: Path) -> None:
    assert ended(worker.start(order_of(tmp_path), ("false",), str(tmp_path))) == 1


def test_secrets_are_in_no_ones_sight(tmp_path: Path) -> None:
    """Other users read command lines: the order is in none."""
    process = worker.start(order_of(tmp_path), (sys.executable, "-c", "import sys; sys.stdin.read()"), str(tmp_path))
    seen = Path(f"/proc/{process.pid}/cmdline").read_bytes() + Path(f"/proc/{process.pid}/environ").read_bytes()
    assert b"s3cret" not in seen
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 0


@pytest.mark.parametrize("said", [b"", b"hello", b"{}\n", b'{"settings": {"listen', b"\x80\x05\x95\n"])
def test_without_a_supervisor_it_says_what_is_wanted(said: bytes) -> None:
    done = subprocess.run(
        [*worker.COMMAND, "0"], input=said, capture_output=True, timeout=30, check=False, cwd=ROOT / "tests"
    )
    assert done.returncode == 2
    assert done.stderr == b"ragfront: the supervisor starts workers; you want `ragfront serve`\n"
