"""Redis: the distributed second tier, one server, Sentinel or Cluster. No exception of redis-py leaves this file.

Needs GET, MGET, SET, UNLINK, EVAL, XADD,
XRANGE, PEXPIRE, EXISTS and (for budgets) TIME; where DBSIZE and INFO are not allowed, usage is not known, and where
SCAN is not, nothing can be listed.
"""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from redis.asyncio import RedisCluster
from redis.exceptions import ResponseError

from gateway.cache.store import Claim, Record, Usage
from gateway.link.redis_client import client
from gateway.link.redis_talk import WRITE_SECONDS, Talk
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.tiers import RedisSettings

_RELEARN_AFTER = 1.0
"""Seconds between two questions for a Cluster's map: asking closes the connections of all."""

# A lease is its owner's token, or the empty string once it is given up. KEYS: the lease. ARGV: token, milliseconds.
_CLAIM = """
local holder = redis.call('GET', KEYS[1])
if holder == '' then return 2 end
if holder and holder ~= ARGV[1] then return 1 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 0
"""
_CLAIMS = {0: Claim.GRANTED, 1: Claim.HELD, 2: Claim.GIVEN_UP}

_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], '', 'PX', ARGV[2])
return 1
"""

# A bucket is the time at which it is full, in microseconds of the server's clock. KEYS: the bucket. ARGV: microseconds
# for a token, and how far from full it may be to hold one. A clock that was set back must not lock anybody out: no
# bucket is further from full than one token more.
_SPEND = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local period, depth = tonumber(ARGV[1]), tonumber(ARGV[2])
local debt = (tonumber(redis.call('GET', KEYS[1]) or '') or 0) - now
debt = math.min(math.max(debt, 0), depth + period)
if debt > depth then return {0, debt} end
debt = debt + period
redis.call('SET', KEYS[1], string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000))
return {1, debt}
"""


