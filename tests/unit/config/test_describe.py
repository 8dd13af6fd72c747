"""The table of effective routes."""

import io
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from gateway.config.describe import table, tag_table
from gateway.config.load import read
from gateway.model.settings.file import Settings
from tests.support.config_text import loaded

ROOT = Path(__file__).parents[3]


def shown(settings: Settings, width: int = 400, make: Callable[[Settings], Table | None] = table) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(make(settings))
    text: str = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines() if not line.startswith("─"))


def test_one_row_per_route_and_one_for_the_rest() -> None:
    assert shown(loaded("routes: [{preset: rag}]").settings) == textwrap.dedent("""\
        route  requests   key         ttl  swr  sie  empty
        rag    POST /rag  whole body  10m  1m   1h   90s
        -      all else   not cached  -    -    -    -
    """)


def test_what_differs_from_the_usual_is_told() -> None:
    text = """
        upstreams: {a: http://a, b: http://b}
        default_upstream: b
        routes:
          - name: r
            upstream: a
            match: {method: [GET, POST], host: a.org, headers: {x-plan: '[a-z]'}, body: {pointer: /stream, is: true}}
            key: {body: [/q], query: none, headers: [accept-language], identity: [x-tenant]}
            cache: {jitter: 0}
          - name: s
            upstream: a
            match: {path: /s}
            key: {ignore: [/a, /b, /c], query: [p], identity: shared}
            cache: {jitter: 30s, mode: shadow}
          - {name: t, upstream: a, match: {path: /t}, key: {ignore: [/a]}}
          - {name: u, upstream: b, match: {path: /u}, key: {body: []}}
    """
    assert shown(loaded(text).settings) == textwrap.dedent("""\
        route  requests            key              ttl       swr  sie  empty  mode
        r      GET|POST *          /q               10m ±0    1m   1h   -      on
               on a.org            without query
               if x-plan, /stream  accept-language
               to a                per x-tenant
        s      any /s              whole body       10m ±30s  1m   1h   -      shadow
               to a                3 exceptions
                                   p
                                   shared
        t      any /t              whole body       10m       1m   1h   -      on
               to a                except /a
        u      any /u              no body          10m       1m   1h   -      on
               to b
        -      all else            not cached       -         -    -    -      -
               to b
    """)


def test_a_route_that_follows_rfc_9111_says_so() -> None:
    text = "{name: docs, match: {path: /docs/*}, key: {headers: [x-plan], identity: shared}, cache: http}"
    told = shown(loaded(f"routes:\n- {text}").settings)
    rows = [line.split() for line in told.splitlines()]
    assert ["docs", "any", "/docs/*", "URI", *["RFC", "9111"] * 3, "-"] in rows
    assert ["x-plan"] in rows
    assert ["shared"] in rows


def test_each_path_has_a_line_of_its_own() -> None:
    told = shown(loaded("routes: [{name: a, match: {method: POST, path: [/a, '*/b']}}]").settings)
    assert told.splitlines()[1].startswith("a      POST /a ")
    assert told.splitlines()[2].strip() == "POST */b"


def test_brackets_are_no_markup() -> None:
    assert "any /[red]x" in shown(loaded("routes: [{name: a, match: {path: '/[red]x'}}]").settings)


@pytest.mark.parametrize(
    "file",
    [ROOT / "config/gateway.yaml", *sorted((ROOT / "config/examples").glob("*.yaml"))],
    ids=lambda file: file.name,
)
def test_80_columns_hold_what_operators_copy(file: Path) -> None:
    """As on a terminal without end: nothing is folded."""
    settings = read(file, {"REDIS_PASSWORD": "s3cret"}).settings
    assert shown(settings, 80) == shown(settings)
    assert shown(settings, 80, tag_table) == shown(settings, make=tag_table)


def test_tags_are_told_where_there_are_some() -> None:
    tagged = loaded("routes: [{preset: openai-responses}, {preset: openai-chat}, {name: own, tags: ['[kb]{/kb}']}]")
    assert shown(tagged.settings, make=tag_table) == textwrap.dedent("""\
        route             tags, beside those that answers bring
        openai-responses  file:{/output/*/content/*/annotations/*/file_id}
                          file:{/response/output/*/content/*/annotations/*/file_id}
        own               [kb]{/kb}
    """)
    assert tag_table(loaded("routes: [{preset: openai-chat}]").settings) is None


def test_narrow_terminal_loses_nothing() -> None:
    settings = loaded("routes: [{name: a, match: {path: /a-path-that-is-longer-than-others/of-its-kind}}]").settings
    told = "".join(shown(settings, 50).split())
    assert "others" in told
    assert max(map(len, shown(settings, 50).splitlines())) <= 50
    for word in ("10m", "1m", "1h"):
        assert word in told
