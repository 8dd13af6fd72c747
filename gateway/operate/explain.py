"""Explain, for people: what would become of a request, and why."""

import sys
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.operate.client import Client
from gateway.operate.sampled import sampled


def run(asked: Client, request: str, as_json: bool) -> None:
    """request: a curl line, JSON, or - for standard input. Failed."""
    text = sys.stdin.read() if request == "-" else request
    _, found = asked.ask("POST", "/explain", sampled(text))
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        Console(highlight=False).print(table(found))


def table(found: dict[str, Any]) -> Table:
    """An explanation for people."""
    grid = Table.grid(padding=(0, 2))
    for name, value in _rows(found):
        grid.add_row(Text(name, "bold"), Text(value))
    return grid


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    reason = f" ({found['reason']})" if found["reason"] else ""
    rows = [("outcome", f"{found['outcome']}{reason}")]
    rows += [("route", _tried(tried)) for tried in found["tried"]]
    if found["mode"] not in (None, "on"):
        rows.append(("mode", found["mode"]))
    if found["key"]:
        rows.append(("key", found["key"]))
    for name, value in (found["canonical"] or {}).items():
        if name not in ("version", "route") and value not in (None, "", []):
            rows.append((f"  {name}", value if isinstance(value, str) else orjson.dumps(value).decode()))
    if found["vary"]:
        rows.append(("varies on", ", ".join(found["vary"])))
    rows += [("filter", _opinion(opinion)) for opinion in found["filters"]]
    rows += [("stored", _stored(entry)) for entry in found["entries"]]
    if not found["entries"] and found["key"]:
        rows.append(("stored", "nowhere"))
    return rows


def _tried(tried: dict[str, Any]) -> str:
    return str(tried["route"]) if tried["takes"] else f"{tried['route']}: not for its {tried['objection']}"


def _opinion(opinion: dict[str, Any]) -> str:
    return f"{opinion['kind']} ({opinion['mode']}): {'against' if opinion['against'] else 'lets it pass'}"


def _stored(entry: dict[str, Any]) -> str:
    tags = f", tags {' '.join(entry['tags'])}" if entry["tags"] else ""
    return f"in {entry['tier']}: {entry['state']}, {entry['ttl']} s left, {entry['bytes']} B{tags}"
