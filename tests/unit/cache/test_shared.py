"""Shared: it is noticed without any client that the store is not there, and how full it is."""

import logging

import pytest

from gateway.cache.breaker import Breaker
from gateway.cache.shared import Shared
from gateway.cache.store import Record
from tests.support.entries import make_key
from tests.support.eventually import eventually
from tests.support.shelf import Shelf


def make(shelf: Shelf) -> Shared:
    return Shared(shelf, Breaker("shelf"), 0.05, 1024)


async def test_a_store_that_is_not_there_at_start_is_out_at_once_and_said_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "ragfront.cache")
    shelf = Shelf()
    shelf.broken = True
    shared = make(shelf)
    await shared.start()
    await eventually(lambda: shared.stats().out)
    assert len(caplog.records) == 1
    assert shared.stats().errors == 1
    await shared.close()


async def test_start_does_not_wait_for_a_store_that_hangs() -> None:
    shelf = Shelf()
    shelf.gate.clear()
    shared = make(shelf)
    await shared.start()
    await shared.close()


async def test_usage_is_known_soon_after_the_start() -> None:
    shelf = Shelf()
    await shelf.write([Record(make_key(1), b"12345", 4e9)])
    shared = make(shelf)
    assert (shared.stats().entries, shared.stats().bytes) == (None, None)
    await shared.start()
    await eventually(lambda: shared.stats().entries == 1)
    assert shared.stats().bytes == 5
    await shared.close()
