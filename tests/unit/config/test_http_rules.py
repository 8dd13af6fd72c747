"""Rules over routes that follow RFC 9111."""

import pytest

from tests.support.config_text import loaded, problems


def one(route: str) -> str:
    return f"routes:\n- {{name: r, {route}}}"


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        ("cache: {rules: https}", "cache.rules: expected question or http"),
        ("cache: {rules: http, mode: shadow}", "cache.mode: expected on or off"),
        ("cache: http, tags: ['doc:{/id}']", "tags[0]: a body is not looked into with cache.rules http"),
        ("cache: {rules: http, set_cookie: all}", "cache.set_cookie: expected refuse, strip or keep"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_an_error(route: str, problem: str) -> None:
    found = problems(one(route))
    assert len(found) == 1, found
    assert found[0].startswith(f"2: routes[0].{problem}")


@pytest.mark.parametrize(
    ("route", "warning"),
    [
        ("cache: http, empty: {ttl: 70s, when: [{pointer: /a, is: 1}]}", "empty: no effect: with cache.rules http"),
        ("cache: http, key: {query_ignore: [utm_source]}", "key.query_ignore: no effect: with cache.rules http"),
        ("cache: {rules: http, statuses: [200, 404]}", "cache.statuses: no effect: with cache.rules http"),
        ("cache: {set_cookie: keep}", "cache.set_cookie: no effect: cache.rules is not http"),
    ],
)  # fmt: skip
def test_what_has_no_part_in_it_is_told(route: str, warning: str) -> None:
    found = [text for text in loaded(one(route)).warnings if "routes[0]" in text]
    assert len(found) == 1, found
    assert found[0].startswith(f"f.yaml:2: routes[0].{warning}")


def test_http_is_a_short_form_with_bounds_that_seldom_matter() -> None:
    [route] = loaded(one("cache: http")).settings.routes
    assert (route.cache.rules, route.cache.request_directives) == ("http", "respect")
    assert route.cache.ttl == route.cache.stale_if_error == 30 * 86_400.0
    [bounded] = loaded(one("cache: {rules: http, ttl: 1h, request_directives: ignore}")).settings.routes
    assert (bounded.cache.ttl, bounded.cache.request_directives) == (3600.0, "ignore")
