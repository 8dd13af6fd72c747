"""Admit: who may have the upstream asked. The client's budget, then a turn; the turn is held until the call is over.

Only what goes upstream comes here: answers from the cache, answers that are shared and stale ones cost nothing. What
is passed through on a route with a budget costs as much as a miss, or else an odd request (too large, not to be
stored) would be the way around it. Who has paid and is then shed does not get it back: floods of a queue are what
budgets are for.
"""

from collections.abc import Awaitable, Callable

from gateway.guard.concurrency import Permit, Refused
from gateway.guard.guards import Guards
from gateway.model.errors import Shed, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from gateway.model.exchange import Request
from gateway.model.outcome import Reason
from gateway.model.settings.file import Settings
from gateway.model.settings.route import RouteSettings
from gateway.policy.client import Payer
from gateway.policy.forwarding import Forwarding
from gateway.policy.queueing import Priority, priority
from gateway.upstream.call import Call
from gateway.upstream.fetch import Upstream
from gateway.upstream.reply import Reply

Ask = Callable[[Call], Awaitable[Reply]]

# Not 500: that is a bug more often than a load, and whoever knows a question that meets it could shut out all others.
_TOO_BUSY = frozenset({429, 502, 503, 504, 529})


class Admit:
    """One plan's."""

    def __init__(self, settings: Settings, forwarding: Forwarding, guards: Guards) -> None:
        self._guards = guards
        self._payers = {
            route.name: Payer(route.budget.client, forwarding)
            for route in settings.routes
            if route.name in guards.budgets
        }

    async def fetch(
        self,
        upstream: Upstream,
        call: Call,
        request: Request,
        route: RouteSettings | None,
        *,
        free: bool = False,
        spare: bool = False,
        ask: Ask | None = None,
    ) -> Reply:
        """As `Upstream.fetch`, where it may be asked. Raises Shed where not, UpstreamError.

        free: it spends no budget. spare: it takes a turn that is free, or none; nobody waits for it.
        ask: instead of `upstream.fetch`. Calls that travel together hold a turn each.
        """
        ask = ask or upstream.fetch
        if route is not None and not free and route.name in self._guards.budgets:
            await self._pay(upstream, request, route)
        limiter = self._guards.limiters.get(upstream.name)
        if limiter is None:
            return await ask(call)
        permit = await limiter.acquire(self.priority(upstream, request, route), spare=spare)
        if isinstance(permit, Refused):
            raise Shed(upstream.name, Reason.CONCURRENCY, permit.seconds)
        return await self._call(ask, call, permit)

    async def _pay(self, upstream: Upstream, request: Request, route: RouteSettings) -> None:
        wait = await self._guards.budgets[route.name].spend(self.client(request, route))
        if wait and route.cache.mode == "shadow":
            self._guards.figures.budget_spared(route.name)
        elif wait:
            self.refused(route)
            raise Shed(upstream.name, Reason.BUDGET, wait)

    async def _call(self, ask: Ask, call: Call, permit: Permit) -> Reply:
        try:
            reply = await ask(call)
        except UpstreamError as exc:
            permit.give_back(trouble=isinstance(exc, UpstreamTimeout | UpstreamUnreachable))
            raise
        except BaseException:
            permit.give_back(counts=False)
            raise
        if reply.upgraded:
            permit.give_back(counts=False)  # nobody can tell whether a tunnel makes work, and it may stand for days
            return reply
        busy = reply.head.status in _TOO_BUSY

        def over(result: str) -> None:
            permit.give_back(counts=result != "abandoned", trouble=busy or result == Reason.UPSTREAM_TIMEOUT)

        reply.when_over(over)
        return reply

    def priority(self, upstream: Upstream, request: Request, route: RouteSettings | None) -> Priority:
        """Who goes first."""
        header = upstream.settings.concurrency.priority_header
        return priority(request, header, route.priority if route is not None else "normal")

    def client(self, request: Request, route: RouteSettings) -> bytes:
        """Who would pay; b"" where the route has no budget."""
        payer = self._payers.get(route.name)
        return payer.client(request) if payer is not None else b""

    def owes(self, request: Request, route: RouteSettings) -> float:
        """Seconds until this client has a token, as far as can be told at once. Spends none."""
        budget = self._guards.budgets.get(route.name)
        return budget.wait(self.client(request, route)) if budget is not None else 0.0

    def refused(self, route: RouteSettings) -> None:
        """Count a refusal."""
        self._guards.figures.budget_refused(route.name)
