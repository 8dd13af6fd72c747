"""Relay: what one process receives, another reads while it comes; whatever breaks is never taken for whole."""

import asyncio

import pytest

from gateway.cache import relay as module
from gateway.cache.breaker import Breaker
from gateway.cache.relay import Broken, Relay, Tail
from tests.support.entries import make_key
from tests.support.eventually import eventually
from tests.support.shelf import Shelf

KEY = make_key("live")
FIELDS = ((b"Content-Type", b"text/event-stream"), (b"X", b"\xe9"))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GATHER", 0.001)
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(module, "_LONGEST_PAUSE", 0.002)
    monkeypatch.setattr(module, "_READ_OUT", 0.1)


def relay(shelf: Shelf) -> Relay:
    return Relay.of(shelf, Breaker("shelf"), KEY, 7, 200, b"OK", FIELDS)


async def found(shelf: Shelf) -> Tail:
    await eventually(lambda: shelf.logs.get(KEY))
    tail = await Tail.find(shelf, KEY)
    assert tail is not None
    return tail


async def test_who_follows_gets_the_head_what_has_come_and_what_comes():
    shelf = Shelf()
    told = relay(shelf)
    told.feed(b"ab")
    tail = await found(shelf)
    assert (tail.version, tail.status, tail.reason, tail.fields) == (7, 200, b"OK", FIELDS)
    assert await tail.read() == b"ab"
    reading = asyncio.create_task(tail.read())
    told.feed(b"c")
    told.feed(b"d")
    first = await reading
    told.end(whole=True)
    rest = b""
    while piece := await tail.read():
        rest += piece
    assert first + rest == b"cd"
    assert await tail.read() == b""
    await told.task
    assert await Tail.find(shelf, KEY) is None  # it has ended: it stands in the store, or will


async def test_who_follows_reads_to_the_end_though_a_newer_answer_begins_at_once():
    shelf = Shelf()
    told = relay(shelf)
    told.feed(b"ab")
    tail = await found(shelf)
    assert await tail.read() == b"ab"
    told.feed(b"cd")
    told.end(whole=True)
    await told.task
    newer = relay(shelf)
    newer.feed(b"xy")
    assert await tail.read() == b"cd"
    assert await tail.read() == b""
    await eventually(lambda: shelf.logs[KEY][-1] == b"Pxy")
    later = await Tail.find(shelf, KEY)
    assert later is not None
    assert await later.read() == b"xy"
    newer.end(whole=True)
    await newer.task


async def test_an_answer_that_breaks_off_is_broken_for_all():
    shelf = Shelf()
    told = relay(shelf)
    told.feed(b"ab")
    tail = await found(shelf)
    told.end(whole=False)
    told.feed(b"nothing more")
    assert await tail.read() == b"ab"
    with pytest.raises(Broken):
        await tail.read()
    await told.task


async def test_a_writer_that_is_gone_breaks_it_off():
    shelf = Shelf()
    told = relay(shelf)
    tail = await found(shelf)
    told.task.cancel()
    del shelf.logs[KEY]  # it expires
    with pytest.raises(Broken, match="gone"):
        await tail.read()


async def test_a_store_that_fails_ends_the_telling_and_after_some_patience_the_following():
    shelf = Shelf()
    told = relay(shelf)
    tail = await found(shelf)
    shelf.broken = True
    told.feed(b"lost")
    await told.task
    told.feed(b"more")
    told.end(whole=True)
    with pytest.raises(Broken, match="store"):
        await tail.read()
    assert not any(row.startswith(b"E") for row in shelf.logs[KEY])


@pytest.mark.parametrize(
    "rows", [[], [b"Pa"], [b"H"], [b"Hnull"], [b"H[99,\"\",[]]"], [b"H[200,\"a\\r\\n\",[]]"], [b"H[200,\"\",[\"a\"]]"],
             [b"H[200,\"OK\",[]]", b"X"], [b"H[200,\"OK\",[]]", b"E"]],
)  # fmt: skip
async def test_what_is_no_answer_under_way_is_not_followed(rows):
    shelf = Shelf()
    shelf.logs[KEY] = rows
    assert await Tail.find(shelf, KEY) is None


async def test_a_silent_writer_keeps_its_log_alive(monkeypatch):
    monkeypatch.setattr(module, "_ALIVE", 0.01)
    shelf = Shelf()
    told = relay(shelf)
    await eventually(lambda: shelf.asked("append").count(0) >= 2)
    told.end(whole=True)
    await told.task
