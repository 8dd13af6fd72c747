"""Audit: who changed what, from where, and what came of it. A line of JSON each, and the last of them to be asked for.

What it is told holds no secret: endpoints say what is to be shown of a change, never its body.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import orjson
from pydantic import BaseModel, Field

from gateway.listeners.admin.access import Caller
from gateway.listeners.admin.operation import Call, Operation
from gateway.model.settings.base import Frozen

_log = logging.getLogger("ragfront.audit")
_log.setLevel(logging.INFO)  # whatever else the operator wants to be spared

KEPT = 500
"""Changes that can be asked for, of this start; the log has them all."""

_LONGEST = 8 << 10  # bytes of what was before, and of what is after


class Change(BaseModel):
    """One change, or an attempt at one."""

    at: float = Field(description="Unix seconds")
    who: str
    role: str
    what: str = Field(description="method and path")
    source: str = Field(description="the address that it came from")
    status: int = Field(description="of the answer")
    result: str = Field(description="why it was refused; empty where it was done")
    before: Any = None
    after: Any = None


class Changes(BaseModel):
    """The newest first."""

    changes: list[Change]


class Recent(Frozen):
    """How many."""

    limit: int = Field(default=100, ge=1, le=KEPT)


class Audit:
    """wall: Unix seconds."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._changes: deque[Change] = deque(maxlen=KEPT)

    def note(
        self, caller: Caller, what: str, source: str, status: int, result: str, before: Any = None, after: Any = None
    ) -> None:
        """A change has been made, or refused."""
        change = Change(
            at=self._wall(), who=caller.name, role=caller.role, what=what, source=source,
            status=status, result=result, before=_short(before), after=_short(after),
        )  # fmt: skip
        self._changes.appendleft(change)
        _log.info("%s", change.model_dump_json())

    def operations(self) -> list[Operation]:
        """GET /admin/audit."""

        async def recent(call: Call) -> Changes:
            return Changes(changes=list(self._changes)[: call.query.limit])

        return [Operation("GET", "/admin/audit", "The last changes, the newest first", recent, Changes, query=Recent)]


def _short(value: Any) -> Any:
    """What is too long to be kept is told by its size."""
    size = len(orjson.dumps(value, default=str))
    return value if size <= _LONGEST else {"bytes": size}
