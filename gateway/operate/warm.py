"""Warm: questions from a file, whose answers are made ready; shows how far it is."""

import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.operate.client import Client
from gateway.operate.failed import REFUSED, WRONG, Failed

_RESULTS = ("stored", "present", "failed", "shed", "not_asked")


def run(asked: Client, file: Path, rate: str) -> None:
    """file: lines of JSON; - for standard input. Failed."""
    try:
        lines = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as exc:
        raise Failed([f"{file}: {exc.strerror}"], WRONG) from None
    _, job = asked.ask("POST", f"/warm?{urlencode({'rate': rate})}", raw=lines, media="application/x-ndjson")
    try:
        job = _watch(asked, job)
    except KeyboardInterrupt:
        job = asked.ask("DELETE", f"/warm/{job['id']}")[1]
    typer.echo(", ".join(f"{job[name]} {name.replace('_', ' ')}" for name in _RESULTS))
    if job["state"] != "done" or job["failed"] or job["shed"]:
        raise typer.Exit(REFUSED)


def _watch(asked: Client, job: dict[str, Any]) -> dict[str, Any]:
    columns = (TextColumn("warming"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=job["questions"])
        while job["state"] == "running":
            progress.update(task, completed=job["done"])
            time.sleep(0.2)
            job = asked.get(f"/warm/{job['id']}")
    return job
