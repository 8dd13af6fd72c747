"""Stats, for people: the figures of a gateway since its start."""

from typing import Any

import orjson
import typer
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from gateway.operate.client import Client


def run(asked: Client, as_json: bool) -> None:
    """Print them. Failed."""
    found = asked.get("/stats")
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        Console(highlight=False).print(view(found))


def view(found: dict[str, Any]) -> Group:
    """All figures."""
    return Group(Text(headline(found)), Text(), routes(found), Text(), tiers(found))


def headline(found: dict[str, Any]) -> str:
    """The whole in one line."""
    latency = found["latency"]
    requests = sum(found["requests"].values())
    times = f", p50 {seconds(latency['p50'])}, p99 {seconds(latency['p99'])}" if latency else ""
    return (
        f"{requests:,.0f} requests, {share(found['hit_ratio'])} hits{times}, "
        f"{seconds(found['saved_seconds'])} of upstream time saved, {found['in_flight']:.0f} in flight, "
        f"{found['workers']:.0f} workers"
    )


def routes(found: dict[str, Any]) -> Table:
    """A row for each route."""
    outcomes = sorted({outcome for route in found["routes"].values() for outcome in route["requests"]})
    table = plain("route", *outcomes, "hits", "saved")
    for name, route in found["routes"].items():
        counts = [f"{route['requests'].get(outcome, 0):,.0f}" for outcome in outcomes]
        table.add_row(Text(name), *counts, share(route["hit_ratio"]), seconds(route["saved_seconds"]))
    return table


def tiers(found: dict[str, Any]) -> Table:
    """A row for each tier."""
    table = plain("tier", "entries", "MiB", "hits", "misses", "errors", "state")
    for name, tier in found["tiers"].items():
        figures = [f"{tier.get(figure, 0):,.0f}" for figure in ("hits", "misses", "errors")]
        size = f"{tier.get('bytes', 0) / (1 << 20):,.1f}"
        table.add_row(name, f"{tier.get('entries', 0):,.0f}", size, *figures, "out" if tier.get("out") else "in use")
    return table


def plain(*columns: str) -> Table:
    """A table without borders: text on the left, figures on the right."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def seconds(value: float | None) -> str:
    """`0.4 ms`, `2.3 s`, `1.5 h`."""
    if value is None:
        return "-"
    if value < 1:
        return f"{value * 1000:.3g} ms"
    return f"{value:.3g} s" if value < 600 else f"{value / 3600:,.1f} h"


def share(value: float | None) -> str:
    """`87.5 %`."""
    return "-" if value is None else f"{value:.1%}".replace("%", " %")
