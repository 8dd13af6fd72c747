"""Rules over the replicas of an upstream: how one is chosen, checked, put out and brought back."""

from collections.abc import Iterator

from gateway.config.findings import Finding
from gateway.config.places import Path, Source
from gateway.model.settings.upstream import UpstreamSettings
from gateway.model.units import format_duration

_DEFAULT = UpstreamSettings(urls=("http://one",))  # a file may state it all; what differs was meant


def check_replicas(upstream: UpstreamSettings, path: Path, source: Source) -> Iterator[Finding]:
    """`path`: where the upstream stands."""
    yield from _check_balance(upstream, path, source)
    yield from _check_health(upstream, (*path, "health"), source)
    yield from _check_ejection(upstream, path, source)


def _check_balance(upstream: UpstreamSettings, path: Path, source: Source) -> Iterator[Finding]:
    at, balance = (*path, "balance"), upstream.balance
    if len(upstream.urls) == 1 and balance != _DEFAULT.balance:
        yield Finding(at, "no effect: there is one replica", warning=True, also=((*path, "urls"),))
        return
    for name in ("pointer", "prefix", "bound"):
        if balance.mode != "hash" and getattr(balance, name) != getattr(_DEFAULT.balance, name):
            yield Finding((*at, name), "no effect: mode is not hash", warning=True, also=((*at, "mode"),))
    if (pointer := balance.pointer) is not None and "*" in pointer.split("/"):
        yield Finding((*at, "pointer"), "leads to several members; expected one, such as /messages")
    elif pointer is None and balance.mode == "hash" and source.wrote((*at, "prefix")):
        yield Finding((*at, "prefix"), "no effect without pointer", warning=True, also=((*at, "pointer"),))


def _check_health(upstream: UpstreamSettings, path: Path, source: Source) -> Iterator[Finding]:
    health = upstream.health
    if health.path is None:
        if health != _DEFAULT.health:
            text = "no checks without path; expected one, such as /health"
            yield Finding(path, text, warning=True, also=((*path, "path"),))
    elif health.timeout > health.interval:
        text = f"longer than interval ({format_duration(health.interval)}): checks come later than it says"
        at = (*path, "timeout" if source.wrote((*path, "timeout")) else "interval")
        yield Finding(at, text, warning=True, also=((*path, "timeout"), (*path, "interval")))


def _check_ejection(upstream: UpstreamSettings, path: Path, source: Source) -> Iterator[Finding]:
    at, ejection = (*path, "ejection"), upstream.ejection
    if ejection.first > ejection.longest:
        name, other = ("first", "longest") if source.wrote((*at, "first")) else ("longest", "first")
        text = f"first ({format_duration(ejection.first)}) is longer than longest ({format_duration(ejection.longest)})"
        yield Finding((*at, name), text, also=((*at, other),))
    if ejection == _DEFAULT.ejection:
        return
    count, out = len(upstream.urls), ejection.at_most * len(upstream.urls) // 100
    if count == 1:
        yield Finding(at, "no effect: there is one replica", warning=True, also=((*path, "urls"),))
    elif out == 0 and ejection.at_most:
        text = f"no effect: {ejection.at_most}% of {count} replicas is none"
        yield Finding((*at, "at_most"), text, warning=True, also=((*path, "urls"),))
