"""Describe: effective settings as a table for people, and the JSON Schema for their editors."""

from rich.table import Table
from rich.text import Text

from gateway.config.schema import schema
from gateway.model.settings import CacheSettings, EmptySettings, KeySettings, Match, RouteSettings, Settings
from gateway.model.units import Jitter, format_duration, format_jitter

__all__ = ["schema", "table"]

_COLUMNS = ("route", "match", "upstream", "key", "ttl", "swr", "sie", "empty", "mode")


def table(settings: Settings) -> Table:
    """One row per route in the order in which they are tried, and a last one for what no route takes.

    swr, sie: stale-while-revalidate and stale-if-error.
    """
    result = Table(header_style="bold")
    for column in _COLUMNS:
        result.add_column(column, overflow="fold")
    for route in settings.routes:
        result.add_row(*map(Text, _row(route)))
    rest = settings.default_upstream or next(iter(settings.upstreams))
    result.add_row(*map(Text, ("-", "all else", rest, "-", "-", "-", "-", "-", "streamed through")))
    return result


def _row(route: RouteSettings) -> tuple[str, ...]:
    cache = route.cache
    return (
        route.name,
        _match(route.match),
        route.upstream,
        _key(route.key),
        _lifetime(cache),
        format_duration(cache.stale_while_revalidate),
        format_duration(cache.stale_if_error),
        _empty(route.empty),
        cache.mode,
    )


def _match(match: Match) -> str:
    """`POST /rag on rag.example.org if x-tenant, /stream`: names only, since patterns are long."""
    text = f"{'|'.join(match.method) or 'any'} {match.path or '*'}"
    if match.host:
        text += f" on {', '.join(match.host)}"
    conditions = [*match.headers, *(condition.pointer or "the body" for condition in match.body)]
    return f"{text} if {', '.join(conditions)}" if conditions else text


def _key(key: KeySettings) -> str:
    body = "whole body" if key.body == "all" else _names(key.body) or "no body"
    if key.ignore:
        body += f" without {_names(key.ignore) if len(key.ignore) < 3 else f'{len(key.ignore)} members'}"
    query = {"all": "", "none": "without query"}.get(key.query) if isinstance(key.query, str) else _names(key.query)
    identity = "shared" if key.identity == "shared" else f"per {_names(key.identity)}"
    return "; ".join(filter(None, (body, query, ", ".join(key.headers), identity)))


def _names(names: str | tuple[str, ...]) -> str:
    return names if isinstance(names, str) else ", ".join(names)


def _lifetime(cache: CacheSettings) -> str:
    if cache.jitter == Jitter():
        return format_duration(cache.ttl)
    return f"{format_duration(cache.ttl)} ± {format_jitter(cache.jitter)}"


def _empty(empty: EmptySettings) -> str:
    return format_duration(empty.ttl) if empty.when else "-"
