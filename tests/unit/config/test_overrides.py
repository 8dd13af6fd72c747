"""Overrides: put over a route's settings, in the file's spelling, and checked as a file is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from gateway.config.load import parse
from gateway.config.overrides import PatchError, laid_over, overridden, patched
from gateway.config.presets import merge
from gateway.model.errors import ConfigError
from gateway.model.settings.file import Settings
from tests.support.config_text import loaded

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


# -- one patch, for a client of the admin API --------------------------------------------------------------------------

SETTINGS = loaded("routes: [{preset: rag}, {name: other, cache: {ttl: 1m}}]").settings


def test_what_is_stated_changes_and_the_rest_stays() -> None:
    made = patched(SETTINGS, "rag", {"cache": {"ttl": "90s", "mode": "shadow"}, "budget": {"rate": "10/s"}})
    before = SETTINGS.routes[0]
    assert (made.cache.ttl, made.cache.mode, made.budget.rate) == (90.0, "shadow", "10/s")
    assert made.cache.jitter == before.cache.jitter
    assert (made.key, made.empty, made.match) == (before.key, before.empty, before.match)


def test_null_takes_a_statement_out() -> None:
    assert patched(SETTINGS, "other", {"cache": {"ttl": None}}).cache.ttl == 600.0


def test_short_spellings_are_those_of_the_file() -> None:
    made = patched(SETTINGS, "other", {"empty": {"when": {"pointer": "/docs", "is": []}}, "tags": "doc:{/id}"})
    assert made.empty.when[0].pointer == "/docs"
    assert made.tags == ("doc:{/id}",)


@pytest.mark.parametrize(
    ("patch", "path", "text"),
    [
        ({"cache": {"tll": "1m"}}, ("cache", "tll"), "unknown key; did you mean ttl?"),
        ({"cache": {"ttl": "10 minutes"}}, ("cache", "ttl"), "expected a duration"),
        ({"cache": {"ttl": 600}}, ("cache", "ttl"), "expected a duration"),
        ({"cache": {"mode": "of"}}, ("cache", "mode"), "expected off, shadow or on"),
        ({"name": "x"}, ("name",), "cannot be changed at run time"),
        ({"match": {}}, ("match",), "cannot be changed at run time"),
        ({"tags": ["a b"]}, ("tags", 0), "expected text without blanks"),
        ({"cache": {"statuses": [206]}}, ("cache", "statuses", 0), "206 is a part of an answer"),
        ({"degrade": {"after": "-1s"}}, ("degrade", "after"), "expected a duration"),
    ],
)
def test_what_a_file_may_not_say_is_refused_with_its_path(patch: dict, path: tuple, text: str) -> None:
    with pytest.raises(PatchError) as caught:
        patched(SETTINGS, "other", patch)
    assert [(where, what[: len(text)]) for where, what in caught.value.wrong] == [(path, text)]


def test_no_such_route_for_a_patch() -> None:
    with pytest.raises(LookupError):
        patched(SETTINGS, "nobody", {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECT = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


def over(base, patch):
    """The patch as it is stated, nulls and all: they count as not stated."""
    return laid_over(base, patch, patch)


def normal(value):
    """A patch over something that is no object makes one without nulls; so is what patches are tried on."""
    return over({}, value)


@examples(deadline=None, max_examples=300)
@given(OBJECT, OBJECT, OBJECT)
def test_two_patches_as_one_do_the_same_where_neither_replaces_an_object_by_something_else(base, first, second) -> None:
    base = normal(base)
    one_by_one = over(over(base, first), second)
    if alike(base, first) and alike(base, second) and alike(first, second):
        assert over(base, merge(first, second)) == one_by_one


def alike(one, other) -> bool:
    """Whether objects stand only where objects stand."""
    for key in one.keys() & other.keys():
        left, right = one[key], other[key]
        if isinstance(left, dict) != isinstance(right, dict):
            return False
        if isinstance(left, dict) and not alike(left, right):
            return False
    return True
