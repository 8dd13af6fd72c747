"""Purge: stored answers that are to be used no more, confirmed by all workers and replicas."""

from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from gateway.operate.client import Client
from gateway.operate.failed import NOT_CONFIRMED, WRONG, Failed
from gateway.operate.options import fail, missing
from gateway.operate.sampled import sampled
from gateway.operate.stats import plain


def run(asked: Client, orders: dict[str, Any], request: str | None, expire: bool) -> None:
    """orders: as the API takes them. request: a curl line, or JSON. Failed."""
    if request is not None:
        orders = orders | {"request": sampled(request)}
    if not set(orders) - {"wait", "dry_run"}:
        raise Failed(["purge needs one of --all, --route, --tag, --key, --request"], WRONG)
    status, done = asked.ask("POST", "/expire" if expire else "/purge", orders)
    if orders.get("dry_run"):
        Console(highlight=False).print(would(done["would"]))
        return
    typer.echo(f"{'expired' if expire else 'purged'} as of version {done['version']}")
    if status == 202:
        fail(missing(done["missing"]), NOT_CONFIRMED)


def would(found: dict[str, Any]) -> Table:
    """What a dry run has found. `12+`: there may be more."""
    more = "" if found["complete"] else "+"
    table = plain("it would take", "answers")
    table.add_row("in all", f"{found['entries']:,}{more}")
    for tier, count in found["tiers"].items():
        table.add_row(f"in {tier}", f"{count:,}{more}")
    return table
