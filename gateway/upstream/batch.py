"""Batch: calls about one item each gather for a moment and go upstream as one; each gets its part of the answer.

Only calls that differ in nothing but the item travel together. An answer that is about the service as a whole (it is
overloaded, the key is wrong) goes to all of them. One that may be about a single item (a bad request, a connection
that broke) sends them again in halves and at last alone, with a limit to how often, so that who is refused is the one
who asked for it. An answer that cannot be taken apart says that the service knows no batches: all go alone for a while.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin

from cachetools import TTLCache

from gateway.model.errors import UpstreamError, UpstreamProtocol, UpstreamReset
from gateway.model.fields import Pairs
from gateway.model.settings import BatchSettings
from gateway.policy.coding import decode
from gateway.policy.document import parse
from gateway.policy.items import ItemForm, ItemKind, Single, weight
from gateway.policy.parts import PartForm
from gateway.upstream.fetch import Call, Upstream
from gateway.upstream.part import part_of
from gateway.upstream.reply import Reply

ALONE_FOR = 60.0
"""Seconds for which calls go alone after an answer that could not be taken apart."""

_MORE_CALLS = 64  # after a call for many has failed: 2 for each halving, and those alone
_FEW = 8  # so many are asked one by one instead of in halves
_PARTY_WAITS = 0.025  # seconds, for items of a list that find their answers slowly
_REMEMBERED = 1024  # ways of asking
_FULL = 4 << 20  # bytes of request bodies, which all go into one
# About the service, the caller or the place, all of which the calls have in common.
_FOR_ALL = frozenset({401, 402, 403, 404, 405, 407, 410, 429, 501, 502, 503, 504})
_NO_SUCH_PLACE = frozenset({404, 405, 410, 501})
# Of one call, and so not of a call for many; and what a body that is not the client's would make wrong.
_LEFT_OUT = frozenset({b"content-length", b"idempotency-key"})
_SEALED = frozenset(
    {
        b"content-md5", b"digest", b"content-digest", b"repr-digest", b"signature", b"signature-input",
        b"x-amz-content-sha256", b"x-hub-signature", b"x-hub-signature-256",
    }
)  # fmt: skip


@dataclass(slots=True)
class _Asked:
    """One call that waits. value: its body as JSON."""

    call: Call
    kind: ItemKind
    item: Any
    value: Any
    reply: "asyncio.Future[Reply]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(slots=True)
class _Group:
    """Calls that will travel together. size: of their bodies. left: how many of them are still waited for."""

    asked: list[_Asked] = field(default_factory=list)
    size: int = 0
    left: int = 0
    timer: asyncio.TimerHandle | None = None
    task: "asyncio.Task[None] | None" = None


class _Apart(Exception):
    """The answer to all may be about one of them. wrong: it is not an answer to many at all."""

    def __init__(self, detail: str, *, wrong: bool = False) -> None:
        super().__init__(detail)
        self.wrong = wrong


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
        self._parts = PartForm(settings)
        self._ending = (settings.ending or "").encode()
        self._quiet = noise | _LEFT_OUT
        # By what calls have in common but the route: one odd way of asking must not part all others.
        self._apart: TTLCache[int, bool] = TTLCache(_REMEMBERED, ALONE_FOR, timer=clock)
        self._groups: dict[object, _Group] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def works(self, target: bytes, value: Any) -> bool:
        """Whether the route says so, and the service has not lately shown that it knows no batches of such requests."""
        return target.partition(b"?")[0].endswith(self._ending) and hash(self._form.besides(value)) not in self._apart

    async def fetch(self, call: Call) -> Reply:
        """The answer to this call, from a call of its own or from one for many. Raises UpstreamError."""
        found = self._place(call)
        if found is None:
            if call.seat is not None:
                call.seat.settle()
            return await self._upstream.fetch(call)
        return await self._join(*found)

    def _place(self, call: Call) -> tuple[object, _Asked] | None:
        """What the call shares with those that it may travel with; None where it goes alone."""
        party = call.seat.party if call.seat is not None else None
        if party is None and not self._settings.window:
            return None
        document = parse(call.body)
        read = self._form.read(document)
        fields = call.fields(b"")
        if not isinstance(read, Single) or sealed(fields) or not self.works(call.target, document.value):
            return None
        alike = frozenset((name.lower(), value) for name, value in fields if name.lower() not in self._quiet)
        asked = _Asked(call, read.kind, read.item, document.value)
        return (party, call.method, call.target, alike, read.kind, self._form.besides(document.value)), asked

    async def _join(self, key: object, asked: _Asked) -> Reply:
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
        group.task = asyncio.create_task(self._run(group.asked))
        self._tasks.add(group.task)
        group.task.add_done_callback(self._tasks.discard)

    async def _run(self, asked: list[_Asked]) -> None:
        try:
            await self._ask(asked, _Budget())
        except asyncio.CancelledError:
            _fail(asked, UpstreamReset(self._upstream.name, "was given up"))
            raise
        except Exception as exc:  # a bug: nobody must wait for ever, and each one's flight tells of it
            _fail(asked, exc)

    async def _ask(self, asked: Sequence[_Asked], budget: "_Budget") -> None:
        """Have each of them answered."""
        asked = [one for one in asked if not one.reply.done()]  # without those who left
        if len(asked) < 2:
            for one in asked:
                await self._ask_alone(one)
            return
        try:
            replies = await self._ask_together(asked)
        except _Apart as exc:
            await self._ask_again(asked, budget, exc)
        except UpstreamError as exc:
            _fail(asked, exc)
        else:
            for one, reply in zip(asked, replies, strict=True):
                if not one.reply.done():
                    one.reply.set_result(reply)

    async def _ask_alone(self, one: _Asked) -> None:
        try:
            reply = await self._upstream.fetch(one.call)
        except UpstreamError as exc:
            _fail([one], exc)
            return
        if one.reply.done():
            reply.close()
        else:
            one.reply.set_result(reply)

    async def _ask_again(self, asked: Sequence[_Asked], budget: "_Budget", why: _Apart) -> None:
        """In halves, or each alone; who comes too late for that fails."""
        if why.wrong:
            self._apart[hash(self._form.besides(asked[0].value))] = True
        middle = len(asked) // 2
        alone = why.wrong or len(asked) <= _FEW
        smaller = [[one] for one in asked] if alone else [asked[:middle], asked[middle:]]
        granted = budget.take(len(smaller))
        for group in smaller[granted:]:
            _fail(group, UpstreamProtocol(self._upstream.name, f"refused {len(asked)} calls sent as one: {why}"))
        await asyncio.gather(*(self._ask(group, budget) for group in smaller[:granted]))

    async def _ask_together(self, asked: Sequence[_Asked]) -> list[Reply]:
        """One call for all; the parts of its answer in their order. Raises _Apart, UpstreamError."""
        body = self._form.about_several(asked[0].value, [one.item for one in asked])
        self._upstream.batched(len(asked))
        try:
            reply = await self._upstream.fetch(self._call(asked[0].call, body))
            answer = await _whole(reply, self._settings.max_body)
        except UpstreamReset as exc:  # an item may have killed it
            raise _Apart(exc.detail) from exc
        status = reply.head.status
        gone = self._settings.path is not None and status in _NO_SUCH_PLACE
        if answer is not None and status in _FOR_ALL and not gone and b"set-cookie" not in reply.head.fields:
            return [part_of(reply, answer) for _ in asked]
        if status != 200:
            raise _Apart(f"status {status}", wrong=gone)
        if b"set-cookie" in reply.head.fields and asked[0].call.seat is None:
            raise _Apart("a cookie for one of several", wrong=True)
        parts = None if answer is None else self._parts.apart(answer, [weight(one.kind, one.item) for one in asked])
        if parts is None:
            raise _Apart("an answer that is not one to so many", wrong=answer is not None and reply.whole)
        return [part_of(reply, part) for part in parts]

    def _call(self, first: Call, body: bytes) -> Call:
        """The call for all: the first one's, but for its body and where that goes."""

        def fields(authority: bytes) -> Pairs:
            pairs = tuple(pair for pair in first.fields(authority) if pair[0].lower() not in _LEFT_OUT)
            return (*pairs, (b"Content-Length", b"%d" % len(body)))

        return replace(first, target=self._target(first.target), body=body, fields=fields, seat=None)

    def _target(self, target: bytes) -> bytes:
        if self._settings.path is None:
            return target
        path, mark, query = target.partition(b"?")
        # latin-1 stands for the bytes as they are, whatever the client meant by them.
        there = urljoin(path.decode("latin-1"), self._settings.path.encode().decode("latin-1"))
        return there.encode("latin-1") + mark + query


