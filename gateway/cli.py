"""Command line: what an operator types. Mistakes are told in a line each, never in a traceback.

What only one command needs is imported there: `serve` starts that much faster.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Never

import typer

from gateway import __version__, bloom_command, supervisor
from gateway.advise import command as advising
from gateway.model.errors import ConfigError
from gateway.observe import stderr
from gateway.operate import commands
from gateway.source import Source

CONFIG = "RAGFRONT_CONFIG"  # the environment's say, where the command line has none
UPSTREAM = "RAGFRONT_UPSTREAM"
PRESETS = "RAGFRONT_PRESETS"
_EXIT_CODES = (
    "Exit codes: 0 stopped as asked; 2 the configuration or the command line is wrong; "
    "3 an address cannot be listened on; 4 workers keep dying."
)

app = typer.Typer(
    name="ragfront",
    help="A caching gateway for retrieval-augmented generation services.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(bloom_command.app, name="bloom")


def _fail(problems: list[str]) -> Never:
    for problem in problems:
        print(f"ragfront: {problem}", file=sys.stderr)
    raise typer.Exit(supervisor.BAD_CONFIG)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"ragfront {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """A caching gateway for retrieval-augmented generation services."""


@app.command(epilog=_EXIT_CODES)
def serve(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", help="The configuration. By default what RAGFRONT_CONFIG says."),
    ] = None,
    upstream: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Without a file: the service to stand in front of, with the routes of every known kind of service. "
            "By default what RAGFRONT_UPSTREAM says.",
        ),
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            envvar="RAGFRONT_LISTEN",
            help="host:port, [ipv6]:port or unix:/path. By default 127.0.0.1:8080.",
        ),
    ] = None,
    admin: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            envvar="RAGFRONT_ADMIN_LISTEN",
            help="For metrics, health and control, or `off`. By default 127.0.0.1:9090.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=256,
            envvar="RAGFRONT_WORKERS",
            help="Processes that share the port. By default one for each core.",
        ),
    ] = None,
    l2: Annotated[
        str | None,
        typer.Option(
            "--l2", metavar="URL", envvar="RAGFRONT_L2", help="Redis behind memory, or `off`. By default on disk."
        ),
    ] = None,
    preset: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Without a file: only this known kind of service; may be repeated. By default what RAGFRONT_PRESETS "
            "says.",
        ),
    ] = None,
) -> None:
    """Stand in front of a service, until SIGTERM or Ctrl-C.

    SIGHUP reads the configuration anew (all of it or nothing), SIGUSR1 opens the access log anew.
    """
    if config is None and upstream is None and (stated := os.environ.get(CONFIG)):
        config = Path(stated)
    if config is None:
        upstream = upstream or os.environ.get(UPSTREAM)
        preset = preset or os.environ.get(PRESETS, "").replace(",", " ").split()
    if (config is None) == (upstream is None):
        _fail(["serve needs either --config FILE or --upstream URL"])
    if config is not None and preset:
        _fail(["--preset goes with --upstream; in a file, a route says `preset: NAME`"])
    source = Source(config, upstream, listen, admin, workers, l2, tuple(preset or ()))
    stderr.configure("info")  # for warnings about the settings, before they can say what is wanted
    try:
        settings = source.load()
    except ConfigError as exc:
        _fail(exc.problems)
    raise typer.Exit(supervisor.run(settings, source))


@app.command(epilog=_EXIT_CODES)
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration.")]) -> None:
    """Check a configuration: print its routes as they take effect, and what is doubtful; or every mistake in it."""
    from rich.console import Console

    from gateway.config import describe
    from gateway.config.load import read

    try:
        loaded = read(file, os.environ)
    except ConfigError as exc:
        _fail(exc.problems)
    if broken := bloom_command.broken(loaded.settings):
        _fail([f"{file}: {problem}" for problem in broken])
    for warning in loaded.warnings:
        print(f"ragfront: warning: {warning}", file=sys.stderr)
    console = Console()
    console.print(describe.table(loaded.settings))
    if (tags := describe.tag_table(loaded.settings)) is not None:
        console.print()
        console.print(tags)


@app.command()
def schema(
    markdown: Annotated[bool, typer.Option("--markdown", help="The same for people: docs/configuration.md.")] = False,
) -> None:
    """Print the JSON Schema of the configuration, for editors."""
    if markdown:
        from gateway.config.reference import reference

        print(reference())
        return
    import orjson

    from gateway.config.schema import schema

    print(orjson.dumps(schema(), option=orjson.OPT_INDENT_2).decode())


@app.command()
def presets() -> None:
    """List the presets, each for a route that says `preset: NAME`, and what each has met of the real service."""
    from rich.console import Console

    from gateway.config import describe
    from gateway.config.presets import presets

    console = Console()
    console.print(describe.preset_table())
    by_name = [preset for preset in presets().values() if preset.by_name]
    console.print("\nEndpoints take POST where they do not say otherwise.", highlight=False)
    console.print("* only where a file names it; serve --upstream leaves it out:", highlight=False)
    for preset in by_name:
        console.print(f"  {preset.name}: {preset.by_name}", markup=False, highlight=False)


@app.command()
def demo() -> None:
    """Start an example RAG service and the gateway in front of it, and show what the gateway does."""
    from rich.console import Console

    from gateway import tour

    if missing := tour.missing():
        print(f"ragfront: {missing}", file=sys.stderr)
        raise typer.Exit(1)
    raise typer.Exit(tour.run(Console()))


app.command(epilog=advising.EXIT_CODES)(advising.advise)
commands.add_to(app)


def main() -> None:
    """Run the command that the arguments name; exits the process."""
    app(prog_name="ragfront")
