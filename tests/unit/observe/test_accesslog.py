"""Access log: what a line says, and what happens where lines cannot be written."""

import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.model.outcome import Outcome, Reason
from gateway.observe.accesslog import AccessLog, line
from tests.support.exchanges import finished, request

ROOT = Path(__file__).parents[3]
NEVER = 3600.0  # seconds: nothing is written but when the test says so


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(text) for text in path.read_bytes().splitlines()]


def test_line_tells_the_whole_story() -> None:
    exchange = finished(
        outcome=Outcome.MISS,
        reason=Reason.SET_COOKIE,
        would=Outcome.HIT,
        status=200,
        sent=1400,
        key=bytes(range(32)),
        tier="disk",
        upstream="rag",
        upstream_seconds=1.25,
        trace=b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    written = line(exchange, 1.2512345, 42)
    assert written.endswith(b"}\n")
    assert json.loads(written) == {
        "time": "2023-11-14T22:13:20Z",
        "route": "ask",
        "method": "POST",
        "path": "/rag",
        "status": 200,
        "outcome": "miss",
        "reason": "set-cookie",
        "would": "hit",
        "key": "0001020304050607",
        "tier": "disk",
        "degraded": None,
        "upstream": "rag",
        "duration_ms": 1251.235,
        "upstream_ms": 1250.0,
        "bytes": 1400,
        "peer": "127.0.0.1",
        "trace": "0af7651916cd43dd8448eb211c80319c",
        "pid": 42,
    }


def test_what_is_not_known_is_null() -> None:
    told = json.loads(line(finished(route=None), 0.0, 1))
    unknown = {name for name, value in told.items() if value is None}
    assert unknown == {"route", "reason", "key", "tier", "degraded", "upstream", "trace", "would"}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"/a%2Fb//c;d", "/a%2Fb//c;d"),
        ("/süß".encode(), "/süß"),
        (b"/\xff\xfe", "/\\xff\\xfe"),
        (b'/"\x1b[31m\r\n', '/"\x1b[31m\r\n'),
        (b"*", "*"),
        (b"user:s3cret@rag:443", "rag:443"),
        (b"/" + b"a" * 511, "/" + "a" * 511),
        (b"/" + b"a" * 512, "/" + "a" * 510 + "…"),
        (b"/" + b"\xff" * 9999, None),
        (b"/" + "€".encode() * 9999, None),
    ],
)
def test_any_path_fits_one_short_line(path: bytes, shown: str | None) -> None:
    written = line(finished(request(path)), 0.0, 1)
    assert written.count(b"\n") == 1
    assert len(written) < 4096  # what a pipe takes in one piece
    told = json.loads(written)["path"]
    assert len(told) <= 512
    if shown is not None:
        assert told == shown


def test_longest_possible_line_is_taken_by_a_pipe_in_one_piece() -> None:
    asked = request(b"/" + b"\x01" * 9999, method=b"M" * 9999)
    assert len(line(finished(asked, key=b"k" * 32, upstream="u" * 64, tier="memory"), 1e9, 1 << 30)) < 4096


def test_credentials_and_query_values_are_never_told() -> None:
    written = line(finished(request(b"/search", query=b"api_key=s3cret")), 0.0, 1)
    assert b"s3cret" not in written


