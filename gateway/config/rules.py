"""Rules over more than one setting. Errors cannot work; warnings run, but are rarely meant.

Looks whether files are there, and opens none.
"""

import ipaddress
import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from gateway.config.addresses import Address, clash, parse_address
from gateway.config.admin_rules import check_tokens
from gateway.config.ahead_rules import check_ahead
from gateway.config.control_rules import check_control
from gateway.config.degrade_rules import check_degrade
from gateway.config.drift_rules import check_drift
from gateway.config.findings import Finding
from gateway.config.guard_rules import check_guards
from gateway.config.http_rules import check_http
from gateway.config.places import Path, Source, suggest
from gateway.config.reach import never_reached
from gateway.config.replica_rules import check_replicas
from gateway.config.route_rules import check_route
from gateway.config.spelling import REDIS_SCHEMES
from gateway.model.settings.base import TlsSettings
from gateway.model.settings.file import Settings
from gateway.model.settings.tiers import L2Settings, RedisSettings
from gateway.model.settings.upstream import TimeoutSettings, UpstreamSettings
from gateway.model.units import format_duration


def check(settings: Settings, source: Source) -> Iterator[Finding]:
    """All findings, in no order. `source` tells what the operator wrote from what is a default or a preset's."""
    yield from _check_listeners(settings, source)
    for name, upstream in settings.upstreams.items():
        yield from _check_upstream(upstream, ("upstreams", name), source)
    yield from _check_names(settings)
    yield from _check_order(settings)
    for index, route in enumerate(settings.routes):
        yield from check_route(route, ("routes", index), source)
        yield from check_drift(route, ("routes", index), source)
        yield from check_http(route, ("routes", index), source)
        yield from check_degrade(route, ("routes", index), source, settings.upstreams)
    yield from check_guards(settings, source)
    yield from check_ahead(settings, source)
    yield from check_control(settings, source)
    if not settings.routes:
        yield Finding(("routes",), "none: everything is streamed through and nothing is cached", warning=True)
    if settings.l2 is not None:
        yield from _check_l2(settings.l2, ("l2",))
    yield from _check_networks(settings.forwarding.trusted)
    log = settings.log.access
    if log not in (None, "-") and not os.path.isdir(os.path.dirname(log) or "."):
        yield Finding(("log", "access"), "its folder does not exist")


def _check_listeners(settings: Settings, source: Source) -> Iterator[Finding]:
    found: dict[Path, Address] = {}
    for path, text in ((("listen",), settings.listen), (("admin", "listen"), settings.admin.listen)):
        if path == ("admin", "listen") and text == "off":
            continue
        try:
            found[path] = parse_address(text)
        except ValueError as exc:
            yield Finding(path, str(exc) if path == ("listen",) else f"{exc}; `off` for none")
    proxy, admin = found.get(("listen",)), found.get(("admin", "listen"))
    if proxy and admin and clash(proxy, admin):
        text = f"listen ({proxy}) and admin.listen ({admin}) are in each other's way; expected another port"
        at: Path = ("admin", "listen") if source.wrote(("admin", "listen")) else ("listen",)
        yield Finding(at, text, also=(("listen",), ("admin", "listen")))
    if admin and not admin.loopback and not (settings.admin.token or settings.admin.tokens):
        text = "beyond loopback it needs a token; set admin.token, such as ${RAGFRONT_TOKEN}"
        yield Finding(("admin", "listen"), text, also=(("admin", "token"), ("admin", "tokens")))
    yield from check_tokens(settings.admin)
    if proxy:
        yield from _check_loops(settings, proxy)


def _check_loops(settings: Settings, proxy: Address) -> Iterator[Finding]:
    for name, upstream in settings.upstreams.items():
        for index, url in enumerate(upstream.urls):
            host, port = _host_port(url)
            if host and port and clash(Address(host, port), proxy) and Address(host, port).loopback:
                text = "the gateway's own address: it would ask itself without end"
                yield Finding(("upstreams", name, "urls", index), text, also=(("listen",),))


def _host_port(url: str) -> tuple[str | None, int | None]:
    """(None, None) where the URL has no host, or a port that cannot be."""
    try:
        parts = urlsplit(url)
        return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None, None


def _check_upstream(upstream: UpstreamSettings, path: Path, source: Source) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, url in enumerate(upstream.urls):
        at = (*path, "urls", index)
        if _host_port(url)[0] is None:
            yield Finding(at, "expected a host, and a port from 1 to 65535 where one is given")
        if url.rstrip("/") in seen:
            yield Finding(at, "stated twice", warning=True, also=((*path, "urls"),))
        seen.add(url.rstrip("/"))
    yield from _check_tls(upstream.tls, (*path, "tls"))
    if _names_files(upstream.tls) and not any(url.startswith("https:") for url in upstream.urls):
        yield Finding((*path, "tls"), "no effect: no URL is https://", also=((*path, "urls"),))
    yield from _check_timeouts(upstream.timeouts, (*path, "timeouts"), source)
    yield from check_replicas(upstream, path, source)


def _check_timeouts(timeouts: TimeoutSettings, path: Path, source: Source) -> Iterator[Finding]:
    for name in ("connect", "first_byte", "idle"):
        at, limit = (*path, name), getattr(timeouts, name)
        if 0 < timeouts.total < limit and source.wrote(at):
            text = f"never reached: total is {format_duration(timeouts.total)}"
            yield Finding(at, text, warning=True, also=((*path, "total"),))


