"""Rules over budgets and limits on calls at once."""

# ruff: noqa: E501  a table's row is one mistake and what is said of it
import pytest

from tests.support.config_text import loaded, problems

UPSTREAM = "upstreams:\n  rag: {{urls: http://rag:8000, concurrency: {}}}\nroutes: [{{preset: rag}}]\n"
ROUTE = "routes:\n- preset: rag\n  {}\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (UPSTREAM.format("{mode: adaptive, min: 9, max: 8}"), "2: upstreams.rag.concurrency.min: more than max (8)"),
        (UPSTREAM.format("{mode: adaptive, limit: 9, max: 8}"), "2: upstreams.rag.concurrency.limit: it begins outside of min (1) and max (8)"),
        (UPSTREAM.format("{mode: on}"), "2: upstreams.rag.concurrency.mode: expected off, fixed or adaptive"),
        (UPSTREAM.format("{limit: 0}"), "2: upstreams.rag.concurrency.limit: expected at least 1"),
        (ROUTE.format("budget: {rate: 10}"), "3: routes[0].budget.rate: expected text in quotes"),
        (ROUTE.format("budget: {rate: 10/d}"), "3: routes[0].budget.rate: expected off, or a count per second, minute or hour such as 10/s, 30/m or 100/h"),
        (ROUTE.format("budget: {rate: 1/s, client: ip}"), "3: routes[0].budget.client: expected peer, credential, or header and its name"),
        (ROUTE.format("budget: {rate: 1/s, burst: 0}"), "3: routes[0].budget.burst: expected at least 1"),
        (ROUTE.format("priority: urgent"), "3: routes[0].priority: expected high, normal or low"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_an_error(text: str, problem: str) -> None:
    found = problems(text)
    assert [p for p in found if p.startswith(problem)], found
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (UPSTREAM.format("{limit: 8}"), "f.yaml:2: upstreams.rag.concurrency.limit: no effect: mode is off"),
        (UPSTREAM.format("{mode: fixed, max: 8}"), "f.yaml:2: upstreams.rag.concurrency.max: no effect: mode is fixed"),
        (ROUTE.format("priority: high"), "f.yaml:3: routes[0].priority: no effect: rag has no limit on calls at once (concurrency.mode is off)"),
        (ROUTE.format("budget: {burst: 5}"), "f.yaml:3: routes[0].budget.burst: no effect: rate is off; expected a rate such as 30/m"),
        ("listen: unix:/tmp/x\n" + ROUTE.format("budget: {rate: 5/m}"), "f.yaml:4: routes[0].budget.client: all clients are one: over a Unix socket they have no address; add unix to forwarding.trusted"),
    ],
)  # fmt: skip
def test_what_is_rarely_meant_is_a_warning(text: str, warning: str) -> None:
    assert loaded(text).warnings == (warning,)


@pytest.mark.parametrize(
    "text",
    [
        UPSTREAM.format("{mode: adaptive, limit: 8, min: 2, max: 64, queue: 0, wait: 500ms, priority_header: X-Priority}"),
        UPSTREAM.format("{mode: fixed, limit: 8}"),
        ROUTE.format("budget: {rate: 30/m, burst: 5, client: header X-Tenant}"),
        ROUTE.format("budget: {rate: off}"),
    ],
)  # fmt: skip
def test_what_works_is_not_told(text: str) -> None:
    assert loaded(text).warnings == ()
