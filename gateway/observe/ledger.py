"""Figures of the ledger: how far it has come, who follows it, whether it is there. Read when a page is made."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from prometheus_client import CollectorRegistry, Gauge


class LedgerState(NamedTuple):
    """How a worker sees it. acknowledged: the version that it goes by. members: workers that count."""

    version: int
    acknowledged: int
    members: int
    up: bool


_GAUGES: tuple[tuple[str, str, Literal["livemax", "livemin"]], ...] = (
    ("version", "The ledger's newest version", "livemax"),
    ("acknowledged", "The version that has been acknowledged, by the worker that is furthest behind", "livemin"),
    ("members", "Workers of all replicas that purges are confirmed by", "livemax"),
    ("up", "1 while each worker sees the ledger", "livemin"),
)


class LedgerMetrics:
    """One worker's. `read` gives its state."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._gauges = {
            name: Gauge(f"ragfront_ledger_{name}", text, registry=registry, multiprocess_mode=mode)
            for name, text, mode in _GAUGES
        }
        self._read: Callable[[], LedgerState] | None = None

    def collect(self, read: Callable[[], LedgerState]) -> None:
        """Have `read` called at each refresh."""
        self._read = read

    def refresh(self) -> None:
        """Read how things stand."""
        if self._read is not None:
            for name, value in self._read()._asdict().items():
                self._gauges[name].set(value)
