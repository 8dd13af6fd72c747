"""Options that all commands of an operator share: which gateway, with which token; and how they end."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Never, ParamSpec

import typer

from gateway.operate.failed import WRONG, Failed

if TYPE_CHECKING:  # what asks is imported where it is needed: `serve` starts that much faster
    from gateway.operate.client import Client

P = ParamSpec("P")

EXIT_CODES = (
    "Exit codes: 0 done; 1 the gateway refuses; 2 the command line is wrong; 3 the gateway cannot be reached; "
    "4 done, but not all workers have confirmed it yet."
)
TOKEN = "RAGFRONT_ADMIN_TOKEN"  # never an argument: those show in lists of processes

Admin = Annotated[
    str,
    typer.Option("--admin", metavar="URL", envvar="RAGFRONT_ADMIN", help="The admin listener."),
]
TokenFile = Annotated[
    Path | None, typer.Option("--token-file", metavar="FILE", help=f"Holds the token; by default what {TOKEN} says.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's answer as it is.")]
LOCAL = "http://127.0.0.1:9090"


def client(admin: str, token_file: Path | None) -> "Client":
    """Who asks. Failed where the token cannot be had."""
    from gateway.operate.client import Client

    if token_file is None:
        return Client(admin, os.environ.get(TOKEN) or None)
    try:
        token = token_file.read_text().strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise Failed([f"--token-file: {getattr(exc, 'strerror', None) or 'not text'}"], WRONG) from None
    if not token or not all("!" <= char <= "~" for char in token):
        raise Failed(["--token-file: expected one line of visible ASCII"], WRONG)
    return Client(admin, token)


def fail(lines: list[str], code: int) -> Never:
    """Tell why, and end."""
    for line in lines:
        print(f"ragfront: {line}", file=sys.stderr)
    raise typer.Exit(code)


def told(command: Callable[P, None]) -> Callable[P, None]:
    """A command whose failures are lines on standard error, never a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except Failed as exc:
            fail(exc.lines, exc.code)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except BrokenPipeError:  # whoever read our output has seen enough
            sys.stderr.close()
            raise typer.Exit(0) from None

    return run


def missing(members: list[dict[str, Any]]) -> list[str]:
    """Lines about those who have not acknowledged a change."""
    return [f"not confirmed yet: {member['host']} pid {member['pid']} ({member['id']})" for member in members]
