"""Together: many calls as one, and what becomes of them where it fails.

An answer that is about the service as a whole (it is overloaded, the key is wrong) goes to all of them. One that may
be about a single item (a bad request, a connection that broke) sends them again in halves and at last alone, with a
limit to how often, so that who is refused is the one who asked for it. An answer that cannot be taken apart says that
the service knows no batches: requests of this kind go alone for a while.
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
from gateway.model.settings.batch import BatchSettings
from gateway.policy.coding import decode
from gateway.policy.items import ItemForm, ItemKind, weight
from gateway.policy.parts import PartForm
from gateway.upstream.call import Call
from gateway.upstream.fetch import Upstream
from gateway.upstream.part import part_of
from gateway.upstream.reply import Reply

ALONE_FOR = 60.0
"""Seconds for which calls go alone after an answer that could not be taken apart."""

_MORE_CALLS = 64  # after a call for many has failed: 2 for each halving, and those alone
_FEW = 8  # so many are asked one by one instead of in halves
_REMEMBERED = 1024  # ways of asking
# About the service, the caller or the place, all of which the calls have in common.
_FOR_ALL = frozenset({401, 402, 403, 404, 405, 407, 410, 429, 501, 502, 503, 504})
_NO_SUCH_PLACE = frozenset({404, 405, 410, 501})
# Of one call, and so not of a call for many.
LEFT_OUT = frozenset({b"content-length", b"idempotency-key"})


@dataclass(slots=True)
class Asked:
    """One call that waits. value: its body as JSON."""

    call: Call
    kind: ItemKind
    item: Any
    value: Any
    reply: "asyncio.Future[Reply]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class _Apart(Exception):
    """The answer to all may be about one of them. wrong: it is not an answer to many at all."""

    def __init__(self, detail: str, *, wrong: bool = False) -> None:
        super().__init__(detail)
        self.wrong = wrong


class Together:
    """One route's calls for many. clock: monotonic seconds."""

    def __init__(
        self,
        upstream: Upstream,
        settings: BatchSettings,
        form: ItemForm,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstream = upstream
        self._settings = settings
        self._form = form
        self._parts = PartForm(settings)
        self._ending = (settings.ending or "").encode()
        # By what calls have in common but the route: one odd way of asking must not part all others.
        self._apart: TTLCache[int, bool] = TTLCache(_REMEMBERED, ALONE_FOR, timer=clock)

    def works(self, target: bytes, value: Any) -> bool:
        """Whether the route says so, and the service has not lately shown that it knows no batches of such requests."""
        return target.partition(b"?")[0].endswith(self._ending) and hash(self._form.besides(value)) not in self._apart

    async def run(self, asked: list[Asked]) -> None:
        """Have each of them answered, or failed."""
        try:
            await self._ask(asked, _Budget())
        except asyncio.CancelledError:
            _fail(asked, UpstreamReset(self._upstream.name, "was given up"))
            raise
        except Exception as exc:  # a bug: nobody must wait for ever, and each one's flight tells of it
            _fail(asked, exc)

    async def _ask(self, asked: Sequence[Asked], budget: "_Budget") -> None:
        """The same, of those who still wait."""
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

    async def _ask_alone(self, one: Asked) -> None:
        try:
            reply = await self._upstream.fetch(one.call)
        except UpstreamError as exc:
            _fail([one], exc)
            return
        if one.reply.done():
            reply.close()
        else:
            one.reply.set_result(reply)

    async def _ask_again(self, asked: Sequence[Asked], budget: "_Budget", why: _Apart) -> None:
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

    async def _ask_together(self, asked: Sequence[Asked]) -> list[Reply]:
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
            pairs = tuple(pair for pair in first.fields(authority) if pair[0].lower() not in LEFT_OUT)
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


def _fail(asked: Sequence[Asked], exc: BaseException) -> None:
    for one in asked:
        if not one.reply.done():
            one.reply.set_exception(exc)
