"""Disk file: whose it is, whether it is sound, and what becomes of one that is not."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import lmdb
import pytest

from gateway.cache.disk_file import DiskFile
from gateway.model.errors import StoreUnavailable

SIZE = 4 << 20


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.DEBUG, "ragfront.cache")
    return lambda: [record.getMessage() for record in caplog.records]


def fill(folder: Path, count: int = 500) -> None:
    file = DiskFile(folder, SIZE)
    with file.env.begin(write=True, db=file.tables.values) as txn:
        for n in range(count):
            txn.put(b"%032d" % n, b"x" * 700)
    file.close()


def count(folder: Path) -> int:
    file = DiskFile(folder, SIZE)
    try:
        with file.env.begin() as txn:
            return int(txn.stat(file.tables.values)["entries"])
    finally:
        file.close()


def test_what_was_written_is_there_after_closing(tmp_path: Path) -> None:
    fill(tmp_path / "a" / "b")
    assert count(tmp_path / "a" / "b") == 500
    assert sorted(os.listdir(tmp_path / "a" / "b")) == ["guard", "live"]


def test_others_cannot_read_what_is_cached(tmp_path: Path) -> None:
    fill(tmp_path)
    assert (tmp_path / "live" / "data.mdb").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "contents",
    [os.urandom(100_000), b"", b"short", b"\0" * 8192, b"SQLite format 3\0" + b"\0" * 100_000],
    ids=["noise", "empty", "short", "zeros", "sqlite"],
)
def test_what_is_no_lmdb_file_is_set_aside_and_begun_anew(
    tmp_path: Path, said: Callable[[], list[str]], contents: bytes
) -> None:
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "data.mdb").write_bytes(contents)
    assert count(tmp_path) == 0
    if contents:  # an empty file is how LMDB begins itself
        assert (tmp_path / "aside" / "data.mdb").read_bytes() == contents
        assert len(said()) == 1
    fill(tmp_path)
    assert count(tmp_path) == 500


def test_another_program_s_lmdb_file_is_set_aside_whole(tmp_path: Path, said: Callable[[], list[str]]) -> None:
    (tmp_path / "live").mkdir()
    with lmdb.open(str(tmp_path / "live")) as env, env.begin(write=True) as txn:
        txn.put(b"theirs", b"precious")
    assert count(tmp_path) == 0
    with lmdb.open(str(tmp_path / "aside")) as env, env.begin() as txn:
        assert txn.get(b"theirs") == b"precious"
    assert len(said()) == 1


def test_another_format_s_file_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path)
    monkeypatch.setattr("gateway.cache.disk_file.FORMAT", b"ragfront-cache/2")
    assert count(tmp_path) == 0
    assert (tmp_path / "aside").exists()


def damage(data: Path) -> None:
    """Noise over a stretch in the middle: the file opens as if all were well."""
    with data.open("r+b") as handle:
        handle.seek(data.stat().st_size // 2 // 4096 * 4096)
        handle.write(os.urandom(10 * 4096))


def test_a_damaged_file_that_was_not_closed_is_found_out_before_it_is_used(
    tmp_path: Path, said: Callable[[], list[str]]
) -> None:
    fill(tmp_path)
    (tmp_path / "dirty").touch()
    damage(tmp_path / "live" / "data.mdb")
    assert count(tmp_path) == 0
    assert len(said()) == 1
    assert "damaged" in said()[0]


def test_a_truncated_file_that_was_not_closed_is_found_out(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "dirty").touch()
    os.truncate(tmp_path / "live" / "data.mdb", 100_000)
    assert count(tmp_path) == 0


def test_a_sound_file_that_was_not_closed_is_kept(tmp_path: Path, said: Callable[[], list[str]]) -> None:
    fill(tmp_path)
    (tmp_path / "dirty").touch()
    assert count(tmp_path) == 500
    assert said() == []


HOLD = """
import sys
from pathlib import Path
from gateway.cache.disk_file import DiskFile
file = DiskFile(Path(sys.argv[1]), 4 << 20)
print("open", flush=True)
sys.stdin.read()
file.close()
"""


def hold(folder: Path) -> "subprocess.Popen[str]":
    """Another process that has the file open, until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_the_last_of_two_processes_leaves_it_clean(tmp_path: Path) -> None:
    fill(tmp_path)
    with hold(tmp_path) as other:
        assert count(tmp_path) == 500
        assert (tmp_path / "dirty").exists()
        other.communicate()
    assert not (tmp_path / "dirty").exists()


def test_a_killed_process_leaves_it_dirty_and_sound(tmp_path: Path) -> None:
    fill(tmp_path)
    with hold(tmp_path) as other:
        other.send_signal(signal.SIGKILL)
    assert (tmp_path / "dirty").exists()
    assert count(tmp_path) == 500
    assert not (tmp_path / "dirty").exists()


def test_one_process_notices_that_another_began_the_file_anew(tmp_path: Path) -> None:
    file = DiskFile(tmp_path, SIZE)
    assert not file.replaced()
    (tmp_path / "live").rename(tmp_path / "elsewhere")
    assert file.replaced()
    with hold(tmp_path) as other:
        file.abandon(lmdb.CorruptedError("damaged"))  # the new one is not touched
        assert not (tmp_path / "aside").exists()
        other.communicate()


@pytest.mark.parametrize("folder", ["file/below", "\0"])
def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable):
        DiskFile(tmp_path / folder, SIZE)


def test_a_file_opened_twice_in_one_process_is_unavailable(tmp_path: Path) -> None:
    file = DiskFile(tmp_path, SIZE)
    with pytest.raises(StoreUnavailable):
        DiskFile(tmp_path, SIZE)
    file.close()
    assert count(tmp_path) == 0


OTHER = """
import sys
from pathlib import Path
from gateway.cache.disk_file import DiskFile

file = DiskFile(Path(sys.argv[1]), int(sys.argv[2]))
print(file.alone, flush=True)
sys.stdin.read()
file.close()
"""


def test_a_process_knows_that_it_is_alone_until_another_comes(tmp_path: Path) -> None:
    first = DiskFile(tmp_path, SIZE)
    assert first.alone
    command = [sys.executable, "-c", OTHER, str(tmp_path), str(SIZE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "False\n"
        assert not first.alone
    assert not first.alone  # what the other has left behind is not worth a look
    first.close()
    again = DiskFile(tmp_path, SIZE)
    assert again.alone
    again.close()
