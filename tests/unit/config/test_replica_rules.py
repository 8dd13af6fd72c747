"""Rules over replicas: what cannot work is an error, what has no effect is told."""

import pytest

from tests.support.config_text import loaded, problems

ROUTES = "routes: [{preset: rag}]\n"


def text(settings: str, urls: str = "[http://a, http://b]") -> str:
    return f"upstreams:\n  rag:\n    urls: {urls}\n    {settings}\n{ROUTES}"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("balance: {mode: hash, pointer: /messages/*}", "4: upstreams.rag.balance.pointer: leads to several members"),
        ("balance: {mode: hash, pointer: messages}", "4: upstreams.rag.balance.pointer: expected a JSON Pointer"),
        ("balance: {mode: random}", "4: upstreams.rag.balance.mode: expected least-pending or hash"),
        ("balance: {mode: hash, bound: 50%}", "4: upstreams.rag.balance.bound: expected at least 100%"),
        ("health: {path: health}", "4: upstreams.rag.health.path: expected a path such as /health"),
        ("health: {path: /h, interval: 1ms}", "4: upstreams.rag.health.interval: expected at least 100ms"),
        ("ejection: {first: 10m}", "4: upstreams.rag.ejection.first: first (10m) is longer than longest (5m)"),
        ("ejection: {longest: 1s}", "4: upstreams.rag.ejection.longest: first (10s) is longer than longest (1s)"),
        ("ejection: {share: half}", "4: upstreams.rag.ejection.share: expected a whole percentage such as 10%"),
        ("ejection: {at_most: 200%}", "4: upstreams.rag.ejection.at_most: expected at most 100%"),
        ("retries: {share: 20%}", "4: upstreams.rag.retries.share: expected at most 10%"),
        ("breaker: {probes: 0}", "4: upstreams.rag.breaker.probes: expected at least 1"),
    ],
)
def test_what_cannot_work_is_an_error(settings: str, problem: str) -> None:
    found = problems(text(settings))
    assert [p for p in found if p.startswith(problem)], found
    assert len(found) == 1


@pytest.mark.parametrize(
    ("settings", "urls", "warning"),
    [
        ("balance: {mode: hash}", "http://a", "balance: no effect: there is one replica"),
        ("balance: {bound: 200%}", "[http://a, http://b]", "balance.bound: no effect: mode is not hash"),
        ("balance: {mode: hash, prefix: 2KiB}", "[http://a, http://b]", "balance.prefix: no effect without pointer"),
        ("health: {interval: 9s}", "http://a", "health: no checks without path; expected one, such as /health"),
        ("health: {path: /h, timeout: 9s}", "http://a", "health.timeout: longer than interval (5s): checks come later"),
        ("ejection: {failures: 3}", "http://a", "ejection: no effect: there is one replica"),
        ("ejection: {at_most: 30%}", "[http://a, http://b]", "ejection.at_most: no effect: 30% of 2 replicas is none"),
    ],
)
def test_what_has_no_effect_is_told(settings: str, urls: str, warning: str) -> None:
    (told,) = loaded(text(settings, urls)).warnings
    assert told.startswith(f"f.yaml:4: upstreams.rag.{warning}"), told


@pytest.mark.parametrize(
    "settings",
    [
        "balance: {mode: hash, pointer: /messages, prefix: 2KiB, bound: 150%}",
        "balance: {mode: hash}",
        "health: {path: /health, statuses: 204}",
        "ejection: {failures: 0, share: 0, at_most: 100%}",
        "breaker: {failures: 0}",
        "retries: {share: 0%, floor: 0, burst: 1}",
    ],
)
def test_what_works_is_not_told(settings: str) -> None:
    assert loaded(text(settings)).warnings == ()
