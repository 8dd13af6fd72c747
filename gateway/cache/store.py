"""The store protocol: what a second tier can do. Disk and Redis keep it; one contract suite holds them to it."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, Protocol, runtime_checkable


class Record(NamedTuple):
    """An encoded entry on its way into a store. expires_at: Unix seconds."""

    key: bytes
    value: bytes
    expires_at: float


class Claim(Enum):
    """What came of asking for a lease."""

    GRANTED = "granted"  # it is ours: ask the upstream
    HELD = "held"  # somebody else asks the upstream: wait for the answer
    GIVEN_UP = "given-up"  # somebody asked, and the answer cannot be shared: fetch for yourself


class Usage(NamedTuple):
    """How full a store is; None where it cannot say."""

    entries: int | None
    bytes: int | None


class Store(Protocol):
    """A tier that several processes share. Keys are 32 bytes; tokens are random bytes that name a lease's owner.

    Every method but `start` and `close` raises StoreUnavailable where the store cannot do it now, and nothing else.
    """

    name: str
    """"disk" or "redis": what logs, metrics and Lookup.tier call it."""

    @property
    def alone(self) -> bool:
        """Whether nobody else uses it now, as far as can be told at once: leases would be kept for nobody."""

    async def start(self) -> None:
        """Makes ready. Does not raise where the neighbour is absent: it may come later."""

    async def close(self) -> None:
        """Gives back what is held. Never raises; a second call does nothing."""

    async def read(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The records under the keys, in their order; None where there is none, or it has expired."""

    async def write(self, items: Sequence[Record]) -> None:
        """Stores all; replaces what was there. Items that have expired are as good as not written."""

    async def remove(self, keys: Sequence[bytes]) -> None:
        """Forgets the records. Unknown keys are fine."""

    async def claim(self, key: bytes, token: bytes, ttl: float) -> Claim:
        """Asks for the key's lease, for `ttl` seconds. Who holds it already by this token is granted it again."""

    async def renew(self, key: bytes, token: bytes, ttl: float) -> bool:
        """Holds the lease for `ttl` seconds from now; False where it is no longer ours."""

    async def release(self, key: bytes, token: bytes, given_up_for: float = 0.0) -> None:
        """Ends the lease if it is ours. given_up_for: seconds for which others are told GIVEN_UP; 0 for none."""

    async def usage(self) -> Usage:
        """How full it is."""


@runtime_checkable
class AtOnce(Protocol):
    """What a store can do beside, if a read takes microseconds: it is asked in the event loop, without a task."""

    def read_now(self, key: bytes) -> bytes | None:
        """The record under the key; None as in `Store.read`. Raises StoreUnavailable, and nothing else."""


@runtime_checkable
class Paged(Protocol):
    """What a store can do beside, if an operator is to look through it."""

    async def page(self, after: bytes, most: int, most_bytes: int) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """About `most` records (key, value) behind a place, b"" for the beginning, and the place behind them; b"" where
        there are no more. Raises StoreUnavailable, and nothing else; ValueError where it is no place of this store's.
        """


@runtime_checkable
class TokenBuckets(Protocol):
    """What a store can do beside, if all processes are to share clients' budgets (cache/buckets)."""

    async def spend(self, name: bytes, period: float, depth: float) -> tuple[bool, float]:
        """Takes a token of the bucket `name`, by the store's clock. One comes each `period` seconds; there is one
        while the bucket is no more than `depth` seconds from being full. Whether it was there, and how many seconds
        the bucket is from being full now. Raises StoreUnavailable, and nothing else.
        """


@runtime_checkable
class LiveLog(Protocol):
    """What a store can do beside, if processes are to follow an answer that one of them still receives (cache/relay).

    Both raise StoreUnavailable, and nothing else.
    """

    async def append(self, key: bytes, rows: Sequence[bytes], ttl: float, *, anew: bool) -> None:
        """Adds rows to the key's log, which expires after `ttl` seconds. anew: what was there before goes first."""

    async def since(self, key: bytes, position: bytes) -> tuple[list[bytes], bytes, bool]:
        """Rows behind a position (b"": all), the position behind them, and whether the log is there at all."""
