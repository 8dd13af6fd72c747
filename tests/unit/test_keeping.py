"""Keeping: settings say where."""

from pathlib import Path

import pytest

from gateway.cache.disk import Disk
from gateway.cache.redis import Redis
from gateway.control.disk_ledger import DiskLedger
from gateway.control.memory_ledger import MemoryLedger
from gateway.control.redis_ledger import RedisLedger
from gateway.guard.redis_filters import RedisFilters
from gateway.keeping import ledger_of, shared_filters_of, store_of
from tests.support.gateway import settings

REDIS = {"redis": {"url": "redis://127.0.0.1:1"}}


@pytest.mark.parametrize(
    ("l2", "kind"),
    [(None, type(None)), ({}, type(None)), ({"disk": {"path": "cache"}}, Disk), (REDIS, Redis)],
)
async def test_entries(l2: object, kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = store_of(settings("http://up", l2=l2).l2)
    assert type(store) is kind
    if store is not None:
        await store.close()


@pytest.mark.parametrize(
    ("l2", "path", "kind"),
    [
        (None, "off", MemoryLedger),
        (None, "control", DiskLedger),
        (REDIS, "control", RedisLedger),
        (REDIS, "off", RedisLedger),
    ],
)
async def test_the_ledger(l2: object, path: str, kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ledger = ledger_of(settings("http://up", l2=l2, control={"path": path}))
    assert type(ledger) is kind
    await ledger.close()


@pytest.mark.parametrize(
    ("l2", "kind"), [(None, type(None)), ({"disk": {"path": "cache"}}, type(None)), (REDIS, RedisFilters)]
)
async def test_filters_that_hosts_share(l2: object, kind: type) -> None:
    assert type(shared_filters_of(settings("http://up", l2=l2))) is kind
