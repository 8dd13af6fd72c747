"""Filter files for tests."""

from collections.abc import Iterable
from pathlib import Path

from gateway.guard.filterfile import Filter, Kind, save


def made(path: Path, members: Iterable[str], kind: Kind = "known", error_rate: float = 1e-6) -> str:
    """A filter of these members, written to a file; its path as settings take it."""
    filter = Filter(kind, 10_000, error_rate)
    for member in members:
        filter.add(member)
    save(filter, str(path))
    return str(path)
