"""Rules over early revalidation and warming."""

# ruff: noqa: E501  a table's row is one mistake and what is said of it
import pytest

from tests.support.config_text import loaded, problems

ROUTE = "routes:\n- preset: rag\n  {}\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ROUTE.format("cache: {early_revalidation: 1001%}"), "3: routes[0].cache.early_revalidation: expected at most 1000%"),
        (ROUTE.format("cache: {early_revalidation: yes}"), "3: routes[0].cache.early_revalidation: expected a whole percentage such as 10%"),
        (ROUTE.format("cache: {early_revalidation: 0.5}"), "3: routes[0].cache.early_revalidation: expected a whole percentage such as 10%"),
        (ROUTE.format("cache: {early: 100%}"), "3: routes[0].cache.early: unknown key"),
        (ROUTE.format("warm: {top: 1001}"), "3: routes[0].warm.top: expected at most 1000"),
        (ROUTE.format("warm: {top: -1}"), "3: routes[0].warm.top: expected at least 0"),
        (ROUTE.format("warm: {top: 10, rate: off}"), "3: routes[0].warm.rate: expected a count per second, minute or hour such as 5/s or 30/m"),
        (ROUTE.format("warm: {top: 10, rate: 0/s}"), "3: routes[0].warm.rate: expected a count per second, minute or hour such as 5/s or 30/m"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_an_error(text: str, problem: str) -> None:
    found = problems(text)
    assert [p for p in found if p.startswith(problem)], found
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (ROUTE.format("cache: {early_revalidation: 100%, mode: shadow}"), "f.yaml:3: routes[0].cache.early_revalidation: no effect: mode is shadow"),
        (ROUTE.format("cache: {early_revalidation: 100%, ttl: 0, jitter: 0}"), "f.yaml:3: routes[0].cache.early_revalidation: no effect: ttl is 0, so that no answer is ever fresh"),
        (ROUTE.format("warm: {rate: 1/s}"), "f.yaml:3: routes[0].warm.rate: no effect: top is 0; expected how many questions to ask"),
        (ROUTE.format("warm: {top: 5}\n  cache: {mode: off}"), "f.yaml:3: routes[0].warm.top: no effect: cache.mode is off"),
        ("l2: off\n" + ROUTE.format("warm: {top: 5}"), "f.yaml:4: routes[0].warm.top: forgotten at each stop: there is no l2 to keep the questions in"),
        (ROUTE.format("warm: {top: 5}\n  key: {identity: [x-tenant]}"), "f.yaml:4: routes[0].key.identity: questions that come with one of these are not remembered for warm.top: they may be credentials"),
    ],
)  # fmt: skip
def test_what_is_rarely_meant_is_a_warning(text: str, warning: str) -> None:
    assert loaded(text).warnings == (warning,)


@pytest.mark.parametrize(
    "text",
    [
        ROUTE.format("cache: {early_revalidation: 100%}"),
        ROUTE.format("cache: {early_revalidation: 0%, mode: off}"),
        ROUTE.format("warm: {top: 100, rate: 30/m}"),
        ROUTE.format("warm: {top: 0}"),
    ],
)
def test_what_works_is_not_told(text: str) -> None:
    assert loaded(text).warnings == ()
