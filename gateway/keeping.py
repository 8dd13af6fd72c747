"""Keeping: where settings say that entries, ledger and shared filters are kept. What is not used is not imported."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from gateway.cache.disk import Disk
from gateway.cache.store import Store
from gateway.config.control_rules import OFF
from gateway.control.memory_ledger import MemoryLedger
from gateway.control.store import Ledger
from gateway.guard.filter_store import FilterStore
from gateway.model.settings.file import Settings
from gateway.model.settings.tiers import L2Settings


def store_of(settings: L2Settings | None, clock: Callable[[], float] = time.time) -> Store | None:
    """The second tier; None where there is none. clock: Unix seconds."""
    if settings is None:
        return None
    if settings.redis is not None:
        from gateway.cache.redis import Redis  # its library costs a third of the start, and most do without

        return Redis(settings.redis, clock=clock)
    return Disk(settings.disk, clock=clock) if settings.disk is not None else None


def ledger_of(settings: Settings) -> Ledger:
    """Where all who serve the same answers meet: Redis where they are kept there, else the host's disk."""
    if settings.l2 is not None and settings.l2.redis is not None:
        from gateway.control.redis_ledger import RedisLedger
        from gateway.link.redis_client import client

        return RedisLedger(partial(client, settings.l2.redis), settings.l2.redis.prefix)
    if settings.control.path == OFF:
        return MemoryLedger()
    from gateway.control.disk_ledger import DiskLedger

    return DiskLedger(Path(settings.control.path))


def shared_filters_of(settings: Settings) -> FilterStore | None:
    """Where hosts leave each other the filters that were changed; None where no other host is known of."""
    if settings.l2 is None or settings.l2.redis is None:
        return None
    from gateway.guard.redis_filters import RedisFilters
    from gateway.link.redis_client import client

    return RedisFilters(partial(client, settings.l2.redis), settings.l2.redis.prefix)
