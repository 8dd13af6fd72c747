"""The table of effective routes."""

import io

from rich.console import Console

from gateway.config.describe import table
from tests.support.config_text import loaded


def rows(text: str) -> list[list[str]]:
    console = Console(file=io.StringIO(), width=400, color_system=None)
    console.print(table(loaded(text).settings))
    output = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    lines = [line for line in output.splitlines() if line.startswith(("│", "┃"))]
    return [[cell.strip() for cell in line.replace("┃", "│").strip("│").split("│")] for line in lines]


def test_one_row_per_route_and_one_for_the_rest() -> None:
    assert rows("routes: [{preset: rag, cache: {jitter: 30s, mode: shadow}}]") == [
        ["route", "match", "upstream", "key", "ttl", "swr", "sie", "empty", "mode"],
        ["rag", "POST /rag", "rag", "whole body; per credentials", "10m ± 30s", "1m", "1h", "90s", "shadow"],
        ["-", "all else", "rag", "-", "-", "-", "-", "-", "streamed through"],
    ]


def test_what_makes_the_key_is_told() -> None:
    text = """
        upstreams: {a: http://a, b: http://b}
        default_upstream: b
        routes:
          - name: r
            upstream: a
            match: {method: [GET, POST], host: a.org, headers: {x-plan: '[a-z]'}, body: {pointer: /stream, is: true}}
            key: {body: [/q], query: none, headers: [accept-language], identity: [x-tenant]}
            cache: {jitter: 0}
          - {name: s, upstream: a, match: {path: /s}, key: {ignore: [/a, /b, /c], query: [p], identity: shared}}
          - {name: t, upstream: a, match: {path: /t}, key: {ignore: [/a]}}
    """
    told = rows(text)
    assert told[1][:5] == [
        "r", "GET|POST * on a.org if x-plan, /stream", "a",
        "/q; without query; accept-language; per x-tenant", "10m",
    ]  # fmt: skip
    assert told[1][7] == "-"
    assert told[2][3] == "whole body without 3 members; p; shared"
    assert told[3][3] == "whole body without /a; per credentials"
    assert told[4][2] == "b"


def test_brackets_are_no_markup() -> None:
    assert rows("routes: [{name: a, match: {path: '/[red]x'}}]")[1][1] == "any /[red]x"
