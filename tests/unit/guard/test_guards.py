"""Guards from settings, and what of them outlives a reload."""

from typing import Any

from gateway.guard.guards import Guards
from tests.support.pipeline import plan_settings

ADAPTIVE = {"concurrency": {"mode": "adaptive"}}
BUDGET = {"name": "rag", "budget": {"rate": "1/s"}}


def settings(*routes: dict[str, Any], **upstream: Any) -> Any:
    return plan_settings("http://rag:8000", *routes, **upstream)


def test_nothing_stated_nothing_there() -> None:
    guards = Guards(settings({"name": "rag"}))
    assert (guards.budgets, guards.limiters) == ({}, {})


def test_what_is_stated_as_before_keeps_what_it_has_learned() -> None:
    first = Guards(settings(BUDGET, **ADAPTIVE))
    again = Guards(settings(BUDGET, {"name": "other"}, **ADAPTIVE), before=first)
    assert again.budgets["rag"] is first.budgets["rag"]
    assert again.limiters["rag"] is first.limiters["rag"]
    other = Guards(settings(BUDGET | {"budget": {"rate": "2/s"}}, concurrency={"mode": "fixed"}), before=first)
    assert other.budgets["rag"] is not first.budgets["rag"]
    assert other.limiters["rag"] is not first.limiters["rag"]
    assert not Guards(settings({"name": "rag"}), before=first).budgets
