"""Purge: stored answers that are to be used no more, confirmed by all workers and replicas."""

from typing import Any

import typer

from gateway.operate.client import Client
from gateway.operate.options import NOT_CONFIRMED, WRONG, Failed, fail, missing
from gateway.operate.sampled import sampled


def run(asked: Client, orders: dict[str, Any], request: str | None, expire: bool) -> None:
    """orders: as the API takes them. request: a curl line, or JSON. Failed."""
    if request is not None:
        orders = orders | {"request": sampled(request)}
    if not set(orders) - {"wait"}:
        raise Failed(["purge needs one of --all, --route, --tag, --key, --request"], WRONG)
    status, done = asked.ask("POST", "/expire" if expire else "/purge", orders)
    typer.echo(f"{'expired' if expire else 'purged'} as of version {done['version']}")
    if status == 202:
        fail(missing(done["missing"]), NOT_CONFIRMED)
