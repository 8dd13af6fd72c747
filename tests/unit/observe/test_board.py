"""Board: each worker says what it does, whole, and hears what the others said lately."""

import os
from pathlib import Path

import pytest

from gateway.observe.board import Board


def test_each_hears_the_others(tmp_path: Path) -> None:
    boards = [Board(number, 3, tmp_path) for number in range(3)]
    boards[0].put(b"zero")
    boards[2].put(b"two, at first")
    boards[2].put(b"two")
    assert [board.others(5) for board in boards] == [[b"two"], [b"zero", b"two"], [b"zero"]]


def test_what_was_said_long_ago_does_not_count(tmp_path: Path) -> None:
    one, other = Board(0, 2, tmp_path), Board(1, 2, tmp_path)
    other.put(b"said")
    said = os.stat(tmp_path / "worker-1.json").st_mtime
    assert one.others(5, lambda: said + 4) == [b"said"]
    assert one.others(5, lambda: said + 6) == []


def test_one_worker_tells_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = Board(0, 1, tmp_path)
    alone.put(b"x")
    assert (alone.alone, alone.others(5), list(tmp_path.iterdir())) == (True, [], [])
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    assert Board.of(0, 4).alone
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert not Board.of(0, 4).alone
