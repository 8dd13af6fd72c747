"""/admin/workers: what was told is heard; what is not understood, or cannot be told, harms nobody."""

import asyncio
from pathlib import Path

import pytest

from gateway.listeners.admin import workers
from gateway.listeners.admin.views import TopView, WorkerView
from gateway.listeners.admin.workers import heard, tell
from gateway.observe.board import Board

NONE = TopView(weight=0, entries=[])


def told(worker: int, entries: int = 0) -> WorkerView:
    return WorkerView(
        worker=worker, pid=1, entries=entries, bytes=0, upstreams=[], filters=[], hits=NONE, saved=NONE
    )  # fmt: skip


async def test_it_is_told_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "EVERY", 0)
    one, other, counts = Board(0, 2, tmp_path), Board(1, 2, tmp_path), iter(range(10_000))
    telling = asyncio.create_task(tell(other, lambda: told(1, next(counts))))
    async with asyncio.timeout(5):
        while not (views := heard(one)) or views[0].entries < 2:
            await asyncio.sleep(0)
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    assert [each.worker for each in views] == [1]


def test_what_is_none_of_ours_is_left_out(tmp_path: Path) -> None:
    one = Board(0, 3, tmp_path)
    Board(1, 3, tmp_path).put(b'{"worker": 1}')
    Board(2, 3, tmp_path).put(told(2).model_dump_json().encode())
    assert [each.worker for each in heard(one)] == [2]


async def test_a_folder_that_is_gone_is_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(workers, "EVERY", 0)
    telling = asyncio.create_task(tell(Board(0, 2, tmp_path / "gone"), lambda: told(0)))
    for _ in range(5):
        await asyncio.sleep(0)
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    assert len(caplog.records) == 1


async def test_who_is_alone_tells_nobody() -> None:
    await tell(Board(0, 1, None), lambda: told(0))
