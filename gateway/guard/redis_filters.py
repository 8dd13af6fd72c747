"""Redis filters: all filter files, and when each was changed, in one hash.

One key, so that eviction takes all or nothing: those who have the files keep them, and write them back (guard/sharing).
Needs EVAL, HGET, HMGET and HSET.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.guard.filter_store import Shared
from gateway.link.redis_client import Client
from gateway.link.redis_talk import WRITE_SECONDS, Talk

# KEYS: the hash. ARGV: the fields of a moment and a file, the moment that the caller knows, the new one, the file.
_WRITE = """
if (redis.call('HGET', KEYS[1], ARGV[1]) or '0') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4], ARGV[2], ARGV[5])
return 1
"""


class RedisFilters:
    """connect: makes a client. prefix: of the key."""

    def __init__(self, connect: Callable[[], Client], prefix: str) -> None:
        self._talk = Talk(connect)
        self._key = f"{prefix}filters"

    async def close(self) -> None:
        await self._talk.close()

    async def newest(self, names: Sequence[str]) -> Mapping[str, int]:
        async def ask(redis: Any) -> dict[str, int]:
            reply = await redis.execute_command("HMGET", self._key, *(_fields(name)[0] for name in names))
            return {name: int(at) for name, at in zip(names, reply, strict=True) if at is not None}

        return await self._talk.ask(ask)

    async def read(self, name: str) -> Shared | None:
        async def ask(redis: Any) -> Shared | None:
            at, data = await redis.execute_command("HMGET", self._key, *_fields(name))
            return None if at is None or data is None else Shared(int(at), bytes(data))

        return await self._talk.ask(ask, WRITE_SECONDS)

    async def write(self, name: str, known: int, shared: Shared) -> bool:
        async def ask(redis: Any) -> bool:
            said = (*_fields(name), known, shared.at, shared.data)
            return bool(int(await redis.execute_command("EVAL", _WRITE, 1, self._key, *said)))

        return await self._talk.ask(ask, WRITE_SECONDS)


def _fields(name: str) -> tuple[str, str]:
    return f"{name} at", f"{name} file"
