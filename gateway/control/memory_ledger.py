"""Memory ledger: for one worker that has nothing to share and no disk to keep it on. Gone with the process."""

import asyncio
from collections.abc import Mapping, Sequence

from gateway.control.store import Page, Row

_LOOK_SECONDS = 1.0


class MemoryLedger:
    """Several facades may share one, inside a process."""

    name = "memory"

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._members: dict[str, bytes] = {}
        self._news = asyncio.Event()

    async def close(self) -> None:
        """Keeps all: another may use it still."""

    async def read(self, after: int) -> Page:
        return Page(self._newest, [row for row in self._rows if row.version > after])

    async def append(self, known: int, rows: Sequence[Row]) -> bool:
        if known != self._newest:
            return False
        self._rows += rows
        self._tell()
        return True

    async def rewrite(self, known: int, rows: Sequence[Row]) -> bool:
        if known != self._newest:
            return False
        self._rows = list(rows)
        self._tell()
        return True

    async def changed(self, after: int) -> None:
        if self._newest <= after:
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                return

    async def members(self) -> Mapping[str, bytes]:
        return dict(self._members)

    async def enroll(self, name: str, row: bytes, *, anew: bool = True) -> None:
        if anew or name not in self._members:
            self._members[name] = row

    async def dismiss(self, name: str) -> None:
        self._members.pop(name, None)

    @property
    def _newest(self) -> int:
        return self._rows[-1].version if self._rows else 0

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
