"""/admin/workers: what is each worker's own; and how the workers tell it to the one that serves this API."""

import asyncio
import logging
import os
from collections.abc import Callable

from pydantic import BaseModel, Field, ValidationError

from gateway.listeners.admin import bloom, entries, upstreams
from gateway.listeners.admin.operation import Call, Operation
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.views import WorkerView
from gateway.observe.board import Board

EVERY = 1.0
WITHIN = 5.0
"""Seconds. Of who has said nothing for so long, nothing is known."""

_log = logging.getLogger("ragfront.admin")


class WorkerReport(BaseModel):
    """One worker."""

    worker: int
    pid: int
    entries: int = Field(description="in its memory")
    bytes: int


class WorkerReports(BaseModel):
    """All that have told of themselves within the last seconds."""

    workers: int = Field(description="that there are to be")
    told: list[WorkerReport]


def view(parts: Parts, worker: int) -> WorkerView:
    """What this worker tells of itself."""
    memory = parts.memory()
    return WorkerView(
        worker=worker,
        pid=os.getpid(),
        entries=memory.entries or 0,
        bytes=memory.bytes or 0,
        upstreams=upstreams.seen(parts),
        filters=bloom.seen(parts),
        hits=entries.ranked(parts, "hits"),
        saved=entries.ranked(parts, "saved"),
    )


async def tell(board: Board, own: Callable[[], WorkerView]) -> None:
    """Say it again and again, where somebody hears it; until cancelled."""
    failed = False
    while not board.alone:
        try:
            board.put(own().model_dump_json().encode())
            failed = False
        except OSError as exc:
            if not failed:
                _log.warning("the other workers are not told what is here: %s", exc)
            failed = True
        await asyncio.sleep(EVERY)


def heard(board: Board) -> list[WorkerView]:
    """What the others have told lately."""
    found = []
    for said in board.others(WITHIN):
        try:
            found.append(WorkerView.model_validate_json(said))
        except ValidationError:  # of another version, while one takes the other's place
            continue
    return found


def operations(parts: Parts) -> list[Operation]:
    """The endpoint."""

    async def workers(_: Call) -> WorkerReports:
        told = [WorkerReport(**each.model_dump(include=set(WorkerReport.model_fields))) for each in parts.views()]
        return WorkerReports(workers=parts.workers, told=told)

    return [Operation("GET", "/admin/workers", "What each worker holds in memory", workers, WorkerReports)]
