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
from gateway.policy.purges import Order, Scope
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
    """

    def __init__(self, tiers: Tiers, wall: Callable[[], float]) -> None:
        self._tiers = tiers
        self._wall = wall
        self._tasks: set[asyncio.Task[object]] = set()
        self.purge: Purge | None = None

    async def after(self, plan: Plan, request: Request, reply: Reply) -> None:
        """An answer has come. Returns when all have acknowledged what it makes void, or PATIENCE is over."""
        if request.method in SAFE or not plan.by_http:
            return
        status, fields = reply.head.status, reply.head.fields
        uri = target_uri(plan.forwarding.as_sent(request))
        keys = plan.void(request, invalidated(request.method, status, uri, fields))
        for key in keys:
            variants = [line.key for line in lines(self._tiers.held(key, self._wall()))]
            for each in (*variants, parts_key(key), key):
                self._tiers.forget(each)
        if keys and self.purge is not None:
            task = asyncio.ensure_future(self.purge([Order(Scope.KEY, key.hex()) for key in keys]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            try:
                await asyncio.wait((task,), timeout=PATIENCE)
            except BaseException:  # its client has left
                reply.close()
                raise

    async def close(self) -> None:
        """Let what is being written down be ended."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PATIENCE)
        for task in self._tasks:
            task.cancel()
