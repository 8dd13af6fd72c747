"""Talk: what is asked of Redis, each under its time limit, and the one wall that redis-py's exceptions stop at.

Each operation is tried once. One that is cut off closes its connection (redis-py does so for whatever interrupts a
reply), so that no reply is ever taken for another's.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.asyncio import RedisCluster
from redis.exceptions import RedisClusterException, RedisError

from gateway.link.redis_client import Client
from gateway.model.errors import StoreUnavailable

T = TypeVar("T")

SECONDS = 1.5
WRITE_SECONDS = 5.0
"""For one operation, connecting included. Who needs it sooner does not wait, and finds a connection next time."""


class Talk:
    """One user's. connect: makes a client, at the first operation and after one was dropped.

    at_once: operations under way at most; further ones wait, within their time. None: any number.
    """

    def __init__(self, connect: Callable[[], Client], at_once: int | None = None) -> None:
        self._connect = connect
        self._client: Client | None = None
        self._closed = False
        self._slots = contextlib.nullcontext() if at_once is None else asyncio.Semaphore(at_once)

    async def ask(self, talk: Callable[[Any], Awaitable[T]], seconds: float = SECONDS) -> T:
        """What `talk` with a redis-py client comes to; StoreUnavailable for whatever goes wrong in it."""
        if self._closed:
            raise StoreUnavailable("redis: closed")
        used: Client | None = None
        try:
            async with asyncio.timeout(seconds), self._slots:
                used = self._client = self._client or self._connect()
                if isinstance(used.redis, RedisCluster):
                    # Before it knows the cluster, a client sends what it is asked anywhere.
                    await used.redis.initialize()
                return await talk(used.redis)
        except TimeoutError as exc:
            raise StoreUnavailable(f"redis: no answer in {seconds:g} s") from exc
        except Exception as exc:
            # What is no Redis makes redis-py's parsers raise anything.
            if not isinstance(exc, RedisError) or isinstance(exc, RedisClusterException):
                await self._drop(used)
            raise StoreUnavailable(f"redis: {exc}") from exc

    async def close(self) -> None:
        """Ask nothing any more."""
        self._closed = True
        await self._drop(self._client)

    async def _drop(self, used: Client | None) -> None:
        """Closes a client; the next operation makes a new one, from the addresses in the settings."""
        if used is self._client:
            self._client = None
        if used is not None:
            with contextlib.suppress(Exception):
                await used.close()