class _Budget:
    """How many further calls a failed call for many may cost."""

    def __init__(self) -> None:
        self._left = _MORE_CALLS

    def take(self, calls: int) -> int:
        """How many of so many are granted."""
        granted = min(calls, self._left)
        self._left -= granted
        return granted


def sealed(fields: Pairs) -> bool:
    """Whether a request vouches for the very bytes of its body, so that no other may be sent in its name."""
    return any(
        name.lower() in _SEALED or (name.lower() == b"authorization" and value.startswith(b"AWS4-"))
        for name, value in fields
    )


async def _whole(reply: Reply, limit: int) -> bytes | None:
    """The body, decoded; None where it is over `limit` bytes or in an unknown coding. Raises UpstreamError."""
    pieces: list[bytes] = []
    size = 0
    try:
        while piece := await reply.read():
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                return None
    finally:
        reply.close()  # of no effect where it has been read to its end
    body = b"".join(pieces)
    return decode(body, reply.head.fields.joined(b"content-encoding") or b"", limit)


def _fail(asked: Sequence[_Asked], exc: BaseException) -> None:
    for one in asked:
        if not one.reply.done():
            one.reply.set_exception(exc)


def _abandon(asked: _Asked) -> None:
    """Who waited is gone; what was already put down for him is closed."""
    future = asked.reply
    if not future.done():
        future.cancel()
    elif not future.cancelled() and future.exception() is None:
        future.result().close()
