"""Commands of an operator, as they are typed. What each needs is imported there: `serve` starts that much faster."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.operate.options import EXIT_CODES, LOCAL, Admin, AsJson, TokenFile, client, told

policy = typer.Typer(
    help="Show, change and revert the policies of routes.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=EXIT_CODES,
)
Route = Annotated[str, typer.Argument(metavar="ROUTE")]


@told
def purge(
    everything: Annotated[bool, typer.Option("--all", help="All stored answers.")] = False,
    route: Annotated[str | None, typer.Option(metavar="NAME", help="All answers of a route.")] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="TAG", help="Answers that bear it, such as doc:42, or doc:kb1/*; may be repeated."),
    ] = None,
    key: Annotated[list[str] | None, typer.Option(metavar="KEY", help="One answer; may be repeated.")] = None,
    request: Annotated[
        str | None, typer.Option(metavar="REQUEST", help="The answer to a request: a curl line, or JSON.")
    ] = None,
    expire: Annotated[bool, typer.Option("--expire", help="Make them stale, instead of removing them.")] = False,
    wait: Annotated[str | None, typer.Option(metavar="TIME", help="How long for all to confirm, such as 5s.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many answers it would take.")] = False,
    admin: Admin = LOCAL,
    token_file: TokenFile = None,
) -> None:
    """Remove stored answers, everywhere: by route, key, tag or request."""
    from gateway.operate.purge import run

    stated = {"all": everything or None, "route": route, "tags": tag, "keys": key, "wait": wait, "dry_run": dry_run}
    run(client(admin, token_file), {name: value for name, value in stated.items() if value}, request, expire)


@told
def explain(
    request: Annotated[
        str, typer.Argument(metavar="REQUEST", help="A curl line in quotes, JSON, or - for standard input.")
    ],
    admin: Admin = LOCAL,
    token_file: TokenFile = None,
    json: AsJson = False,
) -> None:
    """Say what would become of a request: route, key, tier, what is left, and why. Nobody is asked."""
    from gateway.operate.explain import run

    run(client(admin, token_file), request, json)


@told
def warm(
    file: Annotated[
        Path, typer.Argument(metavar="FILE|-", help='Lines of JSON: {"path": "/rag", "body": {"query": "..."}}.')
    ],
    rate: Annotated[str, typer.Option(metavar="PACE", help="Calls of the upstream, as 5/s or 30/m.")] = "5/s",
    admin: Admin = LOCAL,
    token_file: TokenFile = None,
) -> None:
    """Have the answers to questions made ready. Ctrl-C ends it; what is stored by then stays."""
    from gateway.operate.warm import run

    run(client(admin, token_file), file, rate)


@told
def stats(admin: Admin = LOCAL, token_file: TokenFile = None, json: AsJson = False) -> None:
    """Print requests by outcome, hit ratio, latencies, time saved, tiers."""
    from gateway.operate.stats import run

    run(client(admin, token_file), json)


@told
def top(
    interval: Annotated[float, typer.Option(min=0.2, max=60.0, help="Seconds between two looks.")] = 2.0,
    count: Annotated[int | None, typer.Option(min=1, help="So many looks; by default until Ctrl-C.")] = None,
    admin: Admin = LOCAL,
    token_file: TokenFile = None,
) -> None:
    """Watch a gateway: requests a second, hits, latencies, the hottest answers, the upstreams. Until Ctrl-C."""
    from gateway.operate.top import run

    run(client(admin, token_file), interval, count)


@told
def health(
    live: Annotated[bool, typer.Option("--live", help="Ask whether it is alive, not whether it is ready.")] = False,
    admin: Admin = LOCAL,
) -> None:
    """Ask whether a gateway should get requests, for a container's health check. No token is needed."""
    from gateway.operate.health import run

    run(admin, live)


@policy.command(epilog=EXIT_CODES)
@told
def show(
    route: Annotated[str | None, typer.Argument(metavar="ROUTE", help="One; by default all.")] = None,
    admin: Admin = LOCAL,
    token_file: TokenFile = None,
    json: AsJson = False,
) -> None:
    """Show what is in force, and what of it differs from the file."""
    from gateway.operate.policy import show

    show(client(admin, token_file), route, json)


@policy.command("set", epilog=EXIT_CODES)
@told
def set_(
    route: Route,
    changes: Annotated[
        list[str],
        typer.Argument(metavar="SETTING=VALUE...", help="Such as cache.mode=off cache.ttl=5m; null: as by default."),
    ],
    time_box: Annotated[str | None, typer.Option("--for", metavar="TIME", help="Then it reverts, such as 10m.")] = None,
    reason: Annotated[str, typer.Option(help="For those who look at it later.")] = "",
    admin: Admin = LOCAL,
    token_file: TokenFile = None,
) -> None:
    """Change a route's policy, in all workers and replicas, for a while or for good."""
    from gateway.operate.policy import alter

    alter(client(admin, token_file), route, changes, time_box, reason)


@policy.command(epilog=EXIT_CODES)
@told
def revert(route: Route, admin: Admin = LOCAL, token_file: TokenFile = None) -> None:
    """Have a route be as the file says."""
    from gateway.operate.policy import revert

    revert(client(admin, token_file), route)


def add_to(app: typer.Typer) -> None:
    """Put all of them into the command line."""
    for command in (purge, explain, warm, stats, top, health):
        app.command(epilog=EXIT_CODES)(command)
    app.add_typer(policy, name="policy")
