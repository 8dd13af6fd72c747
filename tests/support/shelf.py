"""A store in a dict, for what stands before stores: it waits at a gate, fails on order, and remembers what was asked.

The contract suite holds it to what disk and Redis do.
"""

import asyncio
import time
from collections.abc import Sequence

from gateway.cache.store import Claim, Record, Usage
from gateway.model.errors import StoreUnavailable


class Shelf:
    """gate: operations wait until it is set. broken: operations fail. calls: what was asked, in order."""

    name = "shelf"

    def __init__(self) -> None:
        self.alone = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False
        self.rows: dict[bytes, tuple[bytes, float]] = {}
        self.leases: dict[bytes, tuple[bytes, float]] = {}
        self.logs: dict[bytes, list[bytes]] = {}
        self.calls: list[tuple[str, int]] = []

    def asked(self, what: str) -> list[int]:
        """How many keys each call of this kind was about."""
        return [count for name, count in self.calls if name == what]

    async def _pass(self, name: str, count: int) -> None:
        self.calls.append((name, count))
        if not self.gate.is_set():
            await self.gate.wait()
        if self.broken:
            raise StoreUnavailable("shelf: broken on order")

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        self.broken = True

    async def read(self, keys: Sequence[bytes]) -> list[bytes | None]:
        await self._pass("read", len(keys))
        rows = [self.rows.get(key) for key in keys]
        return [row[0] if row is not None and row[1] > time.time() else None for row in rows]

    async def write(self, items: Sequence[Record]) -> None:
        await self._pass("write", len(items))
        self.rows.update({item.key: (bytes(item.value), item.expires_at) for item in items})

    async def remove(self, keys: Sequence[bytes]) -> None:
        await self._pass("remove", len(keys))
        for key in keys:
            self.rows.pop(key, None)

    def _holder(self, key: bytes) -> bytes | None:
        token, until = self.leases.get(key, (None, 0.0))
        return token if until > time.time() else None

    async def claim(self, key: bytes, token: bytes, ttl: float) -> Claim:
        await self._pass("claim", 1)
        holder = self._holder(key)
        if holder is not None and holder != token:
            return Claim.GIVEN_UP if holder == b"" else Claim.HELD
        self.leases[key] = token, time.time() + ttl
        return Claim.GRANTED

    async def renew(self, key: bytes, token: bytes, ttl: float) -> bool:
        await self._pass("renew", 1)
        if self._holder(key) != token:
            return False
        self.leases[key] = token, time.time() + ttl
        return True

    async def release(self, key: bytes, token: bytes, given_up_for: float = 0.0) -> None:
        await self._pass("release", 1)
        if self._holder(key) == token:
            self.leases[key] = b"", time.time() + given_up_for

    async def usage(self) -> Usage:
        await self._pass("usage", 0)
        return Usage(len(self.rows), sum(len(value) for value, _ in self.rows.values()))

    async def append(self, key: bytes, rows: Sequence[bytes], ttl: float, *, anew: bool) -> None:
        await self._pass("append", len(rows))
        if anew:
            self.logs.pop(key, None)
        if rows or key in self.logs:
            self.logs.setdefault(key, []).extend(rows)

    async def since(self, key: bytes, position: bytes) -> tuple[list[bytes], bytes, bool]:
        await self._pass("since", 1)
        rows = self.logs.get(key, [])[int(position or 0) :]
        return rows, b"%d" % (int(position or 0) + len(rows)), key in self.logs


class OpenShelf(Shelf):
    """A shelf that one need not wait for (cache.store.AtOnce). now: Unix seconds, None for the real ones."""

    now: float | None = None

    def read_now(self, key: bytes) -> bytes | None:
        self.calls.append(("read", 1))
        if self.broken:
            raise StoreUnavailable("shelf: broken on order")
        row = self.rows.get(key)
        return row[0] if row is not None and row[1] > (time.time() if self.now is None else self.now) else None
