"""Guards: the budgets of all routes and the limiters of all upstreams of one worker, made from settings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.guard.budget import Budget, SharedBuckets
from gateway.guard.concurrency import Limiter
from gateway.model.settings.file import Settings
from gateway.model.settings.guards import BudgetSettings
from gateway.policy.bucket import tariff


class Figures(Protocol):
    """Who is told."""

    def budget_refused(self, route: str) -> None:
        """A call was refused because its client has spent its budget."""

    def budget_spared(self, route: str) -> None:
        """A call would have been refused, but for shadow mode."""

    def queued(self, upstream: str, seconds: float) -> None:
        """Somebody was in an upstream's queue for so long."""

    def watch_limiters(self, limiters: Callable[[], dict[str, Limiter]]) -> None:
        """What to read at each refresh: limit, in_flight, queued and shed (a total) of each upstream's."""


class Untold:
    """Tells nobody."""

    def budget_refused(self, route: str) -> None:
        pass

    def budget_spared(self, route: str) -> None:
        pass

    def queued(self, upstream: str, seconds: float) -> None:
        pass

    def watch_limiters(self, limiters: Callable[[], dict[str, Limiter]]) -> None:
        pass


@dataclass(slots=True, frozen=True)
class Surroundings:
    """What all guards of a worker share, whatever the settings say. worker, of: which of how many it is."""

    figures: Figures
    shared: SharedBuckets | None = None
    worker: int = 0
    of: int = 1


class Guards:
    """What protects the upstreams. before: the guards of older settings, of which those that still fit are kept."""

    def __init__(self, settings: Settings, around: Surroundings | None = None, before: "Guards | None" = None) -> None:
        around = around or Surroundings(Untold())
        self.figures = around.figures
        self._stated: dict[str, BudgetSettings] = {}
        self.budgets: dict[str, Budget] = {}
        self.limiters: dict[str, Limiter] = {}
        for route in settings.routes:
            if route.budget.rate != "off":
                self._stated[route.name] = route.budget
                self.budgets[route.name] = self._budget(route.name, route.budget, around, before)
        for name, upstream in settings.upstreams.items():
            stated = upstream.concurrency
            if stated.mode == "off":
                continue
            kept = before.limiters.get(name) if before is not None else None
            if kept is None or kept.settings != stated:
                kept = Limiter(stated, around.worker, around.of, self._waited(name))
            self.limiters[name] = kept
        around.figures.watch_limiters(lambda: self.limiters)

    def _budget(self, route: str, stated: BudgetSettings, around: Surroundings, before: "Guards | None") -> Budget:
        if before is not None and before._stated.get(route) == stated:
            return before.budgets[route]
        return Budget(route, tariff(stated.rate, stated.burst), around.shared)

    def _waited(self, upstream: str) -> Callable[[float], None]:
        return lambda seconds: self.figures.queued(upstream, seconds)
