"""Redis: whatever is at the other end, it is an answer or StoreUnavailable."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from gateway.cache.redis import Redis
from gateway.cache.store import Record
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.base import TlsSettings
from gateway.model.settings.tiers import RedisSettings
from tests.support.entries import make_key
from tests.support.imposter import imposter
from tests.support.ports import free_port

KEYS = [make_key(1), make_key(2)]
OPERATIONS: dict[str, Callable[[Redis], Any]] = {
    "read": lambda store: store.read(KEYS),
    "write": lambda store: store.write([Record(KEYS[0], b"v", 4e9)]),
    "remove": lambda store: store.remove(KEYS[:1]),
    "claim": lambda store: store.claim(KEYS[0], b"t", 5),
    "renew": lambda store: store.renew(KEYS[0], b"t", 5),
    "release": lambda store: store.release(KEYS[0], b"t"),
    "usage": lambda store: store.usage(),
}
GARBAGE = {
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "noise": bytes(range(128, 256)) * 4,
    "nested": b"*1\r\n" * 5000,
    "negative": b"$-7\r\n",
    "error": b"-ERR no \xff\xfe\r\n",
    "map": b"%1\r\n+a\r\n+b\r\n",
}


Connect = Callable[[RedisSettings], Redis]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes stores, which are closed at the end."""
    stores: list[Redis] = []

    def make(settings: RedisSettings) -> Redis:
        stores.append(Redis(settings))
        return stores[-1]

    yield make
    for store in stores:
        await store.close()


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("says", GARBAGE)
async def test_garbage_is_unavailable(connect: Connect, operation: str, says: str) -> None:
    async with imposter(GARBAGE[says]) as other:
        store = connect(RedisSettings(url=other.url))
        if (operation, says) != ("usage", "error"):  # to be refused the usage is no failure
            with pytest.raises(StoreUnavailable):
                await OPERATIONS[operation](store)


@pytest.mark.parametrize(
    "reply",
    [
        b":1\r\n",
        b"$3\r\nabc\r\n",
        b"*1\r\n$1\r\na\r\n",
        b"*3\r\n$-1\r\n$-1\r\n$-1\r\n",
        b"*2\r\n:1\r\n:2\r\n",
        b"*-1\r\n",
    ],
)
async def test_a_reply_of_another_shape_is_no_answer_to_a_read(connect: Connect, reply: bytes) -> None:
    async with imposter(reply) as other:
        store = connect(RedisSettings(url=other.url))
        with pytest.raises(StoreUnavailable):
            await store.read(KEYS)
        other.says = b"*2\r\n$1\r\na\r\n$-1\r\n"
        assert await store.read(KEYS) == [b"a", None]


@pytest.mark.parametrize("reply", [b"+OK\r\n", b":7\r\n", b"$-1\r\n", b"*0\r\n"])
async def test_a_reply_of_another_shape_is_no_answer_to_a_claim(connect: Connect, reply: bytes) -> None:
    async with imposter(reply) as other:
        store = connect(RedisSettings(url=other.url))
        with pytest.raises(StoreUnavailable):
            await store.claim(KEYS[0], b"t", 5)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_connection_cut_within_a_reply_is_unavailable(connect: Connect, operation: str) -> None:
    async with imposter(b"*2\r\n$1000\r\nabc", hangs_up=True) as other:
        store = connect(RedisSettings(url=other.url))
        with pytest.raises(StoreUnavailable):
            await OPERATIONS[operation](store)
        assert other.connections == 1  # and is not tried again


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "options", [{}, {"cluster": True}, {"sentinel": "mymaster"}], ids=["one", "cluster", "sentinel"]
)
async def test_nobody_there_is_unavailable(connect: Connect, operation: str, options: dict[str, Any]) -> None:
    store = connect(RedisSettings(url=f"redis://127.0.0.1:{free_port()}", **options))
    await store.start()
    with pytest.raises(StoreUnavailable):
        await OPERATIONS[operation](store)


async def test_surplus_replies_are_not_taken_for_the_next_answer(connect: Connect) -> None:
    async with imposter(b"*2\r\n$1\r\na\r\n$1\r\nb\r\n" * 2) as other:
        store = connect(RedisSettings(url=other.url))
        await store.read(KEYS)
        other.says = b"*2\r\n$1\r\nc\r\n$1\r\nd\r\n"
        assert await store.read(KEYS) == [b"c", b"d"]
        assert other.connections == 2


async def test_no_more_connections_than_allowed_and_all_are_served(connect: Connect) -> None:
    async with imposter(b"*1\r\n$1\r\na\r\n") as other:
        store = connect(RedisSettings(url=other.url, connections=3))
        rows = await asyncio.gather(*(store.read([make_key(n)]) for n in range(200)))
        assert rows == [[b"a"]] * 200
        assert other.connections <= 3


@pytest.mark.parametrize(
    "settings",
    [
        RedisSettings(url="http://127.0.0.1"),
        RedisSettings(url="redis://127.0.0.1:99999"),
        RedisSettings(url="redis://no.such.host.invalid"),
        RedisSettings(url="unix:///no/such/socket"),
        RedisSettings(url="rediss://127.0.0.1:1", tls=TlsSettings(ca="/no/such/file")),
        RedisSettings(url="redis://127.0.0.1:1", sentinel="m", sentinels=("127.0.0.1:port",)),
    ],
)
async def test_settings_that_lead_nowhere_are_unavailable(connect: Connect, settings: RedisSettings) -> None:
    store = connect(settings)
    await store.start()
    with pytest.raises(StoreUnavailable):
        await store.read(KEYS)