def _check_tls(tls: TlsSettings, path: Path) -> Iterator[Finding]:
    for name, file in (("ca", tls.ca), ("cert", tls.cert), ("key", tls.key)):
        if file is not None and not os.path.isfile(file):
            yield Finding((*path, name), f"no such file (from {os.getcwd()})" if file[:1] != "/" else "no such file")
        elif file is not None and not os.access(file, os.R_OK):
            yield Finding((*path, name), "a file that this user may not read")
    if tls.key is not None and tls.cert is None:
        yield Finding((*path, "key"), "needs cert, too", also=((*path, "cert"),))
    if tls.ca is not None and not tls.verify:
        yield Finding((*path, "ca"), "no effect: verify is false", also=((*path, "verify"),))


def _names_files(tls: TlsSettings) -> bool:
    return any(file is not None for file in (tls.ca, tls.cert, tls.key))


def _check_names(settings: Settings) -> Iterator[Finding]:
    known = settings.upstreams
    named: list[tuple[Path, str | None]] = [(("default_upstream",), settings.default_upstream)]
    named += [(("routes", index, "upstream"), route.upstream) for index, route in enumerate(settings.routes)]
    for path, name in named:
        if name is not None and name not in known:
            hint = suggest(name, known) or f"; expected one of {', '.join(list(known)[:10])}"
            yield Finding(path, f"no upstream of this name{hint}", also=(("upstreams", name),))
    first: dict[str, int] = {}
    for index, route in enumerate(settings.routes):
        if (earlier := first.setdefault(route.name, index)) != index:
            text = f"the name of routes[{earlier}], too; expected one of its own, since metrics and purges go by it"
            yield Finding(("routes", index, "name"), text, also=(("routes", earlier, "name"),))


def _check_order(settings: Settings) -> Iterator[Finding]:
    for later, earlier in never_reached([route.match for route in settings.routes]):
        name = settings.routes[earlier].name
        text = f"never reached: routes[{earlier}] ({name}) takes all its requests; put this one first"
        yield Finding(("routes", later, "match"), text, also=(("routes", earlier, "match"),))


def _check_l2(l2: L2Settings, path: Path) -> Iterator[Finding]:
    if l2.disk is not None and l2.redis is not None:
        text = "disk and redis are both stated; expected one"
        yield Finding(path, text, also=((*path, "disk"), (*path, "redis")))
    if l2.disk is not None and os.path.exists(l2.disk.path) and not os.path.isdir(l2.disk.path):
        yield Finding((*path, "disk", "path"), "expected a folder; this is a file")
    if l2.redis is not None:
        yield from _check_redis(l2.redis, (*path, "redis"))


def _check_redis(redis: RedisSettings, path: Path) -> Iterator[Finding]:
    """Never tells the URL: it may hold a password."""
    url = (*path, "url")
    try:
        parts = urlsplit(redis.url)
        whole = redis.url.startswith(REDIS_SCHEMES) and bool(parts.path if parts.scheme == "unix" else parts.hostname)
        port = parts.port
    except ValueError:
        whole, port = False, None
    if not whole or port == 0:
        yield Finding(url, "expected redis://host:6379/0, rediss://host:6379/0 or unix:///run/redis.sock")
        return
    alone = parts.scheme == "unix"
    if redis.cluster and redis.sentinel:
        yield Finding((*path, "sentinel"), "a cluster has no Sentinels; expected one of cluster and sentinel")
    for name, stated in (("cluster", redis.cluster), ("sentinel", redis.sentinel)):
        if stated and alone:
            yield Finding((*path, name), "cannot be reached over a Unix socket", also=(url,))
    if redis.sentinels and not redis.sentinel:
        yield Finding((*path, "sentinels"), "needs sentinel, the master's name, too", also=((*path, "sentinel"),))
    for index, sentinel in enumerate(redis.sentinels):
        try:
            parse_address("" if sentinel.startswith("unix:") else sentinel)
        except ValueError:
            yield Finding((*path, "sentinels", index), "expected host:port, such as sentinel-2:26379")
    if redis.cluster and not alone and parts.path.strip("/") not in ("", "0"):
        yield Finding(url, "a cluster has no databases but 0", also=((*path, "cluster"),))
    if redis.password and parts.password:
        yield Finding((*path, "password"), "the URL holds a password, too; expected one of the two", also=(url,))
    if redis.username and parts.username:
        yield Finding((*path, "username"), "the URL holds a user, too; expected one of the two", also=(url,))
    yield from _check_tls(redis.tls, (*path, "tls"))
    if _names_files(redis.tls) and parts.scheme != "rediss":
        yield Finding((*path, "tls"), "no effect: the URL is not rediss://", also=(url,))


def _check_networks(trusted: tuple[str, ...]) -> Iterator[Finding]:
    for index, text in enumerate(trusted):
        path = ("forwarding", "trusted", index)
        if text == "unix":  # peers on a Unix socket
            continue
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            yield Finding(path, "expected an address, a network such as 10.0.0.0/8 or fd00::/8, or unix")
            continue
        try:
            ipaddress.ip_network(text)
        except ValueError:
            yield Finding(path, f"the address is inside a network; did you mean {network}?")
        if network.prefixlen == 0:
            yield Finding(path, "everybody is trusted: any client can say that it is another", warning=True)
