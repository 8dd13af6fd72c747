"""Queueing: who goes first, and is there any sense in waiting? No I/O, no clock."""

from collections.abc import Sequence
from enum import IntEnum
from math import ceil

from gateway.model.exchange import Request


class Priority(IntEnum):
    """Who goes first where not all can: the lowest number."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


_NAMES = {b"high": Priority.HIGH, b"normal": Priority.NORMAL, b"low": Priority.LOW}


def priority(request: Request, header: str | None, route: str) -> Priority:
    """The class of a request: what its header says, where one is agreed on and makes sense; else its route's."""
    said = request.fields.get(header.encode()) if header is not None else None
    return _NAMES.get((said or b"").strip(b" \t").lower(), _NAMES[route.encode()])


def expected_wait(ahead: int, limit: int, service: float) -> float:
    """Seconds until it is the turn of one with so many waiting before it.

    limit: calls at once, all taken. service: seconds that a call takes on the average; 0 where it is not known yet.
    Slots come free one by one, `limit` of them in each `service`.
    """
    return (ahead + 1) * service / max(1, limit)


def retry_after(seconds: float) -> int:
    """Whole seconds for Retry-After: never 0, which would ask for a retry at once; an hour at most."""
    return min(3600, max(1, ceil(seconds)))


def share(total: int, index: int, of: int) -> int:
    """What one of several workers gets of a figure that is meant for all of them; at least 1."""
    return max(1, total // of + (index < total % of))


def ahead(lengths: Sequence[int], mine: Priority) -> int:
    """How many go before one who comes now. lengths: of each class's queue."""
    return sum(lengths[: mine + 1])
