"""Patches of a route's settings: merged, and refused as a file would be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.patch import PatchError, combined, merge_patch, patched
from tests.support.config_text import loaded

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


def test_no_such_route() -> None:
    with pytest.raises(LookupError):
        patched(SETTINGS, "nobody", {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECT = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


def normal(value):
    """A patch over something that is no object makes one without nulls; so is what patches are tried on."""
    return merge_patch({}, value)


@settings(deadline=None, max_examples=300)
@given(OBJECT, OBJECT, OBJECT)
def test_two_patches_as_one_do_the_same_where_neither_replaces_an_object_by_something_else(base, first, second) -> None:
    base = normal(base)
    one_by_one = merge_patch(merge_patch(base, first), second)
    if alike(base, first) and alike(base, second) and alike(first, second):
        assert merge_patch(base, combined(first, second)) == one_by_one


def alike(one, other) -> bool:
    """Whether objects stand only where objects stand."""
    for key in one.keys() & other.keys():
        left, right = one[key], other[key]
        if isinstance(left, dict) != isinstance(right, dict):
            return False
        if isinstance(left, dict) and not alike(left, right):
            return False
    return True
