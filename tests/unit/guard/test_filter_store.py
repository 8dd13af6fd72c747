"""The filter store protocol: Redis keeps it."""

from functools import partial

from gateway.guard.filter_store import FilterStore
from gateway.guard.redis_filters import RedisFilters
from gateway.link.redis_client import client
from gateway.model.settings.tiers import RedisSettings


def test_redis_keeps_it() -> None:
    kept: FilterStore = RedisFilters(partial(client, RedisSettings(url="redis://127.0.0.1:1/0")), "ragfront:")
    assert kept is not None
