"""The runbook: each alert has its part, and what it says to do can be done."""

import re
from pathlib import Path
from typing import Any

import pytest

from gateway.config.load import loads
from gateway.config.overrides import patched
from gateway.operate.policy import patch
from tests.support.admin import administered
from tests.support.filters import made
from tests.support.promql import rules

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
ALERTS = rules("alert")
HEADINGS = re.findall(r"(?m)^## (.+)$", RUNBOOK)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_each_alert_says_how_grave_it_is_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert {"summary", "description", "runbook_url"} <= set(alert["annotations"])
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    assert (ROOT / page).is_file()
    assert anchor in [heading.lower() for heading in HEADINGS]


def test_nothing_is_said_about_alerts_that_there_are_not() -> None:
    assert [alert["alert"] for alert in ALERTS] == HEADINGS


async def test_each_endpoint_that_it_names_is_there() -> None:
    async with administered("http://127.0.0.1:1") as (_, admin):
        paths = (await admin.get("/openapi.json"))["paths"]
    served = {(method.upper(), re.sub(r"\{\w+\}", "X", path)) for path, methods in paths.items() for method in methods}
    named = re.findall(r"`(GET|POST|DELETE) (/admin/[A-Za-z/-]+)`", RUNBOOK)
    assert named
    for method, path in named:
        assert (method, re.sub(r"[A-Z]{2,}", "X", path)) in served, f"{method} {path}"


@pytest.mark.parametrize("change", sorted(set(re.findall(r"policy set ROUTE ([^` ]+)", RUNBOOK))))
def test_each_change_of_a_policy_that_it_advises_is_a_good_one(change: str, tmp_path: Path) -> None:
    filter_ = made(tmp_path / "kb.bloom", ["kb1"])
    route = f"{{preset: rag, bloom: {{known: {{mode: enforce, file: {filter_}, at: /kb}}}}}}"
    settings = loads(f"upstreams: {{rag: http://rag}}\nroutes: [{route}]\n", "gateway.yaml", {})
    assert patched(settings, "rag", patch([change.replace("KIND", "known")])) != settings.routes[0]


def test_the_parts_of_failures_and_other_pages_that_it_names_are_there() -> None:
    for page in re.findall(r"\]\(([a-z-]+\.md)\)", RUNBOOK):
        assert (ROOT / "docs" / page).is_file()
