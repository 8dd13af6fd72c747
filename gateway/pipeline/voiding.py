"""Voiding: what an unsafe request that succeeded has made void is used no more, by nobody (RFC 9111 section 4.4)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from gateway.cache.tiers import Tiers
from gateway.model.exchange import Request
from gateway.pipeline.plan import Plan
from gateway.policy.http.index import lines
from gateway.policy.http.invalidation import SAFE, invalidated
from gateway.policy.http.keys import parts_key
from gateway.policy.http.uri import target_uri
from gateway.policy.purges import Order, void
from gateway.upstream.reply import Reply

PATIENCE = 0.1
"""Seconds for which an answer waits until all have heard of its purge: twice as long as it takes them to look. A ledger
that is away, or a worker that has died, must not hold answers up.
"""

Purge = Callable[[Sequence[Order]], Awaitable[object]]


class Voiding:
    """One worker's. purge: has orders known to all workers and replicas; None: there are none beside this one.

    Removing alone would not do: a call that was under way would bring the old answer back. A purge knows it by its
    version. Where the ledger is away, removing is what there is. wall: Unix seconds.

    One purge is under way at a time, and what comes meanwhile goes with the next: clients decide how much is posted,
    and must not keep the ledger from those who operate it.
    """

    def __init__(self, tiers: Tiers, wall: Callable[[], float]) -> None:
        self._tiers = tiers
        self._wall = wall
        self._orders: dict[Order, None] = {}  # for the next purge
        self._next: asyncio.Future[None] | None = None  # done when all know of them
        self._task: asyncio.Task[None] | None = None
        self.purge: Purge | None = None

    async def after(self, plan: Plan, request: Request, reply: Reply) -> None:
        """An answer has come. Returns when all have acknowledged what it makes void, or PATIENCE is over."""
        if request.method in SAFE or not plan.by_http:
            return
        status, fields = reply.head.status, reply.head.fields
        uri = target_uri(plan.forwarding.as_sent(request))
        named = plan.void(request, invalidated(request.method, status, uri, fields))
        for _, key in named:
            variants = [line.key for line in lines(self._tiers.held(key, self._wall()))]
            for each in (*variants, parts_key(key), key):
                self._tiers.forget(each)
        if named and self.purge is not None:
            told = self._tell(self.purge, [void(route, key) for route, key in named])
            try:
                await asyncio.wait((told,), timeout=PATIENCE)
            except BaseException:  # its client has left
                reply.close()
                raise

    def _tell(self, purge: Purge, orders: Sequence[Order]) -> asyncio.Future[None]:
        """Have orders go with the next purge. Done when all know of them, or it has failed."""
        loop = asyncio.get_running_loop()
        self._orders |= dict.fromkeys(orders)
        self._next = told = self._next or loop.create_future()
        if self._task is None:
            self._task = loop.create_task(self._write(purge))
        return told

    async def _write(self, purge: Purge) -> None:
        """Purge, until there is nothing more to tell."""
        try:
            while (told := self._next) is not None:
                orders, self._orders, self._next = list(self._orders), {}, None
                try:
                    await purge(orders)
                finally:
                    told.set_result(None)
        finally:
            self._task = None

    async def close(self) -> None:
        """Let what is being written down be ended."""
        if (task := self._task) is not None:
            await asyncio.wait((task,), timeout=PATIENCE)
            task.cancel()
            await asyncio.wait((task,))
