"""The ledger protocol: where purges and overrides are kept, and who is there. One contract suite holds all to it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Row(NamedTuple):
    """One record. Versions are positive, and rise."""

    version: int
    data: bytes


class Page(NamedTuple):
    """What a ledger holds behind a version, oldest first. newest: its newest version; 0: there is no ledger."""

    newest: int
    rows: Sequence[Row]


class Ledger(Protocol):
    """A list of rows, all or nothing of which may get lost, and beside it a row for each member of the fleet.

    Every method but `close` raises StoreUnavailable where the ledger cannot be had now, and nothing else; none takes
    longer than some seconds.
    """

    name: str
    """"redis", "disk" or "memory"."""

    async def close(self) -> None:
        """Gives back what is held. A second call does nothing."""

    async def read(self, after: int) -> Page:
        """What is newer than a version."""

    async def append(self, known: int, rows: Sequence[Row]) -> bool:
        """Adds rows, all or none, where `known` is the newest version (0: there is no ledger); else False."""

    async def rewrite(self, known: int, rows: Sequence[Row]) -> bool:
        """Puts rows in the place of all there are, where `known` is the newest version; else False."""

    async def changed(self, after: int) -> None:
        """Returns when there may be something newer, after a second at most."""

    async def members(self) -> Mapping[str, bytes]:
        """The members' rows, by their names."""

    async def enroll(self, name: str, row: bytes, *, anew: bool = True) -> None:
        """Keeps a member's row. anew: also in the place of one that is there."""

    async def dismiss(self, name: str) -> None:
        """Forgets a member's row; an unknown name is fine."""
