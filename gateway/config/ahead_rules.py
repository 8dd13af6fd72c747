"""Rules over what is asked before anybody waits for it: early revalidation, and warming."""

import math
from collections.abc import Iterator

from gateway.config.findings import Finding
from gateway.config.places import Path, Source
from gateway.model.settings.file import Settings
from gateway.model.settings.route import RouteSettings
from gateway.model.settings.warm import WarmSettings


def check_ahead(settings: Settings, source: Source) -> Iterator[Finding]:
    """Findings about all routes."""
    for index, route in enumerate(settings.routes):
        path: Path = ("routes", index)
        yield from _check_early(route, (*path, "cache"))
        yield from _check_warm(route, path, settings, source)


def _check_early(route: RouteSettings, path: Path) -> Iterator[Finding]:
    if not route.cache.early_revalidation:
        return
    at, ttl = (*path, "early_revalidation"), (*path, "ttl")
    if route.cache.mode != "on":
        yield Finding(at, f"no effect: mode is {route.cache.mode}", warning=True, also=((*path, "mode"),))
    elif math.isclose(route.cache.ttl, 0):
        yield Finding(at, "no effect: ttl is 0, so that no answer is ever fresh", warning=True, also=(ttl,))


def _check_warm(route: RouteSettings, path: Path, settings: Settings, source: Source) -> Iterator[Finding]:
    top, rate = (*path, "warm", "top"), (*path, "warm", "rate")
    if not route.warm.top:
        if source.wrote(rate) and route.warm.rate != WarmSettings().rate:
            yield Finding(rate, "no effect: top is 0; expected how many questions to ask", warning=True, also=(top,))
        return
    mode = (*path, "cache", "mode")
    if route.cache.mode != "on":
        yield Finding(top, f"no effect: cache.mode is {route.cache.mode}", warning=True, also=(mode,))
    elif settings.l2 is None:
        text = "forgotten at each stop: there is no l2 to keep the questions in"
        yield Finding(top, text, warning=True, also=(("l2",),))
    named = (*path, "key", "identity")
    if not isinstance(route.key.identity, str):
        text = "questions that come with one of these are not remembered for warm.top: they may be credentials"
        yield Finding(named, text, warning=True, also=(top,))
