"""Redis ledger: one stream for all replicas. No exception of redis-py leaves this file.

The rows are one key, so that eviction takes all or nothing, and what is left is never a ledger with holes. The stream's
ids are the versions (`version-0`). Whoever follows blocks on the stream: that needs no second channel whose messages
may get lost, and works with a Cluster, too. Needs EVAL, XADD, XRANGE, XREVRANGE, XREAD, DEL, HSET, HSETNX, HGETALL and
HDEL.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redis.asyncio import RedisCluster

from gateway.control.store import Page, Row
from gateway.link.redis_client import Client
from gateway.link.redis_talk import SECONDS, WRITE_SECONDS, Talk

_LOOK_MILLISECONDS = 1000
_CLUSTER_MILLISECONDS = 250
"""How long a follower blocks. A Cluster's connections give up after 0.4 s without an answer."""

_PAGE = 2_000  # rows of one reply: a large ledger is not to take longer than a Cluster's connection waits

# KEYS: the stream. ARGV: the newest version that the caller knows, 1 to put the rows in the place of what there is,
# then versions and rows in turns. Answers whether it was done.
_WRITE = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local newest = last[1] and string.match(last[1][1], '^%d+') or '0'
if newest ~= ARGV[1] then return 0 end
if ARGV[2] == '1' then redis.call('DEL', KEYS[1]) end
for i = 3, #ARGV, 2 do redis.call('XADD', KEYS[1], ARGV[i] .. '-0', 'r', ARGV[i + 1]) end
return 1
"""


class RedisLedger:
    """connect: makes a client of its own, as who follows keeps a connection. prefix: of the keys."""

    name = "redis"

    def __init__(self, connect: Callable[[], Client], prefix: str) -> None:
        self._talk = Talk(connect)
        # One hash tag: on a Cluster, who has lost one has lost both.
        self._rows = f"{prefix}{{ledger}}:rows".encode()
        self._fleet = f"{prefix}{{ledger}}:fleet".encode()

    async def close(self) -> None:
        await self._talk.close()

    async def read(self, after: int) -> Page:
        async def ask(redis: Any) -> Page:
            rows: list[Row] = []
            while True:
                begin = b"%d-1" % (rows[-1].version if rows else after)
                page = _rows(await redis.execute_command("XRANGE", self._rows, begin, b"+", b"COUNT", _PAGE))
                rows += page
                if len(page) < _PAGE:
                    break
            if rows:
                return Page(rows[-1].version, rows)
            last = _rows(await redis.execute_command("XREVRANGE", self._rows, b"+", b"-", b"COUNT", 1))
            return Page(last[-1].version if last else 0, ())

        return await self._talk.ask(ask, WRITE_SECONDS)

    async def append(self, known: int, rows: Sequence[Row]) -> bool:
        return await self._write(known, rows, anew=False)

    async def rewrite(self, known: int, rows: Sequence[Row]) -> bool:
        return await self._write(known, rows, anew=True)

    async def changed(self, after: int) -> None:
        async def ask(redis: Any) -> None:
            block = _CLUSTER_MILLISECONDS if isinstance(redis, RedisCluster) else _LOOK_MILLISECONDS
            await redis.execute_command("XREAD", "COUNT", 1, "BLOCK", block, "STREAMS", self._rows, b"%d-1" % after)

        await self._talk.ask(ask, _LOOK_MILLISECONDS / 1000 + SECONDS)

    async def members(self) -> Mapping[str, bytes]:
        async def ask(redis: Any) -> dict[str, bytes]:
            reply = await redis.execute_command("HGETALL", self._fleet)
            return {name.decode(): row for name, row in reply.items()}

        return await self._talk.ask(ask)

    async def enroll(self, name: str, row: bytes, *, anew: bool = True) -> None:
        await self._talk.ask(lambda redis: redis.execute_command("HSET" if anew else "HSETNX", self._fleet, name, row))

    async def dismiss(self, name: str) -> None:
        await self._talk.ask(lambda redis: redis.execute_command("HDEL", self._fleet, name))

    async def _write(self, known: int, rows: Sequence[Row], *, anew: bool) -> bool:
        said = [part for row in rows for part in (row.version, row.data)]

        async def ask(redis: Any) -> bool:
            reply = await redis.execute_command("EVAL", _WRITE, 1, self._rows, known, int(anew), *said)
            if reply not in (0, 1):
                raise ValueError("not an answer to a ledger's script")
            return bool(reply)

        return await self._talk.ask(ask, WRITE_SECONDS)


def _rows(reply: Any) -> list[Row]:
    """What a range is answered with. Raises what it likes where it is none of ours."""
    rows = []
    for name, said in reply or ():
        fields = said if isinstance(said, dict) else dict(zip(said[::2], said[1::2], strict=True))
        rows.append(Row(int(bytes(name).partition(b"-")[0]), fields[b"r"]))
    return rows
