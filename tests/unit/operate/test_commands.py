"""Commands: all are there, none takes a token, and `serve` does not load what they need."""

import subprocess
import sys

import typer
from typer.testing import CliRunner

from gateway.operate.commands import add_to


def test_no_token_on_the_command_line() -> None:
    app = typer.Typer()
    add_to(app)
    for command in (["purge"], ["explain"], ["warm"], ["stats"], ["top"], ["policy", "show"], ["policy", "set"]):
        told = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
        assert "--token-file" in told, command
        assert "--token " not in told
        assert "4 done, but not all workers" in " ".join(told.split())


def test_serve_does_without_them() -> None:
    code = "import sys, gateway.cli; print(sorted({'rich.live', 'gateway.operate.client'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
