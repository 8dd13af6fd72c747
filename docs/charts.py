"""Charts of benchmarks, made from bench/results as SVG: the same figures, the same file, byte for byte.

python -m docs.charts        # writes docs/images/*.svg
"""

import json
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
IMAGES = ROOT / "docs" / "images"

OURS, THEIRS, PLAIN = "#0b6e4f", "#8a94a6", "#c9d1db"
_WIDTH, _LEFT, _RIGHT = 760, 230, 90  # pixels: all of it, names, figures
_BAR, _GAP, _HEAD, _FOOT = 20, 8, 56, 34


class Bar(NamedTuple):
    """name: who. value: how long the bar is. told: the figure beside it. group: heads those that belong together."""

    group: str
    name: str
    value: float
    told: str
    colour: str


class Chart(NamedTuple):
    """title: what is seen. note: of what, and which way is better."""

    title: str
    note: str
    bars: list[Bar]


def figures(name: str) -> Any:
    """Of a benchmark."""
    return json.loads((RESULTS / f"{name}.json").read_text())["figures"]


def measured(name: str) -> str:
    """On which machine, and when."""
    machine = json.loads((RESULTS / f"{name}.json").read_text())["machine"]
    return f"bench/results/{name}.md: {machine['cpu']}, {machine['cores']} cores, {machine['date'][:10]}"


def hit() -> Chart:
    """CPU time of a hit, beside nginx and Varnish."""
    bars = [
        Bar(row["request"], row["server"], row["us"], f"{row['us']:.1f} us", _colour(row["server"]))
        for row in figures("hit")
        if row["size"] == "1.4 KB" and row["request"] != "GET" and "bare" not in row["server"]
    ]
    return Chart("CPU time of a hit, 1.4 KB of JSON, POST", "shorter is better", bars)


def load() -> Chart:
    """What a service holds alone, and with ragfront before it, by the share of questions asked before."""
    bars = []
    for row in figures("locust"):
        held = median(turn["held"] for turn in row["rounds"])
        errors = median(turn["errors"] for turn in row["rounds"])
        colour = OURS if "ragfront" in row["asked"] else THEIRS
        told = f"{held:,.0f}/s" + (f", {errors:.1f} % errors" if errors else "")
        bars.append(Bar(f"{row['repeats']} % asked before", row["asked"], held, told, colour))
    return Chart("Good answers a second, 1,010 questions a second offered", "longer is better", bars)


def overload() -> Chart:
    """Good answers of a service that thrashes when it is asked too much at once."""
    bars = []
    for row in figures("overload"):
        if row["load"] in (1.0, 3.0):
            goodput = median(turn["goodput"] for turn in row["rounds"])
            colour = THEIRS if "no limit" in row["way"] else OURS
            group = f"{row['load']:g} x what it can bear"
            bars.append(Bar(group, row["way"].removeprefix("ragfront, "), goodput, f"{goodput:.1f}/s", colour))
    bars.sort(key=lambda bar: bar.group)
    return Chart("Answers in time, of a service that can give 40 a second", "longer is better", bars)


def degrade() -> Chart:
    """How long clients wait where the model hangs."""
    bars = [
        Bar("", row["case"], row["p99_s"], f"{row['p99_s']:.2f} s", PLAIN if row["case"] == "no ladder" else OURS)
        for row in figures("degrade")
    ]
    return Chart("A model that hangs, degrade.after: 500ms: P99 of the wait", "shorter is better", bars)


def workers() -> Chart:
    """Hits a second of one process and of several."""
    bars = [
        Bar(
            "",
            f"{row['workers']} worker{'' if row['workers'] == 1 else 's'}",
            row["hits_per_second"],
            f"{row['hits_per_second']:,.0f}/s",
            OURS,
        )
        for row in figures("workers")
    ]
    return Chart(
        "Hits a second by workers, 16 cores", "longer is better; the last shares its cores with the load", bars
    )


def _colour(server: str) -> str:
    if "lane off" in server:
        return PLAIN
    return OURS if server.startswith("ragfront") else THEIRS


CHARTS: dict[str, tuple[str, Callable[[], Chart]]] = {
    "hit": ("hit", hit),
    "load": ("locust", load),
    "overload": ("overload", overload),
    "degrade": ("degrade", degrade),
    "workers": ("workers", workers),
}
"""File name -> the benchmark it is made from, and how."""


def drawn(chart: Chart, source: str) -> str:
    """As SVG. Its own background, so that it can be read on a dark page, too."""
    lines, y, group = [], _HEAD, ""
    longest = max(bar.value for bar in chart.bars) or 1
    room = _WIDTH - _LEFT - _RIGHT - 60
    for bar in chart.bars:
        if bar.group and bar.group != group:
            group, y = bar.group, y + _GAP
            lines.append(_text(16, y + 15, group, "bold"))
            y += _BAR + 4
        length = max(round(room * bar.value / longest, 1), 1)
        middle = y + 15
        lines += [
            _text(_LEFT - 10, middle, bar.name, anchor="end"),
            f'<rect x="{_LEFT}" y="{y}" width="{length}" height="{_BAR}" rx="2" fill="{bar.colour}"/>',
            _text(_LEFT + length + 8, middle, bar.told),
        ]
        y += _BAR + _GAP
    return _page(chart, source, lines, y + _FOOT)


def _page(chart: Chart, source: str, lines: Sequence[str], height: int) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        f' role="img" aria-label="{escape(chart.title)}" font-family="system-ui, sans-serif" font-size="13">'
    )
    return "\n".join([
        head,
        f'<rect width="{_WIDTH}" height="{height}" rx="6" fill="#ffffff" stroke="#d8dee6"/>',
        _text(16, 26, chart.title, "bold", size=15),
        _text(16, 45, chart.note, colour="#5b6573"),
        *lines,
        _text(16, height - 12, source, colour="#5b6573", size=11),
        "</svg>",
        "",
    ])  # fmt: skip


def _text(
    x: float,
    y: float,
    text: str,
    weight: str = "normal",
    *,
    anchor: str = "start",
    colour: str = "#1f2933",
    size: int = 13,
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}" font-size="{size}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )


def pages() -> dict[str, str]:
    """File name -> SVG."""
    return {f"{name}.svg": drawn(make(), measured(source)) for name, (source, make) in CHARTS.items()}


def main() -> None:
    """Write all of them."""
    IMAGES.mkdir(exist_ok=True)
    for name, page in pages().items():
        (IMAGES / name).write_text(page)


if __name__ == "__main__":
    main()
