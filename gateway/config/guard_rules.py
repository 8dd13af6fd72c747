"""Rules over what protects upstreams: budgets of clients, and limits on calls at once."""

from collections.abc import Iterator

from gateway.config.findings import Finding
from gateway.config.places import Path, Source
from gateway.model.settings.file import Settings
from gateway.model.settings.guards import BudgetSettings
from gateway.model.settings.upstream import ConcurrencySettings


def check_guards(settings: Settings, source: Source) -> Iterator[Finding]:
    """Findings about all upstreams' concurrency and all routes' budgets."""
    for name, upstream in settings.upstreams.items():
        yield from _check_concurrency(upstream.concurrency, ("upstreams", name, "concurrency"), source)
    for index, route in enumerate(settings.routes):
        path: Path = ("routes", index)
        yield from _check_budget(route.budget, (*path, "budget"), settings, source)
        asked = settings.upstreams.get(route.upstream)
        if asked is not None and asked.concurrency.mode == "off" and route.priority != "normal":
            at = ("upstreams", route.upstream, "concurrency", "mode")
            text = f"no effect: {route.upstream} has no limit on calls at once (concurrency.mode is off)"
            yield Finding((*path, "priority"), text, warning=True, also=(at,))


def _check_concurrency(stated: ConcurrencySettings, path: Path, source: Source) -> Iterator[Finding]:
    mode = (*path, "mode")
    without = {"off": ("limit", "min", "max", "queue", "wait", "priority_header"), "fixed": ("min", "max")}
    for name in without.get(stated.mode, ()):
        if source.wrote(at := (*path, name)) and getattr(stated, name) != getattr(ConcurrencySettings(), name):
            yield Finding(at, f"no effect: mode is {stated.mode}", warning=True, also=(mode,))
    if stated.mode == "adaptive":
        least, most = (*path, "min"), (*path, "max")
        if stated.min > stated.max:
            yield Finding(least, f"more than max ({stated.max})", also=(most,))
        elif not stated.min <= stated.limit <= stated.max:
            text = f"it begins outside of min ({stated.min}) and max ({stated.max})"
            yield Finding((*path, "limit"), text, also=(least, most))


def _check_budget(stated: BudgetSettings, path: Path, settings: Settings, source: Source) -> Iterator[Finding]:
    rate = (*path, "rate")
    if stated.rate == "off":
        for name in ("burst", "client"):
            if source.wrote(at := (*path, name)) and getattr(stated, name) != getattr(BudgetSettings(), name):
                yield Finding(at, "no effect: rate is off; expected a rate such as 30/m", warning=True, also=(rate,))
    elif stated.client == "peer" and settings.listen.startswith("unix:") and "unix" not in settings.forwarding.trusted:
        text = "all clients are one: over a Unix socket they have no address; add unix to forwarding.trusted"
        yield Finding((*path, "client"), text, warning=True, also=(("listen",), ("forwarding", "trusted")))
