"""Drains: replicas that an operator has taken out, as they stand among the ledger's overrides. No I/O.

A route's name holds no `@`, so that a drain is never taken for one. Each replica has a record of its own: two operators
who drain two of them at once do not undo each other's.
"""

from collections.abc import Mapping
from typing import Any, Protocol

_MARK = "@drained "


class Overriding(Protocol):
    """What is kept under a name."""

    @property
    def patch(self) -> Mapping[str, Any]:
        """Settings over a route's; of a drain, nothing."""


def drain_name(upstream: str, replica: str) -> str:
    """Under which a drain is kept."""
    return f"{_MARK}{upstream} {replica}"


def is_drain(name: str) -> bool:
    """Whether it is kept under such a name."""
    return name.startswith(_MARK)


def split(overrides: Mapping[str, Overriding]) -> tuple[dict[str, Mapping[str, Any]], frozenset[tuple[str, str]]]:
    """Overrides -> patches by route, and (upstream, replica) of all that are drained."""
    patches = {name: one.patch for name, one in overrides.items() if not is_drain(name)}
    named = (name.removeprefix(_MARK).partition(" ") for name in overrides if is_drain(name))
    return patches, frozenset((upstream, replica) for upstream, _, replica in named)
