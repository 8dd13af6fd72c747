"""Rules over routes that follow RFC 9111: what of a route's settings has no part in it."""

from collections.abc import Iterator

from gateway.config.findings import Finding
from gateway.config.places import Path, Source
from gateway.model.settings.route import CacheSettings, RouteSettings

_ABOUT_QUESTIONS = ("empty", "bloom", "stream", "shape", "batch", "degrade", "drift", "warm", "bypass_when")
_IN_KEY = ("body", "ignore", "defaults", "normalize", "query", "query_ignore", "max_body")
_IN_CACHE = ("jitter", "early_revalidation", "cache_control", "statuses", "store_unless", "replay_without")
_ABOUT_HTTP = ("set_cookie", "targets")
_USUAL = CacheSettings()


def check_http(route: RouteSettings, path: Path, source: Source) -> Iterator[Finding]:
    """Findings about one route."""
    rules = (*path, "cache", "rules")
    if route.cache.rules != "http":
        for name in _ABOUT_HTTP:
            if getattr(route.cache, name) != getattr(_USUAL, name):
                at = (*path, "cache", name)
                yield Finding(at, "no effect: cache.rules is not http", warning=True, also=(rules,))
        return
    if route.cache.mode == "shadow":
        text = "expected on or off: what a cache would do by RFC 9111 is not counted in shadow"
        yield Finding((*path, "cache", "mode"), text, also=(rules,))
    unused = [(*path, name) for name in _ABOUT_QUESTIONS]
    unused += [(*path, "key", name) for name in _IN_KEY]
    unused += [(*path, "cache", name) for name in _IN_CACHE]
    for at in unused:
        if source.wrote(at):
            text = "no effect: with cache.rules http, the answers' own fields say what is stored, and for how long"
            yield Finding(at, text, warning=True, also=(rules,))
    for index, tag in enumerate(route.tags):
        if "{" in tag:
            text = "a body is not looked into with cache.rules http; expected text without pointers"
            yield Finding((*path, "tags", index), text, also=(rules,))