def test_lines_are_written_at_close_at_the_latest(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    access = AccessLog(str(path), NEVER)
    for status in (200, 404):
        access.write(finished(status=status), 0.001)
    access.close()
    assert [told["status"] for told in lines_of(path)] == [200, 404]
    assert path.stat().st_mode & 0o007 == 0


def test_many_lines_do_not_wait_for_the_interval(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as reader:
        access = AccessLog(str(pipe), NEVER)
        os.set_blocking(reader.fileno(), True)
        for _ in range(64 * 1024 // 160):  # a line is longer than that
            access.write(finished(), 0.001)
        assert reader.read(10) == b'{"time":"2'
        consumer = threading.Thread(target=reader.readall, daemon=True)
        consumer.start()
        access.close()
        consumer.join(20)


def test_existing_file_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    for status in (200, 404):
        access = AccessLog(str(path), NEVER)
        access.write(finished(status=status), 0.001)
        access.close()
    assert [told["status"] for told in lines_of(path)] == [200, 404]


def test_rotated_file_is_followed(tmp_path: Path) -> None:
    path, rotated = tmp_path / "access.log", tmp_path / "access.log.1"
    access = AccessLog(str(path), NEVER)
    access.write(finished(status=200), 0.001)
    path.rename(rotated)
    access.reopen()
    while not path.exists():
        threading.Event().wait(0.001)
    access.write(finished(status=404), 0.001)
    access.close()
    assert [told["status"] for told in lines_of(rotated)] == [200]
    assert [told["status"] for told in lines_of(path)] == [404]


def test_folder_that_is_missing_is_told_once_and_used_when_it_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "later" / "access.log"
    caplog.set_level(logging.INFO)
    access = AccessLog(str(path), NEVER)
    access.write(finished(status=200), 0.001)
    access.reopen()
    while len(caplog.messages) < 1:
        threading.Event().wait(0.001)
    path.parent.mkdir()
    access.reopen()
    while not path.exists():
        threading.Event().wait(0.001)
    access.write(finished(status=404), 0.001)
    access.close()
    assert lines_of(path)[-1]["status"] == 404
    assert caplog.messages[0] == (
        f"access log {path}: No such file or directory; lines are lost until it can be written"
    )
    assert caplog.messages[1].startswith(f"access log {path}: written again, ")
    assert len(caplog.messages) == 2


FULL_DISK = """
import logging, resource, sys
from gateway.observe import stderr
from gateway.observe.accesslog import AccessLog
from tests.support.exchanges import finished
stderr.configure("info")
access = AccessLog(sys.argv[1], 3600.0)
def write(status):
    access.write(finished(status=status), 0.001)
    access._drain()  # in this thread: the order is the test's
write(200)
resource.setrlimit(resource.RLIMIT_FSIZE, (400, -1))
write(201)
write(202)
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
write(203)
access.close()
"""


def test_full_disk_costs_lines_and_no_line_goes_on_where_another_broke_off(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    whole, broken, last = path.read_bytes().splitlines()
    assert json.loads(whole)["status"] == 200
    assert broken.startswith(b'{"time"')
    assert not broken.endswith(b"}")
    assert json.loads(last)["status"] == 203
    assert [text.partition("ragfront.accesslog: ")[2] for text in done.stderr.splitlines()] == [
        f"access log {path}: File too large; lines are lost until it can be written",
        f"access log {path}: written again, 2 lines were lost",
    ]


def test_sleeping_reader_holds_nobody_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as reader:
        access = AccessLog(str(pipe), NEVER)
        size = len(line(finished(), 0.001, os.getpid()))
        wanted = 2 * ((4 << 20) + (64 << 10)) // size  # twice what backlog and pipe hold
        for _ in range(wanted):
            access.write(finished(), 0.001)
        assert [text for text in caplog.messages if "more slowly than they come" in text]
        os.set_blocking(reader.fileno(), True)
        received = bytearray()
        consumer = threading.Thread(target=lambda: received.extend(reader.readall()), daemon=True)
        consumer.start()
        access.close(timeout=20)
        consumer.join(20)
    got = received.splitlines()
    assert 4 << 20 <= len(received) < wanted * size
    assert all(json.loads(text)["path"] == "/rag" for text in got)
    assert caplog.messages[-1] == f"access log {pipe}: written again, {wanted - len(got)} lines were lost"


def test_reader_that_left_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    access = AccessLog(str(pipe), NEVER)
    os.close(reader)
    for _ in range(3):
        access.write(finished(), 0.001)
    access.close()
    assert caplog.messages == [f"access log {pipe}: Broken pipe; lines are lost until it can be written"]


def test_dash_is_standard_output() -> None:
    speak = (
        "from gateway.observe.accesslog import AccessLog; from tests.support.exchanges import finished;"
        "log = AccessLog('-'); log.write(finished(status=200), 0.001); log.reopen(); log.close(); print('still open')"
    )
    done = subprocess.run(
        [sys.executable, "-c", speak],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        timeout=30,
    )
    told, after = done.stdout.splitlines()
    assert json.loads(told)["status"] == 200
    assert after == b"still open"
