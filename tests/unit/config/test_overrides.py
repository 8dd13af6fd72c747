"""Overrides: put over a route's settings, in the file's spelling, and checked as a file is."""

from typing import Any

import pytest

from gateway.config.load import parse
from gateway.config.overrides import overridden
from gateway.model.errors import ConfigError
from gateway.model.settings.file import Settings

FILE = """
upstreams: {rag: http://rag, other: http://other}
routes:
  - name: ask
    upstream: rag
    match: {path: /ask}
    cache: {ttl: 10m, stale_if_error: 2h}
    empty: {when: [{pointer: /docs, is: []}, {pointer: /answer, is: null}]}
  - {preset: openai-chat, upstream: other}
"""


def settings() -> Settings:
    return parse(FILE, "g.yaml", {}).settings


def route(patch: dict[str, Any]) -> Any:
    return overridden(settings(), {"ask": patch}).routes[0]


def test_a_patch_changes_what_it_states_and_nothing_else():
    before = settings()
    after = overridden(before, {"ask": {"cache": {"ttl": "1m", "mode": "shadow"}, "priority": "low"}})
    ask = after.routes[0]
    assert (ask.cache.ttl, ask.cache.mode, ask.priority) == (60, "shadow", "low")
    assert ask.cache.stale_if_error == 7200
    assert ask.empty == before.routes[0].empty
    assert after.routes[1] == before.routes[1]
    assert after.upstreams == before.upstreams


def test_nothing_put_over_it_leaves_it_as_it_is():
    before = settings()
    assert overridden(before, {}) is before
    assert overridden(before, {"ask": {}}) == before


def test_a_key_without_a_value_takes_away_what_the_file_states():
    assert route({"cache": {"stale_if_error": None}}).cache.stale_if_error == 3600
    assert route({"empty": None}).empty.when == ()
    assert route({"degrade": {"after": None}}).degrade.after == 0


def test_lists_are_replaced_and_short_spellings_are_understood():
    assert [one.pointer for one in route({"empty": {"when": {"pointer": "/x", "is": None}}}).empty.when] == ["/x"]
    assert route({"upstream": "other"}).upstream == "other"


@pytest.mark.parametrize(
    ("patch", "told"),
    [
        ({"cache": {"tll": "1m"}}, "routes[0].cache.tll: unknown key; did you mean ttl?"),
        ({"cache": {"ttl": "soon"}}, "routes[0].cache.ttl: "),
        ({"cache": 5}, "routes[0].cache: "),
        ({"upstream": "nobody"}, "routes[0].upstream: no upstream of this name"),
        ({"name": "else"}, "routes[0].name: cannot be overridden"),
        ({"preset": "rag"}, "routes[0].preset: cannot be overridden"),
        ({"degrade": {"ladder": ["static"]}}, "routes[0].degrade"),
    ],
)
def test_a_bad_patch_is_refused_with_its_path(patch: dict[str, Any], told: str):
    with pytest.raises(ConfigError) as refused:
        route(patch)
    assert any(told in problem for problem in refused.value.problems)


def test_a_route_that_is_not_there_is_told():
    with pytest.raises(ConfigError, match="no route of the name nobody"):
        overridden(settings(), {"nobody": {}})
