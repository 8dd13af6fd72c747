"""Workers' facades over one ledger, with clocks that the test moves, and a ledger that can be away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gateway.control.control import Change, Control
from gateway.control.memory_ledger import MemoryLedger
from gateway.control.store import Ledger
from gateway.model.errors import StoreUnavailable
from gateway.model.settings.control import ControlSettings
from gateway.policy.purges import Names, Order, Purges, Scope


class Away(MemoryLedger):
    """A ledger in memory that can be away, or lose all."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False

    def lose(self) -> None:
        self._rows, self._members = [], {}

    def __getattribute__(self, name: str) -> Any:
        if name in ("read", "append", "rewrite", "members", "enroll", "dismiss") and self.away:
            raise StoreUnavailable("away")
        return super().__getattribute__(name)


class Times:
    """Both clocks."""

    def __init__(self) -> None:
        self.wall = 1_700_000_000.0
        self.steady = 50.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


class Node:
    """One worker's facade, and what it has told."""

    def __init__(self, ledger: Ledger, times: Times, check: Any = None, **settings: Any) -> None:
        self.purges = Purges()
        self.changes: list[Change] = []
        self.until = 0.0
        self.control = Control(
            ledger,
            self.purges,
            ControlSettings(**settings),
            check=check or (lambda patches: None),
            trusted=self._trust,
            clock=lambda: times.wall,
            monotonic=lambda: times.steady,
        )
        self.control.on_change(self.changes.append)

    def _trust(self, until: float) -> None:
        self.until = until

    async def look(self) -> None:
        await self.control._follower.catch_up()

    def gone(self, tag: str, version: int) -> bool:
        return self.purges.judge(version, Names("ask", (), (tag,))) < 0


@asynccontextmanager
async def node(ledger: Ledger, times: Times, **more: Any) -> AsyncIterator[Node]:
    made = Node(ledger, times, **more)
    await made.control.start()
    try:
        yield made
    finally:
        await made.control.stop()


def tag(value: str) -> Order:
    return Order(Scope.TAG, value)
