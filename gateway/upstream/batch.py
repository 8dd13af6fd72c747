"""Batch: calls about one item each gather for a moment and go upstream as one; each gets its part of the answer.

Only calls that differ in nothing but the item travel together. Single calls wait for the route's window; the items of
a list wait for each other only. What one call for many is, and what becomes of it where it fails, says `together`.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter

from gateway.model.fields import Pairs
from gateway.model.settings.batch import BatchSettings
from gateway.policy.document import parse
from gateway.policy.items import ItemForm, Single
from gateway.upstream.call import Call
from gateway.upstream.fetch import Upstream
from gateway.upstream.reply import Reply
from gateway.upstream.together import LEFT_OUT, Asked, Together

_PARTY_WAITS = 0.025  # seconds, for items of a list that find their answers slowly
_FULL = 4 << 20  # bytes of request bodies, which all go into one
# What a body that is not the client's would make wrong.
_SEALED = frozenset(
    {
        b"content-md5", b"digest", b"content-digest", b"repr-digest", b"signature", b"signature-input",
        b"x-amz-content-sha256", b"x-hub-signature", b"x-hub-signature-256",
    }
)  # fmt: skip


@dataclass(slots=True)
class _Group:
    """Calls that will travel together. size: of their bodies. left: how many of them are still waited for."""

    asked: list[Asked] = field(default_factory=list)
    size: int = 0
    left: int = 0
    timer: asyncio.TimerHandle | None = None
    task: "asyncio.Task[None] | None" = None


class Gathering:
    """One route's. noise: lower-case names of request fields in which calls may differ. clock: monotonic seconds."""

    def __init__(
        self,
        upstream: Upstream,
        settings: BatchSettings,
        form: ItemForm,
        noise: frozenset[bytes] = frozenset(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstream = upstream
        self._settings = settings
        self._form = form
        self._together = Together(upstream, settings, form, clock)
        self.works = self._together.works
        self._quiet = noise | LEFT_OUT
        self._groups: dict[object, _Group] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def fetch(self, call: Call) -> Reply:
        """The answer to this call, from a call of its own or from one for many. Raises UpstreamError."""
        found = self._place(call)
        if found is None:
            if call.seat is not None:
                call.seat.settle()
            return await self._upstream.fetch(call)
        return await self._join(*found)

    def _place(self, call: Call) -> tuple[object, Asked] | None:
        """What the call shares with those that it may travel with; None where it goes alone."""
        party = call.seat.party if call.seat is not None else None
        if party is None and not self._settings.window:
            return None
        document = parse(call.body)
        read = self._form.read(document)
        fields = call.fields(b"")
        if not isinstance(read, Single) or sealed(fields) or not self.works(call.target, document.value):
            return None
        kept = ((name.lower(), value) for name, value in fields if name.lower() not in self._quiet)
        alike = tuple(sorted(kept, key=itemgetter(0)))  # lines of one name in their order
        asked = Asked(call, read.kind, read.item, document.value)
        return (party, call.method, call.target, alike, read.kind, self._form.besides(document.value)), asked

    async def _join(self, key: object, asked: Asked) -> Reply:
        group = self._groups.get(key)
        seat = asked.call.seat
        if group is None:
            group = self._groups[key] = _Group()
            wait = self._settings.window if seat is None else max(self._settings.window, _PARTY_WAITS)
            group.timer = asyncio.get_running_loop().call_later(wait, self._send, key)
        group.asked.append(asked)
        group.left += 1
        group.size += len(asked.call.body)
        if len(group.asked) >= self._settings.max_items or group.size >= _FULL:
            self._send(key)
        if seat is not None:
            seat.party.complete = lambda: self._send(key)
            seat.settle()
        try:
            return await asked.reply
        except asyncio.CancelledError:
            _abandon(asked)
            group.left -= 1
            if not group.left and group.task is not None:
                group.task.cancel()  # nobody is left who wants it
            raise

    def _send(self, key: object) -> None:
        """The group is complete. No await: whoever comes next opens another."""
        group = self._groups.pop(key, None)
        if group is None:
            return
        if group.timer is not None:
            group.timer.cancel()
        group.task = asyncio.create_task(self._together.run(group.asked))
        self._tasks.add(group.task)
        group.task.add_done_callback(self._tasks.discard)


def sealed(fields: Pairs) -> bool:
    """Whether a request vouches for the very bytes of its body, so that no other may be sent in its name."""
    return any(
        name.lower() in _SEALED or (name.lower() == b"authorization" and value.startswith(b"AWS4-"))
        for name, value in fields
    )


def _abandon(asked: Asked) -> None:
    """Who waited is gone; what was already put down for him is closed."""
    future = asked.reply
    if not future.done():
        future.cancel()
    elif not future.cancelled() and future.exception() is None:
        future.result().close()
