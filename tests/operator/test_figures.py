"""Dashboard and rules ask for figures that there are: each name and each label stands on the page of a real gateway.

That a real Prometheus answers each of these queries with data is tested in tests/deploy/test_prometheus.py.
"""

import asyncio
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.model.outcome import Outcome
from tests.support.eventful import all_happened, eventful
from tests.support.promql import DASHBOARD, Query, of_dashboard, of_rules, panels, rules

EVERYWHERE = {"job", "instance"}  # Prometheus adds them
Series = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a gateway to which everything has happened."""

    async def looked() -> str:
        async with eventful(tmp_path_factory.mktemp("eventful")) as run:
            await run.happen(1)
            await all_happened(run)
            return await run.page()

    return asyncio.run(looked())


@pytest.fixture(scope="module")
def series(page: str) -> Series:
    """By name, the labels of each; beside them what the rules make."""
    found: Series = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    found["up"] = [{}]
    for rule in rules("record"):
        labels = dict.fromkeys(Query("", rule["expr"]).grouped_by - {"le"}, "x")
        found[rule["record"]] = (
            [labels | {"outcome": outcome} for outcome in Outcome] if "outcome" in labels else [labels]
        )
    return found


def test_nothing_is_declared_that_never_happened(page: str) -> None:
    empty = [family.name for family in text_string_to_metric_families(page) if not family.samples]
    assert empty == []


@pytest.mark.parametrize("query", [*of_dashboard(), *of_rules()], ids=lambda query: query.where)
def test_what_is_asked_for_is_there(query: Query, series: Series) -> None:
    assert query.selectors
    known = EVERYWHERE | {"le"}
    for name, wanted in query.selectors:
        assert name in series, f"{name} is on no page"
        known |= {label for labels in series[name] for label in labels}
        assert any(matches(labels, wanted) for labels in series[name]), f"{name}{{{wanted}}} matches nothing"
    assert query.grouped_by <= known


def matches(labels: dict[str, str], wanted: str) -> bool:
    for label, op, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', wanted):
        if label in EVERYWHERE:
            continue
        if label not in labels:
            return False
        same = re.fullmatch(value if op.endswith("~") else re.escape(value), labels[label]) is not None
        if same == op.startswith("!"):
            return False
    return True


def test_every_figure_of_ours_is_looked_at(series: Series) -> None:
    """What nobody looks at need not be counted."""
    asked = {name for query in (*of_dashboard(), *of_rules()) for name, _ in query.selectors}
    told = {re.sub(r"_(bucket|sum|count)$", "", name) for name in series if name.startswith("ragfront_")}
    looked_at = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    # In the dashboard's place, by replica or by result: these add up to what it shows.
    elsewhere = {
        "ragfront_upstream_calls_in_flight",
        "ragfront_upstream_replica_healthy",
        "ragfront_upstream_replica_ejections_total",
        "ragfront_bloom_loaded",
        "ragfront_bloom_refused_files_total",
    }
    assert told - looked_at == elsewhere


def test_panels_say_what_they_show_and_do_not_overlap() -> None:
    taken: dict[tuple[int, int], str] = {}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    for panel in panels():
        assert panel["description"].endswith("."), panel["title"]
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, f"{panel['title']} covers {taken[x, y]}"
                taken[x, y] = panel["title"]


def test_the_dashboard_is_not_tied_to_one_grafana() -> None:
    assert "id" not in DASHBOARD
    assert {target["datasource"]["uid"] for panel in panels() for target in panel["targets"]} == {"${datasource}"}
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == [
        "At a glance", "Requests", "Upstreams", "Tiers", "Guards", "Degraded, drift, shadow", "Fleet",
    ]  # fmt: skip


def test_each_metric_name_of_the_docs_is_there(series: Series) -> None:
    docs = Path(__file__).parents[2] / "docs"
    bases = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in series}
    for page_ in ("failures.md", "runbook.md"):
        for name in re.findall(r"`(ragfront_[a-z0-9_]+)(?:\{[^}]*\})?`", (docs / page_).read_text()):
            assert re.sub(r"_total$", "", name) in bases or any(base.startswith(name) for base in bases), name
