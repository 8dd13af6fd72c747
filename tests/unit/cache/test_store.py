"""Store: who says that it is one, is one."""

import inspect

import pytest

from gateway.cache.disk import Disk
from gateway.cache.redis import Redis
from gateway.cache.store import AtOnce, Store
from tests.support.shelf import OpenShelf, Shelf

METHODS = [name for name, member in vars(Store).items() if inspect.iscoroutinefunction(member)]


@pytest.mark.parametrize("store", [Disk, Redis, Shelf])
@pytest.mark.parametrize("method", METHODS)
def test_a_store_takes_what_the_protocol_says(store: type, method: str) -> None:
    assert inspect.signature(getattr(store, method)) == inspect.signature(getattr(Store, method))
    assert inspect.iscoroutinefunction(getattr(store, method))


def test_stores_have_the_names_that_metrics_know() -> None:
    assert (Disk.name, Redis.name) == ("disk", "redis")


def test_the_disk_alone_is_read_at_once() -> None:
    assert [issubclass(store, AtOnce) for store in (Disk, OpenShelf, Redis, Shelf)] == [True, True, False, False]
    assert inspect.signature(Disk.read_now) == inspect.signature(AtOnce.read_now)
