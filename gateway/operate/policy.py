"""Policy, for people: what is in force on each route, and changes of it at run time."""

import time
from typing import Any
from urllib.parse import quote

import orjson
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.operate.client import Client
from gateway.operate.failed import NOT_CONFIRMED, WRONG, Failed
from gateway.operate.options import fail, missing


def show(asked: Client, route: str | None, as_json: bool) -> None:
    """What is in force on a route; None: on all, in short. Failed."""
    found = asked.get("/routes" if route is None else f"/routes/{quote(route, safe='')}")
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    elif route is None:
        Console(highlight=False).print(_table(found["routes"]))
    else:
        typer.echo("\n".join(_lines(found)))


def alter(asked: Client, route: str, changes: list[str], time_box: str | None, reason: str) -> None:
    """changes: see `patch`. Failed."""
    body = patch(changes) | ({"for": time_box} if time_box else {}) | ({"reason": reason} if reason else {})
    _changed(*asked.ask("PATCH", f"/routes/{quote(route, safe='')}", body))


def revert(asked: Client, route: str) -> None:
    """As the file says. Failed."""
    _changed(*asked.ask("DELETE", f"/routes/{quote(route, safe='')}/override"))


def patch(changes: list[str]) -> dict[str, Any]:
    """`cache.ttl=5m` ... -> a merge patch. Values are JSON where they can be, and else text."""
    made: dict[str, Any] = {}
    for change in changes:
        path, equals, text = change.partition("=")
        names = path.split(".")
        if not equals or not all(names):
            raise Failed([f"expected SETTING=VALUE such as cache.ttl=5m, got {change!r}"], WRONG)
        node = made
        for name in names[:-1]:
            node = node.setdefault(name, {})
            if not isinstance(node, dict):
                raise Failed([f"{path}: a part of it was given a value before"], WRONG)
        node[names[-1]] = _value(text)
    return made


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return text


def _changed(status: int, state: dict[str, Any]) -> None:
    typer.echo("\n".join(_lines(state)))
    if status == 202:
        fail(missing(state["missing"]), NOT_CONFIRMED)


def _lines(state: dict[str, Any]) -> list[str]:
    cache = state["policy"]["cache"]
    lines = [f"{state['name']}: mode {cache['mode']}, ttl {cache['ttl']}, to {state['upstream']}"]
    lines += [
        f"  {each['path']}: {_short(each['effective'])} (file: {_short(each['file'])})" for each in state["overridden"]
    ]
    if (override := state["override"]) is not None:
        left = f"for {max(0, round(override['until'] - time.time()))} s" if override["until"] else "for good"
        lines.append(f"  by {override['who']}, {left}{': ' + override['reason'] if override['reason'] else ''}")
    return lines


def _short(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _table(routes: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for column in ("route", "requests", "mode", "ttl", "to", "overridden"):
        table.add_column(column, overflow="fold")
    for route in routes:
        match = route["match"]
        paths = match["path"] if isinstance(match["path"], list) else [match["path"] or "*"]
        asked = f"{'|'.join(match['method']) or 'any'} {' '.join(paths)}"
        over = "-" if not route["overridden"] else "for a while" if route["until"] else "yes"
        cells = (route["name"], asked, route["mode"], route["ttl"], route["upstream"], over)
        table.add_row(*map(Text, cells))
    return table
