"""Files in use: loaded, followed, swapped whole; a bad one is told of once and changes nothing."""

import asyncio
import logging
import os
from pathlib import Path

from gateway.guard.files import FilterFiles
from tests.support.eventually import eventually
from tests.support.filters import made


def turns(files: FilterFiles, count: int = 2) -> None:
    for _ in range(count):
        files.turn()


def test_a_file_is_loaded_and_swapped_when_it_is_replaced(tmp_path: Path) -> None:
    files = FilterFiles()
    file = files.of(made(tmp_path / "f", ["a"]), "known")
    assert file.filter is None
    files.load()
    first = file.filter
    assert first is not None
    assert "a" in first
    turns(files)
    assert file.filter is first
    made(tmp_path / "f", ["b"])
    files.turn()
    assert file.filter is first  # it must look the same twice
    files.turn()
    assert file.filter is not None
    assert "b" in file.filter
    assert "a" not in file.filter


def test_a_bad_file_is_refused_once_and_the_old_filter_stays(tmp_path: Path, caplog) -> None:
    files = FilterFiles()
    path = tmp_path / "f"
    file = files.of(made(path, ["a"]), "known")
    files.load()
    for broken in (b"", b"junk", path.read_bytes()[:-7]):
        path.write_bytes(broken)
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            turns(files, 5)
        assert [str(path) in record.getMessage() for record in caplog.records] == [True]
        assert "the one before stays in force" in caplog.text
        assert file.filter is not None
        assert "a" in file.filter
    path.unlink()
    turns(files, 3)
    assert file.refused == 4
    made(path, ["c"])
    turns(files, 3)
    assert "c" in file.filter


def test_a_file_that_was_never_good_rejects_nothing_and_a_good_one_takes_over(tmp_path: Path, caplog) -> None:
    files = FilterFiles()
    path = tmp_path / "f"
    path.write_bytes(b"junk")
    file = files.of(str(path), "known")
    files.load()
    assert (file.filter, file.refused) == (None, 1)
    assert "nothing is rejected by it" in caplog.text
    made(path, ["a"])
    turns(files)
    assert file.filter is not None


def test_a_change_in_place_of_the_same_size_is_seen(tmp_path: Path) -> None:
    files = FilterFiles()
    path = tmp_path / "f"
    file = files.of(made(path, ["a"]), "known")
    files.load()
    made(tmp_path / "g", ["b"])
    path.write_bytes((tmp_path / "g").read_bytes())
    os.utime(path, ns=(1, 1))
    turns(files)
    assert file.filter is not None
    assert "b" in file.filter


def test_routes_share_a_file_and_unused_ones_are_let_go(tmp_path: Path) -> None:
    files = FilterFiles()
    path = made(tmp_path / "f", ["a"])
    file = files.of(path, "known")
    assert files.of(path, "known") is file
    assert files.of(path, "vocabulary") is not file
    files.keep([file])
    files.load()
    assert file.refused == 0
    files.keep([])
    assert files.of(path, "known") is not file


async def test_following_takes_less_than_a_second(tmp_path: Path) -> None:
    files = FilterFiles()
    file = files.of(made(tmp_path / "f", ["a"]), "known")
    files.load()
    task = asyncio.create_task(files.follow())
    try:
        made(tmp_path / "f", ["b"])
        await eventually(lambda: file.filter is not None and "b" in file.filter, 5)
    finally:
        task.cancel()
