"""/admin/reload: says what would change, and does it."""

from typing import Any

import pytest

from gateway.app import Worker, WorkerSpec
from gateway.listeners.admin.access import ANONYMOUS
from gateway.listeners.admin.operation import Call
from gateway.listeners.admin.problem import Refused
from gateway.listeners.admin.reload import Dry, operations
from gateway.model.errors import ConfigError
from gateway.model.settings.file import Settings
from tests.support.gateway import RAG, settings


async def reloaded(file: Any, dry: bool) -> tuple[Any, Settings]:
    before = settings("http://127.0.0.1:1", RAG)

    def load() -> Settings:
        if isinstance(file, Exception):
            raise file
        return before.model_copy(update=file)

    worker = Worker(WorkerSpec(before, load))
    try:
        reload = next(op for op in operations(worker._parts()) if op.path == "/admin/reload")
        done = await reload.work(Call(ANONYMOUS, {}, Dry(dry_run=dry), None, b"", {}))
        return done.model_dump(), worker._settings  # type: ignore[union-attr]
    finally:
        await worker.stop()


async def test_a_dry_run_changes_nothing() -> None:
    told, now = await reloaded({"server_timing": False, "workers": 3}, dry=True)
    assert told["changes"] == [
        {"path": "workers", "before": 0, "after": 3},
        {"path": "server_timing", "before": True, "after": False},
    ]
    assert (told["applied"], told["restart"], now.server_timing) == (False, ["workers"], True)


async def test_reloaded() -> None:
    told, now = await reloaded({"server_timing": False}, dry=False)
    assert (told["applied"], now.server_timing) == (True, False)


async def test_a_wrong_file_is_told_and_nothing_changes() -> None:
    with pytest.raises(Refused) as caught:
        await reloaded(ConfigError(["f.yaml:1: routes: no"]), dry=False)
    assert (caught.value.status, caught.value.wrong[0].detail) == (409, "f.yaml:1: routes: no")