class Redis:
    """A store in Redis, under the settings' key prefix. clock: Unix seconds."""

    name = "redis"
    alone = False

    def __init__(self, settings: RedisSettings, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._relearn_at = 0.0
        self._talk = Talk(partial(client, settings), settings.connections)
        self._entry = settings.prefix.encode() + b"entry:"
        self._lease = settings.prefix.encode() + b"lease:"
        self._live = settings.prefix.encode() + b"live:"
        self._budget = settings.prefix.encode() + b"budget:"

    async def start(self) -> None:
        """Connects nothing: the first operation does."""

    async def close(self) -> None:
        await self._talk.close()

    async def read(self, keys: Sequence[bytes]) -> list[bytes | None]:
        names = [self._entry + key.hex().encode() for key in keys]

        async def ask(redis: Any) -> list[bytes | None]:
            if isinstance(redis, RedisCluster):
                rows = await self._pipelined(redis, [("GET", name) for name in names], _is_row)
                return _records([None if isinstance(row, Exception) else row for row in rows], len(names))
            return _records(await redis.execute_command("MGET", *names), len(names))

        return await self._talk.ask(ask) if names else []

    async def page(self, after: bytes, most: int, most_bytes: int) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """A place is the number of a primary and SCAN's cursor there: a Cluster is looked through node by node."""
        node, _, cursor = (after or b"0:0").partition(b":")
        if not (node.isdigit() and cursor.isdigit() and len(after) < 32):
            raise ValueError("not a place in Redis")
        pattern = re.sub(rb"([*?\[\]\\])", rb"\\\1", self._entry) + b"*"

        async def ask(redis: Any) -> tuple[list[bytes], bytes]:
            command = ("SCAN", int(cursor), "MATCH", pattern, "COUNT", most)
            if not isinstance(redis, RedisCluster):
                after, names = await redis.execute_command(*command)
                return names, b"0:%d" % after if after else b""
            nodes = sorted(redis.get_primaries(), key=lambda one: str(one.name))
            if int(node) >= len(nodes):
                return [], b""
            cursors, names = await redis.execute_command(*command, target_nodes=nodes[int(node)])
            (after,) = cursors.values()
            if after:
                return names, b"%b:%d" % (node, after)
            return names, b"%d:0" % (int(node) + 1) if int(node) + 1 < len(nodes) else b""

        names, place = await self._talk.ask(ask)
        keys = [key for name in names if (key := _key_of(name, self._entry)) is not None]
        rows = await self.read(keys)
        return [(key, row) for key, row in zip(keys, rows, strict=True) if row is not None], place

    async def write(self, items: Sequence[Record]) -> None:
        now = self._clock()
        commands: list[tuple[Any, ...]] = [
            ("SET", self._entry + key.hex().encode(), value, "PX", _milliseconds(expires_at - now))
            for key, value, expires_at in items
            if expires_at > now
        ]
        if commands:
            await self._talk.ask(lambda redis: self._pipelined(redis, commands, _confirms), WRITE_SECONDS)

    async def remove(self, keys: Sequence[bytes]) -> None:
        commands = [("UNLINK", self._entry + key.hex().encode()) for key in keys]
        if commands:
            await self._talk.ask(lambda redis: self._pipelined(redis, commands, _counts), WRITE_SECONDS)

    async def claim(self, key: bytes, token: bytes, ttl: float) -> Claim:
        return _CLAIMS[await self._eval(_CLAIM, key, token, _milliseconds(ttl))]

    async def renew(self, key: bytes, token: bytes, ttl: float) -> bool:
        return await self._eval(_RENEW, key, token, _milliseconds(ttl)) == 1

    async def release(self, key: bytes, token: bytes, given_up_for: float = 0.0) -> None:
        await self._eval(_RELEASE, key, token, _milliseconds(given_up_for) if given_up_for > 0 else 0)

    async def append(self, key: bytes, rows: Sequence[bytes], ttl: float, *, anew: bool) -> None:
        name = self._live + key.hex().encode()
        commands: list[tuple[Any, ...]] = [("UNLINK", name)] if anew else []
        commands += [("XADD", name, "*", b"r", row) for row in rows]
        commands.append(("PEXPIRE", name, _milliseconds(ttl)))
        await self._talk.ask(lambda redis: self._pipelined(redis, commands, lambda _: True), WRITE_SECONDS)

    async def since(self, key: bytes, position: bytes) -> tuple[list[bytes], bytes, bool]:
        name = self._live + key.hex().encode()
        begin = b"(" + position if position else b"-"
        commands: list[tuple[Any, ...]] = [("XRANGE", name, begin, b"+"), ("EXISTS", name)]
        found, there = await self._talk.ask(lambda redis: self._pipelined(redis, commands, lambda _: True))
        try:
            rows = [values[values.index(b"r") + 1] if isinstance(values, list) else values[b"r"] for _, values in found]
            return rows, found[-1][0] if found else position, bool(there)
        except (TypeError, ValueError, KeyError, IndexError) as exc:
            raise StoreUnavailable("redis: not an answer to a range") from exc

    async def spend(self, name: bytes, period: float, depth: float) -> tuple[bool, float]:
        args = (1, self._budget + name, round(period * 1e6), round(depth * 1e6))

        async def ask(redis: Any) -> tuple[bool, float]:
            granted, debt = await redis.execute_command("EVAL", _SPEND, *args)
            if granted not in (0, 1) or type(debt) is not int:
                raise ValueError("not an answer to a bucket's script")
            return granted == 1, debt / 1e6

        return await self._talk.ask(ask)

    async def usage(self) -> Usage:
        """Of the whole database and the servers' whole memory: Redis keeps no count by prefix."""

        async def ask(redis: Any) -> Usage:
            where = {"target_nodes": RedisCluster.PRIMARIES} if isinstance(redis, RedisCluster) else {}
            try:
                entries = await redis.execute_command("DBSIZE", **where)
                memory = await redis.execute_command("INFO", "memory", **where)
            except ResponseError:
                return Usage(None, None)
            nodes = [memory] if "used_memory" in memory else list(memory.values())
            return Usage(int(entries), sum(int(node["used_memory"]) for node in nodes))

        return await self._talk.ask(ask)

    async def _eval(self, script: str, key: bytes, *args: Any) -> int:
        name = self._lease + key.hex().encode()

        async def ask(redis: Any) -> int:
            # EVAL and not EVALSHA: the server keeps what it compiled, and is never asked for a script it has lost.
            reply = await redis.execute_command("EVAL", script, 1, name, *args)
            if reply not in (0, 1, 2):
                raise ValueError("not an answer to a lease's script")
            return int(reply)

        return await self._talk.ask(ask)

    async def _pipelined(
        self, redis: Any, commands: Sequence[tuple[Any, ...]], fits: Callable[[Any], bool]
    ) -> list[Any]:
        """The replies, all of which fit. Where a part of a Cluster is gone, exceptions stand for its replies; one is
        raised where nothing else came.
        """
        pipeline = redis.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        replies: list[Any] = await pipeline.execute(raise_on_error=False)
        failures = [reply for reply in replies if isinstance(reply, Exception)]
        if failures and isinstance(redis, RedisCluster):
            await self._relearn(redis)
        if len(failures) == len(commands):
            raise failures[0]
        if not all(isinstance(reply, Exception) or fits(reply) for reply in replies):
            raise ValueError("not an answer to what was asked")
        return replies

    async def _relearn(self, redis: RedisCluster) -> None:
        """Has the map of the cluster asked for again, which redis-py does not after a pipeline's failure."""
        now = asyncio.get_running_loop().time()
        if now >= self._relearn_at:
            self._relearn_at = now + _RELEARN_AFTER
            await redis.aclose()


def _records(reply: Any, count: int) -> list[bytes | None]:
    """The reply, if it is what a read is answered with."""
    if type(reply) is list and len(reply) == count and all(map(_is_row, reply)):
        return reply
    raise ValueError("not an answer to a read")


def _key_of(name: Any, prefix: bytes) -> bytes | None:
    try:
        return bytes.fromhex(name.removeprefix(prefix).decode())
    except (ValueError, AttributeError, TypeError):
        return None


def _is_row(reply: Any) -> bool:
    return reply is None or type(reply) is bytes


def _confirms(reply: Any) -> bool:
    return reply is True


def _counts(reply: Any) -> bool:
    return type(reply) is int


def _milliseconds(seconds: float) -> int:
    return max(int(seconds * 1000), 1)
