"""Top: a live view of a gateway: requests a second, hits, latencies, the hottest answers, the upstreams."""

import time
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gateway.operate.client import Client
from gateway.operate.stats import plain, seconds, share
from gateway.policy.percentiles import percentile

_STORED = ("hit", "stale", "empty")
_LOOKED_UP = (*_STORED, "miss", "collapsed", "degraded", "shed")


def run(asked: Client, interval: float, count: int | None) -> None:
    """interval: seconds between two looks. count: of them; None: until interrupted. Failed."""
    before, looks = asked.get("/stats"), 0
    with Live(console=Console(highlight=False), auto_refresh=False) as live:
        while count is None or looks < count:
            time.sleep(interval)
            now = asked.get("/stats")
            live.update(_frame(asked, before, now), refresh=True)
            before, looks = now, looks + 1


def _frame(asked: Client, before: dict[str, Any], now: dict[str, Any]) -> Group:
    hot, upstreams = asked.get("/entries/top?limit=10"), asked.get("/upstreams")["upstreams"]
    parts: list[Text | Table] = [
        Text(headline(before, now), "bold"),
        outcomes(before, now),
        hottest(hot),
        replicas(upstreams),
    ]
    if now["workers"] > 1:
        parts.append(memories(asked.get("/workers")))
    return Group(*(line for part in parts for line in (part, Text())))


def headline(before: dict[str, Any], now: dict[str, Any]) -> str:
    """What happened between two readings, in one line."""
    span = max(now["at"] - before["at"], 1e-9)
    passed = change(before["requests"], now["requests"])
    looked_up = sum(passed.get(outcome, 0) for outcome in _LOOKED_UP)
    ratio = sum(passed.get(outcome, 0) for outcome in _STORED) / looked_up if looked_up else None
    saved = (now["saved_seconds"] - before["saved_seconds"]) / span
    p50, p99 = (latency(before, now, part) for part in (0.5, 0.99))
    return (
        f"{sum(passed.values()) / span:,.0f} requests/s   {share(ratio)} hits   p50 {seconds(p50)}   p99 {seconds(p99)}"
        f"   {saved:,.1f} s of upstream time saved a second   {now['in_flight']:.0f} in flight"
    )


def change(before: dict[str, float], now: dict[str, float]) -> dict[str, float]:
    """By how much each figure has grown; one that began anew (a restart) counts from nothing."""
    grown = {name: value - before.get(name, 0) for name, value in now.items()}
    return {name: value if value >= 0 else now[name] for name, value in grown.items()}


def latency(before: dict[str, Any], now: dict[str, Any], part: float) -> float | None:
    """A percentile of the requests between two readings, in seconds."""
    if now["latency"] is None:
        return None
    counts = now["latency"]["counts"]
    earlier = before["latency"]["counts"] if before["latency"] else [0.0] * len(counts)
    return percentile(now["latency"]["bounds"], [max(0.0, a - b) for a, b in zip(counts, earlier, strict=True)], part)


def outcomes(before: dict[str, Any], now: dict[str, Any]) -> Table:
    """Requests a second, by route and outcome."""
    span = max(now["at"] - before["at"], 1e-9)
    names = sorted(now["requests"])
    table = plain("requests/s", *names)
    for route, figures in now["routes"].items():
        earlier = before["routes"].get(route, {"requests": {}})["requests"]
        grown = change(earlier, figures["requests"])
        table.add_row(Text(route), *(f"{grown.get(name, 0) / span:,.1f}" for name in names))
    return table


def hottest(found: dict[str, Any]) -> Table:
    """The answers asked for most."""
    table = plain("hottest answers", "route", "path", "of all requests")
    for entry in found["entries"]:
        table.add_row(entry["key"][:12], Text(entry["route"]), Text(entry["path"][:40]), share(entry["share"]))
    return table


def replicas(upstreams: list[dict[str, Any]]) -> Table:
    """Each replica's state."""
    table = plain("upstream", "replica", "pending", "state")
    for upstream in upstreams:
        for replica in upstream["replicas"]:
            table.add_row(Text(upstream["name"]), Text(replica["name"]), str(replica["pending"]), state(replica))
    return table


def state(replica: dict[str, Any]) -> str:
    """What keeps a replica from being asked, or that nothing does; and in how many workers, where they differ."""
    if replica["drained"]:
        return "drained"
    worst = _of(replica)
    own = replica["workers"]
    return f"{worst} in {sum(_of(one) == worst for one in own)} of {len(own)} workers" if own else worst


def _of(replica: dict[str, Any]) -> str:
    if replica["breaker"] != "closed":
        return f"breaker {replica['breaker']}"
    if not replica["healthy"]:
        return "unhealthy"
    return "ejected" if replica["ejected"] else "well"


def memories(found: dict[str, Any]) -> Table:
    """What each worker holds in memory."""
    table = plain("worker", "pid", "entries", "MiB")
    for one in found["told"]:
        table.add_row(str(one["worker"]), str(one["pid"]), f"{one['entries']:,}", f"{one['bytes'] / (1 << 20):,.1f}")
    return table
