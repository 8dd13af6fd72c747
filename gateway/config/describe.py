"""Describe: effective settings and presets as tables for people, and the JSON Schema for their editors."""

from rich import box
from rich.table import Table
from rich.text import Text

from gateway.config.presets import presets, unasked
from gateway.config.schema import schema
from gateway.model.settings.file import Settings
from gateway.model.settings.route import CacheSettings, EmptySettings, KeySettings, Match, RouteSettings
from gateway.model.units import Jitter, format_duration, format_jitter

__all__ = ["preset_table", "schema", "table", "tag_table"]

_COLUMNS = ("route", "requests", "key", "ttl", "swr", "sie", "empty", "mode")


def table(settings: Settings) -> Table:
    """One row per route in the order in which they are tried, and a last one for what no route takes.

    swr, sie: stale-while-revalidate and stale-if-error. What goes without saying is left out, so that a terminal of
    80 columns holds it: the only upstream, the usual identity and jitter, mode where all are on.
    """
    rest = settings.default_upstream or next(iter(settings.upstreams))
    rows = [_row(route, _to(route.upstream, settings)) for route in settings.routes]
    rows.append(("-", f"all else{_to(rest, settings)}", "not cached", "-", "-", "-", "-", "-"))
    modes = any(route.cache.mode != "on" for route in settings.routes)
    columns = _COLUMNS if modes else _COLUMNS[:-1]
    result = _bare_table()
    for column in columns:
        # Figures are never folded; of the rest, the requests take what they need before the key does.
        result.add_column(column, overflow="fold", no_wrap=column not in ("route", "requests", "key"))
    for row in rows:
        result.add_row(*map(Text, row[: len(columns)]))
    return result


def tag_table(settings: Settings) -> Table | None:
    """The surrogate keys that routes make of their answers, one a line; None where none does."""
    tagged = [route for route in settings.routes if route.tags]
    if not tagged:
        return None
    result = _bare_table()
    result.add_column("route", overflow="fold")
    result.add_column("tags, beside those that answers bring", overflow="fold")
    for route in tagged:
        result.add_row(Text(route.name), Text("\n".join(route.tags)))
    return result


def preset_table() -> Table:
    """One row per preset. * at its name: it is not matched where there is no file. Endpoints are POST's, or tell."""
    result = _bare_table()
    for column, most in (("preset", None), ("about", 28), ("endpoints", None), ("streams", None), ("verified", 12)):
        # What is said wraps at words, so that the paths have room.
        result.add_column(column, overflow="fold", no_wrap=column in ("preset", "streams"), max_width=most)
    known = unasked()
    for name, preset in presets().items():
        result.add_row(
            Text(name if name in known else f"{name} *"),
            Text(preset.about),
            Text("\n".join(endpoint.removeprefix("POST ") for endpoint in preset.endpoints)),
            Text("yes" if preset.streams else "-"),
            Text(preset.verified or "no"),
        )
    return result


def _bare_table() -> Table:
    return Table(box=box.SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)


def _to(upstream: str, settings: Settings) -> str:
    return f"\nto {upstream}" if len(settings.upstreams) > 1 else ""


def _row(route: RouteSettings, to: str) -> tuple[str, ...]:
    cache = route.cache
    if cache.rules == "http":
        key = "\n".join(filter(None, ("URI", ", ".join(route.key.headers), _identity(route.key))))
        return route.name, _match(route.match) + to, key, *["RFC 9111"] * 3, "-", cache.mode
    return (
        route.name,
        _match(route.match) + to,
        _key(route.key),
        _lifetime(cache),
        format_duration(cache.stale_while_revalidate),
        format_duration(cache.stale_if_error),
        _empty(route.empty),
        cache.mode,
    )


def _match(match: Match) -> str:
    """Lines `POST /rag` (each path), `on rag.example.org`, `if x-tenant, /stream`: only names, as patterns are long."""
    methods = "|".join(match.method) or "any"
    text = "\n".join(f"{methods} {path}" for path in match.paths or ("*",))
    if match.host:
        text += f"\non {', '.join(match.host)}"
    conditions = [*match.headers, *(condition.pointer or "the body" for condition in match.body)]
    return f"{text}\nif {', '.join(conditions)}" if conditions else text


def _key(key: KeySettings) -> str:
    """Lines `whole body`, `except /user`, `accept-language`, `per x-tenant`."""
    body = "whole body" if key.body == "all" else _names(key.body) or "no body"
    ignored = f"except {_names(key.ignore)}" if len(key.ignore) < 3 else f"{len(key.ignore)} exceptions"
    query = {"all": "", "none": "without query"}.get(key.query) if isinstance(key.query, str) else _names(key.query)
    lines = (body, ignored if key.ignore else "", query, ", ".join(key.headers), _identity(key))
    return "\n".join(filter(None, lines))


def _identity(key: KeySettings) -> str:
    if key.identity == "credentials":
        return ""
    return "shared" if key.identity == "shared" else f"per {_names(key.identity)}"


def _names(names: str | tuple[str, ...]) -> str:
    return names if isinstance(names, str) else ", ".join(names)


def _lifetime(cache: CacheSettings) -> str:
    ttl = format_duration(cache.ttl)
    if cache.jitter == CacheSettings.model_fields["jitter"].default:
        return ttl
    return f"{ttl} ±{format_jitter(cache.jitter) if cache.jitter != Jitter() else '0'}"


def _empty(empty: EmptySettings) -> str:
    return format_duration(empty.ttl) if empty.when else "-"
