"""The filter store protocol: where hosts that have filter files of their own leave and find each other's."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

MOST = 32 << 20
"""Bytes of a file that is shared at most: some 18 million ids at an error rate of 0.1 %."""


class Shared(NamedTuple):
    """A filter's file. at: when it was changed, in milliseconds; of two the later one counts. data: as on disk."""

    at: int
    data: bytes


class FilterStore(Protocol):
    """Files by the names of filters. All but `close` raises StoreUnavailable, and nothing else."""

    async def newest(self, names: Sequence[str]) -> Mapping[str, int]:
        """When each of these was changed; those that are there."""

    async def read(self, name: str) -> Shared | None:
        """One; None where there is none, or it is gone again."""

    async def write(self, name: str, known: int, shared: Shared) -> bool:
        """Put one in the place of that of `known` (0: of none); False where another is there."""

    async def close(self) -> None:
        """Never raises."""
